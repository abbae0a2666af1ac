// Runs as people see them: a batch with a hole, its grid and its retry; a review by somebody else; the history, what is
// out of date, what a run costs before it starts. Pictures of it are kept in shots/.
import assert from 'node:assert/strict'
import { mkdir, readdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { crc32, deflateSync } from 'node:zlib'
import { chromium } from 'playwright-core'
import { Gesso, newPage, until } from './harness.mjs'

const SHOTS = new URL('shots/', import.meta.url).pathname
const WIDE = { width: 1440, height: 900 }
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

let gesso, browser
/** What the pages said that they should not have. */
const complaints = []

/** Somebody with a name, in a browser of their own. */
async function person (name, color) {
  const context = await browser.newContext({ viewport: WIDE, colorScheme: 'dark' })
  const page = await newPage(context)
  page.setDefaultTimeout(20_000)
  page.on('pageerror', error => complaints.push(`${name}: ${error.message}`))
  page.on('console', message => {
    // A second decision is refused, and that is what is tested.
    if (message.type() === 'error' && !/409 \(Conflict\)/.test(message.text())) complaints.push(`${name}: ${message.text()}`)
  })
  const said = await context.request.patch(`${gesso.url}/api/me`, { data: { name, color } })
  assert.ok(said.ok(), await said.text())
  return { name, context, page }
}

async function shoot (page, name) {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(350)
    await page.screenshot({ path: `${SHOTS}runs-${name}-${colorScheme}.png` })
  }
  await page.emulateMedia({ colorScheme: 'dark' })
}

/** A PNG of one colour. */
function png (width, height, [r, g, b]) {
  const chunk = (type, data) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const out = Buffer.alloc(8 + body.length)
    out.writeUInt32BE(data.length)
    body.copy(out, 4)
    out.writeUInt32BE(crc32(body), 4 + body.length)
    return out
  }
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width)
  head.writeUInt32BE(height, 4)
  head.set([8, 2], 8)
  const row = Buffer.concat([Buffer.from([0]), Buffer.alloc(width * 3).map((_, i) => [r, g, b][i % 3])])
  const rows = deflateSync(Buffer.concat(Array(height).fill(row)))
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', head), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}

async function upload (bytes) {
  const answer = await fetch(`${gesso.url}/api/assets`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: bytes })
  assert.ok(answer.ok, await answer.clone().text())
  return (await answer.json()).id
}

/** Where the bytes of an asset lie. */
async function fileOf (asset) {
  const all = await readdir(gesso.data, { recursive: true })
  const found = all.find(path => path.endsWith(asset) || path.endsWith(asset.slice(2)))
  assert.ok(found, `the bytes of ${asset} are somewhere in ${all}`)
  return join(gesso.data, found)
}

const node = (page, id) => page.locator(`[data-node="${id}"]`)
const state = (page, id) => node(page, id).getAttribute('data-state')
const becomes = (page, id, wanted) => until(`${id} is ${wanted}`, async () => (await state(page, id)) === wanted, 60_000)
const dialog = page => page.getByRole('dialog')
const runButton = (page, id) => node(page, id).locator('.node-foot').getByRole('button', { name: /^(Run|Retry)\b/ })
/** Selects a card by its head and looks at it. */
async function select (page, id) {
  await page.keyboard.press('Escape')
  await page.keyboard.press('Shift+Digit1')
  await page.waitForTimeout(300)
  await node(page, id).locator('.node-head .i').first().click()
}
const open = async (who, id) => {
  await who.page.goto(`${gesso.url}/c/${id}`)
  await who.page.getByRole('application', { name: 'Canvas' }).waitFor()
}

let mara, jonas
before(async () => {
  await mkdir(SHOTS, { recursive: true })
  gesso = await Gesso.start()
  browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
  mara = await person('Mara Lind', '#ff9db0')
  jonas = await person('Jonas Oort', '#8fd6ff')
})
after(async () => {
  await browser?.close()
  await gesso?.stop()
})

