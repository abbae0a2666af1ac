// The two pages: what serves them, and where they keep what the benchmark asks for.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'
import { Gesso, until } from '../harness.mjs'

/** So many operations a request takes. */
const EDITS = 10_000
/** Where Gesso looks at first: half size, the upper left corner clear of its bars. */
export const FIRST = { x: 84, y: 76, zoom: 0.5 }

/** Gesso's page. `wheel` is the turn of the wheel that zooms by a factor, of which it takes `step` at most. */
export class GessoSide {
  name = 'Gesso'
  card = '[data-node]'
  head = '[data-node] h3'
  world = '.world'
  selected = '[data-node].is-selected'
  step = Math.exp(0.14)
  wheel = factor => -Math.log(factor) / 0.01

  static async start (scene) {
    const side = new GessoSide()
    side.scene = scene
    side.gesso = await Gesso.start()
    return side
  }

  stop () { return this.gesso.stop() }

  /** A canvas of its own for each scene: dragging leaves its marks. */
  async renew () {
    const { id } = await this.gesso.post('/api/canvases', { name: 'Benchmark' })
    this.id = id
    const { cards, wires, text } = this.scene
    this.ids = await this.#edit(cards.map(({ kind, title, x, y }) => ({ op: 'add_node', kind, title, pos: [x, y], text })))
    await this.#edit(wires.map(([from, to]) => ({ op: 'connect', from: [this.ids[from], 'text'], to: [this.ids[to], 'prompt'] })))
    this.url = `${this.gesso.url}/c/${id}`
  }

  async #edit (edits) {
    const made = []
    for (let at = 0; at < edits.length; at += EDITS) {
      const { ids } = await this.gesso.post(`/api/canvases/${this.id}/edits`, edits.slice(at, at + EDITS))
      made.push(...ids)
    }
    return made
  }

  selector (n) { return `[data-node="${this.ids[n]}"]` }

  async hideMap (page) {
    await page.keyboard.press('m')
    await page.locator('.mini').waitFor({ state: 'detached' })
  }

  /** Where the nodes are, in the order of the scene, as the server has it. */
  async places () {
    const { nodes } = await this.gesso.get(`/api/canvases/${this.id}/graph`)
    const by = new Map(nodes.map(node => [node.id, node.pos]))
    return this.ids.map(id => by.get(id))
  }
}

/** A page with React Flow. */
export class FlowSide {
  name = 'React Flow'
  card = '.react-flow__node'
  head = '.react-flow__node h3'
  world = '.react-flow__viewport'
  selected = '.react-flow__node.selected'
  step = 2
  wheel = factor => -Math.log2(factor) / 0.002

  static async start (scene, withMap) {
    const side = new FlowSide()
    const files = await flowFiles(scene)
    side.server = createServer((request, response) => serve(files, request, response))
    await new Promise(resolve => side.server.listen(0, '127.0.0.1', resolve))
    side.url = `http://127.0.0.1:${side.server.address().port}/?map=${withMap ? 'on' : 'off'}`
    return side
  }

  async stop () {
    this.server.closeAllConnections()
    await new Promise(resolve => this.server.close(resolve))
  }

  async renew () {}
  async hideMap () {}
  selector (n) { return `.react-flow__node[data-id="${n}"]` }
  places (page) { return page.evaluate(() => window.flow.getNodes().map(({ position: { x, y } }) => [x, y])) }
}

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>React Flow</title>
<link rel="icon" href="data:,">
<script>window.canvas = fetch('/scene.json').then(answer => answer.json())</script>
<link rel="stylesheet" href="/flow.css">
<script type="module" src="/flow.js"></script>
</head>
<body><div id="root"></div></body>
</html>
`

async function flowFiles (scene) {
  const built = await esbuild.build({
    entryPoints: [fileURLToPath(new URL('flow.jsx', import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    outdir: '/',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'warning'
  })
  const text = end => built.outputFiles.find(file => file.path.endsWith(end)).text
  return {
    '/': ['text/html', PAGE],
    '/flow.js': ['text/javascript', text('.js')],
    '/flow.css': ['text/css', text('.css')],
    '/scene.json': ['application/json', JSON.stringify({ scene, camera: FIRST })]
  }
}

function serve (files, request, response) {
  const found = files[new URL(request.url, 'http://localhost').pathname]
  if (!found) return response.writeHead(404).end()
  const [type, body] = found
  // The program is kept by the browser, the canvas is not: as with Gesso.
  const keep = /javascript|css/.test(type) ? 'public, max-age=31536000, immutable' : 'no-cache'
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8`, 'cache-control': keep }).end(body)
}

/** Asserts that so many nodes, and no others, came to lie `by` from where they were. */
export async function moved (side, page, before, count, by) {
  const near = (a, b) => Math.abs(a - b) < 12
  await until(`${side.name}: ${count} nodes moved`, async () => {
    const after = await side.places(page)
    const far = after.map(([x, y], n) => [x - before[n][0], y - before[n][1]]).filter(([x, y]) => x !== 0 || y !== 0)
    assert.equal(far.length, count, `${side.name}: ${far.length} nodes moved, not ${count}`)
    for (const [x, y] of far) assert.ok(near(x, by[0]) && near(y, by[1]), `${side.name}: moved by ${x}, ${y}, not ${by}`)
    return true
  })
}
