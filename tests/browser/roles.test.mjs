// A team's server: two people in two browsers, from the owner's first link to a role that is taken away in mid-drag, and
// stock Yjs clients that are held to their role.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import WebSocket from 'ws'
import * as Y from 'yjs'
import { WebsocketProvider } from 'y-websocket'
import { Gesso, newPage, until } from './harness.mjs'
import { FLAGS, card, head, middle } from './studio.mjs'

const PASSWORD = 'a long enough password'
let gesso, browser, ada, ben, link

/** A context of its own with a page, as somebody at another desk has. */
async function person () {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: gesso.url })
  return newPage(context)
}

/** Types an account into the form of a page `/join/…`. */
async function signUp (page, { name, email }) {
  await page.locator('#f-name').fill(name)
  if (await page.locator('#f-email').isEditable()) await page.locator('#f-email').fill(email)
  await page.locator('#f-password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).last().click()
}

const role = page => page.locator('.canvas-page').getAttribute('data-role')
const shown = (page, wanted) => until(`the page knows that one is ${wanted}`, async () => await role(page) === wanted)

before(async () => {
  gesso = await Gesso.start('--accounts')
  link = await until('the first link is printed', () => /\/join\/[\w-]+/.exec(gesso.out)?.[0])
  browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
  ada = await person()
  ben = await person()
})
after(async () => {
  await browser?.close()
  await gesso?.stop()
})

describe('two people on a team\'s server', () => {
  let canvas, text

  test('the first owner signs up by the printed link, and nobody else does', async () => {
    await ben.goto(gesso.url)
    await ben.locator('main.porch').waitFor()
    assert.equal(await ben.getByRole('button', { name: 'New canvas' }).count(), 0)
    await ada.goto(gesso.url + link)
    await signUp(ada, { name: 'Ada Lovelace', email: 'ada@example.org' })
    await ada.getByRole('button', { name: 'New canvas' }).first().waitFor()
    await ben.goto(gesso.url + link)
    await ben.getByRole('heading', { name: 'This link does not work any more' }).waitFor()
  })

  test('a link lets somebody in as commenter, who comments and changes nothing', async () => {
    await ada.getByRole('button', { name: 'New canvas' }).first().click()
    await ada.waitForURL(/\/c\//)
    canvas = ada.url().split('/c/')[1]
    await shown(ada, 'owner')
    ;[text] = await ada.evaluate(async id => {
      const answer = await fetch(`/api/canvases/${id}/edits`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([{ op: 'add_node', kind: 'text', title: 'Brief', pos: [0, 0], text: 'a fox' },
          { op: 'add_node', kind: 'image_generator', title: 'Picture', pos: [420, 0] }])
      })
      return (await answer.json()).ids
    }, canvas)
    await card(ada, text).waitFor()
    await ada.getByRole('button', { name: 'Share' }).click()
    const share = ada.getByRole('dialog')
    await share.getByLabel('Role of the link').selectOption('commenter')
    await share.getByRole('button', { name: 'Create link' }).click()
    const url = await share.getByLabel('Link to the canvas').inputValue()
    await ben.goto(url)
    await signUp(ben, { name: 'Ben Ito', email: 'ben@example.org' })
    await ben.waitForURL(new RegExp(`/c/${canvas}`))
    await shown(ben, 'commenter')
    await card(ben, text).waitFor()
    await share.getByRole('region', { name: 'People with access' }).getByText('Ben Ito').waitFor()
    // Nothing that edits is offered, by pointer or by keyboard.
    await head(ben, text).click()
    await ben.keyboard.press('Delete')
    await ben.keyboard.press('Control+d')
    await ben.getByText('Ask to edit').first().waitFor()
    assert.equal(await card(ben, text).count(), 1)
    assert.equal(await ben.locator('[data-node]').count(), await ada.locator('[data-node]').count())
    // He comments, and she sees it.
    await ben.keyboard.press('Escape')
    await ben.keyboard.press('c')
    const at = await middle(head(ben, text))
    await ben.mouse.click(at.x, at.y + 300)
    await ben.keyboard.type('Which fox?')
    await ben.keyboard.press('Enter')
    await until('the comment is written', async () => (await ada.locator('.pin').count()) > 0)
  })

  test('made an editor he edits and runs, without a reload', async () => {
    const share = ada.getByRole('dialog')
    await share.getByLabel('Role of Ben Ito').selectOption('editor')
    await shown(ben, 'editor')
    await ben.keyboard.press('Escape')
    await head(ben, text).dblclick()
    const field = card(ben, text).locator('[contenteditable="true"]').first()
    await field.click()
    await ben.keyboard.press('End')
    await ben.keyboard.type(' in snow')
    await card(ada, text).getByText('a fox in snow').waitFor()
    const ran = await ben.evaluate(async id => (await fetch(`/api/canvases/${id}/estimate`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"mode":"workflow"}'
    })).status, canvas)
    assert.ok([200, 422].includes(ran), `an editor may ask for a price: ${ran}`)
  })

  test('made a viewer in the middle of a drag, the drag ends and nothing of it is left', async () => {
    await ben.keyboard.press('Escape')
    const from = await middle(head(ben, text))
    await ben.mouse.move(from.x, from.y)
    await ben.mouse.down()
    await ben.mouse.move(from.x + 40, from.y + 30, { steps: 4 })
    await ada.getByRole('dialog').getByLabel('Role of Ben Ito').selectOption('viewer')
    await shown(ben, 'viewer')
    await ben.mouse.move(from.x + 300, from.y + 200, { steps: 4 })
    await ben.mouse.up()
    const pos = () => ada.evaluate(async ({ id, node }) => {
      const graph = await (await fetch(`/api/canvases/${id}/graph`)).json()
      return graph.nodes.find(one => one.id === node).pos
    }, { id: canvas, node: text })
    const before = await pos()
    assert.ok(before[0] < 200 && before[1] < 150, `it stays near where it was: ${before}`)
    await ben.getByText(/only look at this canvas/).first().waitFor()
    assert.equal(await ben.locator('[data-needs="edit"]:visible').count(), 0)
  })

  test('taken off the canvas he is told, and may ask', async () => {
    const share = ada.getByRole('dialog')
    await share.getByRole('button', { name: 'Revoke' }).click()
    await share.getByRole('button', { name: 'Remove Ben Ito' }).click()
    const out = ben.getByRole('region', { name: 'No access' })
    await out.waitFor()
    await out.locator('#f-ask-note').fill('I have not finished.')
    await out.getByRole('button', { name: 'Ask for access' }).click()
    const requests = share.getByRole('region', { name: 'Requests' })
    await ada.keyboard.press('Escape')
    await ada.getByRole('button', { name: 'Share' }).click()
    await requests.getByText('I have not finished.').waitFor()
    await requests.getByRole('button', { name: 'Accept' }).click()
    await until('he is in again', async () => ['viewer', 'commenter', 'editor'].includes(await role(ben)))
  })
})

