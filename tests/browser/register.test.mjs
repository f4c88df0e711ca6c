// The register kept in order: what is missing is a list that leads to each house, an area is assigned to a grid worker, and
// what a colleague has in hand goes over to another; in both languages, each seen before it is recorded.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { DESK, Walk, body } from './walk.mjs'

let house, walk

before(async () => {
  house = await House.sample([
    ['street-4', '--role', 'street_lead', '--area', '石桥'],
    ['admin-4', '--role', 'administrator'],
    ['grid-4', '--role', 'grid_worker', '--area', '石桥'],
    ['grid-5', '--role', 'grid_worker', '--area', '石桥'],
    ['clerk-4', '--role', 'data_clerk'],
  ])
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

async function sends(page, what, fields) {
  const form = page.locator(`form:has(input[name=what][value=${what}]):has(input[type=text])`)
  for (const [name, value] of Object.entries(fields)) {
    const field = form.locator(`[name="${name}"]`)
    if (await field.first().evaluate((one) => one.type) === 'radio') {
      await form.locator(`[name="${name}"][value="${value}"]`).check({ force: true })
    } else await field.fill(value)
  }
  await form.locator('button[type=submit]').click()
  await page.waitForLoadState()
  return body(page)
}

const confirms = async (page) => {
  await page.click('form:has(input[name=sure]) button[type=submit]')
  await page.waitForLoadState()
  return body(page)
}

test('what is missing is a list, and each row leads to the house', async () => {
  const admin = await walk.as('street-4', DESK)
  await walk.reads(admin, '/desk')
  await admin.click('a[href="/desk/reports/gaps"]')
  await admin.waitForLoadState()
  assert.match(await body(admin), /居住情况过期|没有业主或管理人|未评定/)
  await walk.sound(admin, 'gaps')
  const first = admin.locator('table a.row-link').first()
  const href = await first.getAttribute('href')
  assert.match(href, /^\/desk\/premises\//)
  await first.click()
  await admin.waitForLoadState()
  assert.match(await body(admin), /这处房屋|房屋/)
})

test('an area is assigned to a grid worker by whoever may, once it was seen', async () => {
  const street = await walk.as('street-4')
  await walk.reads(street, '/desk/assignments')
  await walk.sound(street, 'assigning')
  assert.match(await sends(street, 'area', { area: '石桥', worker: 'nobody' }), /没有“nobody”这个登录名或账号/)
  assert.match(await sends(street, 'area', { area: '石桥', worker: 'clerk-4' }), /不是网格员，也不是部门工作人员/)
  assert.match(await sends(street, 'area', { area: '石桥', worker: 'grid-4' }), /确认后记录[^]*分派给：网格员/)
  const would = Number((await body(street)).match(/(\d+) 处房屋/)[1])
  await walk.sound(street, 'assigning-asked')
  assert.match(await confirms(street), new RegExp(`办理结果[^]*${would} 处房屋`))
  await walk.sound(street, 'assigning-done')
  assert.match(await sends(street, 'area', { area: '石桥', worker: 'grid-4' }), /没有还可以分派给这位同志的房屋/)
})

test('all that a colleague has in hand goes over, in English too; nobody else is let in', async () => {
  const street = await walk.as('street-4')
  const task = 'premises/sample-b11/task/t-9'
  await house.says('street-4', task, 'dispatch', { kind: 'visit', to: 'grid', account: house.accounts['grid-4'], note: '请上门' })
  await house.says('grid-4', task, 'take', {})
  await street.goto(`${house.address}/language/en`)
  await walk.reads(street, '/desk/assignments')
  assert.match(await sends(street, 'work', { from: 'grid-4', to: 'grid-5', why: 'leave' }), /To be confirmed[^]*1 tasks/)
  await walk.sound(street, 'handing-over-en')
  assert.match(await confirms(street), /What became of it[^]*\d+ premises[^]*1 tasks/)
  await house.says('grid-5', task, 'take', {})
  await assert.rejects(house.says('grid-4', task, 'finish', { findings: '已上门' }), /taken by somebody else/)
  assert.match(await sends(street, 'work', { from: 'grid-4', to: 'grid-5', why: 'leave' }), /nothing in hand/)
  const clerk = await walk.as('clerk-4', DESK)
  assert.match(await walk.reads(clerk, '/desk/assignments'), /由街道负责人或系统管理员办理/)
})
