// What people's hands know from other canvases: free places, keys of every layout, menus, arranging. Pictures in shots/.
import assert from 'node:assert/strict'
import { mkdir, readFile } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { Gesso, newPage, until } from './harness.mjs'

const SHOTS = new URL('shots/', import.meta.url).pathname
const FLAGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

let gesso, browser, page
const complaints = []

before(async () => {
  await mkdir(SHOTS, { recursive: true })
  gesso = await Gesso.start()
  browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  page = await newPage(context)
  page.setDefaultTimeout(20_000)
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => { if (message.type() === 'error') complaints.push(message.text()) })
})
after(async () => {
  await browser?.close()
  await gesso?.stop()
})

async function shoot (name) {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(350)
    await page.screenshot({ path: `${SHOTS}hands-${name}-${colorScheme}.png` })
  }
  await page.emulateMedia({ colorScheme: 'dark' })
}

const cards = () => page.locator('[data-node]')
const card = id => page.locator(`[data-node="${id}"]`)
const graph = id => gesso.get(`/api/canvases/${id}/graph`)
const nodeOf = async (id, node) => (await graph(id)).nodes.find(found => found.id === node)

/** A canvas with these nodes, opened; their ids. */
async function canvas (...nodes) {
  const { id } = await gesso.post('/api/canvases', { name: 'Hands' })
  const edits = nodes.map(node => ({ op: 'add_node', ...node }))
  const { ids } = edits.length > 0 ? await gesso.post(`/api/canvases/${id}/edits`, edits) : { ids: [] }
  await page.goto(`${gesso.url}/c/${id}`)
  for (const one of ids) await card(one).waitFor()
  if (ids.length === 0) await page.getByRole('button', { name: 'Text', exact: true }).waitFor()
  return { id, ids }
}

/** Presses a key as a layout gives it, which Playwright's own keyboard does not have. */
const press = (key, code, held = {}) => page.evaluate(([key, code, held]) => {
  for (const type of ['keydown', 'keyup']) {
    const event = new KeyboardEvent(type, { key, code, bubbles: true, cancelable: true, ...held })
    ;(document.activeElement ?? document.body).dispatchEvent(event)
  }
}, [key, code, held])

const boxes = async () => {
  const all = await cards().all()
  return Promise.all(all.map(one => one.boundingBox()))
}
const overlaps = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

describe('what is added', () => {
  test('has a place of its own, in view, and the caret where one writes', async () => {
    await canvas()
    for (const name of ['Text', 'Image', 'Text', 'Video', 'Text', 'List']) {
      const before = await cards().count()
      await page.getByRole('navigation', { name: 'Add to canvas' }).getByRole('button', { name, exact: true }).click()
      await until('one more card', async () => await cards().count() === before + 1)
    }
    const placed = await until('every card is measured', async () => {
      const found = await boxes()
      return found.length === 6 && found.every(Boolean) && found
    })
    for (const [i, one] of placed.entries()) {
      for (const other of placed.slice(i + 1)) assert.ok(!overlaps(one, other), `${JSON.stringify(one)} lies on ${JSON.stringify(other)}`)
    }
    const newest = placed.at(-1)
    assert.ok(newest.x >= 0 && newest.y >= 0 && newest.x + newest.width <= 1440 && newest.y + newest.height <= 900, JSON.stringify(newest))
    await shoot('placed')
  })

  test('takes what is typed next as its text', async () => {
    await canvas()
    await page.getByRole('button', { name: 'Image', exact: true }).click()
    await until('the caret is in the prompt', () => page.evaluate(() => document.activeElement?.isContentEditable))
    await page.keyboard.type('the tent at night')
    await until('it is in the prompt', async () => await cards().locator('.rich').first().textContent() === 'the tent at night')
    assert.equal(await cards().count(), 1)
  })

  test('pasted twice does not lie on itself', async () => {
    const { ids } = await canvas({ kind: 'text', text: 'copied', pos: [100, 100] })
    await card(ids[0]).locator('.node-head .i').first().click()
    await page.keyboard.press('Control+c')
    await page.mouse.move(700, 450)
    for (const count of [2, 3]) {
      await page.keyboard.press('Control+v')
      await until('it is pasted', async () => await cards().count() === count)
    }
    const placed = await boxes()
    assert.ok(!overlaps(placed[1], placed[2]), JSON.stringify(placed))
  })
})

