// What all tests here share: the real server on a port of its own, and patience.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const BINARY = process.env.GESSO_BIN ?? new URL('../../target/debug/gesso', import.meta.url).pathname
const START_MS = 30_000

/** Tries until `look` gives something truthy; fails with the last error, or with `what`. */
export async function until (what, look, ms = 20_000) {
  const end = Date.now() + ms
  let last
  for (;;) {
    try {
      const found = await look()
      if (found) return found
      last = undefined
    } catch (error) { last = error }
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`, { cause: last })
    await sleep(50)
  }
}

/** True if what is typed goes into a text; elsewhere letters are shortcuts. */
const takesText = () => {
  const focused = document.activeElement
  return focused?.isContentEditable || ['INPUT', 'TEXTAREA'].includes(focused?.tagName)
}

/**
 * A new page of a context, whose keyboard types once a text has the focus, as somebody who looks at the caret does.
 * `GESSO_CPU_THROTTLE=4` makes its processor four times slower, as Chromium can.
 */
export async function newPage (context) {
  const page = await context.newPage()
  const type = page.keyboard.type.bind(page.keyboard)
  page.keyboard.type = async (...what) => {
    await until('a text has the focus', () => page.evaluate(takesText))
    await type(...what)
  }
  const rate = Number(process.env.GESSO_CPU_THROTTLE ?? 1)
  if (rate > 1) {
    const session = await context.newCDPSession(page)
    await session.send('Emulation.setCPUThrottlingRate', { rate })
  }
  return page
}

/** A running `gesso serve`; `kill()` is a kill -9, `restart()` starts it again on the same folder and port. */
export class Gesso {
  static async start (...options) {
    const gesso = new Gesso()
    gesso.options = options
    gesso.data = await mkdtemp(join(tmpdir(), 'gesso-test-'))
    gesso.port = 0
    await gesso.#spawn()
    return gesso
  }

  async #spawn () {
    this.log = ''
    this.out = ''
    this.binary = BINARY
    const args = ['serve', '--listen', `127.0.0.1:${this.port}`, '--data', this.data, ...this.options]
    this.process = spawn(BINARY, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = new Promise(resolve => this.process.once('close', resolve))
    this.process.stderr.on('data', data => { this.log += data })
    const lines = createInterface({ input: this.process.stdout })
    const url = await new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`the server did not start:\n${this.log}`)), START_MS)
      this.process.once('error', reject)
      this.process.once('close', code => reject(new Error(`the server ended with ${code}:\n${this.log}`)))
      lines.on('line', line => {
        this.out += line + '\n'
        const found = /listening on (http:\/\/127\.0\.0\.1:(\d+))/.exec(line)
        if (found) { clearTimeout(late); resolve(found) }
      })
    })
    this.url = url[1]
    this.port = Number(url[2])
    this.ws = this.url.replace('http', 'ws')
  }

  /** Ends it as a power cut would. */
  async kill () {
    this.process.kill('SIGKILL')
    await this.ended
  }

  async restart () {
    await this.kill()
    await this.#spawn()
  }

  async stop () {
    await this.kill()
    await rm(this.data, { recursive: true, force: true })
  }

  /** A request; the answer's JSON, or an error that carries `status` and `problem`. */
  async api (method, path, body, headers = {}) {
    const json = body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json', ...headers } }
    const response = await fetch(this.url + path, { method, headers, ...json })
    const text = await response.text()
    const value = text ? JSON.parse(text) : null
    if (!response.ok) {
      throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), { status: response.status, problem: value, type: response.headers.get('content-type') })
    }
    return value
  }

  get (path) { return this.api('GET', path) }
  post (path, body = {}, headers) { return this.api('POST', path, body, headers) }

  /** A canvas with text → image_generator → image_upscaler; `{id, text, image, upscale}`. */
  async story ({ aspect = '16:9', scale = 2, text = 'a red fox in the snow at dusk' } = {}) {
    const { id } = await this.post('/api/canvases', { name: 'Fox' })
    const { ids } = await this.post(`/api/canvases/${id}/edits`, [
      { op: 'add_node', kind: 'text', title: 'Prompt', pos: [0, 40], text },
      { op: 'add_node', kind: 'image_generator', title: 'Picture', pos: [340, 0], settings: { aspect_ratio: aspect } },
      { op: 'add_node', kind: 'image_upscaler', title: 'Upscale', pos: [680, 0], settings: { scale } }
    ])
    const [prompt, image, upscale] = ids
    await this.post(`/api/canvases/${id}/edits`, [
      { op: 'connect', from: [prompt, 'text'], to: [image, 'prompt'] },
      { op: 'connect', from: [image, 'image'], to: [upscale, 'image'] }
    ])
    return { id, text: prompt, image, upscale }
  }

  /** Waits for the end of a run and gives it. */
  run (id) {
    return until(`run ${id} ends`, async () => {
      const run = await this.get(`/api/runs/${id}`)
      return ['succeeded', 'failed', 'cancelled'].includes(run.status) && run
    }, 120_000)
  }
}

/** Width and height of a PNG or WebP, from its own bytes. */
export function pictureSize (bytes) {
  const data = Buffer.from(bytes)
  if (data.subarray(1, 4).toString() === 'PNG') return [data.readUInt32BE(16), data.readUInt32BE(20)]
  if (data.subarray(8, 12).toString() !== 'WEBP') throw new Error('neither PNG nor WebP')
  const kind = data.subarray(12, 16).toString()
  if (kind === 'VP8X') return [data.readUIntLE(24, 3) + 1, data.readUIntLE(27, 3) + 1]
  if (kind === 'VP8L') {
    const bits = data.readUInt32LE(21)
    return [(bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1]
  }
  return [data.readUInt16LE(26) & 0x3fff, data.readUInt16LE(28) & 0x3fff]
}
