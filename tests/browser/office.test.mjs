// What the office does with grades. Journey 10: a rulebook is drafted, rehearsed on what is on record and published by a second
// person. Journey 11: a campaign goes from house to house, a joint meeting resolves what is to be done, and the situation that it saw
// is made again. Journey 12: a court asks; what it gets is checked by a stranger, and one changed byte is named.

import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { DESK, PHONE, Walk, body, day, offers, place } from './walk.mjs'

let house, walk, elsewhere

before(async () => {
  house = await House.sample([
    ['chief-1', '--role', 'commission_admin'],
    ['chief-2', '--role', 'commission_admin'],
    ['community-2', '--role', 'community_lead', '--area', '石桥'],
    ['fire-2', '--role', 'department_officer', '--department', 'fire'],
    ['legal-2', '--role', 'legal_officer'],
  ])
  walk = await Walk.through(house)
  elsewhere = mkdtempSync(join(tmpdir(), 'wuping-office-'))
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
  rmSync(elsewhere, { recursive: true, force: true })
})

test('journey 11: a warning raised again in another colour is another one; both are kept until each is over', async () => {
  const officer = await walk.as('emergency', PHONE)
  const warns = async (colour, effective) => {
    await walk.reads(officer, '/desk/alerts')
    await walk.takes(officer, 'issue', {
      kind: 'typhoon', colour, areas: '榕溪', issued_at: `${day(-1)}T08:00`, effective_at: `${day(effective)}T08:00`,
    })
    return place(officer)
  }
  await walk.reads(officer, '/desk/alerts')
  await walk.sound(officer, 'alerts')
  assert.match(await walk.takes(officer, 'issue', {
    kind: 'typhoon', colour: 'blue', issued_at: `${day(-1)}T08:00`, effective_at: `${day(-2)}T08:00`,
  }), /生效时间不能早于发布时间/, 'it takes effect no earlier than it was issued')
  const [yellow, red] = [await warns('yellow', 2), await warns('red', 3)]
  assert.notEqual(yellow, red)
  const running = await walk.reads(officer, '/desk/matters?kind=alert')
  assert.match(running, /台风[^]*已发布，没有解除[^]*台风[^]*已发布，没有解除/)
  assert.doesNotMatch(running, /待送达/, 'it is no notice')
  await walk.sound(officer, 'alerts-running')
  assert.match(await walk.reads(officer, yellow), /黄色/)
  assert.match(await walk.takes(officer, 'lift', { safe_on: day(4) }), /解除/)
  assert.match(await walk.reads(officer, red), /红色/)
  assert.equal(await offers(officer, 'lift'), 1, 'the other is not over')
  await walk.takes(officer, 'lift', { safe_on: day(4) })
  await walk.sound(officer, 'alert-over')
  assert.equal(await offers(officer, 'lift'), 0)
})

test('journey 11: a campaign over chosen houses, joined by a department, visited and concluded', async () => {
  const lead = await walk.as('community-2', DESK)
  const chosen = async (more) => Number((await walk.reads(lead, `/desk/campaigns?${more}`)).match(/筛选出 (\d+) 处/)?.[1] ?? 0)
  const all = await chosen('layer=building')
  const hazards = await lead.$$eval('[name=hazard] option', (options) => options.map((one) => one.value))
  assert.ok(hazards.length > 10 && hazards.includes('exits_not_locked'), hazards.join(' '))
  await lead.selectOption('[name=hazard]', 'exits_not_locked')
  await lead.click('form.filters button[type=submit]')
  await lead.waitForLoadState()
  assert.match(lead.url(), /hazard=exits_not_locked/)
  const open = Number((await body(lead)).match(/筛选出 (\d+) 处/)?.[1] ?? 0)
  assert.ok(open < all, `${open} of ${all} have such a hazard open`)
  await walk.reads(lead, '/desk/campaigns?area=%E7%9F%B3%E6%A1%A5&layer=building')
  await walk.sound(lead, 'campaigns')
  await walk.takes(lead, 'launch', { kind: 'fire', departments: ['fire'], from: day(), until: day(14) })
  await walk.sound(lead, 'campaign-launched')
  const campaign = place(lead)
  const fire = await walk.as('fire-2', PHONE)
  await walk.reads(fire, campaign)
  await walk.takes(fire, 'join', { department: 'fire', officers: '3' })
  await walk.takes(fire, 'record_visit', { premises: 'sample-b11', department: 'fire', ending: 'no_answer' }, 1)
  await walk.sound(fire, 'campaign-visit')
  await walk.reads(lead, campaign)
  assert.match(await walk.takes(lead, 'conclude', { findings: '没有人应门的下周再去。' }), /已结束/)
})

