// Journey 3 where it goes wrong: one's own finding, the wrong department, an objection, a works plan, a door that stays shut, a
// repair that is refused, was false or did not last, and the same hazard found twice.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { PHONE, Walk, body, day, offers, place } from './walk.mjs'

const HERE = '/desk/premises/b-1'

let house, walk, hazard

before(async () => {
  house = await House.open([
    ['fire-two', '--role', 'department_officer', '--department', 'fire'],
    ['fire-three', '--role', 'department_officer', '--department', 'fire'],
    ['urban', '--role', 'department_officer', '--department', 'urban_management'],
    ['urban-two', '--role', 'department_officer', '--department', 'urban_management'],
  ])
  walk = await Walk.through(house)
  await house.says('clerk', 'premises/b-1', 'register', {
    layer: 'building', address: '石井街道金龟社区1号', subdistrict: '石井', community: '金龟', grid_cell: 'g-01', units: 12,
  })
  await house.says('clerk', 'premises/b-1', 'name_party', { party: 'p-1', role: 'owner', basis: 'property_certificate', from: '2020-01-01' })
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

const about = () => hazard.replace('/desk/matters/', '')
const dueOf = (text) => text.match(/部门审核隐患\s+(\d{4}-\d\d-\d\d)/)?.[1]

/** Finds a hazard on the premises' page. */
async function finds(page, indicator, note, source = 'check') {
  await walk.reads(page, HERE)
  await walk.takes(page, 'find', { indicator, source, note }, 1)
  await page.waitForURL('**/hazard/**')
  return place(page)
}

/** An order with its notice, served today. */
async function orders(officer, login, what) {
  await walk.reads(officer, hazard)
  await walk.takes(officer, 'order', { what, parties: 'p-1', document_number: '坪城〔甲〕9号' })
  await walk.reads(officer, HERE)
  await walk.takes(officer, 'issue', {
    kind: 'rectification', about: about(), authority: 'urban_management', document_number: '坪城〔甲〕9号',
    legal_basis: '出租屋管理办法第九条', handling_officers: house.accounts[login], remedies: ['administrative_reconsideration'],
  })
  await walk.takes(officer, 'serve', { method: 'direct', on: day() })
}

test('who found it does not review it; a wrong department passes it on, and the clock goes on', async () => {
  const fire = await walk.as('fire')
  hazard = await finds(fire, 'no_illegal_additions', '天台搭了铁皮房。')
  assert.match(await body(fire), /由以下人员办理|不能审核同一隐患/)
  assert.equal(await offers(fire, 'review_confirm'), 0)
  await walk.sound(fire, 'own-finding')
  const shown = await body(fire)
  const urban = await walk.as('urban')
  await walk.reads(urban, hazard)
  assert.equal(await offers(urban, 'review_pass_on'), 1, 'it is theirs')
  await walk.takes(urban, 'review_pass_on', { 'outcome.passed_on.to': 'urban_management', reason: '自己。' })
  assert.match(await body(urban), /不能转给现在的主管部门自己/, 'not to itself')
  await walk.sound(urban, 'passed-on-to-itself')
  await walk.takes(urban, 'review_pass_on', { 'outcome.passed_on.to': 'fire', reason: '堵了消防通道，由消防处理。' })
  const two = await walk.as('fire-two')
  const passed = await walk.reads(two, hazard)
  assert.match(passed, /堵了消防通道/)
  assert.equal(dueOf(passed), dueOf(shown), 'the clock did not start anew')
  await walk.takes(two, 'review_pass_on', { 'outcome.passed_on.to': 'urban_management', reason: '违建由城管处理。' })
  await walk.reads(urban, hazard)
  assert.match(await walk.takes(urban, 'review_confirm', { reason: '属实。' }), /已确认/)
})

test('an objection is answered; a longer term takes a plan and interim measures, and the page says what is missing', async () => {
  const urban = await walk.as('urban')
  await orders(urban, 'urban', '拆除天台铁皮房。')
  const owner = await walk.as('owner', PHONE)
  await walk.reads(owner, hazard)
  await walk.sound(owner, 'ordered')
  await walk.takes(owner, 'contest', { ground: 'tenants', text: '是租客自己搭的。' })
  await walk.reads(urban, hazard)
  assert.match(await body(urban), /是租客自己搭的/)
  await walk.takes(urban, 'answer_contest', { upheld: 'no', reasons: '房屋安全由业主负责。' })
  assert.match(await walk.reads(owner, hazard), /房屋安全由业主负责/)

  await walk.takes(owner, 'plan', { days: '400', text: '分两期拆除。' })
  assert.match(await body(owner), /天|最长/, 'no plan is longer than the rulebook lets it be')
  await walk.sound(owner, 'plan-too-long')
  await walk.takes(owner, 'plan', { days: '80' })
  const before = dueIn(await body(owner))
  await walk.reads(urban, hazard)
  await walk.takes(urban, 'approve_plan', { note: '可行。' })
  await walk.takes(urban, 'interim', { findings: '已拉警戒线，断电。' }, 1)
  await walk.sound(urban, 'plan-approved')
  assert.ok(dueIn(await walk.reads(owner, hazard)) > before, 'the term is longer now')
})

test('a door that stays shut counts neither way; a refused repair says why, with photos of both', async () => {
  const owner = await walk.as('owner', PHONE)
  await walk.reads(owner, hazard)
  await walk.takes(owner, 'submit', { text: '已拆除一半。' }, 1)
  const grid = await walk.as('grid', PHONE)
  await walk.reads(grid, HERE)
  assert.match(await walk.takes(grid, 'fail', { kind: 'acceptance', why: 'no_answer' }), /没有人应门/)
  assert.match(await walk.reads(owner, hazard), /等待验收/, 'nothing changed by it')
  const urban = await walk.as('urban')
  await walk.reads(urban, hazard)
  assert.match(await walk.takes(urban, 'refuse', { findings: '北侧还没有拆。', due: day(20) }, 1), /不得早于/, 'a term is not cut short')
  await walk.sound(urban, 'due-too-early')
  await walk.takes(urban, 'refuse', { due: day(85) })
  const told = await walk.reads(owner, hazard)
  assert.match(told, /北侧还没有拆/)
  assert.equal(await owner.locator('ol.timeline img').count() >= 3, true, 'photos of the hazard, the repair and the refusal')
  assert.equal(await owner.locator('.before-after img').count(), 2, 'what was found, and beside it the repair')
  await walk.sound(owner, 'repair-refused')
})

test('accepted; a resident says it is not fixed, and a linked case opens; a repair that was false says so', async () => {
  const [owner, urban] = [await walk.as('owner', PHONE), await walk.as('urban')]
  await walk.reads(owner, hazard)
  await walk.takes(owner, 'submit', { text: '全部拆除。' }, 1)
  await walk.reads(urban, hazard)
  assert.match(await walk.takes(urban, 'accept', { findings: '已拆除。' }), /已办结/)
  assert.match(await walk.anybody('/s/b-1'), /验收合格/, 'anybody sees that it was put right')

  const grid = await walk.as('grid', PHONE)
  await walk.reads(grid, HERE)
  const key = hazard.split('/').at(-1)
  await walk.takes(grid, 'reopen', { case: key, why: 'not_fixed', note: '铁皮房又搭起来了。' }, 1)
  await grid.waitForURL('**/hazard/**')
  assert.notEqual(place(grid), hazard, 'a case of its own')
  assert.match(await body(grid), /天台|违法搭建|搭建/)
  await walk.sound(grid, 'reopened')
  await walk.reads(urban, hazard)
  if (await offers(urban, 'find_false')) {
    assert.match(await walk.takes(urban, 'find_false', { findings: '验收时用布遮住。' }), /整改不实/)
    await walk.sound(urban, 'found-false')
  }
})

test('found twice, it goes on in one case', async () => {
  const grid = await walk.as('grid', PHONE)
  const one = await finds(grid, 'roof_door', '天台门锁了。', 'patrol')
  const other = await finds(grid, 'roof_door', '天台门又锁了。', 'patrol')
  const fire = await walk.as('fire')
  await walk.reads(fire, other)
  const into = one.split('/').at(-1)
  assert.match(await walk.takes(fire, 'close_merged', { into }), /已办结|并/)
  await walk.sound(fire, 'merged')
  assert.match(await walk.reads(fire, one), /等待部门审核/)
})

test('what was said is sound at level 5, and rebuilt the same', async () => {
  await house.close()
  assert.deepEqual(house.run('verify', '--level', '5').findings, [])
  assert.equal(house.run('rebuild').digest, house.run('rebuild').digest)
})

/** The day by which it is to be put right. */
function dueIn(text) {
  return text.match(/完成整改\s+(\d{4}-\d\d-\d\d)/)?.[1] ?? assert.fail(text)
}
