// Two people in two real browsers: from the home page to a picture both see, and on through a killed server.
// Pictures of every step are kept in shots/.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { WebSocket } from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { Gesso, newPage, until } from './harness.mjs'

const SHOTS = new URL('shots/', import.meta.url).pathname
const WIDE = { width: 1440, height: 900 }
const PHONE = { width: 390, height: 844 }
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
    // A request in flight when the server is killed is no fault of the page.
    const expected = /ERR_CONNECTION_REFUSED|ERR_EMPTY_RESPONSE|ERR_CONNECTION_RESET|ERR_INCOMPLETE|WebSocket connection to/
    if (message.type() === 'error' && !expected.test(message.text())) complaints.push(`${name}: ${message.text()}`)
  })
  const said = await context.request.patch(`${gesso.url}/api/me`, { data: { name, color } })
  assert.ok(said.ok(), await said.text())
  return { name, context, page }
}

/** The page in both themes, wide and on a phone. */
async function shoot (page, name) {
  for (const [size, viewport] of Object.entries({ wide: WIDE, phone: PHONE })) {
    await page.setViewportSize(viewport)
    for (const colorScheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(350)
      await page.screenshot({ path: `${SHOTS}${name}-${size}-${colorScheme}.png` })
    }
  }
  await page.setViewportSize(WIDE)
  await page.emulateMedia({ colorScheme: 'dark' })
}

const card = (page, kind) => page.locator(`[data-node][data-kind="${kind}"]`)
const state = (page, kind) => card(page, kind).getAttribute('data-state')
const runPanel = page => page.getByRole('region', { name: 'Run', exact: true })
const prompt = page => card(page, 'text').getByRole('textbox').last()
/** What the prompt reads, whatever kind of field it is. */
const words = page => prompt(page).evaluate(field => (field.value ?? field.textContent).trim())
const saved = page => until('it is saved', async () => {
  const all = await page.getByRole('status').allTextContents()
  return all.some(text => /\bSaved\b/.test(text))
})
/** The picture on a card, once it is drawn. */
const picture = (page, kind) => until(`the picture of ${kind} is there`, async () => {
  const image = card(page, kind).locator('img').first()
  return await image.evaluate(image => image.complete && image.naturalWidth > 0 && image.currentSrc, null, { timeout: 1_000 })
}, 60_000)

before(async () => {
  await mkdir(SHOTS, { recursive: true })
  gesso = await Gesso.start()
  browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
})
after(async () => {
  await browser?.close()
  await gesso?.stop()
})

