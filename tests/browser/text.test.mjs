// Formatted text: typed, formatted by bar, keys and signs, by two people at once, copied and pasted, read by a stock
// Yjs client.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { until } from './harness.mjs'
import { Studio, card } from './studio.mjs'

let studio, mara
before(async () => {
  studio = await Studio.start('text')
  mara = await studio.person('Mara')
})
after(async () => {
  await studio?.stop()
  assert.deepEqual(studio?.complaints, [], 'the pages complained')
})

const field = (page, id) => card(page, id).getByRole('textbox').last()
/** The lines of a text, each with its block in front: `h1:Title`. */
const lines = (page, id) => field(page, id).evaluate(field =>
  [...field.children].map(line => `${line.dataset.b ?? ''}:${line.textContent}`))
const reads = (page, id, wanted) => until(`it reads ${JSON.stringify(wanted)}`, async () => {
  const now = await lines(page, id)
  if (JSON.stringify(now) === JSON.stringify(wanted)) return true
  throw new Error(JSON.stringify(now))
})
const bar = page => page.getByRole('toolbar', { name: 'Formats' })
const tool = (page, name) => bar(page).getByRole('button', { name, exact: true })
/** The formats of the letters `words`, as classes. */
const look = (page, id, words) => field(page, id).evaluate((field, words) =>
  [...field.querySelectorAll('.ln > *')].find(piece => piece.textContent === words)?.className ?? 'no such piece', words)

async function open (kind = 'text') {
  const { id, ids } = await studio.canvas(mara, [{ kind, pos: [0, 0] }])
  return { canvas: id, node: ids[0] }
}

/** The delta of a text as a stock Yjs client has it. */
async function delta (canvas, node, look) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`${studio.gesso.ws}/sync`, canvas, doc, { WebSocketPolyfill: WebSocket })
  try {
    return await until('the document says it', () => look(doc.getMap('nodes').get(node)?.get('text')?.toDelta() ?? []))
  } finally {
    provider.destroy()
    doc.destroy()
  }
}

