// The first ten minutes: everything that was paid for is there to see and to choose from, and prices are told truly.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from './harness.mjs'
import { Studio, becomes, card, dialog, runButton } from './studio.mjs'

let studio, page
before(async () => {
  studio = await Studio.start('first')
  page = await studio.person('Mara Lind')
})
after(() => studio?.stop())

describe('two results of each of four prompts', { timeout: 300_000 }, () => {
  let ids
  before(async () => {
    ({ ids } = await studio.canvas(page, [
      { kind: 'list', title: 'Scenes', pos: [0, 0], items: ['a hill', 'a lake', 'a red house', 'a night sky'].map(text => ({ text })) },
      { kind: 'image_generator', title: 'Pictures', pos: [340, 0], settings: { count: 2, resolution: '0.5K' } },
      { kind: 'evaluator', title: 'Best', pos: [720, 0] }
    ], [[0, 'items', 1, 'prompt'], [1, 'image', 2, 'candidates']]))
  })

  test('are eight candidates, of which any may be chosen', async () => {
    await page.getByRole('region', { name: 'Run', exact: true }).getByRole('button', { name: /^Run\b/ }).first().click()
    await becomes(page, ids[2], 'paused')
    await card(page, ids[2]).getByText('8 candidates').waitFor()
    await card(page, ids[2]).locator('.thumbs').dblclick()
    await until('the review alone is open', async () => await dialog(page).count() === 1)
    const options = dialog(page).getByRole('option')
    assert.equal(await options.count(), 8)
    await studio.shoot(page, 'review')
    await options.nth(1).click()
    await options.nth(6).click()
    await dialog(page).getByRole('button', { name: 'Accept 2' }).click()
    await becomes(page, ids[2], 'completed')
  })

  test('stand in the stack and in its grid, item by item, and any can be passed on', async () => {
    await card(page, ids[1]).getByRole('button', { name: 'Open the batch, 4 items ×2' }).click()
    await dialog(page).getByText('4 items, 8 results, 4 done').waitFor()
    const cells = dialog(page).getByRole('listitem')
    assert.equal(await cells.count(), 8)
    const heads = await dialog(page).locator('.cell-head').allTextContents()
    assert.deepEqual(heads, ['1a hill', '2a lake', '3a red house', '4a night sky'])
    await studio.shoot(page, 'grid')
    const passes = n => cells.nth(n).getByRole('button', { name: /^Pass on result/ })
    assert.equal(await passes(2).getAttribute('aria-pressed'), 'true')
    await passes(3).click()
    await until('the second is passed on', async () => await passes(3).getAttribute('aria-pressed') === 'true')
    assert.equal(await passes(2).getAttribute('aria-pressed'), 'false')
    await dialog(page).getByRole('button', { name: 'Download 8' }).waitFor()
  })

  test('are gone through in the preview by arrows', async () => {
    await dialog(page).getByRole('button', { name: /^Item 2, a lake · Result 1/ }).click()
    const preview = dialog(page).last()
    await preview.getByText('3 of 8', { exact: true }).waitFor()
    await page.keyboard.press('ArrowRight')
    await preview.getByText('4 of 8', { exact: true }).waitFor()
    await preview.getByRole('button', { name: 'Next result' }).click()
    await preview.getByText('5 of 8', { exact: true }).waitFor()
    await preview.getByRole('button', { name: 'Show at full size' }).click()
    await preview.getByRole('button', { name: 'Fit to the window' }).waitFor()
    await studio.shoot(page, 'preview')
    await page.keyboard.press('Escape')
    await page.keyboard.press('Escape')
    await until('both are closed', async () => await dialog(page).count() === 0)
  })
})

