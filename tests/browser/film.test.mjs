// A film from nothing: two people plan it on one canvas by mouse and keyboard alone, run it and have it with its sound.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { until } from './harness.mjs'
import { Studio, card, dialog, drag, head, middle } from './studio.mjs'

/** Screen distances between the columns and the rows of the storyboard at the zoom both work at. */
const [COLUMN, ROW] = [172, 186]
const ZOOM = '51 %'

let studio, mara, jonas
before(async () => {
  studio = await Studio.start('film')
  mara = await studio.person('Mara Lind')
  jonas = await studio.person('Jonas Oort')
})
after(() => studio?.stop())

/** What the cards are called, and which they are. */
const cast = {}
const panel = page => page.getByRole('complementary')
const port = (page, title, name) => card(page, cast[title]).locator(`[data-port="${name}"]`)
const text = (page, title) => card(page, cast[title]).locator('.rich').first()
const says = (page, title, wanted) => until(`“${title}” reads “${wanted}”`, async () => await text(page, title).textContent() === wanted)
const isNamed = (page, title) => card(page, cast[title]).getByRole('heading', { name: title, exact: true }).waitFor()
const saved = page => page.getByText('Saved', { exact: true }).waitFor()

/** A point of the storyboard, counted in columns and rows from the card of the idea, wherever that is on the screen. */
async function spot (page, column, row, dx = 0, dy = 0) {
  const box = await card(page, cast.Idea).boundingBox()
  return { x: box.x + column * COLUMN + dx, y: box.y + row * ROW + dy }
}

async function zoomOut (page) {
  await page.keyboard.press('Shift+Digit0')
  for (let n = 0; n < 3; n++) await page.keyboard.press('-')
  await page.getByRole('button', { name: ZOOM, exact: true }).waitFor()
}

/** The one card that is selected after `what` was done, which was not there before. */
async function added (page, what) {
  const known = new Set(await page.locator('[data-node]').evaluateAll(all => all.map(one => one.dataset.node)))
  await what()
  return until('a new card is selected', async () => {
    const ids = await page.locator('[data-node].is-selected').evaluateAll(all => all.map(one => one.dataset.node))
    return ids.length === 1 && !known.has(ids[0]) && ids[0]
  })
}

/** Chooses in Spotlight by its beginning. */
async function choose (page, kind) {
  await dialog(page).getByRole('combobox').waitFor()
  await page.keyboard.type(kind)
  await until(`${kind} is offered first`, async () =>
    (await dialog(page).getByRole('option').first().textContent()).startsWith(kind))
  await page.keyboard.press('Enter')
  await dialog(page).waitFor({ state: 'detached' })
}

/** Focus comes back to a card some frames after its text or title is left, and would take the caret out of what opens meanwhile. */
const hasFocus = (page, id) => until('the card has the focus', () => card(page, id).evaluate(one => document.activeElement === one))

async function rename (page, id, title) {
  await page.keyboard.press('F2')
  await until('the title is being edited', () => page.evaluate(() => document.activeElement?.tagName === 'INPUT'))
  await page.keyboard.press('Control+a')
  await page.keyboard.type(title)
  await page.keyboard.press('Enter')
  cast[title] = id
  await isNamed(page, title)
  await hasFocus(page, id)
}

async function leave (page, id) {
  await page.keyboard.press('Escape')
  await hasFocus(page, id)
}

async function write (page, title, words) {
  await page.keyboard.type(words)
  await says(page, title, words)
  await leave(page, cast[title])
}

/** Writes into the card that `what` adds, where it has a text, and names it. */
async function make (page, title, words, what) {
  const id = await added(page, what)
  cast[title] = id
  if (words === undefined) await hasFocus(page, id)
  else await write(page, title, words)
  await rename(page, id, title)
}

/** A text where the pointer is, by its key. */
const note = (page, key, title, words, at) => make(page, title, words, async () => {
  await page.keyboard.press('Escape')
  await page.mouse.move(at.x, at.y)
  await page.keyboard.press(key)
})

/** A card by a double click on a free place and Spotlight. */
const place = (page, kind, title, words, at) => make(page, title, words, async () => {
  await page.keyboard.press('Escape')
  await page.mouse.dblclick(at.x, at.y)
  await choose(page, kind)
})

/** A card at the end of a wire that is let go over a free place. */
const draw = (page, [from, out], kind, title, words, at) => make(page, title, words, async () => {
  await page.keyboard.press('Escape')
  await drag(page, await middle(port(page, from, `out:${out}`)), at)
  await choose(page, kind)
})

/** A card by Spotlight without the mouse, which is then taken to its place by its head. */
const summon = (page, kind, title, words, at) => make(page, title, words, async () => {
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await choose(page, kind)
}).then(() => carry(page, title, at))