describe('keys', () => {
  test('count on a layout without Latin letters and with Caps Lock on', async () => {
    await canvas()
    await press('е', 'KeyT')
    await until('a text is added', async () => await cards().count() === 1)
    await until('the caret is in it', () => page.evaluate(() => document.activeElement?.isContentEditable))
    await page.keyboard.press('Escape')
    await press('я', 'KeyZ', { ctrlKey: true })
    await until('it is undone', async () => await cards().count() === 0)
    await press('N', 'KeyN')
    await until('a note is added', async () => await cards().count() === 1)
  })

  test('leave somebody alone who composes a character', async () => {
    await canvas({ kind: 'text', text: 'a', pos: [0, 0] })
    const area = cards().locator('.rich').first()
    await area.click()
    await area.dispatchEvent('keydown', { key: 'Escape', isComposing: true, bubbles: true })
    await area.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true })
    assert.ok(await area.evaluate(area => document.activeElement === area))
  })

  test('after a click on a bar Space pans and presses nothing', async () => {
    await canvas({ kind: 'text', text: 'a', pos: [0, 0] })
    const map = page.getByRole('button', { name: 'Minimap' })
    await map.click()
    assert.equal(await map.getAttribute('aria-pressed'), 'false')
    await page.keyboard.press('Space')
    assert.equal(await map.getAttribute('aria-pressed'), 'false')
  })

  test('are changed in the help, kept across a reload, and told where they stand', async () => {
    await canvas({ kind: 'text', text: 'a', pos: [0, 0] })
    await page.getByRole('button', { name: 'Help' }).click()
    await shoot('help')
    await page.getByRole('button', { name: /^Keys of Fit all/ }).click()
    await page.keyboard.press('Control+d')
    await page.getByText('is “Fit all” now, and no longer “Duplicate”').waitFor()
    await page.getByRole('button', { name: 'Keys of Duplicate: —' }).waitFor()
    await shoot('help-changed')
    await page.keyboard.press('Escape')
    await page.reload()
    await cards().first().waitFor()
    assert.match(await page.getByRole('button', { name: 'Fit all' }).getAttribute('title'), /Ctrl D$/)
    await cards().first().locator('.node-head .i').first().click()
    await page.keyboard.press('Control+d')
    await page.getByRole('button', { name: 'Help' }).click()
    assert.equal(await cards().count(), 1, 'nothing was duplicated')
    await page.getByRole('button', { name: 'Reset all keys' }).click()
    await page.getByRole('button', { name: 'Keys of Duplicate: Ctrl D' }).waitFor()
    await page.keyboard.press('Escape')
    await cards().first().locator('.node-head .i').first().click()
    await page.keyboard.press('Control+d')
    await until('it is duplicated', async () => await cards().count() === 2)
  })
})

describe('several cards', () => {
  const three = () => canvas(
    { kind: 'text', text: 'a', pos: [0, 0] },
    { kind: 'text', text: 'b', pos: [320, 60] },
    { kind: 'text', text: 'c', pos: [700, 20] })
  const places = async (id, ids) => {
    const { nodes } = await graph(id)
    return ids.map(one => nodes.find(node => node.id === one).pos)
  }

  test('are lined up, spread out and tidied, each in one step of undo', async () => {
    const { id, ids } = await three()
    await page.keyboard.press('Control+a')
    await page.keyboard.press('Control+Shift+ArrowUp')
    await until('all begin at the top', async () => (await places(id, ids)).every(([, y]) => y === 0))
    await page.keyboard.press('Control+z')
    await until('it is undone', async () => (await places(id, ids))[1][1] === 60)
    const arrange = page.getByRole('button', { name: 'Arrange' })
    await arrange.click()
    await shoot('arrange')
    await page.getByRole('menuitem', { name: 'Distribute horizontally' }).click()
    await until('the middle one is in the middle', async () => (await places(id, ids))[1][0] === 350)
    await arrange.click()
    await page.keyboard.press('Escape')
    await until('the menu is closed', async () => await page.getByRole('menu').count() === 0)
    await until('focus is back', () => arrange.evaluate(button => document.activeElement === button))
  })

  test('move by a step in the stack, also where none has a key', async () => {
    const { id, ids } = await canvas(
      { id: 'a', kind: 'text', text: 'below', pos: [0, 0], z: '' }, { id: 'b', kind: 'text', text: 'above', pos: [40, 40], z: '' })
    const [first, last] = ids
    await card(first).locator('.node-head .i').first().click({ position: { x: 2, y: 2 } })
    await page.keyboard.press(']')
    await until('it is above', async () => (await nodeOf(id, first)).z > (await nodeOf(id, last)).z)
    await page.keyboard.press('Control+[')
    await until('it is below again', async () => (await nodeOf(id, first)).z < (await nodeOf(id, last)).z)
  })
})