test('journey 11: a joint meeting sees the situation of that position, and what it resolved is closed', async () => {
  const chief = await walk.as('chief-1', DESK)
  assert.match(await walk.reads(chief, '/desk/meetings'), /先在上面选研判的时段/)
  await walk.sound(chief, 'meetings')
  await chief.fill('[name=from]', day(-400))
  await chief.fill('[name=until]', day())
  await chief.click('form.filters button[type=submit]')
  await chief.waitForLoadState()
  const shown = (await body(chief)).match(/[0-9a-f]{64}/)[0]
  await walk.sound(chief, 'meeting-situation')
  await walk.takes(chief, 'hold', {
    departments: ['fire'], resolved: `fire ${day(7)} 排查楼顶门锁`, minutes: '一致同意。',
  })
  await walk.sound(chief, 'meeting-held')
  const meeting = place(chief)
  assert.match(await body(chief), new RegExp(`${shown}[^]*指纹一致`), 'what was seen is what is recorded')
  await chief.click('a[href^="/desk/reports/situation"]')
  await chief.waitForLoadState()
  assert.match(await body(chief), new RegExp(`${shown}[^]*发现隐患（按类别）`), 'the report at that position')
  await walk.sound(chief, 'situation')
  const fire = await walk.as('fire-2')
  assert.match(await walk.reads(fire, meeting), /排查楼顶门锁/)
  assert.match(await walk.takes(fire, 'close', { resolution: '1', how: 'done' }), /都已办结/)
  await walk.reads(fire, '/desk/reports/situation')
  await walk.sound(fire, 'situation-phone')
})

test('journey 12: a court gets a bundle; a stranger finds it sound, and one changed byte is named', async () => {
  const legal = await walk.as('legal-2', DESK)
  await walk.reads(legal, '/audit/sample-b11/evidence')
  await walk.sound(legal, 'evidence')
  await legal.fill('[name=basis]', '行政诉讼法第三十四条')
  const [download] = await Promise.all([legal.waitForEvent('download'), legal.click('form.form button[type=submit]')])
  const bundle = join(elsewhere, 'bundle.zip')
  await download.saveAs(bundle)
  const stranger = await walk.enters(null, PHONE)
  const checks = async (file) => {
    await walk.reads(stranger, '/verify')
    await stranger.setInputFiles('[name=bundle]', file)
    await stranger.click('form[action="/verify/bundle"] button')
    await stranger.waitForLoadState()
    return body(stranger)
  }
  assert.match(await checks(bundle), /完好|属实|一致/)
  await walk.sound(stranger, 'bundle-sound')
  const changed = readFileSync(bundle)
  changed[Math.floor(changed.length / 2)] ^= 1
  writeFileSync(join(elsewhere, 'changed.zip'), changed)
  assert.doesNotMatch(await checks(join(elsewhere, 'changed.zip')), /完好/)
  await walk.sound(stranger, 'bundle-changed')
})

test('journey 10: a draft that does not hold together is sent back with why; one that does is rehearsed and published by a second person', async () => {
  const chief = await walk.as('chief-1')
  await walk.reads(chief, '/desk/rulebooks')
  await walk.sound(chief, 'rulebooks')
  const rules = (name) => readFileSync(new URL(`../../rulebooks/pingshan/${name}`, import.meta.url), 'utf8')
  const tries = async (text) => {
    const file = join(elsewhere, 'unit.toml')
    writeFileSync(file, text)
    await walk.reads(chief, '/desk/rulebooks')
    await chief.setInputFiles('[name=files]', file)
    await chief.click('form[enctype="multipart/form-data"] button[type=submit]')
    await chief.waitForLoadState()
    return body(chief)
  }
  const unit = rules('unit.toml')
  assert.match(await tries(unit.replace(/^competent = .*$/m, 'competent = "nobody"')), /不成立，没有记录/)
  const version = Number(unit.match(/^version = (\d+)/m)[1])
  const next = unit.replace(/^version = \d+/m, `version = ${version + 1}`)
  assert.match(await tries(next), /记为草案/)
  await walk.sound(chief, 'draft-rehearsed')
  await chief.click('form.form button[type=submit]')
  await chief.waitForURL('**/desk/rulebooks/drafts/**')
  assert.match(await body(chief), /起草的人不能自己发布/)
  await walk.sound(chief, 'draft-recorded')
  const second = await walk.as('chief-2', DESK)
  await walk.reads(second, place(chief))
  await second.fill('[name=holds_from]', day(1))
  await second.fill('[name=issued_by]', '区委政法委')
  await second.fill('[name=legality_review]', '坪司合审〔2026〕1号')
  await second.fill('[name=document_number]', '坪政法〔2026〕9号')
  await second.click('form.form button[type=submit]')
  await second.waitForLoadState()
  assert.match(await body(second), /已经发布/)
  await walk.sound(second, 'draft-published')
})
