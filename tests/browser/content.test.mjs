// What people write, as stock Yjs clients and HTTP clients write it together: texts, copies, plain values, names.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import WebSocket from 'ws'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { Gesso, until } from './harness.mjs'

let gesso
const joined = new Set()
before(async () => { gesso = await Gesso.start() })
after(async () => {
  // What a failed test left open would keep this process.
  for (const client of joined) client.leave()
  await gesso.stop()
})

/** A stock client on a canvas, in sync. */
async function join (id) {
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`${gesso.ws}/sync`, id, doc, { WebSocketPolyfill: WebSocket, disableBc: true })
  const client = { doc, provider, closes: 0, leave () { joined.delete(client); provider.destroy(); doc.destroy() } }
  joined.add(client)
  provider.on('connection-close', event => { if (event) client.closes++ })
  await until('the stock client is in sync', () => provider.synced)
  return client
}

/** A canvas with these edits. */
async function canvas (edits = [], name = 'Content') {
  const { id } = await gesso.post('/api/canvases', { name })
  if (edits.length > 0) await gesso.post(`/api/canvases/${id}/edits`, edits)
  return id
}

const edit = (id, ...edits) => gesso.post(`/api/canvases/${id}/edits`, edits)
const graph = id => gesso.get(`/api/canvases/${id}/graph`)
const nodeOf = async (id, node) => (await graph(id)).nodes.find(found => found.id === node)
const refused = asked => asked.then(() => assert.fail('it was taken'), error => error)

/** Both replicas hold the same. */
async function settled (a, b) {
  const vector = side => Buffer.from(Y.encodeStateVector(side.doc)).toString('hex')
  await until('both hold the same', () => vector(a) === vector(b))
}

describe('a text with embeds', () => {
  const stories = {
    'after it': [t => { t.insert(0, 'ab'); t.insertEmbed(1, { image: 'x' }) }, 'abZ'],
    'when it comes first': [t => { t.insert(0, 'ab'); t.insertEmbed(0, { image: 'x' }) }, 'abZ'],
    'before it': [t => { t.insert(0, 'ab'); t.insertEmbed(1, { image: 'x' }) }, 'Zab'],
    'when it comes last': [t => { t.insert(0, 'ab'); t.insertEmbed(2, { image: 'x' }) }, 'abZ'],
    'by taking away': [t => { t.insert(0, 'abc'); t.insertEmbed(1, { image: 'x' }) }, 'ac'],
    'by taking all away': [t => { t.insert(0, 'abc'); t.insertEmbed(1, { image: 'x' }) }, ''],
    'of a Y type': [t => { t.insert(0, 'abc'); t.insertEmbed(1, new Y.Map()) }, 'abcZ'],
    'of many, with formats and emoji': [t => {
      t.insert(0, '😀abc', { bold: true })
      for (const at of [0, 3, 5]) t.insertEmbed(at, { image: 'x' })
    }, '😀abZc']
  }
  for (const [name, [prepare, wanted]] of Object.entries(stories)) {
    test(`is written at the right place ${name}`, async () => {
      const id = await canvas([{ op: 'add_node', id: 't', kind: 'text' }])
      const client = await join(id)
      const text = client.doc.getMap('nodes').get('t').get('text')
      const embeds = () => text.toDelta().filter(piece => typeof piece.insert !== 'string').length
      prepare(text)
      const before = embeds()
      await until('it arrived', async () => (await nodeOf(id, 't')).text === text.toString())
      await edit(id, { op: 'set', node: 't', text: wanted })
      await until('the client has it', () => text.toString() === wanted)
      assert.equal((await nodeOf(id, 't')).text, wanted)
      assert.equal(embeds(), before, 'what the writer did not see stays')
      client.leave()
    })
  }
})

describe('a carriage return', () => {
  test('does not enter by HTTP', async () => {
    const id = await canvas([
      { op: 'add_node', id: 't', kind: 'text', text: 'a\r\nb\rc' },
      { op: 'add_node', id: 'l', kind: 'list', items: ['1\r\n2'] },
      { op: 'add_node', id: 'a', kind: 'assistant', text: 'x', settings: { instructions: 'be\r\nbrief' } },
      { op: 'set', node: 'a', text: 'two\r\nlines' }
    ], 'One\r\nline')
    await gesso.api('PATCH', `/api/canvases/${id}`, { description: 'one\r\ntwo' })
    const client = await join(id)
    const held = ['nodes', 'meta'].map(root => JSON.stringify(client.doc.getMap(root).toJSON())).join()
    assert.doesNotMatch(held, /\\r/)
    assert.equal(client.doc.getMap('nodes').get('t').get('text').toString(), 'a\nb\nc')
    client.leave()
  })

  test('that a document holds outdates nothing when it goes, and is gone when the text is written', async () => {
    const id = await canvas([
      { op: 'add_node', id: 'g', kind: 'image_generator', settings: { resolution: '0.5K', seed: 1 } }
    ])
    const client = await join(id)
    const text = client.doc.getMap('nodes').get('g').get('text')
    text.insert(0, 'a red boat\r\nat dawn')
    await until('it is read with line feeds', async () => (await nodeOf(id, 'g')).text === 'a red boat\nat dawn')
    const ran = await gesso.post(`/api/canvases/${id}/runs`, { mode: 'node', node: 'g' })
    assert.equal((await gesso.run(ran.id)).status, 'succeeded')
    await edit(id, { op: 'set', node: 'g', text: 'a red boat\nat dawn' })
    await until('the client has it', () => text.toString() === 'a red boat\nat dawn')
    const error = await refused(gesso.post(`/api/canvases/${id}/estimate`, { mode: 'outdated' }))
    assert.equal(error.problem.code, 'bad_request', 'there is nothing to run')
    client.leave()
  })
})

