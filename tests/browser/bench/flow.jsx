// The same canvas in React Flow, as its documentation advises for many nodes: memoized cards, sizes and handles known
// beforehand, only what is in view in the DOM.
import { memo } from 'react'
import { createRoot } from 'react-dom/client'
import { Background, Handle, MiniMap, Position, ReactFlow } from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import './flow.css'

const WITH_MAP = new URLSearchParams(location.search).get('map') !== 'off'

const Lines = ({ lines }) => <div className='lines'>{lines.map(line => <p key={line}>{line}</p>)}</div>

const Head = ({ title }) => (
  <header>
    <svg viewBox='0 0 16 16' aria-hidden='true'><path d='M3 4h10M8 4v9' /></svg>
    <h3>{title}</h3>
  </header>
)

const Text = memo(({ data }) => (
  <>
    <Head title={data.title} />
    <Lines lines={data.lines} />
    <Handle type='source' position={Position.Right} style={{ top: 60 }} />
  </>
))

const Assistant = memo(({ data }) => (
  <>
    <Head title={data.title} />
    <Lines lines={data.lines} />
    <Handle type='target' position={Position.Left} style={{ top: 88 }} />
    <Handle type='source' position={Position.Right} style={{ top: 88 }} />
  </>
))

const NODE_TYPES = { text: Text, assistant: Assistant }

const handle = (type, position, x, y) => ({ type, position, x: x - 5, y: y - 5, width: 10, height: 10 })
const HANDLES = {
  text: ({ w }) => [handle('source', Position.Right, w, 60)],
  assistant: ({ w }) => [handle('target', Position.Left, 0, 88), handle('source', Position.Right, w, 88)]
}

const nodeOf = (card, n, lines) => ({
  id: String(n),
  type: card.kind,
  position: { x: card.x, y: card.y },
  width: card.w,
  height: card.h,
  handles: HANDLES[card.kind](card),
  data: { title: card.title, lines }
})

const edgeOf = ([from, to]) => ({ id: `${from}-${to}`, source: String(from), target: String(to) })

/** The middle button pans and the left one selects, as in Gesso. */
const PAN_BUTTONS = [1]
const PRO = { hideAttribution: true }
const MAP = { width: 148, height: 104 }

function Flow ({ scene, camera }) {
  return (
    <ReactFlow
      defaultNodes={scene.cards.map((card, n) => nodeOf(card, n, scene.lines))}
      defaultEdges={scene.wires.map(edgeOf)}
      nodeTypes={NODE_TYPES}
      defaultViewport={camera}
      onInit={flow => { window.flow = flow }}
      onlyRenderVisibleElements
      minZoom={0.05}
      maxZoom={8}
      panOnScroll
      panOnScrollSpeed={1}
      panOnDrag={PAN_BUTTONS}
      selectionOnDrag
      selectionMode='partial'
      autoPanOnSelection={false}
      colorMode='dark'
      proOptions={PRO}
    >
      <Background gap={20} />
      {WITH_MAP && <MiniMap position='bottom-left' style={MAP} />}
    </ReactFlow>
  )
}

const { scene, camera } = await window.canvas
createRoot(document.getElementById('root')).render(<Flow scene={scene} camera={camera} />)
