// A session ends while somebody writes: it is said, the way leads back to the page, and what was written is still there; until it
// is recorded, and for nobody else.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House, PNG } from './house.mjs'
import { PHONE, Walk, body } from './walk.mjs'

const HERE = '/desk/premises/sample-b05-u2'
const NOTE = '[name="find.note"]'
const WRITTEN = '一楼过道堆放杂物，堵住了半边。'

let house, walk

before(async () => {
  house = await House.sample()
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

const write = async (page) => {
  await page.locator('#step-find').evaluate((one) => { one.open = true })
  await page.selectOption('[name="find.indicator"]', 'no_mixed_occupancy')
  await page.locator('[name="find.source"][value=patrol]').check({ force: true })
}

const enter = async (page, login) => {
  await page.$$eval('details', (all) => all.forEach((one) => { one.open = true }))
  await page.click(`form[action^="/sign-in/sample/${login}?"] button`)
  await page.waitForLoadState()
}

test('what is sent after the session has ended is not recorded, and the page says so and leads back to it', async () => {
  const grid = await walk.as('grid', PHONE)
  await walk.reads(grid, HERE)
  await write(grid)
  await grid.fill(NOTE, WRITTEN)
  await grid.context().clearCookies()
  await grid.locator('#step-find button[type=submit]').click()
  await grid.waitForLoadState()
  assert.match(await body(grid), /登录已经结束[\s\S]*没有记录/)
  await walk.sound(grid, 'session-ended')
})

test('a colleague at the same browser sees nothing of it, and whoever wrote it finds it again', async () => {
  const grid = await walk.as('grid', PHONE)
  const door = grid.url()
  await enter(grid, 'fire')
  assert.equal(new URL(grid.url()).pathname, HERE)
  assert.equal(await grid.evaluate((text) => document.body.innerHTML.includes(text), WRITTEN), false)
  await grid.context().clearCookies()
  await grid.goto(door)
  await enter(grid, 'grid')
  assert.equal(new URL(grid.url()).pathname, HERE)
  assert.equal(await grid.inputValue(NOTE), WRITTEN)
  assert.match(await body(grid), /这是您上次写的，还没有记录/)
  await walk.sound(grid, 'session-again')
})

test('recorded, it is kept no more', async () => {
  const grid = await walk.as('grid', PHONE)
  await write(grid)
  await grid.setInputFiles('#step-find input[type=file]', { name: 'p.png', mimeType: 'image/png', buffer: PNG })
  await grid.locator('#step-find button[type=submit]').click()
  await grid.waitForLoadState()
  assert.match(await body(grid), /已收到/)
  await walk.reads(grid, HERE)
  assert.equal(await grid.inputValue(NOTE), '')
})

test('nobody is led to another site', async () => {
  await walk.anybody('/sign-in?to=//evil.example/&ended=yes')
  const page = walk.people['nobody-390']
  assert.equal(await page.evaluate(() => document.documentElement.outerHTML.includes('evil.example')), false)
})
