// Journey 13: a person asks to be forgotten. The request is recorded, put off while an appeal runs, erased under a root key, and
// seen as erased on every page; an older backup does not bring it back. Journey 14: a lost phone, its key ended with the position
// from which it is doubted, a new one, marks on what was signed meanwhile, judged by who leads; and a server restored.

import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { PHONE, Walk, body, day, offers, place } from './walk.mjs'

const HERE = '/desk/premises/sample-b11'
const PUBLIC = '/s/sample-b11'

let house, walk, report, number, request, appeal, backup, elsewhere

before(async () => {
  house = await House.sample([
    ['owner-11', '--role', 'owner', '--party', 'y-11'],
    ['lead-11', '--role', 'street_lead', '--area', '石桥'],
    ['phone', '--role', 'grid_worker', '--area', '石桥'],
  ])
  walk = await Walk.through(house)
  elsewhere = mkdtempSync(join(tmpdir(), 'wuping-elsewhere-'))
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
  rmSync(elsewhere, { recursive: true, force: true })
})

test('journey 13: a resident who reported asks to be forgotten; the request says what and why, and is put off while an appeal runs', async () => {
  const resident = await walk.enters(null, PHONE)
  await walk.reads(resident, `${PUBLIC}/report`)
  await resident.selectOption('[name=category]', 'other')
  await resident.fill('[name=text]', '三楼的王小明在走廊堆纸箱。')
  await resident.fill('[name=phone]', '13900000011')
  await resident.click('form.form button[type=submit]')
  await resident.waitForURL('**/track/**')
  number = (await resident.innerText('h1')).trim()
  const grid = await walk.as('grid-shiqiao', PHONE)
  await walk.reads(grid, HERE)
  await grid.click('a[href*="/report/"]')
  await grid.waitForURL('**/report/**')
  report = place(grid)
  assert.match(await body(grid), /13900000011/)

  const owner = await walk.as('owner-11', PHONE)
  await walk.reads(owner, HERE)
  await walk.takes(owner, 'appeal', { against: 'premises/sample-b11/grade#1', grounds: '出口不止一个。' })
  appeal = place(owner)
  const legal = await walk.as('legal')
  await walk.reads(legal, HERE)
  await walk.takes(legal, 'request_erasure', {
    streams: [report.replace('/desk/matters/', '')], fields: ['phone', 'text'], basis: 'consent_withdrawn', text: '不想再留电话。',
  })
  request = place(legal)
  assert.match(await body(legal), /电话/)
  assert.match(await walk.takes(legal, 'postpone_erasure', { until: day(), why: 'open_appeal' }), /日期|更晚|晚于/)
  assert.match(await walk.takes(legal, 'postpone_erasure', { until: day(20), why: 'open_appeal' }), /申诉还没有办结/)
  await walk.sound(legal, 'erasure-postponed')
  assert.doesNotMatch(await walk.reads(owner, request), /不想再留电话/, 'whoever is reported of never learns of it')
})

test('journey 13: once the appeal is over it is erased under a root key, pages say «erased on» in its place; an older backup does not bring it back', async () => {
  const owner = await walk.as('owner-11', PHONE)
  await walk.reads(owner, appeal)
  assert.match(await walk.takes(owner, 'withdraw', {}), /已撤回/)
  const shown = await walk.anybody(PUBLIC)
  assert.doesNotMatch(shown, /申诉中/)
  await house.close()
  backup = join(elsewhere, 'older.wuping')
  house.run('backup', backup, '--with-keys')
  const root = readdirSync(house.folder).find((name) => /^root.*\.key$/.test(name))
  const stream = report.replace('/desk/matters/', '')
  const why = ['--authority', '示例区数据办', '--reason', 'consent withdrawn', '--root-key', join(house.folder, root)]
  assert.throws(() => house.run('erase', stream, ...why), /put off until .*open_appeal/, 'it was put off beyond today')
  const dry = house.run('erase', stream, '--although-postponed', '--dry-run')
  const erased = house.run('erase', stream, '--although-postponed', ...why, '--receipt', join(elsewhere, 'receipt.tlog-proof'))
  assert.ok(erased.values >= 2 && erased.values === dry.values, JSON.stringify([dry, erased]))
  await house.serve()

  const grid = await walk.as('grid-shiqiao', PHONE)
  const told = await walk.reads(grid, report)
  assert.doesNotMatch(told, /13900000011|王小明/)
  assert.match(told, new RegExp(`部分内容已于 ${day()} 依法删除`))
  await walk.sound(grid, 'report-erased')
  const resident = await walk.enters(null, PHONE)
  const followed = await walk.reads(resident, `/track/${number}`)
  assert.doesNotMatch(followed, /王小明|13900000011/)
  assert.match(followed, /已收到|办理|举报/)
  await walk.sound(resident, 'track-erased')
  const cut = (text) => text.slice(0, text.indexOf('扫码看'))
  assert.equal(cut(await walk.anybody(PUBLIC)), cut(shown), 'grade, counts and dates are as they were')
})