describe('a first picture, two people', { timeout: 400_000 }, () => {
  let mara, jonas, address

  test('home teaches, and a template becomes a canvas', async () => {
    mara = await person('Mara Lind', '#ff9db0')
    await mara.page.goto(gesso.url)
    await mara.page.getByRole('heading', { name: 'Canvases', level: 1 }).waitFor()
    await mara.page.getByRole('button', { name: /Your first image/ }).first().waitFor()
    await shoot(mara.page, '1-home-empty')
    await mara.page.getByRole('button', { name: /Your first image/ }).first().click()
    await mara.page.waitForURL(/\/c\/[a-z0-9_-]+$/)
    address = mara.page.url()
    await mara.page.getByRole('application', { name: 'Canvas' }).waitFor()
    for (const kind of ['text', 'image_generator', 'image_upscaler']) await card(mara.page, kind).waitFor()
    assert.equal(await mara.page.locator('[data-edge]').count() >= 2, true)
    await saved(mara.page)
    await shoot(mara.page, '2-canvas')
  })

  test('a second person sees the first one\'s cursor', async () => {
    jonas = await person('Jonas Oort', '#8fd6ff')
    await jonas.page.goto(address)
    await card(jonas.page, 'text').waitFor()
    await until('the name stands at the cursor', async () => {
      await mara.page.mouse.move(620 + Math.random() * 40, 640)
      return await jonas.page.getByText('Mara Lind', { exact: true }).count() > 0
    })
  })

  test('a run is seen by both, state by state, until the picture is there', async () => {
    const seen = { mara: new Set(), jonas: new Set() }
    let watching = true
    const watch = async (name, page) => {
      while (watching) {
        for (const kind of ['image_generator', 'image_upscaler']) seen[name].add(await state(page, kind))
        await page.waitForTimeout(15)
      }
    }
    const watchers = [watch('mara', mara.page), watch('jonas', jonas.page)]
    await runPanel(mara.page).getByRole('button', { name: /^Run\b/ }).first().click()
    await until('it began', async () => (await state(jonas.page, 'image_generator')) !== 'idle')
    await mara.page.screenshot({ path: `${SHOTS}3-running-wide-dark.png` })
    const sources = []
    for (const { page } of [mara, jonas]) {
      for (const kind of ['image_generator', 'image_upscaler']) {
        await until(`${kind} is completed`, async () => (await state(page, kind)) === 'completed', 60_000)
      }
      sources.push(await picture(page, 'image_generator'))
      await picture(page, 'image_upscaler')
    }
    watching = false
    await Promise.all(watchers)
    assert.equal(new URL(sources[0]).pathname, new URL(sources[1]).pathname, 'both see one picture')
    for (const name of ['mara', 'jonas']) {
      assert.ok(seen[name].has('completed'), `${name} saw ${[...seen[name]]}`)
      assert.ok(seen[name].has('pending') || seen[name].has('running'), `${name} saw ${[...seen[name]]}`)
    }
    await shoot(mara.page, '4-done')
  })

  test('the second person edits the prompt, and undoes it', async () => {
    const before = await words(mara.page)
    await prompt(jonas.page).click()
    await jonas.page.keyboard.press('Control+End')
    await jonas.page.keyboard.type(', snow falling')
    await until('the first person reads it', async () => (await words(mara.page)) === `${before}, snow falling`)
    await jonas.page.keyboard.press('Control+z')
    await until('it is undone for both', async () => (await words(mara.page)) === before && (await words(jonas.page)) === before)
    await jonas.page.keyboard.press('Control+Shift+z')
    await until('and done again', async () => (await words(mara.page)) === `${before}, snow falling`)
    await saved(jonas.page)
  })

  test('two people typing in one prompt end up with the same words', async () => {
    await prompt(mara.page).click()
    await mara.page.keyboard.press('Control+Home')
    await prompt(jonas.page).click()
    await jonas.page.keyboard.press('Control+End')
    await Promise.all([
      mara.page.keyboard.type('Oil painting: ', { delay: 15 }),
      jonas.page.keyboard.type(', wide lens', { delay: 15 })
    ])
    await until('both read the same', async () => {
      const [one, two] = [await words(mara.page), await words(jonas.page)]
      return one === two && one.startsWith('Oil painting: ') && one.endsWith(', wide lens')
    })
    await saved(mara.page)
    await saved(jonas.page)
  })

  test('two stock clients and a page end up with one document', async () => {
    const id = new URL(address).pathname.split('/').pop()
    const stock = [new Y.Doc(), new Y.Doc()].map(doc => {
      const url = gesso.url.replace('http', 'ws') + '/sync'
      const provider = new WebsocketProvider(url, id, doc, { WebSocketPolyfill: WebSocket, disableBc: true })
      return { doc, provider, text: () => doc.getMap('nodes').get('prompt')?.get('text') }
    })
    try {
      await until('both have the prompt', () => stock.every(({ text }) => text()))
      stock[0].text().insert(0, 'One. ')
      stock[1].text().insert(stock[1].text().length, ' Two.')
      await prompt(mara.page).click()
      await mara.page.keyboard.press('Control+End')
      await mara.page.keyboard.type(' Three.')
      await until('all three read the same', async () => {
        const page = await words(mara.page)
        const same = stock.every(({ text }) => text().toString().trim() === page)
        return same && ['One. ', ' Two.', ' Three.'].every(part => page.includes(part.trim()))
      })
      stock[0].doc.transact(() => {
        const note = new Y.Map()
        for (const [key, value] of Object.entries({ kind: 'sticky_note', pos: [0, 420], z: 'zz' })) note.set(key, value)
        note.set('settings', new Y.Map())
        note.set('output', new Y.Map())
        note.set('text', new Y.Text('from a script'))
        stock[0].doc.getMap('nodes').set('note', note)
      })
      await mara.page.locator('[data-node="note"]').waitFor()
      await until('the other script has it', () => stock[1].doc.getMap('nodes').has('note'))
      stock[1].doc.getMap('nodes').delete('note')
      await until('it is gone on the page', async () => (await mara.page.locator('[data-node="note"]').count()) === 0)
    } finally {
      for (const { provider, doc } of stock) { provider.destroy(); doc.destroy() }
    }
  })

  test('everything is still there after the server was killed and started again', async () => {
    const before = await words(mara.page)
    await gesso.restart()
    // Both come back by themselves, and go on together.
    await prompt(jonas.page).click()
    await jonas.page.keyboard.press('Control+End')
    await jonas.page.keyboard.type('!')
    await until('they are together again', async () => (await words(mara.page)) === `${before}!`, 40_000)
    await jonas.page.reload()
    await card(jonas.page, 'text').waitFor()
    await until('the words are there', async () => (await words(jonas.page)) === `${before}!`)
    assert.equal(await state(jonas.page, 'image_upscaler'), 'completed')
    await picture(jonas.page, 'image_upscaler')
  })

  test('edits made while the server is away are kept and arrive', async () => {
    await saved(mara.page)
    const before = await words(mara.page)
    await gesso.kill()
    await prompt(mara.page).click()
    await mara.page.keyboard.press('Control+End')
    await mara.page.keyboard.type(' offline')
    await until('the page says that it is offline', async () => {
      const all = await mara.page.getByRole('status').allTextContents()
      return all.some(text => /offline/i.test(text))
    }, 40_000)
    await mara.page.screenshot({ path: `${SHOTS}5-offline-wide-dark.png` })
    await gesso.restart()
    await until('the other one gets them', async () => (await words(jonas.page)) === `${before} offline`, 60_000)
    await saved(mara.page)
  })

  test('home shows the canvas with its picture, its run and who is in it', async () => {
    const page = await newPage(jonas.context)
    page.on('pageerror', error => complaints.push(`home: ${error.message}`))
    await page.goto(gesso.url)
    const entry = page.getByRole('link', { name: /^Open Your first image/ }).first()
    await entry.waitFor()
    await page.getByText('Succeeded').first().waitFor()
    await until('its picture is drawn', () => entry.locator('img').evaluate(image => image.complete && image.naturalWidth > 0))
    await until('people are counted', async () => /here now/.test(await entry.textContent()))
    await page.getByRole('button', { name: /^Actions for Your first image/ }).click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByRole('textbox', { name: 'Name' }).fill('The lighthouse')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('heading', { name: 'The lighthouse' }).waitFor()
    await until('those who have it open see the new name', async () => {
      return (await mara.page.getByText('The lighthouse').count()) > 0
    })
    await page.getByRole('button', { name: 'Actions for The lighthouse' }).click()
    await page.getByRole('menuitem', { name: 'Duplicate' }).click()
    await until('the copy comes up', async () => (await page.getByRole('link', { name: /^Open The lighthouse/ }).count()) === 2)
    await page.keyboard.press('/')
    await page.keyboard.type('copy')
    await until('search finds only it', async () => (await page.getByRole('link', { name: /^Open / }).count()) === 1)
    await page.getByRole('button', { name: /^Actions for The lighthouse/ }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
    await until('it is gone', async () => (await page.getByRole('link', { name: /^Open / }).count()) === 0)
    await page.reload()
    await page.getByRole('link', { name: /^Open The lighthouse/ }).waitFor()
    await page.close()
  })

  test('no page complained', () => assert.deepEqual(complaints, []))
})

describe('a shelf of canvases', { timeout: 200_000 }, () => {
  test('looks like one', async () => {
    const texts = ['a lighthouse at night, storm, warm light', 'dunes at sunset, one person walking', 'a quiet city skyline at dusk', 'botanical leaves, green plates, cream paper', 'a red planet with two moons']
    for (const text of texts) {
      const story = await gesso.story({ text, aspect: '16:9' })
      const name = text.split(',')[0].replace(/^an? /, '')
      await gesso.api('PATCH', `/api/canvases/${story.id}`, { name: name[0].toUpperCase() + name.slice(1), description: `From the words “${text}”.` })
      await gesso.run((await gesso.post(`/api/canvases/${story.id}/runs`, { mode: 'workflow' })).id)
    }
    const visitor = await person('Ida Vale', '#ffd166')
    await visitor.page.goto(gesso.url)
    await visitor.page.getByRole('link', { name: /^Open / }).nth(4).waitFor()
    await until('all pictures are drawn', () => visitor.page.locator('main img').evaluateAll(images => images.length >= 5 && images.every(image => image.complete && image.naturalWidth > 0)))
    await shoot(visitor.page, '6-home')
    await visitor.page.getByRole('button', { name: 'Templates' }).click()
    await visitor.page.waitForTimeout(300)
    await visitor.page.screenshot({ path: `${SHOTS}7-templates-wide-dark.png` })
    await visitor.page.keyboard.press('Escape')
    await visitor.page.getByRole('button', { name: /^You are Ida Vale/ }).click()
    await visitor.page.waitForTimeout(300)
    await visitor.page.screenshot({ path: `${SHOTS}8-me-wide-dark.png` })
    await visitor.page.keyboard.press('Escape')
    await visitor.page.getByRole('button', { name: /^Actions for/ }).first().click()
    await visitor.page.waitForTimeout(300)
    await visitor.page.screenshot({ path: `${SHOTS}9-menu-wide-dark.png` })
    await visitor.context.close()
  })
})