describe('a formatted text', { timeout: 400_000 }, () => {
  test('signs at the beginning of a line, the bar and keys format it', async () => {
    const { canvas, node } = await open()
    await field(mara, node).click()
    await bar(mara).waitFor()
    await mara.keyboard.type('# The film')
    await mara.keyboard.press('Enter')
    await mara.keyboard.type('a fox at dusk')
    await mara.keyboard.press('Enter')
    await mara.keyboard.type('- snow')
    await mara.keyboard.press('Enter')
    await mara.keyboard.type('ice')
    await reads(mara, node, ['h1:The film', ':a fox at dusk', 'bullet:snow', 'bullet:ice'])
    await studio.shoot(mara, '1-written')
    // A new entry that stays empty ends the list.
    await mara.keyboard.press('Enter')
    await mara.keyboard.press('Enter')
    await mara.keyboard.type('end')
    await reads(mara, node, ['h1:The film', ':a fox at dusk', 'bullet:snow', 'bullet:ice', ':end'])
    // Bold by keys: what is selected, and what is typed next.
    await mara.keyboard.press('Shift+Home')
    await mara.keyboard.press('Control+b')
    await until('it is bold', async () => await look(mara, node, 'end') === 'is-b')
    assert.equal(await tool(mara, 'Bold').getAttribute('aria-pressed'), 'true')
    await mara.keyboard.press('End')
    await tool(mara, 'Bold').click()
    await tool(mara, 'Italic').click()
    await mara.keyboard.type('ing')
    await until('it is italic', async () => await look(mara, node, 'ing') === 'is-i')
    const found = await delta(canvas, node, delta => delta.some(op => op.attributes?.italic) && delta)
    assert.deepEqual(found.filter(op => op.attributes), [
      { insert: '\n', attributes: { block: 'h1' } },
      { insert: '\n', attributes: { block: 'bullet' } },
      { insert: '\n', attributes: { block: 'bullet' } },
      { insert: 'end', attributes: { bold: true } },
      { insert: 'ing', attributes: { italic: true } }
    ])
    // The run reads the words alone.
    const graph = await studio.gesso.get(`/api/canvases/${canvas}/graph`)
    assert.equal(graph.nodes.find(other => other.id === node).text, 'The film\na fox at dusk\nsnow\nice\nending')
  })

  test('the caret stays in view in a long text', async () => {
    const { node } = await open()
    await field(mara, node).click()
    for (let n = 0; n < 30; n++) {
      await mara.keyboard.type(`line ${n}`)
      await mara.keyboard.press('Enter')
    }
    const isSeen = () => field(mara, node).evaluate(field => {
      const [own, last] = [field, field.lastElementChild].map(element => element.getBoundingClientRect())
      return field.scrollHeight > field.clientHeight && last.bottom <= own.bottom + 1
    })
    await until('the last line is seen', isSeen)
  })

  test('undo takes back formats, and Backspace a block before it joins lines', async () => {
    const { node } = await open()
    await field(mara, node).click()
    await mara.keyboard.type('one')
    await tool(mara, 'Numbered list').click()
    await reads(mara, node, ['ordered:one'])
    await mara.keyboard.press('Home')
    await mara.keyboard.press('Backspace')
    await reads(mara, node, [':one'])
    await mara.keyboard.press('Control+z')
    await reads(mara, node, ['ordered:one'])
    await mara.keyboard.press('End')
    await mara.keyboard.press('Enter')
    await mara.keyboard.type('two')
    await mara.keyboard.press('Home')
    await mara.keyboard.press('Backspace')
    await reads(mara, node, ['ordered:one', ':two'])
    await mara.keyboard.press('Backspace')
    await reads(mara, node, ['ordered:onetwo'])
    await mara.keyboard.type('X')
    await reads(mara, node, ['ordered:oneXtwo'])
  })

  test('two people write and format at once, each sees the other\'s caret', async () => {
    const { canvas, node } = await open()
    const jonas = await studio.person('Jonas')
    await studio.open(jonas, canvas)
    await field(mara, node).click()
    await mara.keyboard.type('snow and ice')
    await reads(jonas, node, [':snow and ice'])
    await field(jonas, node).click()
    await jonas.keyboard.press('Home')
    await card(mara, node).locator('.carets .caret', { hasText: 'Jonas' }).waitFor()
    await jonas.keyboard.press('Shift+ArrowRight+ArrowRight+ArrowRight+ArrowRight').catch(() => {})
    for (let n = 0; n < 4; n++) await jonas.keyboard.press('Shift+ArrowRight')
    await Promise.all([tool(jonas, 'Bold').click(), mara.keyboard.type(', melting')])
    for (const page of [mara, jonas]) {
      await reads(page, node, [':snow and ice, melting'])
      await until('the beginning is bold', async () => /^sno?w?/.test(await field(page, node).evaluate(field => field.querySelector('.is-b')?.textContent ?? '')))
    }
    // Her caret stayed where she typed.
    await mara.keyboard.type('!')
    await reads(jonas, node, [':snow and ice, melting!'])
    await jonas.context().close()
  })

  test('links and backgrounds, and what is no link is told', async () => {
    const { node } = await open('sticky_note')
    await field(mara, node).click()
    await mara.keyboard.type('see the brief')
    await mara.keyboard.press('Control+Shift+ArrowLeft')
    await tool(mara, 'Link').click()
    const address = mara.getByRole('textbox', { name: 'Address of the link' })
    await address.fill('javascript:alert(1)')
    await address.press('Enter')
    await mara.getByRole('alert').filter({ hasText: 'An address begins with' }).waitFor()
    await address.fill('example.org/brief')
    await address.press('Enter')
    const link = field(mara, node).locator('a')
    await link.waitFor()
    assert.equal(await link.getAttribute('href'), 'https://example.org/brief')
    await tool(mara, 'Background').click()
    await mara.getByRole('menuitem', { name: 'Rose' }).click()
    await until('it has a background', async () => await field(mara, node).locator('[data-n="rose"]').count() === 1)
    await studio.shoot(mara, '2-note')
    await mara.keyboard.press('End')
    await mara.keyboard.type(' now')
    await until('the link did not grow', async () => await link.textContent() === 'brief')
  })

  test('what comes from other programs keeps its structure, and what goes out too', async () => {
    const { node } = await open()
    await field(mara, node).click()
    const paste = (html, plain) => field(mara, node).evaluate((field, [html, plain]) => {
      const data = new DataTransfer()
      data.setData('text/html', html)
      data.setData('text/plain', plain)
      field.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    }, [html, plain])
    await paste('<meta charset="utf-8"><b style="font-weight:normal"><h2>Shots</h2><p>A <strong>wide</strong>\n one</p><ul><li>fox</li><li>owl <i>at</i> night</li></ul><script>alert(1)</script></b>', 'x')
    await reads(mara, node, ['h2:Shots', ':A wide one', 'bullet:fox', 'bullet:owl at night'])
    assert.equal(await look(mara, node, 'wide'), 'is-b')
    assert.equal(await look(mara, node, 'at'), 'is-i')
    await mara.keyboard.press('Control+End')
    await mara.keyboard.press('Enter')
    await mara.keyboard.press('Enter')
    await paste('<table><tr><td>1</td><td>two</td></tr>\n<tr><td>3</td><td></td></tr></table>', 'x')
    await reads(mara, node, ['h2:Shots', ':A wide one', 'bullet:fox', 'bullet:owl at night', ':1\ttwo', ':3\t'])
    for (let n = 0; n < 8; n++) await mara.keyboard.press('Backspace')
    await reads(mara, node, ['h2:Shots', ':A wide one', 'bullet:fox', 'bullet:owl at night', ':'])
    await mara.keyboard.press('Backspace')
    await mara.keyboard.press('Control+a')
    const copied = await field(mara, node).evaluate(field => {
      const data = new DataTransfer()
      field.dispatchEvent(new ClipboardEvent('copy', { clipboardData: data, bubbles: true, cancelable: true }))
      return [data.getData('text/plain'), data.getData('text/html')]
    })
    assert.deepEqual(copied, [
      'Shots\nA wide one\nfox\nowl at night',
      '<h2>Shots</h2><p>A <b>wide</b> one</p><ul><li>fox</li><li>owl <i>at</i> night</li></ul>'
    ])
    await mara.keyboard.press('Backspace')
    await until('all of it is gone', async () => (await lines(mara, node)).join('') === 'h2:' || (await lines(mara, node)).join('') === ':')
  })

  test('an input method composes while somebody else writes', async () => {
    const { canvas, node } = await open()
    await field(mara, node).click()
    await mara.keyboard.type('ab')
    const session = await mara.context().newCDPSession(mara)
    await session.send('Input.imeSetComposition', { text: 'に', selectionStart: 1, selectionEnd: 1 })
    await session.send('Input.imeSetComposition', { text: '日本', selectionStart: 2, selectionEnd: 2 })
    // Others see what is being composed.
    await until('it is in the document', async () => {
      const graph = await studio.gesso.get(`/api/canvases/${canvas}/graph`)
      return graph.nodes.find(other => other.id === node).text === 'ab日本'
    })
    await studio.gesso.post(`/api/canvases/${canvas}/edits`, [{ op: 'set', node, text: '>ab日本' }])
    await session.send('Input.insertText', { text: '日本' })
    await reads(mara, node, [':>ab日本'])
    await mara.keyboard.type('c')
    await reads(mara, node, [':>ab日本c'])
  })

  test('whatever is typed, the field shows what the document has', async () => {
    const { canvas, node } = await open()
    await field(mara, node).click()
    // The same numbers each time (mulberry32, with its usual constants).
    let seed = 7
    const random = below => {
      seed = (seed + 0x6d2b79f5) | 0
      let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return ((t ^ (t >>> 14)) >>> 0) % below
    }
    const keys = ['Enter', 'Enter', 'Backspace', 'Delete', 'Control+Backspace', 'ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown', 'Home', 'End', 'Shift+ArrowLeft', 'Shift+ArrowUp', 'Shift+Home', 'Control+b', 'Control+Shift+8', 'Control+Shift+7', 'Control+z', 'Control+Shift+z', 'Control+a']
    const words = ['fox', ' ', '# ', '- ', 'snow and ice', 'é', '狐', '🦊']
    for (let n = 0; n < 160; n++) {
      if (random(2) === 0) await mara.keyboard.type(words[random(words.length)])
      else await mara.keyboard.press(keys[random(keys.length)])
      if (n % 40 === 39) {
        const shown = (await lines(mara, node)).map(line => line.slice(line.indexOf(':') + 1)).join('\n').trimEnd()
        await until(`the document has ${JSON.stringify(shown)}`, async () => {
          const graph = await studio.gesso.get(`/api/canvases/${canvas}/graph`)
          const text = (graph.nodes.find(other => other.id === node).text ?? '').trimEnd()
          if (text === shown) return true
          throw new Error(JSON.stringify(text))
        })
      }
    }
  })

  test('an @ names what arrives, goes as one letter and follows the name', async () => {
    const { id: canvas, ids: [brief, image] } = await studio.canvas(mara, [
      { kind: 'text', title: 'Brief', text: 'a fox', pos: [0, 0] },
      { kind: 'image_generator', pos: [420, 0] }
    ], [[0, 'text', 1, 'prompt']])
    const list = mara.getByRole('listbox', { name: 'References' })
    await field(mara, image).click()
    await mara.keyboard.type('as in @nothing')
    assert.equal(await list.count(), 0)
    for (let n = 0; n < 7; n++) await mara.keyboard.press('Backspace')
    await list.waitFor()
    await mara.keyboard.type('br')
    assert.deepEqual(await list.getByRole('option').allTextContents(), ['Brief'])
    await studio.shoot(mara, '3-mention')
    await mara.keyboard.press('Enter')
    await mara.keyboard.type('please')
    await reads(mara, image, [':as in @Brief please'])
    assert.equal(await look(mara, image, '@Brief'), 'is-mention')
    for (let n = 0; n < 8; n++) await mara.keyboard.press('Backspace')
    await reads(mara, image, [':as in '])
    await mara.keyboard.type('@')
    await list.getByRole('option', { name: 'Brief' }).click()
    await reads(mara, image, [':as in @Brief '])
    // Escape closes the list and stays in the text.
    await mara.keyboard.type('@')
    await list.waitFor()
    await mara.keyboard.press('Escape')
    await until('the list is closed', async () => await list.count() === 0)
    await mara.keyboard.press('Backspace')
    await card(mara, brief).locator('.node-head .i').first().click()
    await mara.keyboard.press('F2')
    await mara.keyboard.type('The brief of May')
    await mara.keyboard.press('Enter')
    await reads(mara, image, [':as in @The brief of May '])
    const found = await delta(canvas, image, delta => delta.find(op => op.attributes?.mention))
    assert.deepEqual(found, { insert: '@The brief of May', attributes: { mention: brief } })
    await mara.keyboard.press('Control+z')
    await reads(mara, image, [':as in @Brief '])
  })

  test('a prompt has the bar once letters are selected', async () => {
    const { node } = await open('image_generator')
    const prompt = field(mara, node)
    await prompt.click()
    await mara.keyboard.type('a red fox')
    assert.equal(await bar(mara).count(), 0)
    await mara.keyboard.press('Control+Shift+ArrowLeft')
    await bar(mara).waitFor()
    await mara.keyboard.press('Escape')
    await until('the bar is gone', async () => await bar(mara).count() === 0)
  })
})
