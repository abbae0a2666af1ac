// Several workspaces on one server, comments that name people, and changing how one signs in: as people see them.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { chromium } from 'playwright-core'
import { Gesso, newPage, until } from './harness.mjs'
import { FLAGS } from './studio.mjs'

const PASSWORD = 'a long enough password'
let gesso, browser, ada, ben

async function person () {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' })
  const page = await newPage(context)
  page.setDefaultTimeout(20_000)
  return page
}

async function signUp (page, link, { name, email }) {
  await page.goto(gesso.url + link)
  await page.locator('#f-name').fill(name)
  await page.locator('#f-email').fill(email)
  await page.locator('#f-password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Create account' }).last().click()
  await page.getByRole('heading', { name: 'Canvases', level: 1 }).waitFor()
}

/** Asks the server as the person of a page. */
const ask = (page, method, path, body) => page.evaluate(async ([method, path, body]) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) })
  return answer.status === 204 ? null : answer.json()
}, [method, path, body])

const shoot = (page, name) => process.env.GESSO_SHOTS
  ? page.screenshot({ path: `${process.env.GESSO_SHOTS}/workspaces-${name}.png` })
  : undefined
const switcher = page => page.getByRole('button', { name: /^Workspace: / })

before(async () => {
  gesso = await Gesso.start('--accounts')
  const link = await until('the first link is printed', () => /\/join\/[\w-]+/.exec(gesso.out)?.[0])
  browser = await chromium.launch({ executablePath: process.env.GESSO_CHROMIUM ?? '/usr/bin/chromium', headless: true, args: FLAGS })
  ;[ada, ben] = [await person(), await person()]
  await signUp(ada, link, { name: 'Ada Lovelace', email: 'ada@example.org' })
  const { token } = await ask(ada, 'POST', '/api/workspaces/default/invitations', { role: 'member' })
  await signUp(ben, `/join/${token}`, { name: 'Ben Okri', email: 'ben@example.org' })
})
after(async () => {
  await browser?.close()
  await gesso?.stop()
})

