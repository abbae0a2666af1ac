// Files as people handle them: a picture is edited, a 3D model turned, sound and film played and sought, the library
// chosen from and dragged out of, camera positions set, an upload refused. Pictures of it are kept in shots/.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { Gesso, newPage, pictureSize, until } from './harness.mjs'

const SHOTS = new URL('shots/', import.meta.url).pathname
const WIDE = { width: 1440, height: 900 }
// 3D is drawn by the processor; nobody has to click before something may play.
const FLAGS = ['--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--autoplay-policy=no-user-gesture-required']

let gesso, browser, page
/** What the page said that it should not have, and where it went that is not ours. */
const complaints = []

before(async () => {
  await mkdir(SHOTS, { recursive: true })
  gesso = await Gesso.start()
  browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
  const context = await browser.newContext({ viewport: WIDE, colorScheme: 'dark' })
  page = await newPage(context)
  page.setDefaultTimeout(20_000)
  page.on('pageerror', error => complaints.push(error.message))
  page.on('console', message => {
    // A file that is none is refused, and that is what is tested.
    if (message.type() === 'error' && !/ 4\d\d \(/.test(message.text())) complaints.push(message.text())
  })
  page.on('request', request => {
    if (!/^(blob:|data:)/.test(request.url()) && !request.url().startsWith(gesso.url)) complaints.push(`asked ${request.url()}`)
  })
})
after(async () => {
  await browser?.close()
  await gesso?.stop()
})

async function shoot (name) {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme })
    await page.waitForTimeout(350)
    await page.screenshot({ path: `${SHOTS}media-${name}-${colorScheme}.png` })
  }
  await page.emulateMedia({ colorScheme: 'dark' })
}

async function store (bytes, name, type) {
  const form = new FormData()
  form.append('file', new Blob([bytes], { type }), name)
  const answer = await fetch(`${gesso.url}/api/assets`, { method: 'POST', body: form })
  const text = await answer.text()
  assert.ok(answer.ok, text)
  return JSON.parse(text)
}

/** A canvas with these nodes, opened. */
async function canvas (...nodes) {
  const { id } = await gesso.post('/api/canvases', { name: 'Media' })
  const { ids } = await gesso.post(`/api/canvases/${id}/edits`, nodes.map((node, i) => ({ op: 'add_node', pos: [i * 320, 0], ...node })))
  await page.goto(`${gesso.url}/c/${id}`)
  for (const one of ids) await card(one).waitFor()
  return { id, ids }
}
const card = id => page.locator(`[data-node="${id}"]`)
const graphNode = async (canvas, id) => (await gesso.get(`/api/canvases/${canvas}/graph`)).nodes.find(node => node.id === id)
const select = id => card(id).locator('.node-head .i').first().click()
const editor = () => page.locator('dialog.retouch')

/** Colour and alpha of places of a stored picture, as the browser decodes it. */
const pixels = (asset, places) => page.evaluate(async ([asset, places]) => {
  const image = await createImageBitmap(await (await fetch(`/api/assets/${asset}`)).blob())
  const sheet = new OffscreenCanvas(image.width, image.height).getContext('2d')
  sheet.drawImage(image, 0, 0)
  return places.map(([x, y]) => [...sheet.getImageData(Math.round(x * (image.width - 1)), Math.round(y * (image.height - 1)), 1, 1).data])
}, [asset, places])

async function drag (from, to) {
  await page.mouse.move(...from)
  await page.mouse.down()
  for (let i = 1; i <= 8; i++) await page.mouse.move(from[0] + (to[0] - from[0]) * i / 8, from[1] + (to[1] - from[1]) * i / 8)
  await page.mouse.up()
}