describe('a duplicate', () => {
  test('keeps all that people wrote', async () => {
    const id = await canvas([
      { op: 'add_node', id: 't', kind: 'text', text: 'hello world\nline two' },
      { op: 'add_node', id: 'g', kind: 'image_generator', text: 'a red boat', settings: { resolution: '0.5K' } },
      { op: 'add_node', id: 'l', kind: 'list', items: [{ id: 'i1', text: 'one' }, { id: 'i2', text: 'two' }] },
      { op: 'connect', from: ['t', 'text'], to: ['g', 'prompt'] }
    ])
    const a = await join(id)
    const nodes = a.doc.getMap('nodes')
    a.doc.transact(() => {
      const t = nodes.get('t').get('text')
      t.format(0, 5, { bold: true })
      t.format(6, 5, { link: 'https://a.b' })
      t.format(11, 1, { block: 'h1' })
      t.insertEmbed(3, { image: 'x' })
      for (const [key, value] of Object.entries({ 'x-note': { a: [1, { b: null }] }, title: 'T', z: 'a5', parent: 'l', color: '#ff0000', locked: true })) nodes.get('t').set(key, value)
      const deep = new Y.Map()
      nodes.get('t').set('x-type', deep)
      deep.set('list', Y.Array.from([1, 'two']))
      deep.set('text', new Y.Text('deep'))
      nodes.get('l').get('items').get('i1').get('text').format(0, 3, { italic: true })
      nodes.get('l').get('items').get('i1').set('x-k', 5)
      nodes.get('g').get('settings').set('x-setting', 'keep')
      nodes.get('g').set('stars', new Y.Map([['made', true]]))
      nodes.get('g').get('output').set('', { use: { generation: 'made' }, after: 'later' })
      const future = new Y.Map()
      nodes.set('future', future)
      future.set('kind', 'future_kind')
      future.set('payload', { deep: [1] })
      nodes.set('plain', { kind: 'text', pos: [1, 2] })
      a.doc.getMap('edges').get('g:prompt:t:text').set('x-edge', 1)
      a.doc.getMap('edges').set('plain', 7)
      a.doc.getMap('meta').set('x-meta', 'm')
      const thread = new Y.Map()
      a.doc.getMap('comments').set('c1', thread)
      thread.set('pos', [1, 2])
      thread.set('messages', Y.Array.from([{ by: 'a', at: 1, text: 'hi' }]))
    })
    const witness = await join(id)
    await settled(a, witness)
    const copy = await gesso.post(`/api/canvases/${id}/duplicate`)
    assert.equal(copy.name, 'Content (copy)')
    const b = await join(copy.id)
    const copied = b.doc.getMap('nodes')
    for (const root of ['nodes', 'edges', 'comments']) {
      assert.deepEqual(b.doc.getMap(root).toJSON(), witness.doc.getMap(root).toJSON(), root)
    }
    for (const look of [map => map.get('t').get('text'), map => map.get('l').get('items').get('i1').get('text')]) {
      assert.deepEqual(look(copied).toDelta(), look(witness.doc.getMap('nodes')).toDelta())
    }
    assert.ok(copied.get('t').get('x-type').get('text') instanceof Y.Text)
    assert.deepEqual({ ...b.doc.getMap('meta').toJSON(), name: 0 }, { ...witness.doc.getMap('meta').toJSON(), name: 0 })
    assert.deepEqual(b.doc.getMap('results').toJSON(), {})
    for (const side of [a, witness, b]) side.leave()
  })
})

describe('a name', () => {
  test('has 200 characters at every door, whatever they are', async () => {
    for (const one of ['x', 'é', '🦊']) {
      const longest = one.repeat(200)
      const { id, name } = await gesso.post('/api/canvases', { name: ` ${longest} ` })
      assert.equal(name, longest)
      const copy = await gesso.post(`/api/canvases/${id}/duplicate`)
      assert.equal([...copy.name].length, 200)
      assert.match(copy.name, / \(copy\)$/)
      await edit(id, { op: 'set_meta', name: longest })
      for (const ask of [
        () => gesso.post('/api/canvases', { name: longest + one }),
        () => gesso.api('PATCH', `/api/canvases/${id}`, { name: longest + one }),
        () => edit(id, { op: 'set_meta', name: longest + one })
      ]) assert.equal((await refused(ask())).status, 400)
      const client = await join(id)
      client.doc.getMap('meta').set('name', longest + ' and more')
      await until('the list has as much of it as it takes', async () => {
        const { name } = await gesso.get(`/api/canvases/${id}`)
        return name === longest && (await graph(id)).name === longest
      })
      client.leave()
    }
  })
})