describe('a batch', { timeout: 300_000 }, () => {
  let canvas, list, upscale, lost, many

  before(async () => {
    const assets = [await upload(png(40, 30, [200, 80, 40])), await upload(png(40, 30, [40, 120, 200])), await upload(png(40, 30, [60, 160, 90]))]
    lost = assets[1]
    canvas = (await gesso.post('/api/canvases', { name: 'Batch' })).id
    const { ids } = await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'add_node', kind: 'list', title: 'Pictures', pos: [0, 0], items: assets.map(asset => ({ asset })) },
      { op: 'add_node', kind: 'image_upscaler', title: 'Larger', pos: [340, 0], settings: { scale: 2 } }
    ]);
    [list, upscale] = ids
    await gesso.post(`/api/canvases/${canvas}/edits`, [{ op: 'connect', from: [list, 'items'], to: [upscale, 'image'] }])
    await open(mara, canvas)
    await node(mara.page, upscale).waitFor()
  })

  test('the button says the whole sum before anything runs', async () => {
    await until('the price stands on the button', async () => {
      return /Run\s+· 3 × 1 = 3 · 3/.test(await runButton(mara.page, upscale).textContent())
    })
  })

  test('a failed item is a hole in the grid, and is tried again alone', async () => {
    const { page } = mara
    const path = await fileOf(lost)
    await rename(path, `${path}.away`)
    await runButton(page, upscale).click()
    await becomes(page, upscale, 'completed')
    await node(page, upscale).getByText('1 of 3 items failed').waitFor()
    const badge = node(page, upscale).getByRole('button', { name: 'Open the batch, 2 of 3' })
    await shoot(page, 'hole')
    await badge.click()
    await dialog(page).getByText('3 items, 2 done, 1 failed').waitFor()
    const cells = dialog(page).getByRole('listitem')
    assert.deepEqual(await cells.evaluateAll(all => all.map(cell => cell.dataset.state)), ['completed', 'failed', 'completed'])
    const why = await cells.nth(1).textContent()
    assert.match(why, /Failed/)
    assert.ok(why.length > 20, `the reason is a sentence: ${why}`)
    await shoot(page, 'grid')
    await rename(`${path}.away`, path)
    await cells.nth(1).getByRole('button', { name: /^Retry/ }).click()
    await until('the hole is filled', async () => {
      const states = await cells.evaluateAll(all => all.map(cell => cell.dataset.state))
      return states.every(state => ['completed', 'reused'].includes(state))
    }, 60_000)
    await page.keyboard.press('Escape')
    await node(page, upscale).getByRole('button', { name: 'Open the batch, 3 items' }).waitFor()
    const { items } = await gesso.get(`/api/canvases/${canvas}/runs`)
    assert.equal(items.length, 2)
    assert.equal(items[0].retry_of, items[1].id)
    assert.equal(items[0].cost, 1, 'what was there already is not paid for again')
  })

  test('the run panel tells both runs, step by step and item by item', async () => {
    const { page } = mara
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    const panel = page.getByRole('region', { name: 'Run', exact: true })
    await panel.getByText('Tries run 1 again').waitFor()
    await panel.locator('[data-step]').getByRole('button').first().click()
    await until('its items are listed', async () => await panel.locator('.step-items li').count() === 3)
    await panel.getByRole('button', { name: /^Run 1\b/ }).click()
    await panel.locator('[data-status="failed"]').waitFor()
    await panel.getByText('1 failed').first().waitFor()
    await panel.getByRole('button', { name: /^Retry failed/ }).waitFor()
    for (const word of ['Started', 'Finished', 'Duration', 'Cost']) await panel.getByText(word, { exact: true }).first().waitFor()
    await shoot(page, 'panel')
  })

  test('the keyboard opens the grid, walks in it and leaves it', async () => {
    const { page } = mara
    await select(page, upscale)
    await node(page, upscale).focus()
    await page.keyboard.press('Enter')
    await dialog(page).getByText('3 items, 3 done').waitFor()
    const focused = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'))
    await until('the first item has the focus', async () => /^Item 1,.* completed|^Item 1, (completed|reused)/.test(await focused()))
    await page.keyboard.press('ArrowRight')
    assert.match(await focused(), /^Item 2/)
    await page.keyboard.press('Enter')
    await until('the picture is open', async () => await dialog(page).count() === 2)
    await page.keyboard.press('Escape')
    await until('it is closed', async () => await dialog(page).count() === 1)
    await page.keyboard.press('Escape')
    await until('the grid is closed', async () => await dialog(page).count() === 0)
  })

  test('a large run is asked about first', async () => {
    const { page } = mara
    const ops = Array.from({ length: 60 }, (_, i) => ({ text: `a hill, ${i}` }))
    const { ids } = await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'add_node', kind: 'list', title: 'Many', pos: [0, 500], items: ops },
      { op: 'add_node', kind: 'image_generator', title: 'Hills', pos: [340, 500], settings: { count: 2, resolution: '0.5K' } }
    ])
    await gesso.post(`/api/canvases/${canvas}/edits`, [{ op: 'connect', from: [ids[0], 'items'], to: [ids[1], 'prompt'] }])
    await select(page, ids[1])
    await until('the sum is told', async () => /60 × 2 = 120 · 120/.test(await runButton(page, ids[1]).textContent()))
    await runButton(page, ids[1]).click()
    await dialog(page).getByText('Run 60 model calls?').waitFor()
    await shoot(page, 'asked')
    await dialog(page).getByRole('button', { name: 'Cancel' }).click()
    assert.equal(await state(page, ids[1]), 'idle')
    assert.equal((await gesso.get(`/api/canvases/${canvas}/runs`)).items.length, 2, 'nothing ran')
    many = ids
  })

  test('the menu of a wire gives the whole batch at once', async () => {
    const { page } = mara
    const key = `${many[1]}:prompt:${many[0]}:items`
    await page.keyboard.press('Shift+Digit2')
    await page.waitForTimeout(400)
    const middle = await page.locator(`[data-edge="${key}"] .wire-hit`).evaluate(path => {
      const point = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM())
      return [point.x, point.y]
    })
    await page.mouse.move(...middle)
    await page.getByRole('button', { name: 'Cut this wire' }).waitFor()
    await page.mouse.click(...middle, { button: 'right' })
    await page.getByRole('menuitem', { name: 'Give the whole batch at once' }).click()
    await until('it is one call', async () => /^Run\s+· 2$/.test((await runButton(page, many[1]).textContent()).trim()))
    await page.keyboard.press('Control+z')
    await until('it is a batch again', async () => /60 × 2 = 120/.test(await runButton(page, many[1]).textContent()))
  })

  test('lists of different lengths are paired right there on the card', async () => {
    const { page } = mara
    const { ids } = await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'add_node', kind: 'list', title: 'Looks', pos: [700, 0], items: [{ text: 'oil' }, { text: 'ink' }] },
      { op: 'add_node', kind: 'list', title: 'Places', pos: [700, 300], items: [{ text: 'sea' }, { text: 'hill' }, { text: 'town' }] },
      { op: 'add_node', kind: 'image_generator', title: 'Pairs', pos: [1040, 0] }
    ])
    await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'connect', from: [ids[0], 'items'], to: [ids[2], 'prompt'] },
      { op: 'connect', from: [ids[1], 'items'], to: [ids[2], 'prompt'] }
    ])
    // What comes by another way comes where it comes: here, under the panel.
    await node(page, ids[2]).waitFor()
    await page.getByRole('button', { name: 'Fit all' }).click()
    await select(page, ids[2])
    const ways = node(page, ids[2]).getByRole('radiogroup', { name: 'How the lists pair' })
    await ways.getByRole('radio', { name: /Every combination/ }).waitFor()
    assert.match(await ways.textContent(), /Pair, repeat the last.*3 items · 6.*2 items · 4.*6 items · 12/s)
    await shoot(page, 'pairing')
    await ways.getByRole('radio', { name: /Every combination/ }).click()
    await until('the sum follows', async () => /6 × 1 = 6 · 12/.test(await runButton(page, ids[2]).textContent()))
  })
})