/** Drags a card by its head until its corner is there. */
async function carry (page, title, to) {
  const [corner, from] = [await card(page, cast[title]).boundingBox(), await middle(head(page, cast[title]))]
  await drag(page, from, { x: from.x + to.x - corner.x, y: from.y + to.y - corner.y })
  await until(`“${title}” is there`, async () => {
    const now = await card(page, cast[title]).boundingBox()
    if (Math.hypot(now.x - to.x, now.y - to.y) < 12) return true
    throw new Error(`${JSON.stringify(now)}, not at ${JSON.stringify(to)}, from ${JSON.stringify(from)}`)
  })
}

/** A wire from port to port. `many`: into an input that takes several. */
async function wire (page, [from, out], [to, into], many = false) {
  await page.keyboard.press('Escape')
  await drag(page, await middle(port(page, from, `out:${out}`)), await middle(port(page, to, `in:${into}`)))
  const key = [cast[to], into, ...many ? [cast[from], out] : []].join(':')
  for (const one of [mara, jonas]) await one.locator(`[data-edge="${key}"]`).waitFor({ state: 'attached' })
}

/** The quick settings of a film: small, few pictures, `steps` of half a second more than one. */
async function makeQuick (page, steps) {
  await panel(page).getByRole('button', { name: '480p', exact: true }).click()
  const duration = panel(page).getByRole('slider', { name: 'Duration' })
  await duration.press('Home')
  for (let n = 0; n < steps; n++) await duration.press('ArrowRight')
  await until('it is that long', async () => Number(await duration.inputValue()) === 1 + steps / 2)
  await panel(page).getByRole('button', { name: '12', exact: true }).click()
}

const states = page => page.locator('[data-node]').evaluateAll(all =>
  Object.fromEntries(all.map(one => [one.dataset.node, one.dataset.state]).sort()))