describe('an edit that a room would refuse', () => {
  const nested = levels => levels === 0 ? 1 : [nested(levels - 1)]
  test('is refused with a sentence, and nobody is thrown out', async () => {
    const id = await canvas([{ op: 'add_node', id: 'g', kind: 'image_generator' }])
    const witness = await join(id)
    for (const [what, wrong] of Object.entries({
      'a setting nested 33 deep': { op: 'set', node: 'g', settings: { x: nested(33) } },
      'a choice nested 33 deep': { op: 'set', node: 'g', output: { '': { use: { asset: nested(33) } } } },
      'a star nested 33 deep': { op: 'set', node: 'g', stars: { one: nested(33) } },
      'a file nested 33 deep': { op: 'set', node: 'g', asset: nested(33) },
      'a place nested 33 deep': { op: 'move', node: 'g', pos: nested(33) },
      'an item nested 33 deep': { op: 'add_node', kind: 'list', items: nested(33) },
      'a place out of the world': { op: 'move', node: 'g', pos: [1e300, 0] },
      'a character that no database takes': { op: 'set', node: 'g', title: 'a\u0000b' }
    })) {
      const error = await refused(edit(id, wrong))
      assert.deepEqual([error.status, error.problem.code], [400, 'bad_request'], what)
      assert.match(error.problem.detail, /^(Edit 1: |The body holds )./)
    }
    await edit(id, { op: 'set', node: 'g', settings: { x: nested(32) } })
    await until('the deepest that is taken arrives', () => witness.doc.getMap('nodes').get('g').get('settings').get('x'))
    assert.equal(witness.closes, 0)
    witness.leave()
  })
})

describe('plain values where Y types belong', () => {
  test('are shown as unknown and can be removed', async () => {
    const id = await canvas([{ op: 'add_node', id: 't', kind: 'text' }, { op: 'add_node', id: 'g', kind: 'image_generator' }])
    const client = await join(id)
    const [nodes, edges] = [client.doc.getMap('nodes'), client.doc.getMap('edges')]
    client.doc.transact(() => {
      nodes.set('p', { kind: 'text', pos: [1, 2], title: 'Plain' })
      nodes.set('five', 5)
      nodes.set('Bad Id', { kind: 'text' })
      edges.set('g:prompt:t:text', { from_node: 't', from_port: 'text', to_node: 'g', to_port: 'prompt' })
      edges.set('odd', 'x')
    })
    const seen = await until('all are told of', async () => {
      const seen = await graph(id)
      return seen.problems.length === 5 && seen
    })
    assert.deepEqual(seen.nodes.filter(node => node.kind === 'unreadable').map(node => node.id), ['five', 'p'])
    assert.equal(seen.edges.length, 0)
    assert.equal((await refused(edit(id, { op: 'set', node: 'p', title: 'x' }))).status, 400)
    await edit(id, ...['p', 'five', 'Bad Id'].map(node => ({ op: 'remove_node', node })),
      ...['g:prompt:t:text', 'odd'].map(key => ({ op: 'disconnect', key })))
    await until('they are gone', () => nodes.size === 2 && edges.size === 0)
    assert.deepEqual((await graph(id)).problems, [])
    client.leave()
  })

  test('in the place of settings keep what they say when one of them is set', async () => {
    const id = await canvas([{ op: 'add_node', id: 'g', kind: 'image_generator', settings: { seed: 1 } }])
    const client = await join(id)
    const node = client.doc.getMap('nodes').get('g')
    node.set('settings', { seed: 4, 'x-mine': { deep: [1] } })
    await until('they are read', async () => (await nodeOf(id, 'g')).settings.seed === 4)
    await edit(id, { op: 'set', node: 'g', settings: { count: 2 } })
    await until('they are a Y.Map', () => node.get('settings') instanceof Y.Map)
    assert.deepEqual(node.get('settings').toJSON(), { seed: 4, 'x-mine': { deep: [1] }, count: 2 })
    const whole = new Y.Map()
    client.doc.getMap('nodes').set('h', whole)
    client.doc.transact(() => { whole.set('kind', 'text'); whole.set('settings', { note: 'kept' }) })
    await edit(id, { op: 'set', node: 'h', settings: { more: 1 } })
    await until('both are there', () => whole.get('settings') instanceof Y.Map)
    assert.deepEqual(whole.get('settings').toJSON(), { note: 'kept', more: 1 })
    client.leave()
  })
})
