// Journeys of people through the pages of matters: a building under care (1), a round on the phone (2), a hazard from its
// finding to its acceptance with an owner who answers (3), a deadline (4) and a resident's report; with what goes wrong.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { DESK, PHONE as WIDER, Walk, body, day, offers } from './walk.mjs'

// the narrowest telephone that people still have
const PHONE = { ...WIDER, viewport: { width: 360, height: 740 } }
const today = day()

let house, walk
// where the cases lie that a later test goes on with
const cases = {}

before(async () => {
  house = await House.open([
    ['fire-two', '--role', 'department_officer', '--department', 'fire'],
    ['lead', '--role', 'street_lead', '--area', '石井'],
    ['steward', '--role', 'steward', '--party', 'p-3'],
    ['reviewer', '--role', 'reviewer'],
    ['far', '--role', 'grid_worker', '--area', '坑梓'],
  ])
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

const as = (login, device) => walk.as(login, device)
const desk = (page, path) => walk.reads(page, path)
const sound = (page, name) => walk.sound(page, name)
const takes = (page, ...said) => walk.takes(page, ...said)

test('journey 1: who answers for a building and who looks after it is said on its page', async () => {
  await house.says('clerk', 'premises/b-1', 'register', {
    layer: 'building', address: '石井街道金龟社区1号', subdistrict: '石井', community: '金龟', grid_cell: 'g-01', units: 12,
  })
  const clerk = await as('clerk', DESK)
  assert.match(await desk(clerk, '/desk/premises/b-1'), /石井街道金龟社区1号/)
  for (const [party, role] of [['p-1', 'owner'], ['p-3', 'steward']]) {
    assert.match(await takes(clerk, 'name_party', { party, role, basis: 'statement' }), /已收到/)
    await desk(clerk, '/desk/premises/b-1')
  }
  await sound(clerk, 'premises-clerk')
  assert.equal(await offers(clerk, 'find'), 0, 'a clerk finds no hazard')

  const grid = await as('grid', PHONE)
  await desk(grid, '/desk/premises/b-1')
  await sound(grid, 'premises-grid')
  assert.match(await takes(grid, 'announce', { kind: 'assessment', on: today }), /预约上门/)
  await sound(grid, 'visit-announced')
  // nobody home: it counts neither way, and a second attempt says so
  assert.match(await takes(grid, 'fail', { kind: 'assessment', why: 'no_answer' }), /没有人应门/)

  const far = await as('far', PHONE)
  assert.match(await desk(far, '/desk/premises/b-1'), /不在您的辖区/)
})

test('journey 2: on a round a hazard is found, a photo is asked for, and what was typed is not lost', async () => {
  const grid = await as('grid', PHONE)
  await desk(grid, '/desk/premises/b-1')
  const note = '一楼楼梯间停放三辆电动车，拉线充电。'
  await takes(grid, 'find', { indicator: 'networked_smoke_alarm', note })
  assert.match(await body(grid), /“怎样发现”没有选择/)
  const without = await takes(grid, 'find', { source: 'patrol', note })
  assert.match(without, /照片：请拍一张或选一张照片/)
  assert.equal(await grid.inputValue('[name="find.note"]'), note, 'what was typed is still there')
  await sound(grid, 'find-refused')
  assert.match(await takes(grid, 'find', {}, 2), /发现隐患/)
  await grid.waitForURL('**/desk/matters/premises/b-1/hazard/**')
  assert.match(await body(grid), /等待部门审核/)
  assert.match(await body(grid), /部门审核隐患/, 'the department has a day by which it must have looked')
  assert.equal(await grid.locator('ol.timeline img').count(), 2, 'both photos are shown')
  const shown = await grid.locator('ol.timeline img').first().evaluate((one) => one.src)
  const [mine, nobodys] = await Promise.all([
    grid.context().request.get(shown), (await walk.browser.newContext()).request.get(shown, { maxRedirects: 0 }),
  ])
  assert.deepEqual([mine.status(), nobodys.status()], [200, 303], 'photos are for those who may see the matter')
  await sound(grid, 'hazard-found')
  cases.hazard = new URL(grid.url()).pathname
  assert.equal(await offers(grid, 'review_confirm'), 0, 'a grid worker reviews nothing')
  assert.match(await body(grid), /由以下人员办理/)
})

test('journey 3: confirmed by its department, ordered, served, answered by the owner, looked at, refused once, accepted', async () => {
  const competent = 'fire'
  const officer = await as(competent, DESK)
  await desk(officer, cases.hazard)
  await sound(officer, 'hazard-officer')
  assert.match(await takes(officer, 'review_confirm', { reason: '现场属实' }), /已确认|审核/)
  // an order asks once more, with all answers in sight, and can be changed
  await takes(officer, 'order', { what: '移走电动车，拆除拉线。', parties: 'p-1', document_number: '坪消〔2026〕12号' }, 0, false)
  assert.match(await body(officer), /请核对[\s\S]*移走电动车/)
  await sound(officer, 'order-check')
  await officer.click('button[name=back]')
  await officer.waitForLoadState()
  assert.equal(await officer.inputValue('[name="order.document_number"]'), '坪消〔2026〕12号')
  assert.match(await takes(officer, 'order', {}), /整改中/)

  await desk(officer, '/desk/premises/b-1')
  const about = cases.hazard.replace('/desk/matters/', '')
  await takes(officer, 'issue', {
    kind: 'rectification', about, authority: 'fire', document_number: '坪消〔2026〕12号',
    legal_basis: '消防法第六十条', handling_officers: house.accounts[competent],
  }, 0)
  // a decision without a remedy is no notice: refused beside its field
  assert.match(await body(officer), /必须告知救济途径/)
  await sound(officer, 'notice-refused')
  await officer.locator('#step-issue [name="issue.remedies"]').first().check({ force: true })
  const issued = await takes(officer, 'issue', {})
  assert.match(issued, /还没有送达，期限没有开始/, issued.match(/要改[^]{0,200}/)?.[0])
  assert.match(await takes(officer, 'serve', { method: 'direct', on: today }), /已于 .* 送达/)
  await sound(officer, 'notice-served')

  const owner = await as('owner', PHONE)
  const seen = await desk(owner, cases.hazard)
  assert.match(seen, /完成整改[^]*还剩 \d+ 天[^]*到期没有办/, 'the owner sees until when, and what happens if nothing happens')
  await sound(owner, 'hazard-owner')
  assert.equal(await offers(owner, 'accept'), 0)
  await takes(owner, 'submit', { text: '电动车已移到室外充电棚。' })
  assert.match(await body(owner), /照片|请拍一张/)
  assert.equal(await owner.inputValue('[name="submit.text"]'), '电动车已移到室外充电棚。')
  assert.match(await takes(owner, 'submit', {}, 1), /等待验收/)
  await sound(owner, 'hazard-submitted')

  await desk(officer, cases.hazard)
  assert.match(await takes(officer, 'refuse', { findings: '拉线还在' }), /整改中/)
  await desk(owner, cases.hazard)
  assert.match(await body(owner), /验收不合格[\s\S]*拉线还在/, 'the owner reads why')
  await takes(owner, 'submit', { text: '拉线已拆除。' }, 1)
  await desk(officer, cases.hazard)
  assert.match(await takes(officer, 'accept', { findings: '已拆除' }), /验收合格|已办结/)
  await sound(officer, 'hazard-accepted')
  // the neighbour never sees it
  const neighbour = await as('neighbour', PHONE)
  assert.match(await desk(neighbour, cases.hazard), /只能看自己房屋的事项/)
})

test('journey 3, wrong: a form opened before somebody else acted is shown again with what was typed', async () => {
  const grid = await as('grid', PHONE)
  await desk(grid, '/desk/premises/b-1')
  await takes(grid, 'find', { indicator: 'hydrant_or_hose', source: 'check', note: '又发现一处。' }, 1)
  await grid.waitForURL('**/hazard/**')
  cases.second = new URL(grid.url()).pathname
  const competent = 'fire'
  const [one, two] = [await walk.enters(competent, DESK), await walk.enters(`${competent}-two`, DESK)]
  await desk(one, cases.second)
  await desk(two, cases.second)
  await takes(one, 'review_confirm')
  const told = await takes(two, 'review_dismiss', { reason: '看过了，没有。' })
  assert.match(told, /别人已经记录了新的内容/)
  assert.match(told, /已确认/, 'the page shows how it stands now')
  await sound(two, 'stale')
})

test('journey 4: an owner asks for more time before the end, and the office answers', async () => {
  const competent = 'fire'
  const officer = await as(competent, DESK)
  await desk(officer, cases.second)
  await takes(officer, 'order', { what: '清理', parties: 'p-1', document_number: '坪消〔2026〕13号' })
  const owner = await as('owner', PHONE)
  await desk(owner, cases.second)
  // before service no term runs: the page says so in the place of the form
  assert.match(await body(owner), /尚未送达/)
  await sound(owner, 'not-served')
  await desk(officer, '/desk/premises/b-1')
  await officer.locator('#step-issue').evaluate((one) => { one.open = true })
  await officer.locator('#step-issue [name="issue.remedies"]').first().check({ force: true })
  await takes(officer, 'issue', {
    kind: 'rectification', about: cases.second.replace('/desk/matters/', ''), authority: 'fire',
    document_number: '坪消〔2026〕13号', legal_basis: '消防法第六十条', handling_officers: house.accounts[competent],
  })
  await takes(officer, 'serve', { method: 'direct', on: today })
  await desk(owner, cases.second)
  const until = new Date(Date.now() + 8 * 3600e3 + 400 * 864e5).toISOString().slice(0, 10)
  if (await offers(owner, 'request_extension')) {
    assert.match(await takes(owner, 'request_extension', { until, text: '材料还没有到' }), /最晚到|不能延长/)
    await sound(owner, 'extension-refused')
  }
})

test('journey 5: a resident reports without an account and follows it by its number', async () => {
  const resident = await walk.enters(null, PHONE)
  await resident.goto(`${house.address}/s/b-1`)
  await resident.click('a[href$="/report"]')
  await resident.waitForURL('**/report')
  await sound(resident, 'report-form')
  await resident.fill('[name=text]', '楼道里冒烟，有煤气味')
  await resident.click('form.form button[type=submit]')
  await resident.waitForLoadState()
  assert.match(await body(resident), /请选择是什么问题/)
  assert.equal(await resident.inputValue('[name=text]'), '楼道里冒烟，有煤气味')
  await resident.selectOption('[name=category]', 'other')
  await resident.fill('[name=phone]', '13800000000')
  await resident.click('form.form button[type=submit]')
  await resident.waitForURL('**/track/**')
  const told = await body(resident)
  assert.match(told, /已收到您的举报/)
  assert.match(told, /马上打电话/, 'who writes of smoke is told to call first')
  await sound(resident, 'report-received')
  const number = (await resident.innerText('h1')).trim()
  assert.match(number, /^b-1-[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/)

  const grid = await as('grid', PHONE)
  await desk(grid, '/desk/premises/b-1')
  await grid.click('a[href*="/report/"]')
  await grid.waitForURL('**/report/**')
  const report = new URL(grid.url()).pathname
  assert.match(await body(grid), /13800000000/, 'who looks into it can call back')
  assert.match(await takes(grid, 'triage', { 'outcome.check.with': 'grid' }), /已交给/)
  assert.match(await takes(grid, 'dismiss', { why: 'not_found', reason: '去看过，没有烟' }), /不成立/)
  assert.match(await takes(grid, 'answer', { answer: 'not_found', text: '已查看，没有发现。' }), /没有发现/)
  await sound(grid, 'report-answered')
  const owner = await as('owner', PHONE)
  assert.doesNotMatch(await desk(owner, report), /13800000000|冒烟/, 'never the reporter')

  await resident.goto(`${house.address}/track`)
  await resident.fill('[name=number]', number.toLowerCase())
  await resident.click('form.search button')
  await resident.waitForURL('**/track/b-1-**')
  assert.match(await body(resident), /已查看，没有发现/)
  await resident.fill('[name=text]', '还在冒烟')
  await resident.click('form.form button[type=submit]')
  await resident.waitForLoadState()
  assert.match(await body(resident), /重新受理/)
  await sound(resident, 'report-reopened')
  await resident.goto(`${house.address}/track/b-1-0000-0000-0000`)
  assert.match(await body(resident), /没有这个编号/)
})

test('every page of a matter is whole in English', async () => {
  const officer = await as('grid', PHONE)
  await officer.goto(`${house.address}/language/en?to=${cases.hazard}`)
  const english = await body(officer)
  assert.match(english, /What can be done now/)
  assert.match(english, /History, newest first/)
  assert.doesNotMatch(english.replace(/石井街道.*|[一-龥]*电动车[^\n]*|[一-龥]*拉线[^\n]*|中文/g, ''), /由以下人员办理|到期没有办/)
  await sound(officer, 'hazard-en')
})
