// Reads what `fuzz_room` tells of each history and has Yjs read the same: the room's state, its log, and what a replica
// elsewhere has seen. All of them have to be the document that the room says it holds.
//
//   fuzz_room crafted 1 1000 | node compare.mjs
import { createInterface } from 'node:readline'
import * as Y from 'yjs'

const ROOTS = ['meta', 'nodes', 'edges', 'comments', 'results', 'generations', 'runs']

const replica = () => {
  const doc = new Y.Doc()
  for (const root of ROOTS) doc.getMap(root)
  return doc
}

/** What a document says. Nothing and `null` are the same, as in the room's own account. */
function value(v) {
  if (v instanceof Y.XmlText || v instanceof Y.XmlFragment) return '?'
  if (v instanceof Y.Map) {
    const out = {}
    for (const [key, inner] of v.entries()) {
      const said = value(inner)
      if (said !== null) out[key] = said
    }
    return out
  }
  if (v instanceof Y.Array) return v.toArray().map(value)
  if (v instanceof Y.Text) return v.toString()
  if (v instanceof Uint8Array) return 'bytes'
  if (v === undefined || v === null) return null
  if (typeof v === 'bigint') return Number(v)
  if (Array.isArray(v)) return v.map(value)
  if (typeof v === 'object') {
    const entries = Object.entries(v).map(([key, inner]) => [key, value(inner)])
    return Object.fromEntries(entries.filter(([, said]) => said !== null))
  }
  return v
}

const content = (doc) => Object.fromEntries(ROOTS.map((root) => [root, value(doc.getMap(root))]))

const sorted = (v) => {
  if (Array.isArray(v)) return v.map(sorted)
  if (v && typeof v === 'object') {
    return Object.fromEntries(Object.keys(v).sort().map((key) => [key, sorted(v[key])]))
  }
  return v
}
const same = (a, b) => JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

function read(updates) {
  const doc = replica()
  for (const update of updates) Y.applyUpdate(doc, Buffer.from(update, 'hex'))
  return doc
}
const isWaiting = (doc) => doc.store.pendingStructs !== null || doc.store.pendingDs !== null

let histories = 0
let differ = 0
for await (const line of createInterface({ input: process.stdin })) {
  if (!line.startsWith('{')) continue
  const told = JSON.parse(line)
  histories += 1
  const bad = [...told.faults]
  for (const [name, updates] of [['state', [told.state]], ['log', told.log], ['seen', told.seen]]) {
    try {
      const doc = read(updates)
      if (name !== 'seen' && isWaiting(doc)) throw new Error('something is missing')
      // What a crafted update says of elements that are held already is no matter to the room, but Yjs waits for it.
      if (isWaiting(doc)) continue
      if (!told.crossed && !same(content(doc), told.content)) {
        bad.push(`Yjs reads another document from the ${name}: ${JSON.stringify(content(doc))}`)
      }
      // And what Yjs writes of it can be read again.
      if (name === 'state') read([Buffer.from(Y.encodeStateAsUpdate(doc)).toString('hex')])
    } catch (error) {
      bad.push(`Yjs cannot read the ${name}: ${error.message}`)
    }
  }
  if (bad.length > 0) {
    differ += 1
    console.log(`seed ${told.seed}: ${bad.join('; ')}; the room says ${JSON.stringify(told.content)}`)
  }
}
console.log(`${histories - differ} passed, ${differ} failed`)
process.exit(differ > 0 || histories === 0 ? 1 : 0)
