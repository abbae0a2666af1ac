// Things people do to each other's cards and at each other's pointers: fixing cards, taking wires off, saying something.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { until } from './harness.mjs'
import { Studio, card, drag, head, middle } from './studio.mjs'

let studio, mara, leo
before(async () => {
  studio = await Studio.start('together')
  mara = await studio.person('Mara Lind')
  leo = await studio.person('Leo Okafor')
})
after(() => studio?.stop())

const nodes = async id => Object.fromEntries((await studio.gesso.get(`/api/canvases/${id}/graph`)).nodes.map(node => [node.id, node]))
const edges = async id => (await studio.gesso.get(`/api/canvases/${id}/graph`)).edges
const posOf = async (id, node) => (await nodes(id))[node].pos

describe('a card that is fixed in place', () => {
  let id, a, b
  before(async () => {
    ({ id, ids: [a, b] } = await studio.canvas(mara, [
      { kind: 'text', text: 'brief', pos: [0, 0] }, { kind: 'text', text: 'notes', pos: [420, 0] }]))
  })

  test('is neither dragged, nudged, lined up nor deleted, also for somebody else, until it is let go', async () => {
    await head(mara, a).click()
    await mara.keyboard.press('Control+Shift+L')
    await card(mara, a).getByRole('img', { name: 'Fixed in place' }).waitFor()
    await until('it is written', async () => (await nodes(id))[a].fixed === true)
    assert.equal(await card(mara, a).locator('.corner').count(), 0)
    await studio.open(leo, id)
    await card(leo, a).getByRole('img', { name: 'Fixed in place' }).waitFor()
    const from = await middle(head(leo, a))
    await drag(leo, from, { x: from.x + 60, y: from.y + 160 })
    await head(leo, a).click()
    await leo.keyboard.press('ArrowRight')
    await leo.getByText('It is fixed in place.').waitFor()
    await leo.keyboard.press('Delete')
    // Of two, the one that is free goes to the other's edge and is deleted alone.
    await head(leo, b).click({ modifiers: ['Shift'] })
    await leo.keyboard.press('Control+Shift+ArrowLeft')
    await until('the free one moves', async () => (await posOf(id, b))[0] !== 420)
    assert.deepEqual(await posOf(id, a), [0, 0])
    await leo.keyboard.press('Delete')
    await card(leo, b).waitFor({ state: 'detached' })
    await card(leo, a).waitFor()
    assert.deepEqual(Object.keys(await nodes(id)), [a])
    await head(leo, a).click({ button: 'right' })
    await leo.getByRole('menuitem', { name: /^Let go of its place/ }).click()
    await card(mara, a).getByRole('img', { name: 'Fixed in place' }).waitFor({ state: 'detached' })
    const free = await middle(head(leo, a))
    await drag(leo, free, { x: free.x + 40, y: free.y + 80 })
    await until('it moves', async () => (await posOf(id, a))[1] > 0)
  })

  test('gives a copy that is free', async () => {
    await mara.keyboard.press('Escape')
    await head(mara, a).click()
    await mara.keyboard.press('Control+Shift+L')
    await until('it is fixed', async () => (await nodes(id))[a].fixed === true)
    await mara.keyboard.press('Control+d')
    await until('there are two', async () => Object.keys(await nodes(id)).length === 2)
    const copy = Object.values(await nodes(id)).find(node => node.id !== a)
    assert.equal(copy.fixed ?? false, false)
    assert.equal(copy.text, 'brief')
  })
})

describe('a wire', () => {
  test('comes off at its end from an input that takes several, and goes to another card', async () => {
    const { id, ids: [one, two, make, other] } = await studio.canvas(mara, [
      { kind: 'text', text: 'one', pos: [0, 0] }, { kind: 'text', text: 'two', pos: [0, 260] },
      { kind: 'assistant', text: 'join', pos: [520, 0] }, { kind: 'assistant', text: 'other', pos: [520, 420] }],
    [[0, 'text', 2, 'prompt'], [1, 'text', 2, 'prompt']])
    const key = (await edges(id)).find(edge => edge.from_node === two).key
    const spot = await mara.evaluate(key => {
      const path = document.querySelector(`[data-edge="${key}"] .wire-hit`)
      const at = path.getPointAtLength(path.getTotalLength() * 0.86)
      const placed = at.matrixTransform(path.getScreenCTM())
      return { x: placed.x, y: placed.y }
    }, key)
    const port = await middle(card(mara, other).locator('[data-port="in:prompt"]'))
    await mara.mouse.move(spot.x, spot.y)
    await mara.locator('.wire-hit.is-end').waitFor()
    await drag(mara, spot, port)
    await until('it ends at the other card', async () => {
      const now = await edges(id)
      return now.length === 2 && now.some(edge => edge.from_node === two && edge.to_node === other) &&
        now.some(edge => edge.from_node === one && edge.to_node === make)
    })
    await mara.keyboard.press('Control+z')
    await until('one undo puts it back', async () => (await edges(id)).every(edge => edge.to_node === make))
  })
})

