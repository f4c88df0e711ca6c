// A court suspends a grade: whoever answers for the house sees on the telephone that its plaques wait, and so does whoever would hang
// them. And the forms by which a notice is issued and a party named, at phone width.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { PHONE, Walk, body, day } from './walk.mjs'

const OWN = 'sample-b01'
let house, walk

before(async () => {
  house = await House.sample([['legal-phone', '--role', 'legal_officer'], ['clerk-phone', '--role', 'data_clerk']])
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

test('a notice is issued in the name of an authority, and handled by people, that are chosen from lists', async () => {
  const legal = await walk.as('legal-phone', PHONE)
  await walk.reads(legal, `/desk/premises/${OWN}`)
  const form = legal.locator('#step-issue')
  await form.locator('summary').first().click()
  const authorities = await form.locator('[name="issue.authority"] option').allInnerTexts()
  assert.ok(authorities.includes('示例区消防救援大队') && authorities.includes('公安部门'), authorities.join())
  assert.equal(await form.locator('[name="issue.handling_officers"][value="sample-fire"]').count(), 1)
  assert.equal(await form.locator('[name="issue.handling_officers"][value="sample-owner"]').count(), 0)
  const about = await form.locator('[name="issue.about"]').first().evaluate((one) => one.options?.[1]?.value ?? one.value)
  await walk.takes(legal, 'issue', {
    kind: 'proposal', about, authority: '示例区消防救援大队', document_number: '示例〔甲〕1号', legal_basis: '示例办法第十条',
    handling_officers: 'sample-housing',
  })
  assert.match(await body(legal), /只是其他部门的人员，不能为消防救援机构经办/)
  await walk.sound(legal, 'notice-officers-refused')
})

test('an owner is named with what that rests on', async () => {
  const clerk = await walk.as('clerk-phone', PHONE)
  await walk.reads(clerk, `/desk/premises/${OWN}`)
  await walk.takes(clerk, 'name_party', { party: 'y-77', role: 'operator' })
  assert.match(await body(clerk), /“依据”没有选择/)
  await walk.sound(clerk, 'party-without-basis')
})

test('while a court has suspended the grade its plaques wait, and everybody concerned is told', async () => {
  const legal = await walk.as('legal-phone', PHONE)
  await walk.reads(legal, `/desk/premises/${OWN}`)
  const determined = await legal.$$eval('[name="issue.about"]', (all) =>
    all.flatMap((one) => [...(one.options ?? [one])].map((it) => it.value.match(/grade#(\d+)$/)?.[1])).filter(Boolean).map(Number))
  const dispute = `premises/${OWN}/dispute/court`
  await walk.says(legal, dispute, 'notify', {
    kind: 'litigation', body: '某区人民法院', document_number: '行初1号', received_on: day(), reply_by: day(15),
    against: { stream: `premises/${OWN}/grade`, determination: Math.max(...determined) },
  })
  await walk.says(legal, `premises/${OWN}/grade`, 'report_plaque_missing', { plaque: 'grade_plaque' }).catch(() => {})
  await walk.says(legal, dispute, 'suspend', { document_number: '行停1号', until: day(20) })
  const owner = await walk.as('owner', PHONE)
  assert.match(await walk.reads(owner, '/my'), /这个等级已停止执行[^]*停止执行至[^]*暂不挂、不换、不摘/)
  await walk.sound(owner, 'my-suspended')
  assert.match(await walk.reads(owner, `/desk/matters/premises/${OWN}/grade`), /停止执行至.*挂牌、摘牌暂缓/)
  await walk.sound(owner, 'grade-suspended')
  const street = await walk.as('street', PHONE)
  await walk.reads(street, '/desk/boards')
  await walk.sound(street, 'plaques-suspended')
  await walk.reads(street, '/desk')
  await walk.sound(street, 'desk-street')
})
