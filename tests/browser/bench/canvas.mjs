// A canvas of 10,000 nodes and 5,000 wires in Gesso and in React Flow, in the same browser, by the same hand. One line a
// figure; docs/benchmarks.md tells more.
import { parseArgs } from 'node:util'

const USAGE = 'node canvas.mjs [--only NAME,…] [--rounds N] [--gesso BINARY] [--no-map]'
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-extensions']

function options () {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      gesso: { type: 'string' },
      'no-map': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds takes a number from 1, not ${values.rounds}`)
  return { rounds, only: values.only?.split(','), gesso: values.gesso, withMap: !values['no-map'], help: values.help }
}

function chosen (scenes, only = Object.keys(scenes)) {
  const unknown = only.filter(name => !(name in scenes))
  if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are: ${Object.keys(scenes).join(', ')}`)
  return only.map(name => [name, scenes[name]])
}

const median = values => {
  const sorted = values.toSorted((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2
}

const told = value => value < 10 ? value.toFixed(1) : value.toFixed(0)

/** What was measured, by the name of the figure and the side. */
class Figures {
  #values = new Map()

  add (scene, side, figures) {
    for (const [name, value] of Object.entries(figures)) {
      const key = `${scene}: ${name}`
      if (!this.#values.has(key)) this.#values.set(key, {})
      ;(this.#values.get(key)[side] ??= []).push(value)
    }
  }

  print (sides) {
    const row = (name, ...cells) => console.log(name.padEnd(48) + cells.map(cell => cell.padStart(12)).join(''))
    row('', ...sides, 'ratio')
    for (const [name, values] of this.#values) {
      const [ours, theirs] = sides.map(side => median(values[side]))
      row(name, told(ours), told(theirs), (ours / theirs).toFixed(2))
    }
  }
}

/** One browser, fresh, and in it every scene. */
async function play (launch, side, scenes, { Hand, scene, withMap }, figures) {
  const browser = await launch()
  try {
    for (const [name, act] of scenes) {
      await side.renew()
      const hand = await Hand.of(browser, side, scene, withMap)
      figures.add(name, side.name, await act(hand))
      console.error(`${side.name}: ${name}`)
      if (hand.complaints.length > 0) throw new Error(`${side.name} complained: ${hand.complaints.join('; ')}`)
      await hand.page.close()
    }
  } finally {
    await browser.close()
  }
}

/** Rejects when somebody wants it to stop, so that the server is ended and its folder removed. */
function stopped () {
  return new Promise((resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => reject(new Error(`stopped by ${signal}`)))
  })
}

async function main () {
  const asked = options()
  if (asked.help) return console.log(USAGE)
  // The harness reads it when it is loaded.
  if (asked.gesso) process.env.GESSO_BIN = asked.gesso
  const [{ chromium }, { Hand }, { SCENES }, { scene }, { GessoSide, FlowSide }] = await Promise.all(
    ['playwright-core', './hand.mjs', './figures.mjs', './scene.mjs', './sides.mjs'].map(name => import(name)))
  const scenes = chosen(SCENES, asked.only)
  const executablePath = process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium'
  const launch = () => chromium.launch({ executablePath, headless: true, args: FLAGS, handleSIGINT: false, handleSIGTERM: false })
  const world = { Hand, scene: scene(), withMap: asked.withMap }
  const figures = new Figures()
  const sides = []
  try {
    sides.push(await GessoSide.start(world.scene))
    sides.push(await FlowSide.start(world.scene, asked.withMap))
    const playAll = async () => {
      for (let round = 0; round < asked.rounds; round++) {
        // Each goes first in turn, so that a machine that grows warm or busy favours neither.
        const order = round % 2 === 0 ? sides : sides.toReversed()
        for (const side of order) await play(launch, side, scenes, world, figures)
        console.error(`round ${round + 1} of ${asked.rounds}`)
      }
    }
    await Promise.race([playAll(), stopped()])
    figures.print(sides.map(side => side.name))
  } finally {
    await Promise.all(sides.map(side => side.stop()))
  }
}

await main()
