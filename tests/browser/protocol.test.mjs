// The server as any Yjs client and any HTTP client sees it: stock packages, raw sockets, names of the documented contract.
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { request } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { Gesso, pictureSize, until } from './harness.mjs'

const SYNC = 0
const UPDATE = 2
const SAVED = 100

let gesso
before(async () => { gesso = await Gesso.start() })
after(() => gesso.stop())

/** A stock client on a canvas, in sync. */
async function join (id, server = gesso) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`${server.ws}/sync`, id, doc, { WebSocketPolyfill: WebSocket, disableBc: true })
  await until('the stock client is in sync', () => provider.synced)
  return { doc, provider, leave () { provider.destroy(); doc.destroy() } }
}

/** A node as whoever creates one writes it. */
function addText (doc, id, text) {
  doc.transact(() => {
    const node = new Y.Map()
    node.set('kind', 'text')
    node.set('pos', [0, 0])
    node.set('settings', new Y.Map())
    node.set('text', new Y.Text(text))
    doc.getMap('nodes').set(id, node)
  })
}

/** A raw socket on a canvas: what arrived, and how it was closed. */
async function raw (id, { query = '', headers = {} } = {}) {
  const socket = new WebSocket(`${gesso.ws}/sync/${id}${query}`, { headers })
  const got = []
  socket.on('message', data => got.push(new Uint8Array(data)))
  const closed = new Promise(resolve => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })))
  socket.on('error', () => {})
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('unexpected-response', (_, response) => reject(Object.assign(new Error('refused'), { status: response.statusCode })))
  })
  return { socket, got, closed }
}

function updateMessage (update) {
  const encoder = encoding.createEncoder()
  encoding.writeVarUint(encoder, SYNC)
  encoding.writeVarUint(encoder, UPDATE)
  encoding.writeVarUint8Array(encoder, update)
  return encoding.toUint8Array(encoder)
}

/** How many of its updates the server has called durable. */
function savedCount (messages) {
  return messages.reduce((count, message) => {
    const decoder = decoding.createDecoder(message)
    return decoding.readVarUint(decoder) === SAVED ? decoding.readVarUint(decoder) : count
  }, 0)
}

describe('two stock clients on a canvas made over HTTP', () => {
  test('see each other\'s edits and converge', async () => {
    const { id } = await gesso.post('/api/canvases', { name: 'Shared' })
    const [a, b] = [await join(id), await join(id)]
    assert.equal(a.doc.getMap('meta').get('name'), 'Shared')
    addText(a.doc, 'one', 'hello')
    await until('b sees it', () => b.doc.getMap('nodes').get('one')?.get('text'))
    const [left, right] = [a, b].map(side => side.doc.getMap('nodes').get('one').get('text'))
    left.insert(0, 'A ')
    right.insert(right.length, ' B')
    await until('both read the same', () => left.toString() === 'A hello B' && right.toString() === 'A hello B')
    assert.deepEqual(a.doc.getMap('nodes').toJSON(), b.doc.getMap('nodes').toJSON())
    const graph = await gesso.get(`/api/canvases/${id}/graph`)
    assert.equal(graph.nodes.find(node => node.id === 'one')?.text, 'A hello B')
    a.leave(); b.leave()
  })

  test('wire one input at once and end up with one edge', async () => {
    const { id } = await gesso.post('/api/canvases', {})
    const { ids } = await gesso.post(`/api/canvases/${id}/edits`, [
      { op: 'add_node', kind: 'image_generator', text: 'a' },
      { op: 'add_node', kind: 'image_generator', text: 'b' },
      { op: 'add_node', kind: 'image_upscaler' }
    ])
    const [a, b] = [await join(id), await join(id)]
    const key = `${ids[2]}:image`
    const wire = (side, from) => side.doc.transact(() => {
      const edge = new Y.Map()
      for (const [name, value] of Object.entries({ from_node: from, from_port: 'image', to_node: ids[2], to_port: 'image', z: 'V' })) edge.set(name, value)
      side.doc.getMap('edges').set(key, edge)
    })
    wire(a, ids[0]); wire(b, ids[1])
    const from = side => side.doc.getMap('edges').get(key)?.get('from_node')
    await until('both agree', async () => {
      const { edges } = await gesso.get(`/api/canvases/${id}/graph`)
      return edges.length === 1 && from(a) === from(b) && JSON.stringify(edges[0]).includes(from(a))
    })
    assert.equal(a.doc.getMap('edges').size, 1)
    a.leave(); b.leave()
  })
})