describe('prices', { timeout: 120_000 }, () => {
  let poor, page
  before(async () => {
    poor = await Studio.start('first', '--first-credits', '20')
    page = await poor.person('Jonas Oort')
  })
  after(async () => {
    await poor?.stop()
    studio.complaints.push(...poor.complaints)
  })

  test('are whole credits, bounded by the lengths that are known, and exact on hover', async () => {
    const { ids } = await poor.canvas(page, [
      { kind: 'voiceover', pos: [0, 0], text: 'Good evening, and welcome to the show tonight.' },
      { kind: 'image_generator', pos: [0, 400], text: 'a portrait of a woman', settings: { seed: 1 } },
      { kind: 'lip_sync', pos: [420, 0] }
    ], [[0, 'audio', 2, 'audio'], [1, 'image', 2, 'image']])
    const panel = page.getByRole('region', { name: 'Run', exact: true })
    // 46 characters last at most 12.5 s: 12.5 credits, not the 180 of the longest film; 0.23 for the voice, 2 for the picture.
    const price = panel.locator('.panel-foot .price')
    await until('the sum is told', async () => await price.textContent() === '· up to 15')
    assert.equal(await price.getAttribute('title'), 'up to 14.73 credits')
    await panel.getByRole('button', { name: /^Run/ }).first().click()
    await page.getByText('You have 20').waitFor()
    await dialog(page).getByRole('button', { name: /^Run/ }).click()
    await becomes(page, ids[2], 'completed')
    await until('the balance is what is left', async () => {
      const { balance } = await poor.gesso.get('/api/credits')
      return await page.locator('.credits .num').textContent() === String(balance)
    })
  })

  test('that the balance does not reach close the button and say so', async () => {
    const { ids } = await poor.canvas(page, [{ kind: 'video_generator', pos: [0, 0], text: 'a lake', settings: { duration: 15, resolution: '1080p' } }])
    const button = runButton(page, ids[0])
    await until('the button is closed', () => button.isDisabled())
    assert.match(await button.textContent(), /^Needs 60 credits, [\d.]+ left$/)
    await poor.shoot(page, 'poor')
  })
})

describe('words that a model has nothing for', { timeout: 120_000 }, () => {
  test('are named on the card and in the history', async () => {
    const { ids } = await studio.canvas(page, [{ kind: 'image_generator', pos: [0, 0], text: 'A dragon over a red house', settings: { resolution: '0.5K' } }])
    await runButton(page, ids[0]).click()
    await becomes(page, ids[0], 'completed')
    await card(page, ids[0]).getByText('Not drawn: dragon', { exact: true }).waitFor()
    await studio.shoot(page, 'unread')
    await card(page, ids[0]).locator('.node-head .i').first().click()
    await page.getByRole('tab', { name: 'History' }).click()
    await page.locator('.about-made').click()
    await page.locator('.made-more').getByText('Not drawn: dragon').waitFor()
    await studio.shoot(page, 'history')
  })
})