describe('the queue', { timeout: 300_000 }, () => {
  test('its owner sees where a run waits, holds it back, moves it up and drops it', async () => {
    const { page, context } = mara
    const canvas = (await gesso.post('/api/canvases', { name: 'Queue' })).id
    const numbers = []
    for (let i = 0; i < 6; i++) {
      const { ids: [id] } = await gesso.post(`/api/canvases/${canvas}/edits`, [
        { op: 'add_node', kind: 'video_generator', title: `Long ${i}`, pos: [i * 300, 0], text: 'a fox', settings: { count: 4, duration: 15, resolution: '1080p' } }
      ])
      const answer = await context.request.post(`${gesso.url}/api/canvases/${canvas}/runs`, { data: { mode: 'node', node: id } })
      assert.equal(answer.status(), 202, await answer.text())
      numbers.push((await answer.json()).id)
    }
    await open(mara, canvas)
    const panel = page.getByRole('region', { name: 'Run', exact: true })
    await panel.getByText('4th in the queue').waitFor()
    await page.getByText('Queued, 4th').waitFor()
    await shoot(page, 'queue')
    await panel.getByRole('button', { name: 'Move up' }).click()
    await panel.getByText('3rd in the queue').waitFor()
    await panel.getByRole('button', { name: 'Hold' }).click()
    await panel.getByText('Held back until you resume it').waitFor()
    await panel.getByRole('button', { name: 'Resume' }).click()
    await panel.getByRole('button', { name: 'Drop' }).click()
    await panel.locator(`[data-run="${numbers[5]}"][data-status="cancelled"]`).waitFor()
    for (const id of numbers) await gesso.post(`/api/runs/${id}/cancel`)
    await Promise.all(numbers.map(id => gesso.run(id)))
  })
})