describe('a picture is edited', { timeout: 200_000 }, () => {
  test('what was turned, drawn and masked is a new result, and the old one stays', async () => {
    const { id, ids: [picture] } = await canvas({ kind: 'image_generator', title: 'Picture', text: 'a lighthouse at dusk', settings: { aspect_ratio: '16:9', resolution: '0.5K', seed: 3 } })
    await gesso.run((await gesso.post(`/api/canvases/${id}/runs`, { mode: 'node', node: picture })).id)
    await card(picture).locator('img.art').waitFor()
    const [first] = (await gesso.get(`/api/canvases/${id}/nodes/${picture}/generations`)).items
    const size = pictureSize(await (await fetch(`${gesso.url}/api/assets/${first.asset}`)).arrayBuffer())

    await select(picture)
    await page.getByRole('button', { name: 'Edit image' }).click()
    await editor().locator('canvas').waitFor()
    await assert.rejects(editor().getByRole('button', { name: 'Save' }).click({ timeout: 400 }), 'nothing was changed yet')
    await editor().getByRole('button', { name: 'Turn right' }).click()
    await editor().getByRole('tab', { name: 'Draw' }).click()
    const box = await editor().locator('.rt-view').boundingBox()
    const at = (x, y) => [box.x + box.width * x, box.y + box.height * y]
    await drag(at(0.2, 0.2), at(0.8, 0.2))
    await editor().getByRole('tab', { name: 'Mask' }).click()
    await drag(at(0.2, 0.7), at(0.8, 0.7))
    await shoot('1-edit')
    await editor().getByRole('button', { name: 'Save' }).click()
    await editor().waitFor({ state: 'detached' })

    const all = await until('there are two results', async () => {
      const { items } = await gesso.get(`/api/canvases/${id}/nodes/${picture}/generations`)
      return items.length === 2 && items
    })
    const edited = all.find(made => made.id !== first.id)
    assert.deepEqual([edited.width, edited.height], [size[1], size[0]])
    const [painted, masked, kept] = await pixels(edited.asset, [[0.5, 0.2], [0.5, 0.7], [0.5, 0.95]])
    assert.ok(painted[0] > 200 && painted[1] < 110 && painted[3] === 255, `red is there: ${painted}`)
    assert.equal(masked[3], 0)
    assert.equal(kept[3], 255)
    await until('the edited one is shown', async () => (await card(picture).locator('.hist span').innerText()) === '2 / 2')
    assert.equal(await card(picture).getAttribute('data-state'), 'completed', 'editing makes nothing outdated')
  })

  test('steps are taken back by keys, and leaving asks', async () => {
    const { ids: [picture], id } = await canvas({ kind: 'image_generator', title: 'Picture', text: 'dunes', settings: { resolution: '0.5K', seed: 5 } })
    await gesso.run((await gesso.post(`/api/canvases/${id}/runs`, { mode: 'node', node: picture })).id)
    await card(picture).locator('img.art').waitFor()
    await select(picture)
    await page.getByRole('button', { name: 'Edit image' }).click()
    await editor().getByRole('tab', { name: 'Adjust' }).click()
    await editor().getByRole('slider', { name: 'Contrast' }).fill('40')
    await editor().getByRole('button', { name: 'Undo' }).waitFor()
    await page.keyboard.press('Control+z')
    assert.equal(await editor().getByRole('slider', { name: 'Contrast' }).inputValue(), '0')
    await page.keyboard.press('Control+Shift+z')
    assert.equal(await editor().getByRole('slider', { name: 'Contrast' }).inputValue(), '40')
    await page.keyboard.press('Escape')
    await page.getByRole('heading', { name: 'Leave without saving?' }).waitFor()
    await page.getByRole('button', { name: 'Leave', exact: true }).click()
    await editor().waitFor({ state: 'detached' })
    assert.equal((await gesso.get(`/api/canvases/${id}/nodes/${picture}/generations`)).items.length, 1)
  })

  test('an uploaded picture is cropped by keys and stays an upload', async () => {
    const made = await gesso.post('/api/canvases', { name: 'Source' })
    const { ids: [source] } = await gesso.post(`/api/canvases/${made.id}/edits`, [{ op: 'add_node', kind: 'image_generator', text: 'hills', pos: [0, 0], settings: { resolution: '0.5K', aspect_ratio: '16:9', seed: 1 } }])
    await gesso.run((await gesso.post(`/api/canvases/${made.id}/runs`, { mode: 'node', node: source })).id)
    const [{ asset, height }] = (await gesso.get(`/api/canvases/${made.id}/nodes/${source}/generations`)).items
    const { id, ids: [upload] } = await canvas({ kind: 'upload', title: 'Hills', asset })
    await card(upload).locator('img.art').waitFor()
    await select(upload)
    await page.getByRole('button', { name: 'Edit image' }).click()
    await editor().locator('canvas').waitFor()
    await editor().getByRole('button', { name: '1:1', exact: true }).click()
    await editor().getByRole('button', { name: 'Bottom right corner' }).focus()
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowLeft')
    // The keys of saving do nothing while the picture is still being opened, as the button tells.
    await editor().locator('button.primary:enabled').waitFor()
    await page.keyboard.press('Control+s')
    await editor().waitFor({ state: 'detached' })
    const now = await until('the node holds the cropped picture', async () => {
      const node = await graphNode(id, upload)
      return node.asset.id !== asset && node.asset
    })
    assert.equal(now.width, now.height)
    assert.ok(now.width < height, `${now.width} of ${height}`)
  })
})