describe('the owner at home', () => {
  /** Opens a dialog of the account's menu. */
  async function open (entry) {
    await ada.getByRole('button', { name: /^Account of/ }).click()
    await ada.getByRole('menuitem', { name: entry }).click()
    return ada.getByRole('dialog')
  }

  test('sees who did what and what was paid', async () => {
    await ada.goto(gesso.url)
    const log = await open('Audit log…')
    await log.getByText(/account\.created/).first().waitFor()
    await log.getByText('Ben Ito').first().waitFor()
    await ada.keyboard.press('Escape')
    const usage = await open('Usage…')
    await usage.getByText('Nothing was paid in the last thirty days.').waitFor()
    await usage.getByLabel('Group usage').selectOption('day')
    await usage.getByText('Nothing was paid in the last thirty days.').waitFor()
    await ada.keyboard.press('Escape')
  })

  test('hears of a request by the bell', async () => {
    await ada.getByRole('button', { name: /^Notifications/ }).click()
    await ada.getByRole('dialog').getByText(/Ben Ito asks for access/).first().waitFor()
  })
})

describe('stock clients of Yjs', () => {
  /** Runs `gesso token create` beside the server. */
  function token (scope) {
    const args = ['token', 'create', '--user', 'ada@example.org', '--name', scope, '--scope', scope, '--data', gesso.data]
    return new Promise((resolve, reject) => {
      const process_ = spawn(gesso.binary, args, { stdio: ['ignore', 'pipe', 'inherit'] })
      let out = ''
      process_.stdout.on('data', data => { out += data })
      process_.once('close', code => code ? reject(new Error(`gesso token: ${code}`)) : resolve(out.trim()))
    })
  }

  /** A replica of a canvas, synced by `y-websocket` as it is. */
  async function replica (id, secret) {
    const doc = new Y.Doc()
    const provider = new WebsocketProvider(`${gesso.ws}/sync`, id, doc, { WebSocketPolyfill: WebSocket, params: { token: secret }, disableBc: true })
    await until('it is synced', () => provider.synced)
    return { doc, close: () => { provider.destroy(); doc.destroy() } }
  }

  test('one with a token writes where its scope allows and nowhere else', async () => {
    const [editing, reading] = [await token('edit'), await token('read')]
    const made = await gesso.api('POST', '/api/canvases', { name: 'Stock' }, { authorization: `Bearer ${editing}` })
    const writer = await replica(made.id, editing)
    const reader = await replica(made.id, reading)
    writer.doc.getMap('x-notes').set('from', 'the writer')
    await until('the reader sees it', () => reader.doc.getMap('x-notes').get('from') === 'the writer')
    reader.doc.getMap('x-notes').set('from', 'the reader')
    writer.doc.getMap('x-notes').set('after', 'that')
    await until('the reader sees what came after', () => reader.doc.getMap('x-notes').get('after') === 'that')
    assert.equal(writer.doc.getMap('x-notes').get('from'), 'the writer')
    writer.close()
    reader.close()
    await assert.rejects(gesso.get(`/api/canvases/${made.id}`), error => error.status === 401)
  })
})