describe('two people make a film', { timeout: 1_200_000 }, () => {
  let address, id

  test('one begins with the idea, the other joins by the address and reads along', async () => {
    for (const page of [mara, jonas]) {
      await page.goto(studio.gesso.url)
      await page.getByRole('heading', { name: 'Canvases', level: 1 }).waitFor()
    }
    await mara.getByRole('button', { name: 'New canvas' }).click()
    await mara.waitForURL(/\/c\/[a-z0-9_-]+$/)
    address = mara.url()
    id = new URL(address).pathname.split('/').pop()
    await mara.getByRole('button', { name: 'Untitled' }).click()
    await mara.keyboard.type('The lamp in the ice')
    await mara.keyboard.press('Enter')
    await zoomOut(mara)
    await place(mara, 'Text', 'Idea', 'A small red fox at a frozen lake at dusk, snow, warm light', { x: 146, y: 110 })
    await saved(mara)

    await jonas.goto(address)
    await isNamed(jonas, 'Idea')
    await jonas.getByRole('button', { name: 'The lamp in the ice' }).waitFor()
    await zoomOut(jonas)
    await until('the idea is where she has it', async () => {
      const [his, hers] = [await card(jonas, cast.Idea).boundingBox(), await card(mara, cast.Idea).boundingBox()]
      if (Math.hypot(his.x - hers.x, his.y - hers.y) < 8) return true
      await jonas.mouse.move(700, 400)
      await jonas.mouse.wheel(his.x - hers.x, his.y - hers.y)
    })
    for (const [page, name] of [[mara, 'Jonas Oort'], [jonas, 'Mara Lind']]) {
      await page.getByRole('button', { name: `Follow ${name}` }).waitFor()
    }
    // He reads every word while she writes it.
    const at = await spot(mara, 1, 0, 66, 20)
    await mara.keyboard.press('Escape')
    await mara.mouse.move(at.x, at.y)
    cast['Shot 1'] = await added(mara, () => mara.keyboard.press('t'))
    await mara.keyboard.type('A frozen lake')
    await says(jonas, 'Shot 1', 'A frozen lake')
    await jonas.locator('.cursor', { hasText: 'Mara Lind' }).waitFor()
    await mara.keyboard.type(' between mountains')
    await says(jonas, 'Shot 1', 'A frozen lake between mountains')
    await leave(mara, cast['Shot 1'])
    await rename(mara, cast['Shot 1'], 'Shot 1')
    await isNamed(jonas, 'Shot 1')
    await studio.shoot(jonas, '1-joined')
  })

  test('one writes shots and draws frames from them, the other makes the sounds meanwhile', async () => {
    const pictures = async () => {
      await note(mara, 't', 'Shot 2', 'A fox in the snow', await spot(mara, 1, 1, 66, 20))
      await note(mara, 't', 'Shot 3', 'A house with a lamp at night', await spot(mara, 1, 2, 66, 20))
      for (const [row, n] of [1, 2, 3].entries()) {
        await draw(mara, [`Shot ${n}`, 'text'], 'Image Generator', `Frame ${n}`, '', await spot(mara, 2, row, 0, 45))
        const frame = card(mara, cast[`Frame ${n}`])
        await frame.getByRole('button', { name: '1:1', exact: true }).click()
        await until('the aspect has the focus', () => mara.evaluate(() => document.activeElement?.tagName === 'SELECT'))
        await mara.keyboard.press('ArrowDown')
        await frame.getByRole('button', { name: '16:9', exact: true }).waitFor()
        await panel(mara).getByRole('button', { name: '0.5K', exact: true }).click()
        await frame.getByRole('button', { name: '0.5K', exact: true }).waitFor()
      }
      for (const n of [1, 2, 3]) await wire(mara, ['Idea', 'text'], [`Frame ${n}`, 'prompt'], true)
    }
    const sounds = async () => {
      await note(jonas, 't', 'Narration', 'Night falls. Somebody left the lamp on.', await spot(jonas, 0, 2, 66, 20))
      await draw(jonas, ['Narration', 'text'], 'Voiceover', 'Voice', '', await spot(jonas, 1, 3, 0, 45))
      await place(jonas, 'Music Generator', 'Music', 'calm piano, slow', await spot(jonas, 2, 3, 68, 20))
      const duration = panel(jonas).getByRole('slider', { name: 'Duration' })
      await duration.press('Home')
      await until('it is short', async () => await duration.inputValue() === await duration.getAttribute('min'))
    }
    await Promise.all([pictures(), sounds()])
    // Where it comes to lie is free once the pictures are there: what two people add at one place at once lies on each other.
    await summon(jonas, 'Sound Effects', 'Wind', 'wind over snow', await spot(jonas, 3, 3))
    for (const page of [mara, jonas]) {
      for (const title of ['Frame 1', 'Frame 2', 'Frame 3', 'Voice', 'Music', 'Wind']) await isNamed(page, title)
    }
    await studio.shoot(mara, '2-frames')
    await studio.shoot(jonas, '2-sounds')
  })

  test('frames become clips, by a wire and by copies, and all of them a film with three sounds', async () => {
    const clips = async () => {
      await draw(jonas, ['Frame 1', 'image'], 'Video Generator', 'Clip 1', 'the camera glides in, snow falls', await spot(jonas, 3, 0, 0, 61))
      await makeQuick(jonas, 0)
      for (const n of [2, 3]) {
        await head(jonas, cast[`Clip ${n - 1}`]).click()
        const copy = await added(jonas, () => jonas.keyboard.press('Control+d'))
        await rename(jonas, copy, `Clip ${n}`)
        await carry(jonas, `Clip ${n}`, await spot(jonas, 3, n - 1))
        await wire(jonas, [`Frame ${n}`, 'image'], [`Clip ${n}`, 'start_frame'])
      }
      for (const n of [1, 2, 3]) await wire(jonas, [`Shot ${n}`, 'text'], [`Clip ${n}`, 'prompt'], true)
      await draw(jonas, ['Clip 1', 'video'], 'Assistant', 'Notes on the clips', 'Describe the movement', await spot(jonas, 4, 0, 0, 110))
      for (const n of [2, 3]) await wire(jonas, [`Clip ${n}`, 'video'], ['Notes on the clips', 'videos'], true)
    }
    const film = async () => {
      await place(mara, 'Video Generator', 'Film', 'slow camera, snow falls', await spot(mara, 4, 2, 68, 20))
      await makeQuick(mara, 4)
      for (const n of [1, 2, 3]) await wire(mara, [`Frame ${n}`, 'image'], ['Film', 'references'], true)
      await draw(mara, ['Film', 'video'], 'Video Audio Mix', 'Film with sound', undefined, await spot(mara, 5, 2, 0, 45))
      for (const title of ['Voice', 'Music', 'Wind']) await wire(mara, [title, 'audio'], ['Film with sound', 'audio'], true)
      await head(mara, cast['Film with sound']).click()
      const volume = panel(mara).getByRole('slider', { name: 'Music: Volume' })
      await volume.press('ArrowLeft')
      await until('the music is softer', async () => Number(await volume.inputValue()) < 1)
    }
    await Promise.all([clips(), film()])
    await studio.shoot(mara, '3-wired')
    await studio.shoot(jonas, '3-wired-other')
  })

  test('notes, a group and a comment say what is meant', async () => {
    await note(jonas, 'n', 'Note', 'Everything 480p until the cut is right', await spot(jonas, 0, 1, 52, 20))
    await note(jonas, 'n', 'Note 2', 'Voice over wind, piano last', await spot(jonas, 4, 3, 52, 40))
    await mara.keyboard.press('Escape')
    await drag(mara, await spot(mara, 1, 0, -18, -18), await spot(mara, 3, 2, 140, 160))
    await until('nine cards are selected', async () => await mara.locator('.is-selected[data-node]').count() === 9)
    const group = await added(mara, () => mara.keyboard.press('Control+g'))
    await rename(mara, group, 'Three shots')
    await card(jonas, group).getByText('9 nodes').waitFor()
    for (const page of [mara, jonas]) {
      await until('its frame is around them', async () => {
        const [frame, last] = [await card(page, group).boundingBox(), await card(page, cast['Clip 3']).boundingBox()]
        return frame.y + frame.height > last.y + last.height
      })
    }

    await head(jonas, cast['Film with sound']).click()
    await jonas.keyboard.press('c')
    const thread = page => page.getByRole('dialog', { name: 'Comment' })
    await thread(jonas).getByRole('textbox').click()
    await jonas.keyboard.type('Is the music soft enough?')
    await jonas.keyboard.press('Enter')
    await mara.getByRole('button', { name: 'Comment by Jonas Oort, 1 message' }).click()
    await thread(mara).getByText('Is the music soft enough?').waitFor()
    await thread(mara).getByRole('textbox', { name: 'Reply' }).click()
    await mara.keyboard.type('We will hear. Running it.')
    await mara.keyboard.press('Enter')
    await thread(jonas).getByText('We will hear. Running it.').waitFor()
    await studio.shoot(mara, '4-planned')
    for (const page of [mara, jonas]) {
      await page.keyboard.press('Escape')
      await thread(page).waitFor({ state: 'detached' })
      await page.keyboard.press('Escape')
      await page.keyboard.press('Shift+Digit1')
      await saved(page)
      await until('twenty cards are there', async () => Object.keys(await states(page)).length === 20)
    }
    assert.deepEqual(await states(mara), await states(jonas))
  })

  test('one runs it, both watch it until the film is there', async () => {
    const made = ['Frame 1', 'Frame 2', 'Frame 3', 'Clip 1', 'Clip 2', 'Clip 3', 'Notes on the clips', 'Film', 'Voice', 'Music', 'Wind', 'Film with sound']
    await mara.getByRole('region', { name: 'Run', exact: true }).getByRole('button', { name: /^Run\b/ }).click()
    await until('he sees that it began', async () => Object.values(await states(jonas)).some(state => ['pending', 'running'].includes(state)))
    await studio.shoot(jonas, '5-running')
    for (const page of [mara, jonas]) {
      for (const title of made) {
        await until(`“${title}” is completed`, async () => {
          const state = await card(page, cast[title]).getAttribute('data-state')
          assert.notEqual(state, 'failed', title)
          return state === 'completed'
        }, 600_000)
      }
    }
    const [hers, his] = [await states(mara), await states(jonas)]
    assert.deepEqual(hers, his)
    assert.equal(Object.keys(hers).length, 20)
    assert.deepEqual(Object.values(hers).filter(state => state !== 'idle'), made.map(() => 'completed'))
    await mara.getByRole('region', { name: 'Run', exact: true }).getByText('Succeeded').waitFor()
    await studio.shoot(mara, '6-done')
    await studio.shoot(jonas, '6-done-other')
    await card(jonas, cast['Film with sound']).getByRole('button', { name: /^Play/ }).click()
    await until('it plays', () => card(jonas, cast['Film with sound']).locator('video').evaluate(video => video.currentTime > 0.1))
  })

  test('the film has a picture and a sound, as long as was asked for', async () => {
    const { nodes, edges } = await studio.gesso.get(`/api/canvases/${id}/graph`)
    assert.equal(nodes.length, 20)
    assert.equal(edges.length, 23)
    const { items } = await studio.gesso.get(`/api/canvases/${id}/nodes/${cast['Film with sound']}/generations`)
    assert.equal(items.length, 1)
    const scratch = await mkdtemp(join(tmpdir(), 'gesso-film-'))
    try {
      const file = join(scratch, 'film.mp4')
      await writeFile(file, Buffer.from(await (await fetch(`${studio.gesso.url}/api/assets/${items[0].asset}`)).arrayBuffer()))
      const { streams, format } = JSON.parse(execFileSync('ffprobe', ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', file]))
      assert.deepEqual(streams.map(stream => stream.codec_type).sort(), ['audio', 'video'])
      assert.equal(streams.find(stream => stream.codec_type === 'video').height, 480)
      assert.ok(Number(format.duration) >= 2.9 && Number(format.duration) < 10, format.duration)
    } finally {
      await rm(scratch, { recursive: true, force: true })
    }
  })

  test('no page complained', () => assert.deepEqual(studio.complaints, []))
})
