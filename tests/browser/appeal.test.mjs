// Journeys 6 and 7: an owner answers a low grade by the doors that the notice opens, and goes through the one that leads to a
// decision; with a proxy without authority, a second owner, a reviewer who once assessed, and a day too late.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { DESK, PHONE, Walk, body, day, offers, place } from './walk.mjs'

const LOW = '/desk/matters/premises/sample-b21/grade'
const HERE = '/desk/premises/sample-b21'
const PUBLIC = '/s/sample-b21'
const AUTHORITY = { authority: '示例区住房和建设局', legal_basis: '出租屋分级分类管理办法第十二条', handling_officers: 'sample-legal' }
const REMEDIES = ['appeal_file', 'administrative_reconsideration', 'litigation']

let house, walk, appeal, late

before(async () => {
  house = await House.sample([
    ['owner-21', '--role', 'owner', '--party', 'y-21'],
    ['owner-23', '--role', 'owner', '--party', 'y-23'],
    ['clerk-2', '--role', 'data_clerk'],
    ['reviewer', '--role', 'reviewer'],
    ['reviewer-two', '--role', 'reviewer'],
  ])
  const parties = { 'y-98': { kind: 'person', name: '黄小兰' }, 'y-99': { kind: 'person', name: '代某' } }
  await house.spokenFor('clerk-2', parties, [
    ['heir-21', '--role', 'owner', '--party', 'y-98'],
    ['proxy', '--role', 'owner', '--party', 'y-99'],
  ])
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

test('journey 6: heard and answered, a low grade binds; both owners are told of it with reasons, doors and dates', async () => {
  const clerk = await walk.as('clerk')
  await walk.reads(clerk, HERE)
  assert.match(await walk.takes(clerk, 'name_party', { party: 'y-98', role: 'owner', basis: 'property_certificate' }), /已收到/)

  const legal = await walk.as('legal')
  await walk.reads(legal, LOW)
  await walk.sound(legal, 'grade-to-consider')
  assert.match(await walk.takes(legal, 'consider', { adopted: 'no', reasons: '夜间上锁仍然堵住唯一的疏散出口。' }), /已收到/)
  // before it binds nobody outside sees it
  assert.match(await walk.anybody(PUBLIC), /有一个新的评定结果在等待处理，须经确认才生效/)

  const confirmer = await walk.as('confirmer')
  await walk.reads(confirmer, LOW)
  await walk.takes(confirmer, 'confirm', { document_number: '坪房评示〔甲〕21号' }, 0, false)
  await walk.sound(confirmer, 'grade-confirm-check')
  await confirmer.click('button[name=sure]')
  await confirmer.waitForLoadState()
  assert.match(await body(confirmer), /现在有效：一星级/)

  await walk.reads(legal, HERE)
  await walk.takes(legal, 'issue', {
    ...AUTHORITY, kind: 'downgrade', about: 'premises/sample-b21/grade#2', document_number: '坪房评告〔甲〕21号', remedies: REMEDIES,
    text: '经复核，疏散出口夜间上锁，评定为一星级。',
  })
  assert.match(await body(legal), /还没有送达/)
  const notice = place(legal)
  const grid = await walk.as('grid-shiqiao', PHONE)
  await walk.reads(grid, notice)
  assert.match(await walk.takes(grid, 'serve', { method: 'direct', on: day(1) }), /日期要在文书发出之后、今天以前/)
  assert.match(await walk.takes(grid, 'serve', { method: 'direct', on: day() }), /已于 .* 送达/)

  for (const login of ['owner-21', 'heir-21']) {
    const owner = await walk.as(login, PHONE)
    const mine = await walk.reads(owner, '/my')
    assert.match(mine, /降级告知书/)
    for (const door of [/提出申诉/, /申请行政复议/, /提起行政诉讼/]) assert.match(mine, door)
    assert.match(mine, /还剩 \d+ 天/)
    await walk.sound(owner, `my-${login}`)
    assert.match(await walk.reads(owner, notice), /疏散出口夜间上锁/, 'the letter is there to read')
  }
  const owner = await walk.as('owner-21', PHONE)
  await walk.sound(owner, 'notice-owner')
  assert.match(await walk.takes(owner, 'acknowledge'), /已收到/)
  const neighbour = await walk.as('owner-23', PHONE)
  assert.match(await walk.reads(neighbour, notice), /只能看自己房屋的事项/)
})

test('journey 6: the owner replies in public; a new assessment is asked for too early, and declined with what is missing', async () => {
  const owner = await walk.as('owner-21', PHONE)
  await walk.reads(owner, LOW)
  await walk.sound(owner, 'grade-owner')
  await walk.takes(owner, 'reply', { text: '锁是防盗用的，已经换成内推即开的消防锁。' })
  assert.match(await body(owner), /已收到/)
  const shown = await walk.anybody(PUBLIC)
  assert.match(shown, /业主于 .* 说明：“锁是防盗用的/)
  assert.match(shown, /一星级/)

  await walk.reads(owner, HERE)
  await walk.sound(owner, 'premises-owner')
  await walk.takes(owner, 'request', { why: 'rectified', text: '换锁完成。' }, 1)
  const request = place(owner)
  assert.match(await body(owner), /复评/)
  assert.match(await walk.anybody(PUBLIC), /已申请复评/)
  await walk.reads(owner, HERE)
  assert.equal(await offers(owner, 'request'), 0, 'one request at a time')

  const street = await walk.as('fire')
  await walk.reads(street, request)
  assert.match(await body(street), /换锁完成/)
  await walk.sound(street, 'reevaluation-officer')
  await walk.takes(street, 'decline', { missing: ['hazard_open', 'penalty_unpaid'], reason: '门锁还没有验收。' })
  const declined = await walk.reads(owner, request)
  assert.match(declined, /隐患没有消除.*罚款没有缴|罚款没有缴.*隐患没有消除/)
  assert.match(declined, /门锁还没有验收/)
  await walk.sound(owner, 'reevaluation-declined')
  assert.doesNotMatch(await walk.anybody(PUBLIC), /已申请复评/)
})

test('journey 6, wrong: what a proxy without authority files is a draft until the owner makes it the own', async () => {
  const proxy = await walk.as('proxy', PHONE)
  await walk.reads(proxy, HERE)
  await walk.takes(proxy, 'appeal', { against: 'premises/sample-b21/grade#2', grounds: '照片拍错了门，疏散出口没有上锁。' })
  appeal = place(proxy)
  assert.match(await body(proxy), /等待当事人确认/)
  await walk.sound(proxy, 'appeal-by-proxy')
  assert.doesNotMatch(await walk.anybody(PUBLIC), /申诉中|已提出申诉/, 'nobody appeals for somebody else')
  const legal = await walk.as('legal')
  await walk.reads(legal, appeal)
  assert.equal(await offers(legal, 'admit'), 0, 'a draft is not admitted')

  const owner = await walk.as('owner-21', PHONE)
  assert.match(await walk.reads(owner, '/my'), /申诉/)
  await walk.reads(owner, appeal)
  await walk.sound(owner, 'appeal-to-confirm')
  assert.match(await walk.takes(owner, 'correct', { confirms: 'yes' }, 1), /等待受理/)
  const shown = await walk.anybody(PUBLIC)
  assert.match(shown, /已提出申诉，等待受理/)
  assert.match(shown, /有效，正在申诉/)
  await walk.sound(walk.people['nobody-390'], 'public-under-appeal')
})

test('journey 7: admitted, and not given to who once assessed; the owner objects to the reviewer, and another one decides', async () => {
  const admin = await walk.as('admin')
  await walk.says(admin, 'account/sample-grid-shiqiao', 'grant', { role: 'reviewer' })
  const legal = await walk.as('legal')
  await walk.reads(legal, appeal)
  await walk.sound(legal, 'appeal-to-admit')
  assert.match(await walk.takes(legal, 'admit'), /已受理，等待分给复核人/)
  assert.match(await walk.takes(legal, 'assign', { reviewer: 'sample-grid-shiqiao' }), /参加过本案的评定，不能担任复核人/)
  await walk.sound(legal, 'reviewer-refused')
  const [one, two] = ['reviewer', 'reviewer-two'].map((login) => house.accounts[login])
  assert.match(await walk.takes(legal, 'assign', { reviewer: one }), /复核中/)

  const owner = await walk.as('owner-21', PHONE)
  await walk.reads(owner, appeal)
  assert.match(await body(owner), /申诉答复/, 'the owner sees until when it is decided')
  await walk.takes(owner, 'request_recusal', { grounds: '复核人是我的房客。' })
  const reviewer = await walk.as('reviewer')
  await walk.reads(reviewer, appeal)
  assert.match(await body(reviewer), /回避/)
  await walk.sound(reviewer, 'reviewer-recusal-open')
  await walk.reads(legal, appeal)
  await walk.takes(legal, 'decide_recusal', { granted: 'yes', reason: '有利害关系。' })
  assert.match(await walk.takes(legal, 'assign', { reviewer: one }), /回避/, 'not to who stepped aside')
  assert.match(await walk.takes(legal, 'assign', { reviewer: two }), /复核中/)
})

test('journey 7: evidence of both sides, what is missing is said, a second look; varied, and both results are shown', async () => {
  const owner = await walk.as('owner-21', PHONE)
  await walk.reads(owner, appeal)
  await walk.takes(owner, 'evidence', { what: 'invoice', note: '换锁发票。' }, 1)
  await walk.sound(owner, 'appeal-owner')
  const legal = await walk.as('legal')
  await walk.reads(legal, appeal)
  await walk.takes(legal, 'evidence', { what: 'original_missing', note: '原照片存储卡损坏，没有找到。' })
  assert.match(await walk.reads(owner, appeal), /原始材料缺失/, 'nothing is invented, and the owner reads it')

  const reviewer = await walk.as('reviewer-two')
  await walk.reads(reviewer, appeal)
  await walk.sound(reviewer, 'appeal-reviewer')
  await walk.takes(reviewer, 'reinspection', { reason: '再看一次出口。' })
  await walk.takes(reviewer, 'hearing', { on: day(), party_present: '1', minutes: '业主陈述了换锁经过。' })
  await reviewer.locator('#step-decide_varied summary').click()
  await walk.sound(reviewer, 'decide-varied-open')
  await walk.takes(reviewer, 'decide_varied', {
    'corrected.1': await choice(reviewer, 'decide_varied', 'corrected.1', /未锁闭封堵.*畅通/),
    document_number: '坪房评决〔甲〕1号', reason_codes: ['fact_wrong', 'evidence_missing'],
    reasons: '上锁的是杂物间的门，疏散出口畅通。', remedies: ['administrative_reconsideration', 'litigation'],
  }, 0, false)
  await walk.sound(reviewer, 'appeal-decide-check')
  await reviewer.click('button[name=sure]')
  await reviewer.waitForLoadState()
  assert.match(await body(reviewer), /已决定：变更/)
  await walk.sound(reviewer, 'appeal-decided')

  const told = await walk.reads(owner, appeal)
  assert.match(told, /上锁的是杂物间的门/, 'the owner reads the reasons')
  assert.match(told, /自送达之日起/, 'and what is left to do')
  const shown = await walk.anybody(PUBLIC)
  assert.doesNotMatch(shown, /申诉中/)
  assert.match(shown, /申诉/, 'that the result came of an appeal is shown among the grades over time')
  await walk.sound(walk.people['nobody-390'], 'public-decided')
})

test('journey 7: the decision is notified, and contested in court: with its reply clock, an outcome, and history as it was', async () => {
  const legal = await walk.as('legal')
  await walk.reads(legal, HERE)
  await walk.takes(legal, 'issue', {
    ...AUTHORITY, kind: 'appeal_decision', about: appeal.replace('/desk/matters/', ''), document_number: '坪房评决〔甲〕1号',
    remedies: ['administrative_reconsideration', 'litigation'],
  })
  await walk.takes(legal, 'serve', { method: 'direct', on: day() })
  await walk.sound(legal, 'decision-served')
  await walk.reads(legal, HERE)
  await walk.takes(legal, 'notify', {
    kind: 'reconsideration', body: '示例区人民政府', document_number: '坪府行复〔甲〕2号', against: 'premises/sample-b21/grade#2',
    received_on: day(), reply_by: day(10),
  })
  const dispute = place(legal)
  assert.match(await body(legal), /最迟答复/)
  await walk.sound(legal, 'dispute-notified')
  assert.match(await walk.anybody(PUBLIC), /复议或诉讼中/)
  await walk.takes(legal, 'reply', { on: day() })
  await walk.takes(legal, 'outcome', { finding: 'upheld', document_number: '坪府行复决〔甲〕2号', on: day() })
  await walk.takes(legal, 'carry_out', { what: 'nothing_due' })
  assert.match(await body(legal), /已有结果，已执行/)
  const owner = await walk.as('owner-21', PHONE)
  assert.match(await walk.reads(owner, dispute), /维持原决定/)
  await walk.sound(owner, 'dispute-owner')
})

test('journey 7, wrong: a day late it is not admitted, with the dates, the remedies left, and a look of the own motion', async () => {
  const owner = await walk.as('owner-23', PHONE)
  const mine = await walk.reads(owner, '/my')
  await walk.sound(owner, 'my-late')
  assert.match(mine, /申请行政复议/, 'what is still open is offered')
  await walk.reads(owner, '/desk/premises/sample-b23')
  assert.match(await owner.locator('#step-appeal').textContent(), /申诉期限已过[\s\S]*届满[\s\S]*依职权复查[\s\S]*行政复议可以申请到/)
  await walk.takes(owner, 'appeal', { against: 'premises/sample-b23/grade#1', grounds: '在外地，昨天才看到。' })
  late = place(owner)
  const legal = await walk.as('legal')
  const barred = await walk.reads(legal, late)
  assert.match(barred, /申诉期限到.*为止.*已超期/)
  await walk.sound(legal, 'appeal-late')
  assert.equal(await offers(legal, 'admit'), 0)
  await walk.takes(legal, 'refuse_admission', {
    why: 'late', own_motion: 'yes', reason: '超过期限。', remedies: ['administrative_reconsideration', 'litigation'],
  })
  assert.match(await body(legal), /不予受理，由机关依职权复查/)
  const told = await walk.reads(owner, late)
  assert.match(told, /送达/, 'the dates by which it was reckoned')
  assert.match(told, /申请行政复议/)
  await walk.sound(owner, 'appeal-late-owner')
  assert.equal(await offers(legal, 'assign'), 1, 'it is looked at of the own motion')
})

test('what was said is sound at level 5, and rebuilt the same', async () => {
  const before = await walk.anybody(PUBLIC)
  await house.close()
  assert.deepEqual(house.run('verify', '--level', '5').findings, [])
  const [one, two] = [house.run('rebuild').digest, house.run('rebuild').digest]
  assert.equal(one, two)
  await house.serve()
  const shown = await walk.anybody(PUBLIC)
  const cut = (text) => text.slice(0, text.indexOf('扫码看'))
  assert.equal(cut(shown), cut(before), 'the page is the same after a rebuild')
})

/** The value of the first offer of a list whose words are like this. */
async function choice(page, step, name, words) {
  const all = await page.$$eval(`[name="${step}.${name}"] option`, (list) => list.map((one) => [one.value, one.textContent]))
  const found = all.find(([, text]) => words.test(text))
  assert.ok(found, `nothing like ${words} among ${all.length}`)
  return found[0]
}