/** A cube as GLB: 24 corners, 12 triangles, one matt colour. */
function cube (linked = false) {
  const sides = [[[0, 0, 1], [1, 0, 0], [0, 1, 0]], [[0, 0, -1], [-1, 0, 0], [0, 1, 0]], [[1, 0, 0], [0, 0, -1], [0, 1, 0]], [[-1, 0, 0], [0, 0, 1], [0, 1, 0]], [[0, 1, 0], [1, 0, 0], [0, 0, -1]], [[0, -1, 0], [1, 0, 0], [0, 0, 1]]]
  const places = []
  const normals = []
  const corners = []
  for (const [n, u, v] of sides) {
    const first = places.length / 3
    for (const [a, b] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
      places.push(...n.map((x, i) => (x + a * u[i] + b * v[i]) / 2))
      normals.push(...n)
    }
    corners.push(first, first + 1, first + 2, first, first + 2, first + 3)
  }
  const bin = Buffer.concat([Buffer.from(new Float32Array(places).buffer), Buffer.from(new Float32Array(normals).buffer), Buffer.from(new Uint16Array(corners).buffer)])
  const scene = {
    asset: { version: '2.0' },
    scene: 0,
    scenes: [{ nodes: [0] }],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, NORMAL: 1 }, indices: 2, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorFactor: [0.8, 0.25, 0.12, 1], metallicFactor: 0, roughnessFactor: 0.7 } }],
    buffers: [{ byteLength: bin.length }],
    bufferViews: [[0, 288], [288, 288], [576, 72]].map(([byteOffset, byteLength]) => ({ buffer: 0, byteOffset, byteLength })),
    accessors: [
      { bufferView: 0, componentType: 5126, count: 24, type: 'VEC3', min: [-0.5, -0.5, -0.5], max: [0.5, 0.5, 0.5] },
      { bufferView: 1, componentType: 5126, count: 24, type: 'VEC3' },
      { bufferView: 2, componentType: 5123, count: 36, type: 'SCALAR' }
    ]
  }
  const chunk = (data, type) => {
    const head = Buffer.alloc(8)
    head.writeUInt32LE(data.length)
    head.write(type, 4, 'latin1')
    return Buffer.concat([head, data])
  }
  if (linked) scene.buffers[0].uri = `data:application/octet-stream;base64,${bin.toString('base64')}`
  const text = JSON.stringify(scene)
  const described = chunk(Buffer.from(text.padEnd(Math.ceil(text.length / 4) * 4)), 'JSON')
  const body = linked ? described : Buffer.concat([described, chunk(bin, 'BIN\0')])
  const head = Buffer.alloc(12)
  head.write('glTF')
  head.writeUInt32LE(2, 4)
  head.writeUInt32LE(12 + body.length, 8)
  return Buffer.concat([head, body])
}

