// What axe-core says of every page, panel, dialog and state, in both themes: nothing.
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { after, before, describe, test } from 'node:test'
import { Studio, becomes, card, dialog, runButton } from './studio.mjs'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Every kind there is, as the server tells them. */
let KINDS
const MORE = { image_generator: { text: 'a fox at dusk', settings: { results: 2 } }, list: { items: ['one', 'two'] }, group: { size: [300, 200] } }

let studio
before(async () => {
  studio = await Studio.start('access')
  KINDS = (await studio.gesso.get('/api/catalog')).kinds.map(({ id }) => id)
})
after(() => studio?.stop())

/** Everything that axe-core finds in a page as it is. */
async function findings (page) {
  await page.evaluate(AXE)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  return violations.flatMap(({ id, impact, nodes }) => nodes.map(node => `${impact} ${id}: ${node.html.slice(0, 200)}`))
}

for (const colorScheme of ['dark', 'light']) {
  describe(`axe-core finds nothing, ${colorScheme}`, () => {
    let page, id, ids
    const image = () => ids[KINDS.indexOf('image_generator')]
    const clean = async () => assert.deepEqual(await findings(page), [])
    before(async () => {
      page = await studio.person('Mara Lind', { colorScheme });
      ({ id, ids } = await studio.canvas(page, KINDS.map((kind, at) =>
        ({ kind, pos: [(at % 5) * 340, Math.floor(at / 5) * 480], ...MORE[kind] }))))
    })

    test('at home', async () => {
      await page.goto(studio.gesso.url)
      await page.getByRole('heading', { name: 'Storyboard' }).first().waitFor()
      const found = await findings(page)
      await studio.open(page, id)
      assert.deepEqual(found, [])
    })

    test('on a canvas of all kinds, before and after a run', async () => {
      await card(page, image()).waitFor()
      await clean()
      await card(page, image()).locator('.node-head').click()
      await page.getByRole('complementary', { name: 'Image Generator' }).waitFor()
      await clean()
      await runButton(page, image()).click()
      await becomes(page, image(), 'completed')
      await clean()
    })

    test('in menus and dialogs', async () => {
      await card(page, image()).locator('.node-head').click({ button: 'right' })
      await page.getByRole('menu', { name: 'Actions' }).waitFor()
      await clean()
      await page.keyboard.press('Escape')
      for (const key of ['Control+k', '?']) {
        await page.keyboard.press(key)
        await dialog(page).waitFor()
        await clean()
        await page.keyboard.press('Escape')
        await dialog(page).waitFor({ state: 'detached' })
      }
      await page.getByRole('button', { name: 'Sticker', exact: true }).click()
      await page.getByRole('menu', { name: 'Stickers' }).waitFor()
      await clean()
      await page.keyboard.press('Escape')
    })

    test('beside comments and the field at the pointer', async () => {
      await card(page, image()).locator('.node-head').click()
      await page.keyboard.press('c')
      await page.getByRole('dialog', { name: 'Comment' }).getByRole('textbox').fill('warmer')
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: /^Comment by Mara Lind/ }).waitFor()
      await clean()
      await page.keyboard.press('Escape')
      await page.keyboard.press('Escape')
      await page.keyboard.press('/')
      await page.getByRole('group', { name: 'Say something' }).waitFor()
      await clean()
      await page.keyboard.press('Escape')
    })

    test('beside every kind of card', async () => {
      for (const [at, kind] of KINDS.entries()) {
        await card(page, ids[at]).focus()
        await page.keyboard.press('Escape')
        await card(page, ids[at]).click({ position: { x: 6, y: 6 } })
        await page.getByRole('toolbar').waitFor()
        assert.deepEqual(await findings(page), [], kind)
      }
    })
  })
}
