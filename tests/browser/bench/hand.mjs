// A page as somebody uses it: the wheel and the mouse, a step a frame, and what a gesture costs.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { until } from '../harness.mjs'
import { WIDE, inView } from './scene.mjs'
import { FIRST } from './sides.mjs'

const MIDDLE = { x: WIDE.width / 2, y: WIDE.height / 2 }
/** On a page that draws thousands of cards a frame may take long. */
const PATIENCE_MS = 180_000
/** A page that was opened gets so long to come to rest. */
const REST_MS = 2_000
const FRAME = 'new Promise(resolve => requestAnimationFrame(() => resolve()))'

/** In the page: notes when cards are there, in the frame in which they are shown. `wanted` have to be for it to be whole. */
function watchCards ({ head, wanted, width, height }) {
  const isInView = one => {
    const box = one.getBoundingClientRect()
    return box.width > 0 && box.left < width && box.top < height && box.right > 0 && box.bottom > 0
  }
  const note = name => requestAnimationFrame(() => { window.cards[name] ??= performance.now() })
  window.cards = {}
  const look = () => {
    const shown = [...document.querySelectorAll(head)].filter(one => one.checkVisibility({ visibilityProperty: true }) && isInView(one))
    if (shown.length > 0) note('first')
    if (shown.length >= wanted) note('all')
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** In the page: keeps the times of its frames. */
function watchFrames () {
  window.frames_seen = []
  const look = time => {
    window.frames_seen?.push(time)
    if (window.frames_seen) requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
}

/** In the page: keeps the memory of its wasm program, which the JS heap does not count. */
function watchMemory () {
  for (const name of ['instantiate', 'instantiateStreaming']) {
    const real = WebAssembly[name]
    WebAssembly[name] = async (...given) => {
      const made = await real.apply(WebAssembly, given)
      window.wasm_memory = (made.instance ?? made).exports.memory
      return made
    }
  }
}

const percentile = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]

export class Hand {
  static async of (browser, side, scene, withMap) {
    const hand = new Hand()
    Object.assign(hand, { browser, side, scene, withMap, complaints: [] })
    const page = await browser.newPage({ viewport: WIDE, colorScheme: 'dark' })
    hand.page = page
    page.setDefaultTimeout(PATIENCE_MS)
    page.on('pageerror', error => hand.complaints.push(error.message))
    await page.addInitScript(watchCards, { head: side.head, wanted: hand.headsInView(FIRST), ...WIDE })
    await page.addInitScript(watchMemory)
    hand.cdp = await page.context().newCDPSession(page)
    await hand.cdp.send('Performance.enable')
    return hand
  }

  /** Titles lie in the upper 40 units of a card. */
  headsInView (camera) {
    const heads = this.scene.cards.map(card => ({ x: card.x + 36, y: card.y + 10, w: 60, h: 20 }))
    return inView({ cards: heads }, camera).length
  }

  /** Opens the page anew; the ms from the start of the navigation to the first card in view, and to all of them. */
  async open () {
    await this.page.goto('about:blank')
    await this.page.goto(this.side.url)
    await this.page.waitForFunction(() => window.cards.all, undefined, { timeout: PATIENCE_MS })
    const times = await this.page.evaluate(() => window.cards)
    if (!this.withMap) await this.side.hideMap(this.page)
    await this.page.mouse.move(MIDDLE.x, MIDDLE.y)
    await sleep(REST_MS)
    await this.isAt(FIRST)
    return times
  }

  frame () { return this.cdp.send('Runtime.evaluate', { expression: FRAME, awaitPromise: true }) }

  async camera () {
    const style = await this.page.locator(this.side.world).first().evaluate(world => world.style.transform)
    const found = /translate\(([-\d.e]+)px, ?([-\d.e]+)px\) scale\(([-\d.e]+)\)/.exec(style)
    assert.ok(found, `no camera in "${style}"`)
    const [x, y, zoom] = found.slice(1).map(Number)
    return { x, y, zoom }
  }

  async isAt (wanted, what = 'the camera is where it should be') {
    await until(`${this.side.name}: ${what}`, async () => {
      const is = await this.camera()
      const off = Math.max(Math.abs(is.x - wanted.x), Math.abs(is.y - wanted.y))
      assert.ok(off < 3 && Math.abs(is.zoom / wanted.zoom - 1) < 0.01, `${JSON.stringify(is)}, not ${JSON.stringify(wanted)}`)
      return true
    })
  }

  async pan (dx, dy, steps) {
    for (let n = 0; n < steps; n++) {
      await this.page.mouse.wheel(-dx / steps, -dy / steps)
      await this.frame()
    }
  }

  async zoom (factor, steps) {
    const turn = this.side.wheel(factor ** (1 / steps))
    await this.page.keyboard.down('Control')
    for (let n = 0; n < steps; n++) {
      await this.page.mouse.wheel(0, turn)
      await this.frame()
    }
    await this.page.keyboard.up('Control')
  }

  /** Turns the wheel until the page looks there; nothing of it is measured. */
  async look (wanted) {
    const from = await this.camera()
    const factor = wanted.zoom / from.zoom
    await this.zoom(factor, Math.ceil(Math.abs(Math.log(factor)) / Math.log(this.side.step)) || 1)
    const now = await this.camera()
    await this.pan(wanted.x - now.x, wanted.y - now.y, 1)
    await this.isAt(wanted)
    await sleep(REST_MS)
    await this.frame()
  }

  async drag (from, [dx, dy], steps) {
    await this.page.mouse.move(from.x, from.y)
    await this.page.mouse.down()
    for (let n = 1; n <= steps; n++) {
      await this.page.mouse.move(from.x + dx * n / steps, from.y + dy * n / steps)
      await this.frame()
    }
    await this.page.mouse.up()
  }

  async costs () {
    const { metrics } = await this.cdp.send('Performance.getMetrics')
    const of = name => metrics.find(metric => metric.name === name).value * 1000
    return { task: of('TaskDuration'), script: of('ScriptDuration'), cpu: await this.cpu() }
  }

  async processes () {
    this.root ??= await this.browser.newBrowserCDPSession()
    return (await this.root.send('SystemInfo.getProcessInfo')).processInfo
  }

  /** CPU time of the whole browser in ms: what is painted is painted outside of the page's own tasks. */
  async cpu () {
    return (await this.processes()).reduce((sum, { cpuTime }) => sum + cpuTime, 0) * 1000
  }

  /** What a gesture costs: times of frames, and of the page's tasks, until a few frames after its end. */
  async measure (gesture) {
    await this.page.evaluate(watchFrames)
    const before = await this.costs()
    await gesture()
    for (let n = 0; n < 3; n++) await this.frame()
    const after = await this.costs()
    const times = await this.page.evaluate(() => {
      const seen = window.frames_seen
      window.frames_seen = undefined
      return seen
    })
    const frames = times.slice(1).map((time, n) => time - times[n]).sort((a, b) => a - b)
    assert.ok(frames.length > 3, `${this.side.name}: only ${frames.length} frames`)
    return {
      p50: percentile(frames, 0.5),
      p95: percentile(frames, 0.95),
      worst: frames.at(-1),
      task: after.task - before.task,
      script: after.script - before.script,
      cpu: after.cpu - before.cpu
    }
  }

  /** Cards in the DOM of which something is in view. */
  countInView () {
    return this.page.locator(this.side.card).evaluateAll((cards, { width, height }) => cards.filter(card => {
      const box = card.getBoundingClientRect()
      return box.left < width && box.top < height && box.right > 0 && box.bottom > 0
    }).length, WIDE)
  }

  async memory () {
    for (let n = 0; n < 3; n++) await this.cdp.send('HeapProfiler.collectGarbage')
    const { usedSize } = await this.cdp.send('Runtime.getHeapUsage')
    const wasm = await this.page.evaluate(() => window.wasm_memory?.buffer.byteLength ?? 0)
    const pages = (await this.processes()).filter(({ type }) => type === 'renderer')
    // There may be one in reserve.
    const resident = await Promise.all(pages.map(({ id }) => residentBytes(id)))
    return { heap: usedSize, wasm, rss: Math.max(...resident) }
  }
}

async function residentBytes (pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)[1]) * 1024
}