test('journey 14: a phone is lost: its key ends, what it signed since is doubted, and another person judges each', async () => {
  const phone = await walk.as('phone', PHONE)
  const first = await found(phone, '丢手机以前。')
  const second = await found(phone, '丢手机以后，别人用它记的。')
  const third = await found(phone, '丢手机以后，本人补记的。')

  await house.close()
  const own = house.lines('key', 'list').find((key) => key.holder === house.accounts.phone)
  house.run('key', 'revoke', own.kid, '--reason', 'lost', '--suspect-from', String(second.position))
  await house.serve()

  const lead = await walk.as('lead-11')
  assert.doesNotMatch(await walk.reads(lead, first.path), /存疑/, 'before the phone was lost nothing is doubted')
  assert.match(await walk.reads(lead, second.path), /存疑：签名的密钥报失以后签的，等负责人核实/)
  await walk.sound(lead, 'hazard-doubted')
  assert.match(await walk.anybody(`/audit/sample-b11?page=${await pages()}`), /存疑/)

  // the old phone comes back and sends: refused, and the page says what to do
  await walk.reads(phone, HERE)
  const told = await walk.takes(phone, 'find', { indicator: 'exits_not_locked', source: 'patrol', note: '旧手机又发。' }, 1)
  assert.match(told, /您的签名密钥已经停用，内容没有记录/)
  assert.equal(await phone.inputValue('[name="find.note"]'), '旧手机又发。', 'what was typed is still there')
  await walk.sound(phone, 'old-phone')

  // a new key for a new phone: what was seen is recorded again under it, and no doubt lies on that
  await house.close()
  house.run('key', 'anew', 'phone')
  await house.serve()
  walk.people.phone = undefined
  const fresh = await found(await walk.as('phone', PHONE), '换了新手机，重新登记。')
  assert.doesNotMatch(await walk.reads(lead, fresh.path), /存疑/)

  await walk.reads(lead, HERE)
  await walk.takes(lead, 'withdraw_doubt', { event_id: await offer(lead, 'withdraw_doubt', 0), reason: '不是本人记的。' })
  await walk.reads(lead, HERE)
  await walk.sound(lead, 'premises-doubts')
  await walk.takes(lead, 'confirm_doubt', { event_id: await offer(lead, 'confirm_doubt', 0), reason: '现场看过，属实。' })
  assert.match(await walk.reads(lead, second.path), /已由负责人撤回/)
  assert.match(await walk.reads(lead, third.path), /已由负责人核实/)
  await walk.sound(lead, 'hazard-judged')
  await walk.reads(lead, HERE)
  assert.equal(await offers(lead, 'confirm_doubt'), 0, 'each is judged once')
})

test('journey 14: restored from a backup that is older than what was signed since, it does not go on in silence', async () => {
  await house.close()
  assert.deepEqual(house.run('verify', '--level', '5').findings, [])
  assert.equal(house.run('rebuild').digest, house.run('rebuild').digest)
  const kept = join(elsewhere, 'checkpoints.txt')
  const written = readdirSync(house.folder).find((name) => /checkpoint/.test(name))
  assert.ok(written, readdirSync(house.folder).join(' '))
  copyFileSync(join(house.folder, written), kept)
  const old = house.folder
  house.folder = join(elsewhere, 'restored')
  assert.throws(() => house.run('restore', backup, '--checkpoint', kept), (error) => /missing|lost|more|entries/i.test(String(error.stderr)))
  house.run('restore', backup, '--checkpoint', kept, '--accept-loss', 'the disk died')
  await house.serve()
  const grid = await walk.enters('grid-shiqiao', PHONE)
  const told = await walk.reads(grid, report)
  await walk.sound(grid, 'report-restored')
  assert.match(told, /13900000011|依法删除/)
  await house.close()
  assert.deepEqual(house.run('verify', '--level', '5').findings, [])
  house.folder = old
})

/** A hazard found on a round, with its page. */
async function found(page, note) {
  const taken = ['exits_not_locked', 'common_wiring', 'networked_smoke_alarm', 'emergency_lighting_signs']
  await walk.reads(page, HERE)
  await walk.takes(page, 'find', { indicator: taken[found.n = ((found.n ?? -1) + 1) % taken.length], source: 'patrol', note }, 1)
  await page.waitForURL('**/hazard/**')
  const position = Number((await body(page)).match(/第 (\d+) 条/)[1])
  return { path: place(page), position }
}

async function offer(page, step, n) {
  const all = await page.$$eval(`[name="${step}.event_id"]`, (list) => list.flatMap((one) =>
    one.options ? [...one.options].map((option) => option.value).filter(Boolean) : [one.value]))
  return all[n]
}

async function pages() {
  const text = await walk.anybody('/audit/sample-b11')
  const total = Number(text.match(/共 (\d+)/)?.[1] ?? 50)
  return Math.ceil(total / 50)
}