describe('a card', { timeout: 120_000 }, () => {
  test('has chips that lead to the setting they show', async () => {
    const { ids } = await studio.canvas(page, [{ kind: 'image_generator', pos: [0, 0], text: 'a lake' }])
    for (const [chip, setting] of [['1:1', 'aspect_ratio'], ['Studio Painter', 'model'], ['1K', 'resolution']]) {
      await card(page, ids[0]).getByRole('button', { name: chip, exact: true }).click()
      await until(`${setting} has the focus`, () => page.evaluate(setting => document.activeElement?.closest('[data-setting]')?.dataset.setting === setting, setting))
    }
  })

  test('is found by its words', async () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ kind: 'text', pos: [n * 700, 0], title: `Scene ${n + 1}`, text: n === 9 ? 'The lighthouse keeper wakes.' : 'Fog.' }))
    const { id } = await studio.gesso.post('/api/canvases', { name: 'Long' })
    const { ids: far } = await studio.gesso.post(`/api/canvases/${id}/edits`, many.map(node => ({ op: 'add_node', ...node })))
    await studio.open(page, id)
    await card(page, far[0]).waitFor()
    await page.keyboard.press('Control+f')
    const find = page.getByRole('dialog', { name: 'Find on this canvas' })
    assert.equal(await find.getByRole('option').count(), 12)
    await page.keyboard.type('KEEPER')
    await until('one is left', async () => await find.getByRole('option').count() === 1)
    await find.getByText('The lighthouse keeper wakes.').waitFor()
    await studio.shoot(page, 'find')
    await page.keyboard.press('Enter')
    await until('it has the focus', () => page.evaluate(id => document.activeElement?.closest('[data-node]')?.dataset.node === id, far[9]))
    const box = await card(page, far[9]).boundingBox()
    assert.ok(box.x > 0 && box.x + box.width < 1440, JSON.stringify(box))
    await page.keyboard.press('Control+k')
    await page.keyboard.type('scene 3')
    await page.getByRole('dialog').getByText('On this canvas').waitFor()
    await page.keyboard.press('Enter')
    await until('the third is selected', async () => await card(page, far[2]).evaluate(one => one.classList.contains('is-selected') || one.getAttribute('aria-selected') === 'true' || one.contains(document.activeElement)))
  })

  test('has its bar beside the panel, also in a narrow window', async () => {
    const narrow = await studio.person('Nils Berg', { viewport: { width: 760, height: 800 } })
    const { ids } = await studio.canvas(narrow, [
      { kind: 'text', pos: [0, 0], text: 'a lake' },
      { kind: 'image_generator', pos: [420, 0], text: 'at dawn' },
      { kind: 'image_generator', pos: [840, 0], text: 'at night' }
    ])
    await narrow.keyboard.press('Shift+Digit1')
    await card(narrow, ids[2]).locator('.node-head .i').first().click()
    const bar = await narrow.getByRole('toolbar').boundingBox()
    const panel = await narrow.getByRole('complementary').boundingBox()
    assert.ok(bar.x > 60 && bar.x + bar.width <= panel.x, JSON.stringify([bar, panel]))
  })

  test('asks for a picture only while no text is connected', async () => {
    const { id, ids } = await studio.canvas(page, [{ kind: 'text', pos: [0, 0], text: 'a lake' }, { kind: 'image_generator', pos: [340, 0] }])
    const asks = async () => await card(page, ids[1]).locator('.rich').first().getAttribute('aria-placeholder')
    await until('it asks', async () => await asks() === 'Describe the picture…')
    await studio.gesso.post(`/api/canvases/${id}/edits`, [{ op: 'connect', from: [ids[0], 'text'], to: [ids[1], 'prompt'] }])
    await until('it does no more', async () => await asks() === 'Add to what is connected…')
  })
})