describe('a run', () => {
  test('started over HTTP is seen by stock clients as changes of the document', async () => {
    const story = await gesso.story()
    const client = await join(story.id)
    const states = []
    client.doc.getMap('results').observeDeep(() => {
      const state = client.doc.getMap('results').get(story.image)?.get('state')
      if (state && states.at(-1) !== state) states.push(state)
    })
    const started = await gesso.post(`/api/canvases/${story.id}/runs`, { mode: 'workflow' })
    assert.ok(started.cost > 0)
    const run = await gesso.run(started.id)
    assert.equal(run.status, 'succeeded', JSON.stringify(run.error))
    await until('the document says so', () => client.doc.getMap('results').get(story.upscale)?.get('state') === 'completed')
    assert.equal(states.at(-1), 'completed')
    assert.equal(states[0], 'pending')
    const made = client.doc.getMap('generations').get(story.image).toArray()
    assert.equal(made.length, 1)
    assert.equal(made[0].type, 'image')
    await until('so does its run', () => client.doc.getMap('runs').get(started.id)?.get('status') === 'succeeded')
    client.leave()
  })

  test('by plain HTTP gives a picture of the asked size', async () => {
    const story = await gesso.story({ aspect: '4:5', scale: 2 })
    const quote = await gesso.post(`/api/canvases/${story.id}/estimate`, { mode: 'workflow' })
    const before = await gesso.get('/api/credits')
    const { id, cost } = await gesso.post(`/api/canvases/${story.id}/runs`, { mode: 'workflow' })
    assert.equal(cost, quote.cost)
    const run = await gesso.run(id)
    assert.equal(run.status, 'succeeded', JSON.stringify(run.error))
    const graph = await gesso.get(`/api/canvases/${story.id}/graph`)
    const sizes = []
    for (const node of [story.image, story.upscale]) {
      const made = graph.nodes.find(found => found.id === node).generations.at(-1)
      const response = await fetch(`${gesso.url}/api/assets/${made.asset}`)
      assert.match(response.headers.get('content-type'), /^image\/(png|webp)$/)
      const size = pictureSize(await response.arrayBuffer())
      assert.deepEqual(size, [made.width, made.height])
      sizes.push(size)
    }
    const [[width, height], large] = sizes
    assert.ok(Math.abs(width / height - 4 / 5) < 0.02, `${width} x ${height} is not 4:5`)
    assert.deepEqual(large, [2 * width, 2 * height])
    const now = await gesso.get('/api/credits')
    assert.equal(now.held, 0)
    assert.equal(Math.round((before.balance - now.balance) * 1000), Math.round(run.cost * 1000))
  })

  test('that is forged heals on every replica, the forger\'s too', async () => {
    const story = await gesso.story()
    const { id } = await gesso.post(`/api/canvases/${story.id}/runs`, { mode: 'node', node: story.image })
    await gesso.run(id)
    const [forger, other] = [await join(story.id), await join(story.id)]
    const result = side => side.doc.getMap('results').get(story.image)?.toJSON()
    const truth = await until('the result is there', () => result(other)?.state === 'completed' && result(other))
    forger.doc.transact(() => {
      forger.doc.getMap('results').get(story.image).set('state', 'failed')
      forger.doc.getMap('results').set(story.upscale, new Y.Map([['state', 'completed']]))
      forger.doc.getMap('runs').delete(id)
      forger.doc.getMap('generations').get(story.image).delete(0, 1)
    })
    for (const side of [forger, other]) {
      await until('it is healed', () => {
        const kept = side.doc.getMap('generations').get(story.image)?.length === 1
        return result(side)?.state === 'completed' && side.doc.getMap('runs').has(id) && kept
      })
      assert.deepEqual(result(side), truth)
      assert.notEqual(side.doc.getMap('results').get(story.upscale)?.get('state'), 'completed')
    }
    addText(forger.doc, 'later', 'still welcome')
    await until('its honest edits go on', () => other.doc.getMap('nodes').has('later'))
    forger.leave(); other.leave()
  })
})

describe('what was called saved', () => {
  test('is there after a kill -9', async () => {
    const { id } = await gesso.post('/api/canvases', {})
    const { socket, got } = await raw(id, { query: '?saved=1' })
    const doc = new Y.Doc()
    let sent = 0
    doc.on('update', update => { sent++; socket.send(updateMessage(update)) })
    for (let i = 0; i < 40; i++) addText(doc, `node-${i}`, `text ${i}`)
    await until('all is called durable', () => savedCount(got) === sent)
    await gesso.restart()
    const client = await join(id)
    const nodes = client.doc.getMap('nodes')
    for (let i = 0; i < 40; i++) assert.equal(nodes.get(`node-${i}`)?.get('text').toString(), `text ${i}`)
    client.leave()
  })

  test('is never more than what arrived', async () => {
    const { id } = await gesso.post('/api/canvases', {})
    const { socket, got } = await raw(id, { query: '?saved=1' })
    await sleep(300)
    assert.equal(savedCount(got), 0)
    const doc = new Y.Doc()
    doc.on('update', update => socket.send(updateMessage(update)))
    addText(doc, 'only', 'x')
    await until('it is called durable', () => savedCount(got) === 1)
    socket.close()
  })
})

