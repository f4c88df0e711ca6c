// Residents answer whether they feel safe where they live: staff ask on the building's page, a household answers on a phone by the
// code at its own door, once and without a name, and staff see how many are satisfied.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { PHONE, Walk, body, day, offers } from './walk.mjs'

const BUILDING = '/desk/premises/sample-b11'
const CODE = '4403100000000000911'
const DOOR = `/s/${CODE}/survey`

let house, walk

before(async () => {
  house = await House.sample([['lead-11', '--role', 'street_lead', '--area', '石桥'], ['clerk-11', '--role', 'data_clerk']])
  walk = await Walk.through(house)
  const clerk = await walk.as('clerk-11')
  await walk.reads(clerk, '/desk')
  await walk.says(clerk, 'premises/u-11', 'register', {
    layer: 'unit', parent: 'sample-b11', address: '石桥街道桥头社区11号301', codes: { house_code: CODE }, subdistrict: '石桥',
    community: '桥头', grid_cell: 'sq-01',
  })
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

test('nothing is asked at the door until a street lead asks the building', async () => {
  assert.match(await walk.anybody(DOOR), /现在没有问卷/)
  await walk.sound(walk.people['nobody-390'], 'survey-none')
  const lead = await walk.as('lead-11')
  await walk.reads(lead, BUILDING)
  await walk.takes(lead, 'open_survey', { questions: '2026-2', until: day(14) })
  assert.match(await walk.reads(lead, BUILDING), /住户问卷/)
  assert.match(await walk.anybody(`/s/${CODE}`), /住户：回答满意度问卷/)
})

test('a household answers on a phone: what is missing is said, it is thanked, and a second answer does not count', async () => {
  const phone = walk.people['nobody-390']
  await phone.click(`a[href="${DOOR}"]`)
  await phone.waitForURL(`**${DOOR}`)
  await walk.sound(phone, 'survey-asked')
  await phone.$eval('form.form', (form) => { form.noValidate = true })
  await phone.fill('[name=words]', '楼道里常有电动车充电。')
  await phone.click('form.form button[type=submit]')
  assert.match(await body(phone), /请选择满意或不满意/)
  assert.equal(await phone.inputValue('[name=words]'), '楼道里常有电动车充电。', 'what was written is still there')
  await walk.sound(phone, 'survey-incomplete')
  await phone.check('[name=satisfied][value=no]', { force: true })
  await phone.click('form.form button[type=submit]')
  await phone.waitForURL('**/survey?answered=yes')
  assert.match(await body(phone), /已收到，谢谢/)
  await walk.sound(phone, 'survey-thanked')

  const again = await walk.enters(null, PHONE)
  await walk.reads(again, DOOR)
  await again.check('[name=satisfied][value=yes]', { force: true })
  await again.click('form.form button[type=submit]')
  await again.waitForLoadState()
  assert.match(await body(again), /这份问卷.*已|已经答过|已经回答/)
  await walk.sound(again, 'survey-answered-before')
})

test('the office sees how many are satisfied, and ends it', async () => {
  const lead = await walk.as('lead-11')
  await walk.reads(lead, BUILDING)
  await lead.click('a[href*="/survey/"]')
  await lead.waitForURL('**/survey/**')
  assert.match(await body(lead), /1/)
  await walk.sound(lead, 'survey-office')
  assert.equal(await offers(lead, 'answer_on_paper'), 1)
  await walk.takes(lead, 'close_survey')
  assert.match(await walk.anybody(DOOR), /现在没有问卷/)
})