describe('on a phone', { timeout: 120_000 }, () => {
  let phone, ids
  before(async () => {
    phone = await studio.person('Pia Holm', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
    ({ ids } = await studio.canvas(phone, [{ kind: 'image_generator', pos: [0, 0], text: 'a lake at dawn', settings: { resolution: '0.5K' } }]))
  })
  const inView = async (page, locator) => {
    const box = await locator.boundingBox()
    return box && box.x >= 0 && box.y >= 0 && box.x + box.width <= 390 && box.y + box.height <= 844
  }

  test('a selected card has a sheet with its settings and history, folded until asked for', async () => {
    await phone.getByRole('button', { name: 'Fit all' }).tap()
    await card(phone, ids[0]).locator('.node-head .i').first().tap()
    const sheet = phone.getByRole('complementary', { name: 'Image Generator' })
    await sheet.getByRole('button', { name: /^Run/ }).waitFor()
    assert.equal(await sheet.getByRole('tab', { name: 'History' }).isVisible(), false)
    await studio.shoot(phone, 'phone-folded')
    await sheet.getByRole('button', { name: 'Settings and history' }).tap()
    await sheet.getByRole('tab', { name: 'Settings' }).waitFor()
    assert.ok(await inView(phone, sheet), JSON.stringify(await sheet.boundingBox()))
    await studio.shoot(phone, 'phone-settings')
    await sheet.getByRole('button', { name: /^Run/ }).tap()
    await becomes(phone, ids[0], 'completed')
    await sheet.getByRole('tab', { name: 'History' }).tap()
    await sheet.getByText('Everything it made').waitFor()
    await studio.shoot(phone, 'phone-history')
    await sheet.getByRole('button', { name: 'Close' }).tap()
  })

  test('the run is shown in a sheet of its own', async () => {
    const panel = phone.getByRole('region', { name: 'Run', exact: true })
    if (!await panel.isVisible()) await phone.getByRole('button', { name: 'Runs' }).tap()
    await panel.getByText('Succeeded').waitFor()
    assert.ok(await inView(phone, panel), JSON.stringify(await panel.boundingBox()))
    await studio.shoot(phone, 'phone-run')
    await panel.getByRole('button', { name: 'Fold' }).tap()
    await until('it is away', async () => !await panel.isVisible())
  })
})

describe('a page', { timeout: 120_000 }, () => {
  test('opens also where the browser\'s storage never answers', async () => {
    const page = await studio.person('Ida Falk')
    await page.addInitScript(() => { IDBFactory.prototype.open = () => new EventTarget() })
    const { ids } = await studio.canvas(page, [{ kind: 'text', pos: [0, 0], text: 'still here' }])
    await until('the text is there', async () => await card(page, ids[0]).locator('.rich').first().textContent() === 'still here')
    await page.getByText('Saved', { exact: true }).waitFor()
  })

  test('that is none says so, with status 404, and leads home', async () => {
    const page = await studio.person('Ola Berg', { allowed: /404/ })
    const answer = await page.goto(`${studio.gesso.url}/nowhere/at-all`)
    assert.equal(answer.status(), 404)
    await page.getByRole('heading', { name: 'There is no page here' }).waitFor()
    await studio.shoot(page, 'lost')
    await page.getByRole('link', { name: 'All canvases' }).click()
    await page.getByRole('heading', { name: 'Canvases' }).waitFor()
    const api = await fetch(`${studio.gesso.url}/api/nowhere`, { headers: { accept: 'text/html' } })
    assert.match(api.headers.get('content-type'), /problem\+json/)
  })

  test('has letters of its own', async () => {
    await page.evaluate(() => document.fonts.ready)
    assert.ok(await page.evaluate(() => document.fonts.check('13px Inter') && [...document.fonts].some(font => font.family.includes('Inter') && font.status === 'loaded')))
  })

  test('shows two people with different names and colours', async () => {
    const people = []
    for (let n = 0; n < 12; n++) {
      const context = await studio.browser.newContext()
      people.push(await (await context.request.get(`${studio.gesso.url}/api/me`)).json())
      await context.close()
    }
    const initials = people.map(person => person.name.split(' ').map(word => word[0]).join(''))
    assert.equal(new Set(people.map(person => person.name)).size, 12, JSON.stringify(people))
    assert.equal(new Set(initials).size, 12, initials.join(' '))
    assert.ok(new Set(people.slice(0, 8).map(person => person.color)).size === 8, JSON.stringify(people.map(p => p.color)))
  })
})

test('a double click on Run runs once, and to the end', async () => {
  const { id, ids } = await studio.canvas(page, [
    { kind: 'text', text: 'a green hill', pos: [0, 0] },
    { kind: 'image_generator', pos: [340, 0], settings: { resolution: '0.5K' } }
  ], [[0, 'text', 1, 'prompt']])
  await runButton(page, ids[1]).dblclick()
  await becomes(page, ids[1], 'completed')
  const { items } = await studio.gesso.get(`/api/canvases/${id}/runs`)
  assert.deepEqual(items.map(run => run.status), ['succeeded'])
  assert.equal(await page.getByRole('alert').count(), 0)
})

test('no page complained', () => assert.deepEqual(studio.complaints, []))
