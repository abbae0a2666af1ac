// People who come and go, as stock Yjs clients see each other.
import assert from 'node:assert/strict'
import net from 'node:net'
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

/** A stock client on a canvas, in sync, as the person of a cookie; by way of another address where given. */
async function join (id, person, ws = gesso.ws) {
  const headers = { cookie: `gesso_person=${person}` }
  class Socket extends WebSocket { constructor (url, protocols) { super(url, protocols, { headers }) } }
  const doc = new Y.Doc()
  const provider = new WebsocketProvider(`${ws}/sync`, id, doc, { WebSocketPolyfill: Socket, disableBc: true, resyncInterval: -1 })
  const client = { doc, provider, leave () { joined.delete(client); provider.destroy(); doc.destroy() } }
  joined.add(client)
  await until('the stock client is in sync', () => provider.synced)
  return client
}

const canvas = async () => (await gesso.post('/api/canvases', { name: 'People' })).id

describe('somebody who comes back', () => {
  // A stock client says again what it said after 15 seconds by itself: before that others have to know.
  const SOON_MS = 8_000
  const state = name => ({ user: { id: name, name } })
  const sees = (a, b) => () => a.provider.awareness.getStates().has(b.doc.clientID)

  test('is seen at once after closing the socket', async () => {
    const id = await canvas()
    const [a, b] = [await join(id, 'persona'), await join(id, 'personb')]
    b.provider.awareness.setLocalState(state('personb'))
    await until('a sees b', sees(a, b))
    b.provider.disconnect()
    await until('a sees that b went', () => !sees(a, b)())
    b.provider.connect()
    await until('a sees b again', sees(a, b), SOON_MS)
    a.leave(); b.leave()
  })

  test('is seen at once after a cut, and also where the server hears of it late', async () => {
    const id = await canvas()
    const pairs = []
    const proxy = net.createServer(near => {
      const far = net.connect(gesso.port, '127.0.0.1')
      pairs.push([near, far])
      for (const socket of [near, far]) socket.on('error', () => {}).unref()
      near.on('data', data => far.write(data))
      far.on('data', data => near.destroyed || near.write(data))
    })
    await new Promise(resolve => proxy.listen(0, '127.0.0.1', resolve))
    proxy.unref()
    const ws = `ws://127.0.0.1:${proxy.address().port}`
    const [a, b] = [await join(id, 'persona'), await join(id, 'personc', ws)]
    b.provider.awareness.setLocalState(state('personc'))
    await until('a sees b', sees(a, b))
    for (const socket of pairs[0]) socket.destroy()
    await until('a sees that b went', () => !sees(a, b)())
    await until('a sees b again', sees(a, b), SOON_MS)
    // Now the near end alone is cut: for the server the old connection lives on beside the new one.
    const before = pairs.length
    pairs.at(-1)[0].destroy()
    await until('b is back', () => pairs.length > before && b.provider.wsconnected && b.provider.synced)
    await until('the server heard it', sees(a, b), SOON_MS)
    let left = 0
    a.provider.awareness.on('change', ({ removed }) => { left += removed.includes(b.doc.clientID) })
    pairs[before - 1][1].destroy()
    b.provider.awareness.setLocalStateField('cursor', { x: 1, y: 2 })
    await until('b is heard', () => a.provider.awareness.getStates().get(b.doc.clientID)?.cursor, SOON_MS)
    assert.equal(left, 0, 'the end of the old connection does not take b away')
    a.leave(); b.leave()
    for (const pair of pairs) for (const socket of pair) socket.destroy()
    proxy.close()
  })
})
