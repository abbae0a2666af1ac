// The scenes: each opens the page, does something in it, asserts that it happened, and gives figures.
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { BLOCK, COLUMNS, GAP, inView, onScreen } from './scene.mjs'
import { FIRST, moved } from './sides.mjs'
import { until } from '../harness.mjs'

/** The least zoom: nearly the whole canvas. */
const WHOLE = 0.05
/** Here thousands of cards are in view, and more on every side. */
const FAR = { x: -600, y: -200, zoom: 0.08 }
/** Here 200 cards are in view, and Gesso draws them in full. */
const SELECTING = { x: 100, y: 120, zoom: 0.29 }
const SELECTED = { columns: 4, rows: 5 }

const shifted = (camera, dx, dy) => ({ ...camera, x: camera.x + dx, y: camera.y + dy })

async function start (hand) {
  const cold = await hand.open()
  const count = await hand.countInView()
  assert.equal(count, inView(hand.scene, FIRST).length, `${hand.side.name}: so many cards are in view`)
  // The second time the browser still compiles what it will keep.
  await hand.open()
  const warm = await hand.open()
  return {
    'cards in view': count,
    'first card, fresh profile (ms)': cold.first,
    'all cards, fresh profile (ms)': cold.all,
    'first card, warm (ms)': warm.first,
    'all cards, warm (ms)': warm.all
  }
}

async function memory (hand) {
  await hand.open()
  await sleep(2_000)
  const { heap, wasm, rss } = await hand.memory()
  const mb = bytes => bytes / 1e6
  return { 'JS heap (MB)': mb(heap), 'JS heap and wasm memory (MB)': mb(heap + wasm), 'RSS of the page (MB)': mb(rss) }
}

function frames ({ p50, p95, worst }) {
  return { 'frame p50 (ms)': p50, 'frame p95 (ms)': p95, 'frame worst (ms)': worst }
}

function work ({ task, script, cpu }) {
  return { 'tasks (ms)': task, 'script (ms)': script, 'CPU of the browser (ms)': cpu }
}

async function pan (hand) {
  await hand.open()
  const [dx, dy] = [-4_800, -1_600]
  const cost = await hand.measure(() => hand.pan(dx, dy, 80))
  await hand.isAt(shifted(FIRST, dx, dy), 'it panned')
  return { ...frames(cost), ...work(cost) }
}

async function zoom (hand) {
  await hand.open()
  const there = await hand.measure(async () => {
    await hand.zoom(WHOLE / FIRST.zoom, 20)
    const { zoom } = await hand.camera()
    assert.ok(Math.abs(zoom / WHOLE - 1) < 0.01, `${hand.side.name}: the zoom is ${zoom}, not ${WHOLE}`)
    await hand.zoom(FIRST.zoom / WHOLE, 20)
  })
  await hand.isAt(FIRST, 'it zoomed back')
  return { ...frames(there), ...work(there) }
}

async function far (hand) {
  await hand.open()
  await hand.look(FAR)
  const [dx, dy] = [-300, -200]
  const cost = await hand.measure(() => hand.pan(dx, dy, 40))
  await hand.isAt(shifted(FAR, dx, dy), 'it panned')
  return { 'cards in view': inView(hand.scene, FAR).length, ...frames(cost), ...work(cost) }
}

/** Where a card is taken: its title, right of the icon. */
function grip (hand, n, camera) {
  const box = onScreen(hand.scene.cards[n], camera)
  return { x: box.x + 110 * camera.zoom, y: box.y + 20 * camera.zoom }
}

const STEPS = 60

/** Drags by a card and asserts that so many nodes moved. */
async function dragBy (hand, n, camera, [dx, dy], count) {
  const before = await hand.side.places(hand.page)
  const cost = await hand.measure(() => hand.drag(grip(hand, n, camera), [dx, dy], STEPS))
  await hand.isAt(camera, 'dragging does not pan')
  await moved(hand.side, hand.page, before, count, [dx / camera.zoom, dy / camera.zoom])
  return { ...frames(cost), ...work(cost) }
}

async function drag (hand) {
  await hand.open()
  const one = hand.scene.cards.findIndex(({ x, y }) => x === BLOCK.w && y === BLOCK.h)
  return dragBy(hand, one, FIRST, [180, 120], 1)
}

async function dragMany (hand) {
  await hand.open()
  await hand.look(SELECTING)
  const { x, y, zoom } = SELECTING
  // From ground to ground: a corner in the gap before the first block, the other behind the last.
  const from = { x: x - GAP.x / 2 * zoom, y: y - GAP.y / 2 * zoom }
  const size = [SELECTED.columns * BLOCK.w * zoom, SELECTED.rows * BLOCK.h * zoom]
  await hand.drag(from, size, 20)
  const count = SELECTED.columns * SELECTED.rows * 10
  await until(`${hand.side.name}: ${count} cards are selected`, async () => {
    const is = await hand.page.locator(hand.side.selected).count()
    assert.equal(is, count, `${is} are selected`)
    return true
  })
  await sleep(1_000)
  const middle = (2 * COLUMNS + 1) * 10
  return { 'cards in view': inView(hand.scene, SELECTING).length, ...await dragBy(hand, middle, SELECTING, [90, 60], count) }
}

export const SCENES = { start, pan, zoom, far, drag, 'drag-200': dragMany, memory }