describe('a card put down', () => {
  test('beside a port that fits suggests the wire, which Enter takes and anything else leaves', async () => {
    const { id, ids: [text, image] } = await studio.canvas(mara, [
      { kind: 'text', text: 'a fox', pos: [0, 300] }, { kind: 'image_generator', pos: [420, 0] }])
    const suggestion = mara.getByRole('button', { name: /^Connect/ })
    const put = async (dx, dy) => {
      const from = await middle(head(mara, text))
      await drag(mara, from, { x: from.x + dx, y: from.y + dy })
    }
    await put(60, -240)
    await suggestion.waitFor()
    await studio.shoot(mara, 'suggestion')
    await mara.keyboard.press('Escape')
    await suggestion.waitFor({ state: 'detached' })
    assert.deepEqual(await edges(id), [])
    await put(8, 12)
    await suggestion.waitFor()
    await mara.keyboard.press('Enter')
    await until('they are connected', async () => (await edges(id)).some(edge => edge.from_node === text && edge.to_node === image && edge.to_port === 'prompt'))
    await put(0, 16)
    await until('it is put down', async () => (await posOf(id, text))[1] > 72)
    assert.equal(await suggestion.count(), 0, 'connected already')
  })

  test('on a wire suggests to go between', async () => {
    const { id, ids: [from, to, between] } = await studio.canvas(mara, [
      { kind: 'image_generator', text: 'a fox', pos: [0, 0] }, { kind: 'video_generator', text: 'it runs', pos: [900, 0] },
      { kind: 'image_upscaler', pos: [450, 420] }], [[0, 'image', 1, 'start_frame']])
    const spot = await mara.evaluate(() => {
      const path = document.querySelector('[data-edge] .wire-hit')
      const at = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM())
      return { x: at.x, y: at.y }
    })
    const [grip, centre] = [await middle(head(mara, between)), await middle(card(mara, between))]
    await drag(mara, grip, { x: grip.x + spot.x - centre.x, y: grip.y + spot.y - centre.y })
    await mara.getByRole('button', { name: /^Connect/ }).click()
    await until('it is between', async () => {
      const now = await edges(id)
      return now.length === 2 && now.some(edge => edge.from_node === from && edge.to_node === between) &&
        now.some(edge => edge.from_node === between && edge.to_node === to && edge.to_port === 'start_frame')
    })
    await mara.keyboard.press('Control+z')
    await until('one undo puts it back', async () => {
      const now = await edges(id)
      return now.length === 1 && now[0].from_node === from && now[0].to_node === to
    })
  })
})

describe('a comment', () => {
  let id, node
  const thread = page => page.getByRole('dialog', { name: 'Comment' })
  before(async () => {
    ({ id, ids: [node] } = await studio.canvas(mara, [{ kind: 'text', text: 'brief', pos: [0, 0] }]))
    await studio.open(leo, id)
    await card(leo, node).waitFor()
  })

  test('is put where one clicks, is answered, resolved and opened again', async () => {
    await mara.keyboard.press('c')
    await mara.getByText('Click where the comment belongs.').waitFor()
    await mara.mouse.click(900, 300)
    await thread(mara).getByRole('textbox').fill('The lamp flickers at second three.')
    await mara.keyboard.press('Enter')
    await thread(mara).getByText('The lamp flickers at second three.').waitFor()
    const pin = leo.getByRole('button', { name: 'Comment by Mara Lind, 1 message' })
    await pin.click()
    await until('it is read out', async () => /Mara Lind commented: The lamp/.test(await leo.getByRole('status', { name: 'Announcements' }).textContent()))
    await thread(leo).getByText('The lamp flickers').waitFor()
    assert.equal(await thread(leo).getByRole('button', { name: 'Delete this message' }).count(), 0, "somebody else's")
    await thread(leo).getByRole('textbox', { name: 'Reply' }).fill('Running it again.')
    await leo.keyboard.press('Enter')
    await thread(mara).getByText('Running it again.').waitFor()
    await studio.shoot(mara, 'thread')
    await thread(mara).getByRole('button', { name: 'Resolve' }).click()
    await leo.getByRole('button', { name: 'Comment by Mara Lind, 2 messages, resolved' }).waitFor()
    await thread(leo).getByRole('textbox', { name: 'Reply' }).fill('One more thing.')
    await leo.keyboard.press('Enter')
    await mara.getByRole('button', { name: 'Comment by Mara Lind, 3 messages', exact: true }).waitFor()
    await leo.keyboard.press('Escape')
    await thread(leo).waitFor({ state: 'detached' })
    assert.match(await leo.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Comment by Mara Lind/)
  })

  test('stays at a card that moves, and goes with its last message', async () => {
    await mara.keyboard.press('Escape')
    await head(mara, node).click()
    await mara.keyboard.press('c')
    await thread(mara).getByRole('textbox').fill('Shorter?')
    await mara.keyboard.press('Enter')
    const pin = mara.getByRole('button', { name: 'Comment by Mara Lind, 1 message' })
    const before = await pin.boundingBox()
    await mara.keyboard.press('Escape')
    await leo.getByRole('button', { name: 'Comment by Mara Lind, 1 message' }).waitFor()
    await head(leo, node).click()
    await leo.keyboard.press('Shift+ArrowDown')
    await until('it moves along', async () => (await pin.boundingBox()).y === before.y + 10)
    await pin.click()
    await thread(mara).getByRole('button', { name: 'Delete this message' }).click()
    await pin.waitFor({ state: 'detached' })
    await thread(mara).waitFor({ state: 'detached' })
    await mara.keyboard.press('Control+z')
    await pin.waitFor()
  })

  test('that was begun and not sent is not lost by a click beside it', async () => {
    await mara.keyboard.press('Escape')
    await mara.keyboard.press('c')
    await mara.mouse.click(700, 650)
    await thread(mara).getByRole('textbox').fill('half a thought')
    await mara.mouse.click(700, 200)
    assert.equal(await thread(mara).getByRole('textbox').inputValue(), 'half a thought')
    await thread(mara).getByRole('textbox').fill('')
    await mara.mouse.click(700, 200)
    await thread(mara).waitFor({ state: 'detached' })
    assert.equal(await mara.locator('.pin.is-open').count(), 0)
  })

  test('comes along when the canvas is duplicated', async () => {
    const copy = await studio.gesso.post(`/api/canvases/${id}/duplicate`, {})
    await studio.open(leo, copy.id)
    await leo.getByRole('button', { name: 'Comment by Mara Lind, 3 messages' }).waitFor()
  })
})