describe('a list', () => {
  const entries = async (id, node) => (await nodeOf(id, node)).items.map(item => item.text)
  const fields = node => card(node).getByRole('textbox', { name: 'List item' })
  const has = (id, node, wanted) => until(`the list is ${wanted}`, async () => {
    const found = await entries(id, node)
    return JSON.stringify(found) === JSON.stringify(wanted)
  })

  test('is typed from top to bottom without the mouse', async () => {
    const { id, ids: [list] } = await canvas({ kind: 'list', pos: [0, 0] })
    await card(list).getByRole('button', { name: 'Add an entry' }).click()
    await until('the caret is in it', () => fields(list).first().evaluate(area => document.activeElement === area))
    await page.keyboard.type('a fox')
    await page.keyboard.press('Enter')
    await until('there is a second one', async () => await fields(list).count() === 2)
    await until('the caret is in it', () => fields(list).nth(1).evaluate(area => document.activeElement === area))
    await page.keyboard.type('an owl')
    await page.keyboard.press('Enter')
    await until('there is a third one', async () => await fields(list).count() === 3)
    await until('the caret is in it', () => fields(list).nth(2).evaluate(area => document.activeElement === area))
    await page.keyboard.press('Backspace')
    await has(id, list, ['a fox', 'an owl'])
    await until('the caret is back', () => fields(list).nth(1).evaluate(area => document.activeElement === area && area.selectionStart === 6))
    // Enter in the middle of an entry divides it.
    for (let n = 0; n < 3; n++) await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('Enter')
    await has(id, list, ['a fox', 'an ', 'owl'])
    await until('the caret is in the second half', () => fields(list).nth(2).evaluate(area => document.activeElement === area))
    await page.keyboard.press('Alt+ArrowUp')
    await has(id, list, ['a fox', 'owl', 'an '])
    await shoot('list')
  })

  test('takes the lines of a paste as entries, in one step of undo', async () => {
    const { id, ids: [list] } = await canvas({ kind: 'list', pos: [0, 0], items: ['first', 'last'] })
    await fields(list).first().click()
    await page.keyboard.press('End')
    await fields(list).first().evaluate(area => {
      const data = new DataTransfer()
      data.setData('text/plain', ' one\r\ntwo\tand\r\n\r\nthree\r\n')
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))
    })
    await has(id, list, ['firstone', 'two and', 'three', 'last'])
    await page.keyboard.press('Control+z')
    await has(id, list, ['first', 'last'])
  })

  test('is put in order by dragging, and three hundred entries scroll', async () => {
    const { id, ids: [list] } = await canvas({ kind: 'list', pos: [0, 0], items: Array.from({ length: 300 }, (_, n) => `entry ${n}`) })
    const box = await card(list).boundingBox()
    assert.ok(box.height < 600, `${box.height}`)
    const numbers = card(list).locator('[data-item] > .n')
    const [from, to] = [await numbers.nth(0).boundingBox(), await numbers.nth(2).boundingBox()]
    await page.mouse.move(from.x + 4, from.y + 8)
    await page.mouse.down()
    await page.mouse.move(to.x + 4, to.y + 8, { steps: 5 })
    await page.mouse.up()
    await until('it is the third', async () => (await entries(id, list)).slice(0, 3).join() === 'entry 1,entry 2,entry 0')
    const where = (await nodeOf(id, list)).pos
    assert.deepEqual(where, [0, 0], 'the card stays')
  })
})

describe('the page', () => {
  const zoom = async () => Number((await page.getByRole('button', { name: /^\d+ %$/ }).innerText()).replace(/\D/g, ''))

  test('zooms by a sixth with a notch of the wheel, over panels too', async () => {
    await canvas({ kind: 'text', text: 'a', pos: [0, 0] })
    for (const [x, y] of [[700, 600], [1300, 200]]) {
      const before = await zoom()
      await page.keyboard.down('Control')
      await page.mouse.move(x, y)
      await page.mouse.wheel(0, -100)
      await page.keyboard.up('Control')
      await until('it zoomed', async () => await zoom() > before)
      const factor = await zoom() / before
      assert.ok(factor > 1.1 && factor < 1.2, `${factor}`)
    }
  })

  test('takes a file that is dropped on a panel, and stays', async () => {
    await canvas()
    const panel = page.getByRole('navigation', { name: 'Add to canvas' })
    const data = await page.evaluateHandle(() => {
      const data = new DataTransfer()
      data.items.add(new File(['<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'], 'square.svg', { type: 'image/svg+xml' }))
      return data
    })
    for (const type of ['dragover', 'drop']) {
      const isTaken = await panel.evaluate((panel, [type, dataTransfer]) => !panel.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true })), [type, data])
      assert.ok(isTaken, `${type} is left to the browser`)
    }
    await until('it is on the canvas', async () => await cards().count() === 1)
    await page.goto(gesso.url)
    await until('home takes it too', () => page.evaluate(() => {
      const dataTransfer = new DataTransfer()
      dataTransfer.items.add(new File(['x'], 'x.txt'))
      return !document.body.dispatchEvent(new DragEvent('dragover', { dataTransfer, bubbles: true, cancelable: true }))
    }))
  })
})

