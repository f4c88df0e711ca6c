// Journey 4: a deadline passed while the server was off. On its return it marks what time brought, with the true days, and once;
// the owner reads what follows, is too late to ask for more time, the subdistrict takes it under supervision, and it ends repaired.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { PHONE, Walk, body, day, offers } from './walk.mjs'

const HAZARD = '/desk/matters/premises/street-b002/hazard/s2-exits_not_locked'
const LATE = '/desk/matters?overdue=true'

let house, walk

before(async () => {
  house = await House.street(['--years', '1', '--buildings', '2', '--seed', '4', '--until', day(-20)], [
    ['owner-2', '--role', 'owner', '--party', 'y-s002'],
    ['lead', '--role', 'street_lead'],
    ['community', '--role', 'community_lead'],
  ])
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

test('the server was away: what fell overdue is told level by level with the days on which it was due, once', async () => {
  const lead = await walk.as('lead')
  const story = await settled(lead)
  const due = story.match(/期限：(\d{4}-\d\d-\d\d)/)[1]
  assert.ok(due < day(-20), 'it was due before the server went away')
  const levels = [...story.matchAll(/到级日期：(\d{4}-\d\d-\d\d)/g)].map(([, on]) => on)
  assert.ok(levels.length >= 2 && levels.some((on) => on > day(-20) && on < day()), `told while it was away: ${levels}`)
  assert.equal(new Set(levels).size, levels.length, 'each level once')
  await walk.sound(lead, 'overdue')
  const list = await walk.reads(lead, LATE)
  assert.match(list, /“安全出口未锁闭封堵”不合格/)
  await walk.sound(lead, 'overdue-list')

  await house.close()
  await house.serve()
  const again = [...(await settled(lead)).matchAll(/到级日期：/g)]
  assert.equal(again.length, levels.length, 'another start marks nothing again')
})

test('the owner reads what is overdue and what follows; more time is asked for too late', async () => {
  const owner = await walk.as('owner-2', PHONE)
  const mine = await walk.reads(owner, '/my')
  assert.match(mine, /“安全出口未锁闭封堵”不合格/)
  assert.match(mine, /逾期 \d+ 天|已逾期/)
  await walk.sound(owner, 'my-overdue')
  const told = await walk.reads(owner, HAZARD)
  assert.match(told, /逾期/)
  assert.match(told, /逐级上报|信用/)
  assert.match(told, /申请延期\s*现在不能办/, 'after the end nobody asks for more time, and the page says so')
  await walk.sound(owner, 'hazard-overdue')
  assert.equal(await offers(owner, 'supervise'), 0)
})

test('the subdistrict takes it under supervision, with a day and a document; not with a day that is over', async () => {
  const lead = await walk.as('lead')
  await walk.reads(lead, HAZARD)
  const past = await walk.takes(lead, 'supervise', { until: day(-2), document_number: '街督〔甲〕1号', reason: '逾期未改。' })
  assert.match(past, /日期不能早于今天/)
  await walk.sound(lead, 'supervise-past')
  await walk.takes(lead, 'supervise', { until: day(15) })
  assert.match(await body(lead), /挂牌督办到/)
  const owner = await walk.as('owner-2', PHONE)
  assert.match(await walk.reads(owner, HAZARD), new RegExp(`挂牌督办到\\s+${day(15)}`))
})

test('put right late, it is accepted, supervision ends, and what was late stays on record', async () => {
  const owner = await walk.as('owner-2', PHONE)
  await walk.reads(owner, HAZARD)
  await walk.takes(owner, 'submit', { text: '锁已拆除。' }, 1)
  const fire = await walk.as('fire')
  await walk.reads(fire, HAZARD)
  assert.match(await walk.takes(fire, 'accept', { findings: '出口畅通。' }), /已办结/)
  const lead = await walk.as('lead')
  await walk.reads(lead, HAZARD)
  if (await offers(lead, 'end_supervision')) await walk.takes(lead, 'end_supervision', { reason: '已整改。' })
  assert.match(await body(lead), /到级日期/, 'history is not rewritten')
  await walk.sound(lead, 'overdue-closed')
  assert.doesNotMatch(await walk.reads(lead, LATE), /街道模拟路2号[\s\S]{0,40}安全出口/)
})

test('what time brought is sound at level 5, and rebuilt the same', async () => {
  await house.close()
  assert.deepEqual(house.run('verify', '--level', '5').findings, [])
  assert.equal(house.run('rebuild').digest, house.run('rebuild').digest)
})

/** The page of the hazard once the runner has caught up. */
async function settled(page) {
  let told = ''
  for (let n = 0; n < 40; n += 1) {
    const now = await walk.reads(page, HAZARD)
    if (now === told && /到级日期[\s\S]*到级日期/.test(now)) return now
    told = now
    await page.waitForTimeout(500)
  }
  return told
}
