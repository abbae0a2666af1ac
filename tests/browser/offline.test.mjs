// A server that cannot be reached: the page opens all the same, with what was written meanwhile.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { until } from './harness.mjs'
import { Studio, card } from './studio.mjs'

let studio, mara
before(async () => {
  studio = await Studio.start('offline')
  // The browser says itself that it could not reach the server.
  mara = await studio.person('Mara Lind', { allowed: /ERR_CONNECTION_REFUSED|WebSocket connection/ })
})
after(() => studio?.stop())

/** What this browser keeps: `[key, bytes as text]` of each entry. */
const entries = page => page.evaluate(() => new Promise((resolve, reject) => {
  const opening = indexedDB.open('gesso')
  opening.onerror = () => reject(opening.error)
  opening.onsuccess = () => {
    const found = []
    const reading = opening.result.transaction('kept').objectStore('kept').openCursor()
    reading.onsuccess = () => {
      const at = reading.result
      if (!at) { opening.result.close(); return resolve(found) }
      found.push([at.key, new TextDecoder().decode(at.value)])
      at.continue()
    }
  }
}))
/** Number of entries: of edits, or of canvases as they were seen. */
const kept = async (page, isSeen = false) => (await entries(page)).filter(([key]) => key.endsWith('/seen') === isSeen).length
/** True once what is kept of edits holds this text, as one person typed it. */
const isKept = async (page, text) => (await entries(page)).some(([key, bytes]) => !key.endsWith('/seen') && bytes.includes(text))
const isShellKept = page => page.evaluate(async () =>
  Boolean(await caches.match('/', { cacheName: 'gesso-shell' })) && Boolean(navigator.serviceWorker.controller))

test('a reload while the server is away brings the canvas with the edits, and they arrive when it is back', async () => {
  const { id, ids: [text] } = await studio.canvas(mara, [{ kind: 'text', text: 'brief', pos: [0, 0] }])
  await until('the page is kept', () => isShellKept(mara))
  await studio.gesso.kill()
  await card(mara, text).locator('.rich').click()
  await mara.keyboard.press('End')
  await mara.keyboard.type(', written alone')
  await until('the edit is kept', () => isKept(mara, ', written alone'))
  // What is typed in the last moment has no time to be written to a database.
  await mara.keyboard.type(' to the end')
  await mara.reload()
  await mara.getByRole('application', { name: 'Canvas' }).waitFor()
  await until('the text is there', async () => await card(mara, text).locator('.rich').textContent() === 'brief, written alone to the end')
  await mara.getByText('You are offline.').waitFor()
  await studio.shoot(mara, 'reloaded')
  await studio.gesso.restart()
  await until('it arrives', async () => (await studio.gesso.get(`/api/canvases/${id}/graph`)).nodes[0].text === 'brief, written alone to the end')
  await until('nothing is kept any more', async () => await kept(mara) === 0)
  assert.deepEqual(await mara.evaluate(() => Object.keys(localStorage).filter(key => key.startsWith('gesso.last.'))), [])
})

test('a canvas that was left is shown while the server is away, without any edit', async () => {
  const { ids: [text] } = await studio.canvas(mara, [{ kind: 'text', text: 'as it was', pos: [0, 0] }])
  const before = await kept(mara, true)
  await mara.evaluate(() => Object.defineProperty(document, 'hidden', { get: () => true }))
  await until('it is kept', async () => await kept(mara, true) > before)
  await studio.gesso.kill()
  await mara.reload()
  await mara.getByText('You are offline.').waitFor()
  assert.equal(await card(mara, text).locator('.rich').textContent(), 'as it was')
  await studio.gesso.restart()
  await mara.getByText('Saved').first().waitFor()
})

test('a canvas that was deleted is kept no more', async () => {
  const { id } = await studio.canvas(mara, [{ kind: 'text', text: 'to go', pos: [0, 0] }])
  await mara.evaluate(() => Object.defineProperty(document, 'hidden', { get: () => true }))
  const before = await kept(mara, true)
  await until('it is kept', async () => await kept(mara, true) > before)
  await studio.gesso.api('DELETE', `/api/canvases/${id}`)
  await until('it goes', async () => await kept(mara, true) === before)
})

test('a page of the server before is not kept beside the new one', async () => {
  await mara.goto(studio.gesso.url)
  await mara.getByRole('heading').first().waitFor()
  const names = await mara.evaluate(async () => {
    const cache = await caches.open('gesso-shell')
    await cache.put('/assets/client-0000000000000000.js', new Response('old'))
    return (await cache.keys()).length
  })
  await mara.reload()
  await until('the old file goes', async () => await mara.evaluate(async () =>
    !(await caches.match('/assets/client-0000000000000000.js'))))
  assert.equal(await mara.evaluate(async () => (await (await caches.open('gesso-shell')).keys()).length), names - 1)
})

test('nothing went wrong meanwhile', () => assert.deepEqual(studio.complaints, []))