/** Four seconds of a tone that swells, 16 bit mono. */
function tone () {
  const rate = 8000
  const data = Buffer.alloc(rate * 4 * 2)
  for (let i = 0; i < rate * 4; i++) data.writeInt16LE(Math.round(20000 * (i / rate / 4) * Math.sin(2 * Math.PI * 440 * i / rate)), i * 2)
  const head = Buffer.alloc(44)
  head.write('RIFF')
  head.writeUInt32LE(36 + data.length, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(rate, 24)
  head.writeUInt32LE(rate * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(data.length, 40)
  return Buffer.concat([head, data])
}

describe('files are seen and heard', { timeout: 200_000 }, () => {
  let scratch
  before(async () => { scratch = await mkdtemp(join(tmpdir(), 'gesso-film-')) })
  after(() => rm(scratch, { recursive: true, force: true }))

  test('a 3D model opens in a viewer that comes from this server', async () => {
    const asset = await store(cube(), 'Cube.glb', 'model/gltf-binary')
    const { ids: [node] } = await canvas({ kind: 'upload', title: 'Cube', asset: asset.id })
    assert.equal(await page.evaluate(() => !!customElements.get('model-viewer')), false, 'not before it is needed')
    await card(node).getByRole('button', { name: 'Open preview' }).click()
    await page.locator('.solid[data-stand="shown"]').waitFor({ timeout: 60_000 })
    assert.equal(await page.evaluate(() => document.querySelector('model-viewer').loaded), true)
    const turn = page.getByRole('button', { name: 'Turn by itself' })
    await turn.click()
    assert.equal(await page.evaluate(() => document.querySelector('model-viewer').hasAttribute('auto-rotate')), await turn.getAttribute('aria-pressed') === 'true')
    // No picture of it: drawn without a graphics card on a busy machine it would take longer than anybody waits.
    await page.keyboard.press('Escape')
    // One whose data stand in its description, as some programs write them.
    const linked = await store(cube(true), 'Linked.glb', 'model/gltf-binary')
    assert.equal((await fetch(`${gesso.url}/api/assets/${linked.id}/thumbnail?w=64`)).status, 200)
    const { ids: [other] } = await canvas({ kind: 'upload', title: 'Linked', asset: linked.id })
    await card(other).getByRole('button', { name: 'Open preview' }).click()
    await page.locator('.solid[data-stand="shown"]').waitFor({ timeout: 60_000 })
    await page.keyboard.press('Escape')
  })

  test('a sound plays and is sought by click and keys', async () => {
    const asset = await store(tone(), 'Tone.wav', 'audio/wav')
    const { ids: [node] } = await canvas({ kind: 'upload', title: 'Tone', asset: asset.id })
    const time = () => card(node).locator('audio').evaluate(audio => audio.currentTime)
    const bars = card(node).getByRole('slider', { name: 'Position' })
    await until('it has bars, and they swell', async () => /M0 .*h2v2\.0/.test(await bars.locator('path').first().getAttribute('d')))
    await card(node).getByRole('button', { name: 'Play Tone' }).click()
    await until('it plays', async () => (await time()) > 0.1)
    await card(node).getByRole('button', { name: 'Pause Tone' }).click()
    const box = await bars.boundingBox()
    await page.mouse.click(box.x + box.width * 0.5, box.y + box.height / 2)
    assert.ok(Math.abs(await time() - 2) < 0.2, `${await time()} is the middle`)
    await bars.focus()
    await page.keyboard.press('End')
    assert.ok(await time() > 3.9)
    await page.keyboard.press('Home')
    assert.equal(await time(), 0)
    await shoot('3-sound')
  })

  test('a film shows its poster, plays at a click and can be sought', async () => {
    const file = join(scratch, 'film.mp4')
    execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'testsrc2=s=320x180:d=4:r=12', '-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-g', '12', '-movflags', '+faststart', file])
    const asset = await store(await readFile(file), 'Film.mp4', 'video/mp4')
    const { ids: [node] } = await canvas({ kind: 'upload', title: 'Film', asset: asset.id })
    await until('the poster is drawn', () => card(node).locator('img.art').evaluate(image => image.complete && image.naturalWidth > 0))
    await card(node).getByRole('button', { name: 'Play Film' }).click()
    const time = () => card(node).locator('video').evaluate(video => video.currentTime)
    await until('it plays', async () => (await time()) > 0.1)
    await card(node).getByRole('slider', { name: 'Position' }).fill('3')
    await until('it is at the third second', async () => Math.abs(await time() - 3) < 0.6)
    assert.equal(await card(node).locator('video').evaluate(video => video.seekable.end(0) > 3.5), true)
  })
})