describe('bad input gets its documented answer while others go on', () => {
  let id, witness
  before(async () => {
    ({ id } = await gesso.post('/api/canvases', {}))
    witness = await join(id)
  })
  after(() => witness.leave())

  /** The witness's edits still arrive at a newcomer. */
  async function goesOn (name) {
    addText(witness.doc, name, 'fine')
    const fresh = await join(id)
    await until('a newcomer sees it', () => fresh.doc.getMap('nodes').has(name))
    fresh.leave()
  }

  const frames = {
    'a text frame': ['hello', 1003],
    'random bytes': [Buffer.concat([Buffer.from([0, 2]), randomBytes(200)]), 1007],
    'an unfinished number': [Buffer.from([0xff, 0xff, 0xff]), 1007],
    'a frame of 5 MiB': [Buffer.alloc(5 * 1024 * 1024), 1009]
  }
  for (const [name, [frame, code]] of Object.entries(frames)) {
    test(name, async () => {
      const { socket, closed } = await raw(id)
      socket.send(frame)
      assert.equal((await closed).code, code)
      await goesOn(name.replaceAll(' ', '-').toLowerCase())
    })
  }

  test('values nested too deep', async () => {
    const doc = new Y.Doc()
    const root = doc.getMap('nodes')
    let map = new Y.Map()
    root.set('deep', map)
    for (let i = 0; i < 2_000; i++) { const next = new Y.Map(); map.set('x', next); map = next }
    const { socket, closed } = await raw(id)
    socket.send(updateMessage(Y.encodeStateAsUpdate(doc)))
    assert.ok([1007, 1008].includes((await closed).code))
    await goesOn('after-deep')
  })

  test('a gap that is never filled', async () => {
    const doc = new Y.Doc()
    addText(doc, 'first', 'x')
    const known = Y.encodeStateVector(doc)
    addText(doc, 'second', 'y')
    const { socket, closed } = await raw(id)
    socket.send(updateMessage(Y.encodeStateAsUpdate(doc, known)))
    assert.equal((await closed).code, 1008)
    await goesOn('after-gap')
  })

  test('a canvas that does not exist', async () => {
    const { closed } = await raw('no-such-canvas').catch(error => ({ closed: { status: error.status } }))
    const end = await closed
    assert.ok(end.code === 4404 || end.status === 404, JSON.stringify(end))
  })

  test('a foreign origin, a foreign host and a proxy', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }]) {
      await assert.rejects(raw(id, { headers }), { status: 403 })
      const error = await gesso.api('GET', '/api/canvases', undefined, headers).catch(error => error)
      assert.equal(error.status, 403)
    }
    for (const headers of [{ host: 'evil.example' }, { 'x-forwarded-for': '1.2.3.4' }, { via: '1.1 proxy' }]) {
      const status = await new Promise((resolve, reject) => {
        const asked = request(`${gesso.url}/api/canvases`, { headers }, response => { response.resume(); resolve(response.statusCode) })
        asked.once('error', reject).end()
      })
      assert.equal(status, 403, JSON.stringify(headers))
    }
    await goesOn('after-foreign')
  })
})