describe('several workspaces', () => {
  test('an owner makes one, and home shows its canvases and credits alone', async () => {
    await ask(ada, 'POST', '/api/canvases', { name: 'Poster' })
    await switcher(ada).click()
    await ada.getByRole('menuitem', { name: 'New workspace…' }).click()
    await ada.getByRole('dialog', { name: 'New workspace' }).getByRole('textbox', { name: 'Name' }).fill('Films')
    await ada.getByRole('button', { name: 'Create workspace' }).click()
    await ada.getByRole('button', { name: 'Workspace: Films' }).waitFor()
    await until('no canvas is shown', async () => await ada.getByRole('link', { name: /^Open Poster/ }).count() === 0)
    await shoot(ada, '1-empty')
    await ada.getByRole('button', { name: 'New canvas' }).first().click()
    await ada.waitForURL(/\/c\//)
    const id = ada.url().split('/c/')[1]
    const { id: films } = (await ask(ada, 'GET', '/api/workspaces')).items[1]
    assert.equal((await ask(ada, 'GET', `/api/canvases/${id}`)).workspace, films)
    await ask(ada, 'PATCH', `/api/canvases/${id}`, { name: 'First cut' })
    await ada.goto(gesso.url)
    await ada.getByRole('link', { name: /^Open First cut/ }).waitFor()
    assert.equal(await ada.getByRole('link', { name: /^Open Poster/ }).count(), 0)
    await shoot(ada, '2-films')
    // The choice holds, and the other one is a click away.
    await switcher(ada).click()
    await shoot(ada, '3-menu')
    await ada.getByRole('menu', { name: 'Workspace' }).getByText('Workspace', { exact: true }).click()
    await ada.getByRole('link', { name: /^Open Poster/ }).waitFor()
    assert.equal(await ada.getByRole('link', { name: /^Open First cut/ }).count(), 0)
  })

  test('somebody in one alone sees its name, and nothing of the other', async () => {
    await ben.goto(gesso.url)
    await ben.getByRole('link', { name: /^Open Poster/ }).waitFor()
    assert.equal(await ben.getByRole('link', { name: /^Open First cut/ }).count(), 0)
    assert.equal(await switcher(ben).count(), 0)
    await ben.locator('.space-name', { hasText: 'Workspace' }).waitFor()
  })

  test('an invitation brings somebody into it, and home shows it', async () => {
    const { id: films } = (await ask(ada, 'GET', '/api/workspaces')).items[1]
    const { token } = await ask(ada, 'POST', `/api/workspaces/${films}/invitations`, { role: 'member' })
    await ben.goto(`${gesso.url}/join/${token}`)
    await ben.getByRole('button', { name: /^Join/ }).click()
    await ben.getByRole('button', { name: 'Workspace: Films' }).waitFor()
    await ben.getByRole('link', { name: /^Open First cut/ }).waitFor()
  })
})

describe('a comment that names somebody', () => {
  test('reaches them by the bell, which leads to the comment', async () => {
    const [canvas] = (await ask(ada, 'GET', '/api/canvases')).items.filter(one => one.name === 'Poster')
    await ben.goto(`${gesso.url}/c/${canvas.id}`)
    await ben.getByRole('application', { name: 'Canvas' }).waitFor()
    await ada.goto(`${gesso.url}/c/${canvas.id}`)
    await ada.getByRole('application', { name: 'Canvas' }).waitFor()
    await ada.getByRole('button', { name: 'Follow Ben Okri' }).waitFor()
    await ada.mouse.move(1000, 200)
    await ada.keyboard.press('c')
    await ada.getByText('Click where the comment belongs.').waitFor()
    await ada.mouse.click(1000, 200)
    const thread = ada.getByRole('dialog', { name: 'Comment' })
    await thread.getByRole('textbox').waitFor()
    await ada.keyboard.type('Softer, @be')
    const people = thread.getByRole('listbox', { name: 'People' })
    await people.getByRole('option', { name: /Ben Okri/ }).waitFor()
    await shoot(ada, '4-mention')
    await ada.keyboard.press('Enter')
    await until('the name is in it', async () => /@Ben Okri/.test(await thread.getByRole('textbox').inputValue()))
    await ada.keyboard.type('please')
    await ada.keyboard.press('Enter')
    await thread.getByText('Softer, @Ben Okri please').waitFor()
    await ben.goto(gesso.url)
    await ben.getByRole('button', { name: 'Notifications, 1 new' }).click()
    const notices = ben.getByRole('dialog', { name: 'Notifications' })
    await notices.getByText('Softer, @Ben Okri please').waitFor()
    await shoot(ben, '5-notice')
    await notices.getByText('Softer, @Ben Okri please').click()
    await ben.waitForURL(/\/c\/.*#comment=/)
    await ben.getByRole('dialog', { name: 'Comment' }).getByText('Softer, @Ben Okri please').waitFor()
    await shoot(ben, '6-thread')
  })
})

describe('how one signs in', () => {
  test('another password signs other devices out, and this one stays', async () => {
    await ben.goto(gesso.url)
    await ben.getByRole('button', { name: /Ben Okri/ }).first().click()
    await ben.getByRole('menuitem', { name: 'Password and sign-in…' }).click()
    const dialog = ben.getByRole('dialog', { name: 'Password and sign-in' })
    await dialog.getByLabel('Current password').fill('not this one at all')
    await dialog.getByLabel('New password').fill('another long password')
    await dialog.getByRole('button', { name: 'Change password' }).click()
    await dialog.getByText('This is not your password.').waitFor()
    await shoot(ben, '7-password')
    await dialog.getByLabel('Current password').fill(PASSWORD)
    await dialog.getByRole('button', { name: 'Change password' }).click()
    await until('it is changed', async () => {
      const status = await ben.evaluate(async password => (await fetch('/api/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'ben@example.org', password })
      })).status, 'another long password')
      return status === 204
    })
  })
})