describe('the library', { timeout: 200_000 }, () => {
  const svg = color => Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="120" height="80" viewBox="0 0 120 80"><rect width="120" height="80" fill="${color}"/></svg>`)

  test('is searched by name and chosen from by keys', async () => {
    const wanted = await store(svg('#2f7fe0'), 'Harbour sign.svg', 'image/svg+xml')
    await store(svg('#e5484d'), 'Something else.svg', 'image/svg+xml')
    const { id, ids: [media] } = await canvas({ kind: 'media', title: 'Logo' })
    await card(media).getByRole('button', { name: 'Choose from the library' }).click()
    const library = page.getByRole('dialog', { name: 'Library' })
    // What was stored from outside is somebody else's.
    await library.getByRole('tab', { name: 'Workspace' }).click()
    await library.getByRole('option').nth(1).waitFor()
    await library.getByRole('searchbox', { name: 'Search the library' }).fill('harbour')
    await until('only that is left', async () => await library.getByRole('option').count() === 1)
    await shoot('4-library')
    await library.getByRole('option', { name: /^Harbour sign, SVG/ }).focus()
    await page.keyboard.press('Enter')
    await library.waitFor({ state: 'detached' })
    const node = await until('the node holds it', async () => (await graphNode(id, media)).asset && graphNode(id, media))
    assert.equal(node.asset.id, wanted.id)
    assert.equal(node.asset.type, 'svg')
  })

  test('is dragged out of, onto the canvas', async () => {
    const { id } = await canvas({ kind: 'text', title: 'Note', text: 'x' })
    await page.getByRole('navigation', { name: 'Add to canvas' }).getByRole('button', { name: 'Library' }).click()
    const shelf = page.getByRole('complementary', { name: 'Library' })
    await shelf.getByRole('tab', { name: 'Workspace' }).click()
    const file = shelf.getByRole('option', { name: /^Something else/ })
    await file.dragTo(page.getByRole('application', { name: 'Canvas' }), { targetPosition: { x: 800, y: 600 } })
    const made = await until('there is a media node', async () => (await gesso.get(`/api/canvases/${id}/graph`)).nodes.find(node => node.kind === 'media'))
    assert.equal(made.asset.name, 'Something else.svg')
    await page.keyboard.press('Escape')
  })
})

describe('settings', { timeout: 100_000 }, () => {
  test('each sound of a mix has its volume, beginning and fades, and one is the voice', async () => {
    const { id, ids: [voice, music, mix] } = await canvas(
      { kind: 'voiceover', title: 'Narrator' },
      { kind: 'music_generator', title: 'Bed', pos: [0, 400] },
      { kind: 'video_audio_mix', title: 'Film', pos: [400, 0] }
    )
    await gesso.post(`/api/canvases/${id}/edits`, [
      { op: 'connect', from: [voice, 'audio'], to: [mix, 'audio'] },
      { op: 'connect', from: [music, 'audio'], to: [mix, 'audio'] }
    ])
    await select(mix)
    const panel = page.locator('aside.right')
    await panel.getByRole('slider', { name: 'Bed: Volume' }).fill('0.35')
    await panel.getByRole('textbox', { name: 'Bed: Fade in in seconds' }).fill('1,5')
    await panel.getByRole('textbox', { name: 'Bed: Fade in in seconds' }).press('Tab')
    await panel.getByRole('textbox', { name: 'Narrator: Starts at in seconds' }).fill('2')
    await panel.getByRole('textbox', { name: 'Narrator: Starts at in seconds' }).press('Tab')
    await panel.getByRole('button', { name: 'Narrator is the voice' }).click()
    await shoot('6-mix')
    const settings = await until('it is written', async () => {
      const { settings } = await graphNode(id, mix)
      return settings.voice_track && settings
    })
    assert.deepEqual(
      [settings.volumes, settings.fade_in, settings.offsets, settings.voice_track],
      [',0.35', ',1.5', '2,', 1]
    )
    await panel.getByRole('slider', { name: 'Bed: Volume' }).fill('1')
    await until('what is as by default is not written', async () => (await graphNode(id, mix)).settings.volumes === '')
  })

  test('a camera position is set by hand and put first', async () => {
    const { id, ids: [node] } = await canvas({ kind: 'camera_angles', title: 'Angles' })
    await select(node)
    const panel = page.locator('aside.right')
    await panel.getByRole('button', { name: 'Three-quarter', exact: true }).click()
    await panel.getByRole('button', { name: 'Set one by hand' }).click()
    await panel.getByRole('slider', { name: 'Yaw' }).fill('-30')
    await panel.getByRole('slider', { name: 'Zoom' }).fill('1.5')
    await panel.getByRole('textbox', { name: 'Name of the position' }).fill('Hero')
    await panel.getByRole('slider', { name: 'Pitch' }).fill('20')
    await shoot('5-angles')
    await panel.getByRole('button', { name: 'Move Hero up' }).click()
    await panel.getByRole('button', { name: 'Remove Front' }).click()
    const angles = await until('it is written', async () => {
      const { settings } = await graphNode(id, node)
      return settings.angles?.length === 2 && settings.angles
    })
    assert.deepEqual(angles, [{ name: 'Hero', yaw: -30, pitch: 20, roll: 0, zoom: 1.5 }, 'three_quarter'])
  })

  test('what a film costs is said before a word is written, and does not change with the words', async () => {
    const { ids: [node] } = await canvas({ kind: 'video_generator', title: 'Film', settings: { duration: 5 } })
    const price = async () => (await card(node).locator('.node-foot .run').textContent()).trim()
    await until('it is said', async () => /· 10$/.test(await price()))
    await card(node).getByRole('textbox').first().fill('rain on a lake')
    await page.waitForTimeout(300)
    assert.match(await price(), /· 10$/)
  })

  test('what a node lacks is said before a run, and Run is off', async () => {
    const { ids: [node] } = await canvas({ kind: 'image_generator', title: 'Picture', text: 'x', settings: { model: 'gone-painter' } })
    const run = card(node).locator('.node-foot .run')
    assert.equal(await run.isDisabled(), true)
    assert.match(await run.getAttribute('aria-label'), /^Run\. There is no model “gone-painter” here/)
    await card(node).getByRole('button', { name: /^Use / }).click()
    await card(node).getByRole('button', { name: /^Run/ }).first().waitFor()
    await until('it can run', async () => !(await card(node).locator('.node-foot .run').isDisabled()))
  })
})

describe('uploads', { timeout: 100_000 }, () => {
  test('several go at once; one that is refused says why on its card and can be dismissed', async () => {
    const { id } = await canvas({ kind: 'text', title: 'Note', text: 'x' })
    const choosing = page.waitForEvent('filechooser')
    await page.getByRole('button', { name: 'Upload', exact: true }).click()
    await (await choosing).setFiles([
      { name: 'tone.wav', mimeType: 'audio/wav', buffer: tone() },
      { name: 'cube.glb', mimeType: 'model/gltf-binary', buffer: cube() },
      { name: 'letter.png', mimeType: 'image/png', buffer: Buffer.from('this is no picture') }
    ])
    const bad = page.getByRole('alert').filter({ hasText: 'letter.png was not stored' })
    await bad.waitFor()
    assert.ok((await bad.locator('p').innerText()).length > 20, 'with the server\'s sentence')
    await until('the others are there', async () => (await gesso.get(`/api/canvases/${id}/graph`)).nodes.filter(node => node.asset).length === 2)
    await shoot('6-refused')
    await bad.getByRole('button', { name: 'Dismiss' }).click()
    await until('its card is gone', async () => (await gesso.get(`/api/canvases/${id}/graph`)).nodes.length === 3)
  })

  test('nothing went wrong on the page, and nothing was asked of anybody else', () => {
    assert.deepEqual(complaints, [])
  })
})
