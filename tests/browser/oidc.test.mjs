// Sign-in with OpenID Connect, against a real provider that runs here: who gets in, who does not, and what an attacker
// makes of it.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Provider from 'oidc-provider'
import { Gesso, until } from './harness.mjs'

const PASSWORD = 'a long enough password'
/** What the provider knows of its people, by the name they sign in with. */
const PEOPLE = {
  ada: { email: 'ada@example.org', email_verified: true, name: 'Ada Lovelace' },
  grace: { email: 'Grace@example.org', email_verified: true, name: 'Grace Hopper' },
  eve: { email: 'eve@example.org', email_verified: false, name: 'Eve' },
  mallory: { email: 'mallory@evil.example', email_verified: true, name: 'Mallory' },
  linus: { email: 'linus@example.org', email_verified: true, name: 'Linus' },
  ken: { email: 'ken@example.org', email_verified: true, name: 'Ken' },
  barbara: { email: 'barbara@example.org', email_verified: true, name: 'Barbara' },
  invited: { email: 'invited@partner.example', email_verified: true, name: 'Ingrid' },
  second: { email: 'second@partner.example', email_verified: true, name: 'Sven' }
}

let provider, gesso, folder, issuer

/** A browser without a window: it keeps cookies by host and follows what it is told to. */
class Browser {
  jar = new Map()

