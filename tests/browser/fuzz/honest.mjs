// Histories that stock Yjs writes through its public interface: a line each, "SEED hex,hex,…". Two to four replicas type,
// format, set, delete, undo and redo; updates travel as they were made, merged, twice, late or as a difference.
//
//   node honest.mjs SEED COUNT | fuzz_room honest | node compare.mjs
import * as Y from 'yjs'

let state = 0
const random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296
}
const below = (end) => Math.floor(random() * end)
const pick = (all) => all[below(all.length)]
const chance = (percent) => random() * 100 < percent

const ROOTS = ['nodes', 'edges', 'meta', 'comments']
const KEYS = ['a', 'b', 'text']
const plain = () => pick([1, 'x', true, { q: 1 }, [1, 2], 1.5])

function made(depth) {
  if (below(3) === 0) return new Y.Text(chance(70) ? 'hello' : undefined)
  if (below(2) === 0) {
    const array = new Y.Array()
    if (chance(70)) array.push(chance(40) && depth < 3 ? [made(depth + 1)] : [plain(), plain(), plain()])
    return array
  }
  const map = new Y.Map()
  if (depth < 3) for (let left = below(3); left > 0; left--) map.set(pick(KEYS), chance(45) ? made(depth + 1) : plain())
  return map
}

function types(doc) {
  const found = []
  const walk = (type) => {
    found.push(type)
    const inner = type instanceof Y.Map ? [...type.values()] : type instanceof Y.Array ? type.toArray() : []
    for (const one of inner) if (one instanceof Y.AbstractType) walk(one)
  }
  for (const root of ROOTS) walk(doc.getMap(root))
  return found
}

function act(type) {
  if (type instanceof Y.Map) {
    const what = below(10)
    if (what < 4) type.set(pick(KEYS), plain())
    else if (what < 7) type.set(pick(KEYS), made(1))
    else if (what < 9) type.delete(pick(KEYS))
    else type.clear()
  } else if (type instanceof Y.Text) {
    const { length } = type
    const at = below(length + 1)
    const what = below(7)
    if (what < 2 || length === 0) type.insert(at, pick(['ab', 'x', '😀', 'long text']))
    else if (what === 2) type.delete(below(length), 1)
    else if (what === 3) type.format(below(length), 1, { bold: pick([true, null]) })
    else if (what === 4) type.insertEmbed(at, { e: 1 })
    else if (what === 5) type.applyDelta([{ retain: at }, { insert: 'd', attributes: { link: 'u' } }])
    else type.setAttribute('k', 'v')
  } else {
    const { length } = type
    if (length === 0 || chance(55)) type.insert(below(length + 1), chance(50) ? [plain(), plain()] : [made(1)])
    else {
      const at = below(length)
      type.delete(at, 1 + below(Math.min(3, length - at)))
    }
  }
}

function history(seed) {
  state = seed * 7919
  const count = 2 + below(3)
  const made = []
  const queues = Array.from({ length: count }, () => [])
  const docs = queues.map((_, i) => {
    const doc = new Y.Doc({ gc: chance(80) })
    doc.clientID = seed % 3 === 0 ? [5, 3, 9, 7][i] : 1000 + below(1e6)
    for (const root of ROOTS) doc.getMap(root)
    doc.on('update', (update, origin) => {
      if (origin === 'remote') return
      made.push(update)
      queues.forEach((queue, j) => j !== i && queue.push(update))
    })
    return doc
  })
  const undo = docs.map(
    (doc) => new Y.UndoManager(ROOTS.map((root) => doc.getMap(root)), { captureTimeout: 0, trackedOrigins: new Set([null]) }),
  )
  for (let step = 8 + below(30); step > 0; step--) {
    const i = below(count)
    const what = below(20)
    if (what < 12) {
      docs[i].transact(() => {
        for (let ops = 1 + below(4); ops > 0; ops--) act(pick(types(docs[i])))
      })
    } else if (what < 14) undo[i].undo()
    else if (what < 15) undo[i].redo()
    else if (queues[i].length > 0) {
      const how = below(4)
      if (how === 0) Y.applyUpdate(docs[i], Y.mergeUpdates(queues[i].splice(0)), 'remote')
      else if (how === 1) Y.applyUpdate(docs[i], Y.encodeStateAsUpdate(pick(docs), Y.encodeStateVector(docs[i])), 'remote')
      else while (queues[i].length > 0) Y.applyUpdate(docs[i], queues[i].shift(), 'remote')
    }
  }
  const sent = []
  for (let i = 0; i < made.length; ) {
    const how = below(10)
    if (how < 2) {
      const several = 1 + below(4)
      sent.push(Y.mergeUpdates(made.slice(i, i + several)))
      i += several
    } else if (how < 3) sent.push(made[i], made[i++])
    else if (how < 4 && i + 1 < made.length) {
      sent.push(made[i + 1], made[i])
      i += 2
    } else sent.push(made[i++])
  }
  if (chance(60)) for (const doc of docs) sent.push(Y.encodeStateAsUpdate(doc))
  sent.push(...made)
  return sent
}

const [first, count] = process.argv.slice(2).map(Number)
for (let seed = first; seed < first + count; seed++) {
  console.log(`${seed} ${history(seed).map((update) => Buffer.from(update).toString('hex')).join(',')}`)
}