describe('at the pointer', () => {
  let id
  before(async () => {
    ({ id } = await studio.canvas(mara, [{ kind: 'text', text: 'brief', pos: [0, 0] }]))
    await studio.open(leo, id)
    await leo.locator('[data-node]').waitFor()
  })

  test('somebody says something, others read along, and it goes away', async () => {
    await mara.mouse.move(900, 300)
    await mara.keyboard.press('/')
    const field = mara.getByRole('textbox', { name: 'Say something to everybody here' })
    await field.waitFor()
    await mara.keyboard.type('look at this one')
    await leo.locator('.cursor .say', { hasText: 'look at this one' }).waitFor()
    await until('it is read out', async () => /Mara Lind: look at this one/.test(await leo.getByRole('status', { name: 'Announcements' }).textContent()))
    await studio.shoot(leo, 'says')
    await studio.shoot(mara, 'say')
    await mara.keyboard.press('Enter')
    await field.waitFor({ state: 'detached' })
    await leo.locator('.cursor .say').waitFor({ state: 'detached' })
    await leo.locator('.cursor .who', { hasText: 'Mara Lind' }).waitFor()
    await mara.keyboard.press('/')
    await mara.keyboard.type('no')
    await leo.locator('.cursor .say', { hasText: 'no' }).waitFor()
    await mara.keyboard.press('Escape')
    await leo.locator('.cursor .say').waitFor({ state: 'detached' })
  })

  test('a sticker is held up for a moment, and the field stays', async () => {
    await mara.getByRole('button', { name: 'Say something' }).click()
    const field = mara.getByRole('textbox', { name: 'Say something to everybody here' })
    await field.waitFor()
    await mara.getByRole('group', { name: 'Say something' }).getByRole('button', { name: 'Heart' }).click()
    await leo.locator('.cursor .emote').waitFor()
    await field.waitFor()
    await leo.locator('.cursor .emote').waitFor({ state: 'detached' })
    await mara.keyboard.press('Escape')
  })

  test('a slash in a text is a slash', async () => {
    await card(mara, await mara.locator('[data-node]').getAttribute('data-node')).locator('.rich').click()
    await mara.keyboard.press('End')
    await mara.keyboard.type(' a/b')
    assert.equal(await mara.locator('.chat').count(), 0)
    assert.match(await mara.locator('[data-node] .rich').textContent(), /a\/b/)
    await mara.keyboard.press('Escape')
  })

  test('oneself on a second page is no stranger', async () => {
    const second = await mara.context().newPage()
    await second.goto(`${studio.gesso.url}/c/${id}`)
    await second.getByRole('application', { name: 'Canvas' }).waitFor()
    await mara.getByRole('button', { name: 'Follow You, elsewhere' }).waitFor()
    assert.equal(await mara.getByRole('button', { name: 'Follow Mara Lind' }).count(), 0)
    await leo.getByRole('button', { name: 'Follow Mara Lind' }).first().waitFor()
    await second.close()
  })

  test('nothing went wrong meanwhile', () => assert.deepEqual(studio.complaints, []))
})