  async ask (url, options = {}) {
    const at = new URL(url)
    const cookies = this.jar.get(at.host) ?? new Map()
    const headers = { ...options.headers, cookie: [...cookies].map(pair => pair.join('=')).join('; ') }
    const answer = await fetch(at, { ...options, headers, redirect: 'manual' })
    for (const line of answer.headers.getSetCookie()) {
      const [pair] = line.split(';')
      const [name, value] = [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
      if (value === '') cookies.delete(name)
      else cookies.set(name, value)
    }
    this.jar.set(at.host, cookies)
    return answer
  }

  /** Follows redirections; stops before `until` matches an address. Answers the last address and answer. */
  async follow (url, until = /$^/, options = {}) {
    let [at, answer] = [url, await this.ask(url, options)]
    for (let n = 0; n < 12 && [302, 303].includes(answer.status); n++) {
      at = new URL(answer.headers.get('location'), at).href
      if (until.test(at)) return { at, answer: null }
      answer = await this.ask(at)
    }
    return { at, answer }
  }

  /** Goes to the provider, signs in there as `login`, agrees, and comes back; `stop` as in `follow`. */
  async signIn (login, { id = 'company', query = '', stop } = {}) {
    // As a link on a page of the server has it.
    const headers = { referer: `${gesso.url}/` }
    let { at, answer } = await this.follow(`${gesso.url}/api/auth/oidc/${id}${query}`, stop, { headers })
    for (let n = 0; n < 4 && answer && at.includes('/interaction/'); n++) {
      const form = await answer.text()
      const prompt = /name="prompt" value="(\w+)"/.exec(form)[1]
      const body = new URLSearchParams(prompt === 'login' ? { prompt, login, password: 'x' } : { prompt })
      const action = new URL(/action="([^"]+)"/.exec(form)[1], at)
      const sent = await this.ask(action, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded' } })
      const next = new URL(sent.headers.get('location'), at).href
      if (stop?.test(next)) return { at: next, answer: null }
      ;({ at, answer } = await this.follow(next, stop))
    }
    return { at, answer }
  }

  async me () {
    const answer = await this.ask(`${gesso.url}/api/me`)
    return answer.ok ? answer.json() : null
  }

  send (method, path, body) {
    const headers = { 'content-type': 'application/json', origin: gesso.url }
    return this.ask(gesso.url + path, { method, headers, body: body && JSON.stringify(body) })
  }
}

/** Where a sign-in of somebody new ended, as the page is told. */
const outcome = ({ at }) => new URL(at).searchParams.get('sign_in')

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gesso-oidc-'))
  const web = createServer((request, answer) => provider.callback()(request, answer))
  await new Promise(resolve => web.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${web.address().port}`
  const settings = [['company', 'Example Ltd', 'domains = ["example.org"]'], ['open', 'Anybody', '']]
  const toml = settings.map(([id, name, more]) =>
    `[[providers]]\nid = "${id}"\nname = "${name}"\nissuer = "${issuer}"\nclient_id = "${id}"\nclient_secret_file = "${join(folder, 'secret')}"\n${more}\n`)
  await writeFile(join(folder, 'secret'), 'a secret of theirs\n')
  await writeFile(join(folder, 'oidc.toml'), toml.join('\n'))
  gesso = await Gesso.start('--accounts', '--oidc', join(folder, 'oidc.toml'))
  const client = id => ({
    client_id: id,
    client_secret: 'a secret of theirs',
    redirect_uris: [`${gesso.url}/api/auth/oidc/${id}/callback`],
    token_endpoint_auth_method: 'client_secret_basic'
  })
  provider = new Provider(issuer, {
    clients: [client('company'), client('open')],
    pkce: { required: () => true },
    conformIdTokenClaims: false,
    claims: { email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => PEOPLE[id] && { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }
  })
  provider.web = web
})
after(async () => {
  await gesso?.stop()
  provider?.web.closeAllConnections()
  await new Promise(resolve => provider ? provider.web.close(resolve) : resolve())
  await rm(folder, { recursive: true, force: true })
})

describe('sign-in with a provider', () => {
  const owner = new Browser()

  test('an owner with a password is found by the address that the provider checked', async () => {
    const link = await until('the first link is printed', () => /\/join\/([\w-]+)/.exec(gesso.out)?.[1])
    const made = await owner.send('POST', '/api/signup', { token: link, email: 'ada@example.org', name: 'Ada', password: PASSWORD })
    assert.equal(made.status, 204)
    const ways = await (await fetch(`${gesso.url}/api/auth`)).json()
    assert.deepEqual(ways.providers, [{ id: 'company', name: 'Example Ltd' }, { id: 'open', name: 'Anybody' }])
    const other = new Browser()
    const { at } = await other.signIn('ada', { query: '?next=/c/somewhere' })
    assert.equal(at, `${gesso.url}/c/somewhere`)
    assert.equal((await other.me()).id, (await owner.me()).id)
    const listed = await (await other.send('GET', '/api/identities')).json()
    assert.deepEqual(listed.items.map(one => [one.provider, one.email]), [['company', 'ada@example.org']])
  })

  test('a colleague of the domain gets an account without an invitation, once', async () => {
    const [first, second] = [new Browser(), new Browser()]
    await first.signIn('grace')
    const me = await first.me()
    assert.deepEqual([me.name, me.account.role, me.account.has_password], ['Grace Hopper', 'member', false])
    await second.signIn('grace')
    assert.equal((await second.me()).id, me.id)
    // It is the only way in, until there is a password.
    const [identity] = (await (await first.send('GET', '/api/identities')).json()).items
    assert.equal((await first.send('DELETE', `/api/identities/${identity.id}`)).status, 409)
    assert.equal((await first.send('PUT', '/api/password', { new: 'short' })).status, 400)
    assert.equal((await first.send('PUT', '/api/password', { new: PASSWORD })).status, 204)
    assert.equal((await first.me()).account.has_password, true)
    assert.equal(await second.me(), null, 'other devices are signed out')
    assert.equal((await first.send('PUT', '/api/password', { old: 'not this one', new: PASSWORD })).status, 403)
    assert.equal((await first.send('DELETE', `/api/identities/${identity.id}`)).status, 204)
  })

  test('who is of no domain, or whose address nobody checked, is told so and not let in', async () => {
    for (const [login, id, why] of [
      ['mallory', 'company', 'domain'], ['eve', 'company', 'not_verified'],
      ['eve', 'open', 'not_verified'], ['mallory', 'open', 'unknown']
    ]) {
      const browser = new Browser()
      assert.equal(outcome(await browser.signIn(login, { id })), why, `${login} with ${id}`)
      assert.equal(await browser.me(), null)
    }
  })

  test('an invitation lets somebody in who is new, for the address it names', async () => {
    const invite = async email => (await (await owner.send('POST', '/api/workspaces/default/invitations', { role: 'admin', email })).json()).token
    const token = await invite('invited@partner.example')
    const wrong = new Browser()
    assert.equal(outcome(await wrong.signIn('second', { id: 'open', query: `?link=${token}` })), 'unknown')
    const browser = new Browser()
    const { at } = await browser.signIn('invited', { id: 'open', query: `?link=${token}&next=/join/${token}` })
    assert.equal(at, `${gesso.url}/`)
    const me = await browser.me()
    assert.deepEqual([me.name, me.account.role], ['Ingrid', 'admin'])
    assert.equal((await fetch(`${gesso.url}/api/links/${token}`)).status, 404, 'it is used up')
  })

  test('an account that somebody made with a colleague\'s address is not shared with them', async () => {
    const made = await owner.send('POST', '/api/workspaces/default/invitations', { role: 'guest' })
    const squatter = new Browser()
    const account = { token: (await made.json()).token, email: 'linus@example.org', name: 'Not Linus', password: PASSWORD }
    assert.equal((await squatter.send('POST', '/api/signup', account)).status, 204)
    const linus = new Browser()
    assert.equal(outcome(await linus.signIn('linus')), 'exists')
    assert.equal(await linus.me(), null)
  })

  test('a sign-in is connected with the account one is in, and with no other', async () => {
    const made = await owner.send('POST', '/api/workspaces/default/invitations', { role: 'guest' })
    const browser = new Browser()
    const account = { token: (await made.json()).token, email: 'sven@home.example', name: 'Sven', password: PASSWORD }
    assert.equal((await browser.send('POST', '/api/signup', account)).status, 204)
    const headers = { 'sec-fetch-site': 'same-origin' }
    assert.equal((await new Browser().ask(`${gesso.url}/api/auth/oidc/open?connect=1`, { headers })).status, 401)
    const { at } = await browser.signIn('second', { id: 'open', query: '?connect=1&next=/x' })
    assert.equal(at, `${gesso.url}/x`)
    const me = await browser.me()
    const elsewhere = new Browser()
    await elsewhere.signIn('second', { id: 'open' })
    assert.equal((await elsewhere.me()).id, me.id)
    // Somebody else's identity is not taken over.
    assert.equal(outcome(await browser.signIn('invited', { id: 'open', query: '?connect=1' })), null, 'the provider still knows Sven')
    const thief = new Browser()
    assert.equal((await thief.send('POST', '/api/session', { email: 'sven@home.example', password: PASSWORD })).status, 204)
    assert.equal(outcome(await thief.signIn('ada', { id: 'open', query: '?connect=1' })), 'taken')
  })
})

describe('an attacker', () => {
  const back = /\/callback\?/

  test('uses an answer twice, or in another browser, or without having begun', async () => {
    const [browser, other] = [new Browser(), new Browser()]
    const { at } = await browser.signIn('ada', { stop: back })
    // Login CSRF: the victim's browser did not begin this sign-in.
    assert.equal(outcome(await other.follow(at)), 'expired')
    assert.equal(await other.me(), null)
    await browser.follow(at)
    assert.notEqual(await browser.me(), null)
    const again = new Browser()
    again.jar = browser.jar
    assert.equal(outcome(await again.follow(at)), 'expired')
    for (const query of ['', '?code=x', '?code=x&state=y', '?error=access_denied&state=y']) {
      assert.equal(outcome(await new Browser().follow(`${gesso.url}/api/auth/oidc/company/callback${query}`)), 'expired', query)
    }
  })

  test('has a browser connect a provider from another site', async () => {
    const browser = new Browser()
    await browser.signIn('ada')
    for (const headers of [
      {}, { referer: 'https://evil.example/' }, { referer: `${gesso.url}.evil.example/` },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }, { 'sec-fetch-site': 'same-site' }
    ]) {
      const answer = await browser.ask(`${gesso.url}/api/auth/oidc/open?connect=1`, { headers })
      assert.equal(answer.status, 403, JSON.stringify(headers))
    }
  })

  test('invites a colleague to a workspace of their own, and takes the invitation', async () => {
    const send = async (who, method, path, body) => (await who.send(method, path, body)).json()
    const ada = new Browser()
    await ada.signIn('ada')
    const { id } = await send(ada, 'POST', '/api/workspaces', { name: 'Playground' })
    const { token } = await send(ada, 'POST', `/api/workspaces/${id}/invitations`, { role: 'guest', email: 'ken@example.org' })
    const account = { token, email: 'ken@example.org', name: 'Not Ken', password: PASSWORD }
    assert.equal((await new Browser().send('POST', '/api/signup', account)).status, 204)
    assert.equal(outcome(await new Browser().signIn('ken')), 'exists')
  })

  test('comes back in several tabs at once and is one person', async () => {
    const tabs = [new Browser(), new Browser(), new Browser()]
    const answers = []
    for (const tab of tabs) answers.push((await tab.signIn('barbara', { stop: back })).at)
    const ends = await Promise.all(tabs.map((tab, n) => tab.follow(answers[n])))
    assert.deepEqual(ends.map(({ at }) => at), tabs.map(() => `${gesso.url}/`))
    const ids = await Promise.all(tabs.map(async tab => (await tab.me()).id))
    assert.equal(new Set(ids).size, 1)
  })

  test('changes what comes back', async () => {
    for (const [what, change] of [
      ['who answers', url => url.searchParams.set('iss', 'https://evil.example')],
      ['the code', url => url.searchParams.set('code', 'invented')],
      ['the provider', url => { url.pathname = url.pathname.replace('company', 'open') }]
    ]) {
      const browser = new Browser()
      const url = new URL((await browser.signIn('ada', { stop: back })).at)
      change(url)
      assert.match(outcome(await browser.follow(url.href)), /failed|expired/, what)
      assert.equal(await browser.me(), null, what)
    }
  })

  test('sends people to other sites, or to providers that do not exist', async () => {
    const browser = new Browser()
    const { at } = await browser.signIn('ada', { query: '?next=//evil.example/' })
    assert.equal(at, `${gesso.url}/`)
    assert.equal((await fetch(`${gesso.url}/api/auth/oidc/nobody`, { redirect: 'manual' })).status, 404)
  })

  test('is told when somebody says no, and a disabled account stays out', async () => {
    const browser = new Browser()
    const { at } = await browser.follow(`${gesso.url}/api/auth/oidc/company`, /\/interaction\//)
    const { at: refused } = await browser.follow(`${at}/abort`)
    assert.equal(outcome({ at: refused }), 'denied')
  })
})