describe('a review', { timeout: 300_000 }, () => {
  let canvas, image, evaluator, upscale

  before(async () => {
    canvas = (await gesso.post('/api/canvases', { name: 'Review' })).id
    const { ids } = await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'add_node', kind: 'list', title: 'Shots', pos: [0, 0], items: ['a fox in the snow', 'a hill at dawn', 'the sea at night'].map(text => ({ text })) },
      { op: 'add_node', kind: 'image_generator', title: 'Frames', pos: [340, 0], settings: { resolution: '0.5K' } },
      { op: 'add_node', kind: 'evaluator', title: 'First frame', pos: [680, 0] },
      { op: 'add_node', kind: 'image_upscaler', title: 'Larger', pos: [1020, 0], settings: { scale: 2 } }
    ]);
    [, image, evaluator, upscale] = ids
    await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'connect', from: [ids[0], 'items'], to: [image, 'prompt'] },
      { op: 'connect', from: [image, 'image'], to: [evaluator, 'candidates'] }
    ])
    await gesso.post(`/api/canvases/${canvas}/edits`, [{ op: 'connect', from: [evaluator, 'output'], to: [upscale, 'image'] }])
    for (const who of [mara, jonas]) {
      await open(who, canvas)
      await node(who.page, evaluator).waitFor()
    }
  })

  test('somebody else than who started it decides, and both see it', async () => {
    await mara.page.getByRole('region', { name: 'Run', exact: true }).getByRole('button', { name: /^Run\b/ }).last().click()
    for (const who of [mara, jonas]) {
      await becomes(who.page, evaluator, 'paused')
      await until(`${who.name} is told`, async () => /“First frame” waits for a person/.test(await who.page.getByRole('log').textContent()))
    }
    // Mara looks too, and is too late.
    await node(mara.page, evaluator).getByRole('button', { name: 'Review', exact: true }).click()
    await dialog(mara.page).getByRole('option').first().click()
    await jonas.page.getByRole('log').getByRole('button', { name: 'Review' }).click()
    await dialog(jonas.page).getByRole('option').nth(2).waitFor()
    await dialog(jonas.page).getByRole('option').first().focus()
    await jonas.page.keyboard.press('Space')
    await jonas.page.keyboard.press('ArrowRight')
    await jonas.page.keyboard.press('ArrowRight')
    await jonas.page.keyboard.press('Space')
    await dialog(jonas.page).getByText('2 of 3 picked').waitFor()
    await shoot(jonas.page, 'review')
    await dialog(jonas.page).getByRole('textbox', { name: 'Note' }).fill('The light is right')
    await dialog(jonas.page).getByRole('button', { name: 'Accept 2' }).click()
    await until('it is closed', async () => await dialog(jonas.page).count() === 0)
    for (const who of [mara, jonas]) {
      await becomes(who.page, evaluator, 'completed')
      await becomes(who.page, upscale, 'completed')
    }
    await dialog(mara.page).getByText('Jonas Oort accepted 2 of').waitFor()
    await dialog(mara.page).getByText('The light is right').waitFor()
    await shoot(mara.page, 'decided')
    await mara.page.keyboard.press('Escape')
    await node(mara.page, upscale).getByRole('button', { name: 'Open the batch, 2 items' }).waitFor()
  })
})

