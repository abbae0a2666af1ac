// The canvas both pages show: 1,000 blocks of nine texts and an assistant that reads five of them.
export const WIDE = { width: 1440, height: 900 }
export const COLUMNS = 25
const ROWS = 40
/** Of this size the whole canvas fills the view at 5 %, the least zoom. */
export const BLOCK = { w: 1152, h: 450 }
/** The ground to the right of a block and below it. */
export const GAP = { x: 36, y: 16 }
const TEXT = { w: 256, h: 134 }
const ASSISTANT = { w: 264, h: 328 }
const LINES = ['A red fox in the snow at dusk, seen from the side, with long shadows.', 'It looks up.', 'Wind in the birches.']
const WORDS = LINES.join('\n')
/** The texts of a block that are wired: the column next to the assistant, and two of the one before. */
const WIRED = [4, 5, 6, 7, 8]

function block (column, row) {
  const [left, top] = [column * BLOCK.w, row * BLOCK.h]
  const name = n => `${column + 1}.${row + 1}.${n + 1}`
  const texts = Array.from({ length: 9 }, (_, n) => ({
    kind: 'text', title: `Text ${name(n)}`, x: left + Math.floor(n / 3) * 284, y: top + n % 3 * 150, ...TEXT
  }))
  return [...texts, { kind: 'assistant', title: `Assistant ${name(9)}`, x: left + 852, y: top, ...ASSISTANT }]
}

/** `cards` are `{kind, title, x, y, w, h}`, `wires` `[from, to]` by place in `cards`. */
export function scene () {
  const cards = []
  const wires = []
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS; column++) {
      const first = cards.length
      cards.push(...block(column, row))
      wires.push(...WIRED.map(n => [first + n, first + 9]))
    }
  }
  return { cards, wires, lines: LINES, text: WORDS }
}

/** The place of a card on screen. */
export const onScreen = ({ x, y, w, h }, camera) =>
  ({ x: x * camera.zoom + camera.x, y: y * camera.zoom + camera.y, w: w * camera.zoom, h: h * camera.zoom })

export const isInView = box => box.x < WIDE.width && box.y < WIDE.height && box.x + box.w > 0 && box.y + box.h > 0

export const inView = ({ cards }, camera) => cards.filter(card => isInView(onScreen(card, camera)))
