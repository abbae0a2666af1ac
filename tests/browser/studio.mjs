// A browser and a server for one file of tests: people with pages of their own, canvases, cards, pictures for shots/.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { chromium } from 'playwright-core'
import { Gesso, newPage, until } from './harness.mjs'

const SHOTS = new URL('shots/', import.meta.url).pathname
export const FLAGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']
export const WIDE = { width: 1440, height: 900 }

export class Studio {
  /** What the pages said that they should not have. */
  complaints = []

  /** `name` is the beginning of the names of its pictures; `options` are the server's. */
  static async start (name, ...options) {
    const studio = new Studio()
    studio.name = name
    await mkdir(SHOTS, { recursive: true })
    studio.gesso = await Gesso.start(...options)
    studio.browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
    return studio
  }

  async stop () {
    await this.browser?.close()
    await this.gesso?.stop()
  }

  /** Somebody with a name in a browser of their own. `allowed`: an error of the console that is a part of the test. */
  async person (name, { allowed = /^$/, ...options } = {}) {
    const context = await this.browser.newContext({ viewport: WIDE, colorScheme: 'dark', ...options })
    const page = await newPage(context)
    page.setDefaultTimeout(20_000)
    page.on('pageerror', error => this.complaints.push(`${name}: ${error.message}`))
    page.on('console', message => {
      if (message.type() === 'error' && !allowed.test(message.text())) this.complaints.push(`${name}: ${message.text()}`)
    })
    const said = await context.request.patch(`${this.gesso.url}/api/me`, { data: { name } })
    assert.ok(said.ok(), await said.text())
    return page
  }

  /** A canvas with these nodes and connections (`[from place, port, to place, port]`), opened in a page; their ids. */
  async canvas (page, nodes, wires = []) {
    const { id } = await this.gesso.post('/api/canvases', { name: 'Storyboard' })
    const edits = nodes.map(node => ({ op: 'add_node', ...node }))
    const { ids } = edits.length > 0 ? await this.gesso.post(`/api/canvases/${id}/edits`, edits) : { ids: [] }
    const connect = wires.map(([from, out, to, into]) => ({ op: 'connect', from: [ids[from], out], to: [ids[to], into] }))
    if (connect.length > 0) await this.gesso.post(`/api/canvases/${id}/edits`, connect)
    await this.open(page, id)
    for (const one of ids) await card(page, one).waitFor()
    return { id, ids }
  }

  async open (page, id) {
    await page.goto(`${this.gesso.url}/c/${id}`)
    await page.getByRole('application', { name: 'Canvas' }).waitFor()
  }

  /** Keeps a picture of a page in both themes. */
  async shoot (page, name) {
    for (const colorScheme of ['dark', 'light']) {
      await page.emulateMedia({ colorScheme })
      await page.waitForTimeout(350)
      await page.screenshot({ path: `${SHOTS}${this.name}-${name}-${colorScheme}.png` })
    }
    await page.emulateMedia({ colorScheme: 'dark' })
  }
}

export const card = (page, id) => page.locator(`[data-node="${id}"]`)
export const becomes = (page, id, wanted) =>
  until(`${id} is ${wanted}`, async () => await card(page, id).getAttribute('data-state') === wanted, 60_000)
export const runButton = (page, id) => card(page, id).locator('.node-foot').getByRole('button', { name: /^(Run|Retry)\b/ })
export const dialog = page => page.getByRole('dialog')
export const head = (page, id) => card(page, id).locator('.node-head h3')
export const middle = async locator => {
  const box = await locator.boundingBox()
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 }
}

/** Drags from one point of the screen to another, in steps as a hand does. */
export async function drag (page, from, to) {
  await page.mouse.move(from.x, from.y)
  await page.mouse.down()
  for (let step = 1; step <= 6; step += 1) {
    await page.mouse.move(from.x + (to.x - from.x) * step / 6, from.y + (to.y - from.y) * step / 6)
  }
  await page.mouse.up()
}