describe('wires into one input', () => {
  test('are put into order in the panel, and the focus goes with the wire', async () => {
    const { id, ids } = await canvas(
      { kind: 'text', title: 'First', text: 'a', pos: [0, 0] },
      { kind: 'text', title: 'Second', text: 'b', pos: [0, 300] },
      { kind: 'text', title: 'Third', text: 'c', pos: [0, 600] },
      { kind: 'image_generator', pos: [500, 0] }
    )
    const target = ids[3]
    const connect = ids.slice(0, 3).map(from => ({ op: 'connect', from: [from, 'text'], to: [target, 'prompt'] }))
    await gesso.post(`/api/canvases/${id}/edits`, connect)
    await card(target).locator('.node-head').click()
    const list = page.getByRole('list', { name: 'Prompt, in this order' })
    const titles = () => list.locator('.arrival-name').allInnerTexts()
    const titleOf = { [ids[0]]: 'First', [ids[1]]: 'Second', [ids[2]]: 'Third' }
    const stored = async () => (await graph(id)).edges
      .sort((a, b) => a.z < b.z ? -1 : 1).map(edge => titleOf[edge.from_node])
    await until('all are listed', async () => (await titles()).join() === 'First,Second,Third')
    await list.getByRole('button', { name: 'Third earlier' }).click()
    await until('it is the second', async () => (await titles()).join() === 'First,Third,Second')
    const holdsFocus = () => list.getByRole('button', { name: 'Third earlier' }).evaluate(button => button === document.activeElement)
    await until('the focus is where it was', holdsFocus)
    await page.keyboard.press('Enter')
    await until('it is the first', async () => (await titles()).join() === 'Third,First,Second')
    await until('that is stored', async () => (await stored()).join() === 'Third,First,Second')
    await until('the focus is where it was', holdsFocus)
    await shoot('order')
    await page.keyboard.press('Enter')
    assert.equal(await list.getByRole('button', { name: 'Third earlier' }).getAttribute('aria-disabled'), 'true')
    await page.keyboard.press('Control+z')
    await until('one step is undone', async () => (await titles()).join() === 'First,Third,Second')
  })
})

describe('results', () => {
  test('are saved together, of a card and of the whole canvas', async () => {
    const { id, ids: [fox] } = await canvas(
      { kind: 'image_generator', title: 'Fox', text: 'a fox', pos: [0, 0], settings: { count: 2, resolution: '0.5K' } },
      { kind: 'image_generator', title: 'Owl', text: 'an owl', pos: [400, 0], settings: { resolution: '0.5K' } }
    )
    const { id: run } = await gesso.post(`/api/canvases/${id}/runs`, { mode: 'workflow' })
    await gesso.run(run)
    await until('the card shows them', async () => await card(fox).getAttribute('data-state') === 'completed')
    const saved = async press => {
      const [file] = await Promise.all([page.waitForEvent('download'), press()])
      assert.equal(file.suggestedFilename(), 'Hands.zip')
      const bytes = (await readFile(await file.path())).toString('latin1')
      return ['Fox/Fox 01.png', 'Fox/Fox 02.png', 'Owl.png'].filter(name => bytes.includes(name)).length
    }
    const item = () => page.getByRole('menuitem', { name: 'Download all results' }).click()
    await page.mouse.click(700, 780, { button: 'right' })
    assert.equal(await saved(item), 3, 'of the canvas')
    await card(fox).locator('.node-head .i').first().click({ button: 'right' })
    assert.equal(await saved(item), 2, 'of a card')
    const bar = page.getByRole('toolbar').getByRole('button', { name: 'Download' })
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+a')
    assert.equal(await saved(() => bar.click()), 3, 'of a selection')
    await page.keyboard.press('Control+g')
    assert.equal(await saved(() => bar.click()), 3, 'of a group')
  })
})

describe('stickers', () => {
  test('are chosen by keyboard, and a click beside closes the menu', async () => {
    await canvas()
    const sticker = page.getByRole('button', { name: 'Sticker', exact: true })
    await sticker.click()
    await page.getByRole('menu', { name: 'Stickers' }).waitFor()
    await shoot('stickers')
    await page.mouse.click(900, 600)
    await until('it is closed', async () => await page.getByRole('menu').count() === 0)
    await sticker.click()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('Enter')
    await until('a sticker is there', async () => await cards().count() === 1)
  })
})

test('no page complained', () => assert.deepEqual(complaints, []))