describe('the history', { timeout: 300_000 }, () => {
  let image

  before(async () => {
    const canvas = (await gesso.post('/api/canvases', { name: 'History' })).id
    const { ids } = await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'add_node', kind: 'image_generator', title: 'Picture', pos: [0, 0], text: 'a fox', settings: { resolution: '0.5K' } }
    ]);
    [image] = ids
    await open(mara, canvas)
    await node(mara.page, image).waitFor()
  })

  test('a changed prompt makes the result outdated and says why', async () => {
    const { page } = mara
    await runButton(page, image).click()
    await becomes(page, image, 'completed')
    const prompt = node(page, image).getByRole('textbox', { name: 'Prompt' })
    await prompt.click()
    await page.keyboard.press('Control+End')
    await page.keyboard.type(' in the snow')
    await becomes(page, image, 'outdated')
    await node(page, image).getByText('Prompt changed since this result').waitFor()
    await page.keyboard.press('Escape')
    await shoot(page, 'outdated')
    await runButton(page, image).click()
    await becomes(page, image, 'completed')
    await until('both are counted', async () => /2\s*\/\s*2/.test(await node(page, image).locator('.hist').textContent()))
  })

  test('two results are compared with a slider, and what differs is told', async () => {
    const { page } = mara
    await select(page, image)
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('button', { name: 'Pick result 1 to compare' }).click()
    await page.getByRole('button', { name: 'Pick result 2 to compare' }).click()
    await page.getByRole('complementary').getByRole('button', { name: 'Compare', exact: true }).click()
    const edge = dialog(page).getByRole('slider', { name: 'Where the two pictures meet' })
    const before = await edge.inputValue()
    await edge.focus()
    await page.keyboard.press('ArrowLeft')
    assert.notEqual(await edge.inputValue(), before)
    const table = dialog(page).getByRole('table')
    await table.getByRole('row', { name: /Prompt/ }).waitFor()
    assert.match(await table.textContent(), /a fox.*a fox in the snow/s)
    await shoot(page, 'compare')
    await page.keyboard.press('Escape')
  })

  test('the settings of an old result come back as one step of undo', async () => {
    const { page } = mara
    const prompt = node(page, image).getByRole('textbox', { name: 'Prompt' })
    const old = page.getByRole('listitem').filter({ has: page.getByRole('button', { name: 'Show result 1' }) })
    await old.getByText('Result 1').click()
    await old.getByRole('button', { name: 'Use these settings' }).click()
    await until('the prompt is the old one', async () => (await prompt.textContent()) === 'a fox')
    await shoot(page, 'history')
    await page.getByRole('log').getByRole('button', { name: 'Undo' }).last().click()
    await until('it is the new one again', async () => (await prompt.textContent()) === 'a fox in the snow')
    await old.getByRole('button', { name: 'Show result 1' }).click()
    await until('the first is shown', async () => /1\s*\/\s*2/.test(await node(page, image).locator('.hist').textContent()))
  })

  test('a result that is older than the newest fifty comes back to the card', async () => {
    const { page } = mara
    const canvas = (await gesso.post('/api/canvases', { name: 'Many' })).id
    const { ids: [assistant] } = await gesso.post(`/api/canvases/${canvas}/edits`, [
      { op: 'add_node', kind: 'assistant', title: 'Lines', pos: [0, 0], text: 'a line about a fox', settings: { seed: 0 } }
    ])
    for (let n = 0; n < 52; n++) {
      await gesso.post(`/api/canvases/${canvas}/edits`, [{ op: 'set', node: assistant, text: `a line about ${n} foxes` }])
      const { id } = await gesso.post(`/api/canvases/${canvas}/runs`, { mode: 'node', node: assistant })
      await until('it ended', async () => (await gesso.get(`/api/runs/${id}`)).status === 'succeeded')
    }
    const { items: [oldest] } = await gesso.get(`/api/canvases/${canvas}/nodes/${assistant}/generations?limit=1000`)
    await open(mara, canvas)
    await node(page, assistant).waitFor()
    const shows = () => node(page, assistant).textContent()
    assert.ok(!(await shows()).includes(oldest.text.slice(0, 40)))
    await select(page, assistant)
    await page.getByRole('tab', { name: 'History' }).click()
    await page.getByRole('complementary').getByRole('button', { name: /^Show \d+ older/ }).click()
    await page.getByRole('button', { name: 'Show result 1', exact: true }).click()
    await until('the oldest is shown', async () => (await shows()).includes(oldest.text.slice(0, 40)))
  })
})

test('no page complained', () => assert.deepEqual(complaints, []))