describe('a refused request', () => {
  /** What it is refused with. */
  async function refused (act) {
    const error = await act().then(() => assert.fail('it was taken'), error => error)
    assert.match(error.type ?? '', /application\/problem\+json/, error.message)
    assert.ok(error.problem.detail.length > 10, 'it says what to do')
    return [error.status, error.problem.code]
  }

  test('names a loop, a wrong type, a missing input and an unknown model', async () => {
    const { id } = await gesso.post('/api/canvases', {})
    const edits = list => gesso.post(`/api/canvases/${id}/edits`, list)
    const { ids: [a, b, words] } = await edits([
      { op: 'add_node', kind: 'image_upscaler' }, { op: 'add_node', kind: 'image_upscaler' },
      { op: 'add_node', kind: 'text', text: 'x' }
    ])
    await edits([{ op: 'connect', from: [a, 'image'], to: [b, 'image'] }])
    assert.deepEqual(await refused(() => edits([{ op: 'connect', from: [b, 'image'], to: [a, 'image'] }])), [422, 'cycle_detected'])
    assert.deepEqual(await refused(() => edits([{ op: 'connect', from: [words, 'text'], to: [a, 'image'] }])), [422, 'type_mismatch'])
    const run = body => gesso.post(`/api/canvases/${id}/runs`, body)
    assert.deepEqual(await refused(() => run({ mode: 'node', node: a })), [422, 'missing_input'])
    const { ids: [odd] } = await edits([{ op: 'add_node', kind: 'image_generator', text: 'x', settings: { model: 'no-such-model' } }])
    assert.deepEqual(await refused(() => run({ mode: 'node', node: odd })), [422, 'model_unavailable'])
    const { ids: [fine] } = await edits([{ op: 'add_node', kind: 'image_generator', text: 'x' }])
    assert.deepEqual(await refused(() => run({ mode: 'node', node: fine, max_cost: 0.001 })), [422, 'cost_exceeded'])
    assert.deepEqual(await refused(() => run({ mode: 'sideways' })), [400, 'bad_request'])
  })

  test('leaves nothing of a list of edits whose last is wrong', async () => {
    const { id } = await gesso.post('/api/canvases', {})
    await assert.rejects(gesso.post(`/api/canvases/${id}/edits`, [{ op: 'add_node', kind: 'text' }, { op: 'remove_node', node: 'nobody' }]))
    assert.equal((await gesso.get(`/api/canvases/${id}/graph`)).nodes.length, 0)
  })

  test('is told of what does not exist and of an upload of nothing', async () => {
    assert.deepEqual(await refused(() => gesso.get('/api/canvases/nobody')), [404, 'not_found'])
    assert.deepEqual(await refused(() => gesso.get('/api/runs/nobody')), [404, 'not_found'])
    const empty = await fetch(`${gesso.url}/api/assets`, { method: 'POST', headers: { 'content-type': 'image/png' }, body: '' })
    assert.equal(empty.status, 400)
    assert.equal((await empty.json()).code, 'bad_request')
  })

  test('with one idempotency key counts once', async () => {
    const story = await gesso.story()
    const ask = body => gesso.post(`/api/canvases/${story.id}/runs`, body, { 'idempotency-key': 'once' })
    // The key belongs to a person, and who has no cookie is a new person each time.
    const me = await fetch(`${gesso.url}/api/me`)
    const cookie = me.headers.get('set-cookie')?.split(';')[0]
    const askAs = body => gesso.post(`/api/canvases/${story.id}/runs`, body, { 'idempotency-key': 'once', cookie })
    assert.ok(cookie, 'a person gets a cookie')
    const [first, again] = [await askAs({ mode: 'workflow' }), await askAs({ mode: 'workflow' })]
    assert.equal(first.id, again.id)
    assert.deepEqual(await refused(() => askAs({ mode: 'node', node: story.image })), [409, 'conflict'])
    await gesso.run(first.id)
    await gesso.run((await ask({ mode: 'workflow' })).id)
    const { items } = await gesso.get(`/api/canvases/${story.id}/runs`)
    assert.equal(items.length, 2)
  })
})

describe('a kill -9 in the middle of a run', () => {
  test('loses neither the run nor credits', async () => {
    const story = await gesso.story({ scale: 4 })
    const { id } = await gesso.post(`/api/canvases/${story.id}/runs`, { mode: 'workflow' })
    await gesso.restart()
    const run = await gesso.run(id)
    assert.equal(run.status, 'succeeded', JSON.stringify(run.error))
    assert.equal((await gesso.get('/api/credits')).held, 0)
    const client = await join(story.id)
    assert.equal(client.doc.getMap('results').get(story.upscale).get('state'), 'completed')
    assert.equal(client.doc.getMap('generations').get(story.image).length, 1)
    client.leave()
  })
})

describe('pages and files', () => {
  test('are packed, cached by name and under a policy', async () => {
    const page = await fetch(`${gesso.url}/c/anything`)
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-security-policy'), /default-src 'self'/)
    assert.equal(page.headers.get('cache-control'), 'no-cache')
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(await page.text())
    assert.ok(script, 'the client is built in')
    const file = await fetch(gesso.url + script[1], { headers: { 'accept-encoding': 'br' } })
    assert.match(file.headers.get('cache-control'), /immutable/)
    assert.equal(file.headers.get('content-encoding'), 'br')
    assert.equal((await fetch(`${gesso.url}/assets/nothing.js`)).status, 404)
  })
})
