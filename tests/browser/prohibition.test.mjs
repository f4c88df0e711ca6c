// Journey 8: letting prohibited, of a unit under a building: suspected, determined, the lowest grade without a ban, a ban on a
// ground in law, put right, and lifted by a named person; with a confirmer who refuses, one who proposed, and the wrong house.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House, PNG } from './house.mjs'
import { PHONE, Walk, body, day, offers, place } from './walk.mjs'

const UNIT = 'sample-b05-u2'
const CODE = '4403100000000000005000002'
const HERE = `/desk/premises/${UNIT}`
const GRADE = `/desk/matters/premises/${UNIT}/grade`
const PUBLIC = `/s/${UNIT}`

let house, walk, hazard

before(async () => {
  house = await House.sample([
    ['owner-05', '--role', 'owner', '--party', 'y-05'],
    ['owner-06', '--role', 'owner', '--party', 'y-06'],
    ['confirmer-two', '--role', 'confirmer'],
  ])
  walk = await Walk.through(house)
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

test('suspected: found with a photo, confirmed by its department; everybody sees that something waits, and nothing binds yet', async () => {
  const clerk = await walk.as('clerk')
  await walk.reads(clerk, HERE)
  await walk.takes(clerk, 'name_party', { party: 'y-05', role: 'owner', basis: 'property_certificate' })
  const grid = await walk.as('grid', PHONE)
  await walk.reads(grid, HERE)
  await walk.takes(grid, 'find', { indicator: 'no_mixed_occupancy', source: 'patrol', note: '一楼加工作坊，里面住人。' }, 1)
  hazard = place(grid)
  const fire = await walk.as('fire')
  await walk.reads(fire, hazard)
  assert.match(await body(fire), /疑似重大/)
  assert.match(await walk.takes(fire, 'review_confirm', { reason: '现场属实。' }), /已确认/)
  assert.equal(await offers(fire, 'determine'), 0, 'a department does not determine what its authority does')
  const shown = await walk.anybody(PUBLIC)
  assert.match(shown, /须经确认才生效/)
  assert.doesNotMatch(shown, /禁止出租/)
  await walk.sound(walk.people['nobody-390'], 'public-suspected')
})

test('determined by the competent authority with its document, it is a veto; the lowest grade binds at once only for imminent danger', async () => {
  const authority = await walk.as('fire-authority')
  await walk.reads(authority, hazard)
  await walk.takes(authority, 'determine', { major: 'yes', document_number: '坪消认〔甲〕5号', method: 'direct' }, 0, false)
  await walk.sound(authority, 'determine-check')
  await authority.click('button[name=sure]')
  await authority.waitForLoadState()
  assert.match(await body(authority), /是否重大：是/)

  const confirmer = await walk.as('confirmer')
  const barred = await walk.reads(confirmer, GRADE)
  assert.match(barred, /禁租级等待确认/)
  assert.match(barred, /陈述申辩尚未听取完毕/)
  await walk.sound(confirmer, 'grade-unheard')
  await walk.takes(confirmer, 'confirm_waived', { document_number: '坪房评示〔甲〕51号' })
  assert.match(await body(confirmer), /禁租级等待确认/, 'a waiver says why: the browser itself asks for it')
  assert.equal(await confirmer.evaluate(() => document.activeElement.name), 'confirm_waived.waiver_reason')
  const bound = await walk.takes(confirmer, 'confirm_waived', { waiver_reason: '作坊在用明火，夜间住六人。' })
  assert.match(bound, /现在有效：禁租级/)

  // the lowest grade is red, with daily rounds and a risk notice, and no ban by itself
  const shown = await walk.anybody(PUBLIC)
  assert.match(shown, /禁租级/)
  assert.match(shown, /还没有禁止出租的决定/)
  await walk.sound(walk.people['nobody-390'], 'public-lowest')
  const legal = await walk.as('legal')
  await walk.reads(legal, HERE)
  const told = await walk.takes(legal, 'issue', {
    kind: 'risk_notice', about: `premises/${UNIT}/grade#2`, text: '一楼作坊有火灾危险，请不要在这里过夜。',
  })
  assert.match(told, /风险提示/, 'a risk notice waits for no formality')
})

test('a ban: not on the word of another authority, not by it, refused with a reason; then on its ground, for all to see', async () => {
  const confirmer = await walk.as('confirmer')
  const ban = { ground: 'fire_sealing', authority: 'fire', scope: 'vacate', document_number: '坪消封〔甲〕5号' }
  await walk.reads(confirmer, GRADE)
  const offered = await confirmer.$$eval('[name="prohibit.proposer"] option, input[name="prohibit.proposer"]', (all) => all.map((one) => one.value))
  assert.ok(offered.includes('sample-fire'), 'whoever may have proposed it is offered')
  assert.ok(!offered.includes('sample-confirmer') && !offered.includes('sample-grid'), 'and nobody else, the confirmer least of all')
  const other = await walk.takes(confirmer, 'prohibit', { ...ban, proposer: 'sample-housing' })
  assert.match(other, /没有记录|要改/)
  assert.match(other, /不是该依据主管机关/)
  await walk.sound(confirmer, 'ban-by-another-proposer')
  const wrong = await walk.takes(confirmer, 'prohibit', { authority: 'housing', proposer: 'sample-fire' })
  assert.match(wrong, /机关/)
  await walk.sound(confirmer, 'ban-wrong-authority')

  const second = await walk.as('confirmer-two')
  await walk.reads(second, GRADE)
  await walk.takes(second, 'refuse_prohibition', { ground: 'fire_sealing', proposer: 'sample-fire', reason: '证据照片只有一张。' })
  assert.match(await body(second), /证据照片只有一张/, 'a refusal has a reason')
  assert.doesNotMatch(await walk.anybody(PUBLIC), /文号/)

  await walk.reads(confirmer, GRADE)
  await walk.takes(confirmer, 'prohibit', { ...ban, proposer: 'sample-fire' }, 0, false)
  await walk.sound(confirmer, 'ban-check')
  await confirmer.click('button[name=sure]')
  await confirmer.waitForLoadState()
  assert.match(await body(confirmer), /禁止出租/)
  const shown = await walk.anybody(PUBLIC)
  assert.match(shown, new RegExp(`自 ${day()} .* 起禁止出租`))
  assert.match(shown, /坪消封〔甲〕5号/)
  assert.match(shown, /住在这里的人：请按书面通知搬离/)
  await walk.sound(walk.people['nobody-390'], 'public-banned')

  // a flat of good grade in a building that is to be vacated says so before anything else, and so does every list
  for (const path of ['/s/sample-b24-u1', '/?q=sample-b24-u1', '/s/sample-b24']) {
    assert.match(await walk.anybody(path), /所在楼栋自 .* 起禁止出租：限期搬离[\s\S]*级/, path)
    await walk.sound(walk.people['nobody-390'], `flat-banned-${path.length}`)
  }
  await walk.anybody('/s/sample-b24-u1')
  assert.equal(await walk.people['nobody-390'].locator('.band-prohibited .band-banned').count(), 2)
  const told = await (await fetch(`${house.address}/api/v1/premises?search=sample-b24-u1`)).json()
  assert.deepEqual([told.rows[0].prohibited, told.rows[0].bans[0].of, told.rows[0].bans[0].scope], [true, 'building', 'vacate'])
})

test('each owner gets a notice of the own unit, with remedies and dates; the plaque is hung, and not while it must hang taken down', async () => {
  const legal = await walk.as('legal')
  await walk.reads(legal, HERE)
  await walk.takes(legal, 'issue', {
    kind: 'prohibition', about: `premises/${UNIT}/grade#2`, to: 'y-05', authority: '示例区消防救援大队',
    document_number: '坪消封〔甲〕5号', legal_basis: '消防法第五十四条', handling_officers: 'sample-legal',
    remedies: ['appeal_file', 'administrative_reconsideration', 'litigation'],
  })
  assert.match(await body(legal), /救济途径：.*自送达之日起/, 'the notice says what can be done against it')
  await walk.takes(legal, 'serve', { method: 'direct', on: day() })
  const owner = await walk.as('owner-05', PHONE)
  const mine = await walk.reads(owner, '/my')
  assert.match(mine, /禁止出租/)
  assert.match(mine, /禁止租赁决定书/)
  assert.match(mine, /提出申诉 — /)
  await walk.sound(owner, 'my-banned')
  await owner.click('a:text-is("提出申诉"):visible')
  await owner.waitForURL('**#step-appeal')
  assert.ok(await owner.locator('#step-appeal').evaluate((one) => one.open), 'the form is open, and the keyboard is there')
  assert.ok(await owner.evaluate(() => document.activeElement.closest('#step-appeal')))
  await walk.sound(owner, 'appeal-form')

  const grid = await walk.as('grid', PHONE)
  await walk.reads(grid, GRADE)
  assert.match(await walk.takes(grid, 'hang_plaque', { plaque: 'supervision_plaque', place: '门口' }, 1), /已收到/)
  assert.match(await walk.takes(grid, 'remove_plaque', { plaque: 'supervision_plaque', why: 'level_left' }), /还|不能/)
  await walk.sound(grid, 'plaque-must-hang')
})

test('repaired and accepted, a named person lifts the ban; assessed anew by everybody who collects, and confirmed, it leaves the lowest grade', async () => {
  const fire = await walk.as('fire')
  await walk.reads(fire, hazard)
  assert.match(await walk.takes(fire, 'accept', { findings: '作坊搬走，隔断拆除。' }, 1), /已办结/)
  assert.match(await walk.anybody(PUBLIC), /禁止出租/, 'a repair lifts nothing by itself')

  const confirmer = await walk.as('confirmer')
  await walk.reads(confirmer, GRADE)
  assert.match(await body(confirmer), /确认禁止租赁的人不能自己解除/)
  assert.equal(await offers(confirmer, 'lift_prohibition'), 0, 'whoever confirmed the ban does not lift it')
  const second = await walk.as('confirmer-two')
  await walk.reads(second, GRADE)
  await walk.sound(second, 'grade-to-lift')
  await walk.takes(second, 'lift_prohibition', { document_number: '坪消解〔甲〕5号' })
  const lifted = await walk.anybody(PUBLIC)
  assert.doesNotMatch(lifted, /起禁止出租/)
  assert.match(lifted, /还没有禁止出租的决定/, 'it takes a new assessment to rise')

  const grid = await walk.as('grid', PHONE)
  await walk.reads(grid, '/desk')
  await grid.fill('[name=code]', CODE)
  const reason = grid.locator('form[action="/desk/open"] [name=reason]')
  if (await reason.count()) await reason.selectOption('after_rectification').catch(() => {})
  await grid.click('form[action="/desk/open"] button')
  await grid.waitForURL('**/desk/assessments/**')
  const assessment = place(grid)
  await answers(grid)
  const clerk = await walk.as('clerk')
  for (const [channel, indicator, outcome] of [['feed-police', 'tenant_registration', '0'], ['feed-housing', 'lease_filing', 'met']]) {
    await walk.reads(clerk, '/desk/feeds?kind=indicators')
    await clerk.check(`input[name=channel][value=${channel}]`, { force: true })
    const table = Buffer.from(`code,indicator,outcome\n${CODE},${indicator},${outcome}\n`)
    await clerk.setInputFiles('input[name=table]', { name: 't.csv', mimeType: 'text/csv', buffer: table })
    await clerk.click('form[action="/desk/feeds"] button[type=submit]')
    await clerk.waitForLoadState()
    // what was tried is recorded when somebody says so
    await clerk.click('form[action="/desk/feeds/record"] button[type=submit]')
    await clerk.waitForLoadState()
  }
  await walk.reads(grid, assessment)
  await grid.click('form[action$="/submit"] button')
  await grid.waitForLoadState()

  assert.match(await walk.anybody(PUBLIC), /须经确认才生效/)
  await walk.reads(confirmer, GRADE)
  await walk.takes(confirmer, 'confirm_lift', { document_number: '坪房评示〔甲〕52号' })
  const shown = await walk.anybody(PUBLIC)
  assert.doesNotMatch(shown, /还没有禁止出租的决定/)
  assert.match(shown, /解除禁租/, 'that it was banned and freed stays in its history')
  await walk.sound(walk.people['nobody-390'], 'public-freed')
  await walk.reads(grid, GRADE)
  assert.match(await walk.takes(grid, 'remove_plaque', { plaque: 'supervision_plaque', why: 'level_left' }), /已收到/)
})

test('wrong: an incident of another house is unlinked, and what it did to the grade is reckoned without it', async () => {
  const other = 'sample-b06-u1'
  const emergency = await walk.as('emergency')
  await walk.reads(emergency, `/desk/premises/${other}`)
  await walk.takes(emergency, 'record', {
    source: 'fire', source_id: 'F-77', category: 'fire', severity: 'general', happened_at: `${day(-1)}T09:30`,
  })
  const incident = place(emergency)
  const fire = await walk.as('fire')
  await walk.reads(fire, incident)
  await walk.takes(fire, 'confirm', { note: '已核实。' })
  await walk.sound(fire, 'incident-confirmed')
  const confirmer = await walk.as('confirmer')
  assert.match(await walk.reads(confirmer, `/desk/matters/premises/${other}/grade`), /禁租级等待确认/)
  await walk.reads(fire, incident)
  await walk.takes(fire, 'unlink', { why: 'wrong_house', to: 'sample-b07-u1' })
  await walk.sound(fire, 'incident-unlinked')
  assert.doesNotMatch(await walk.reads(confirmer, `/desk/matters/premises/${other}/grade`), /等待确认/)
  assert.doesNotMatch(await walk.anybody(`/s/${other}`), /须经确认/)
})

test('what was said is sound at level 5, and rebuilt the same', async () => {
  await house.close()
  assert.deepEqual(house.run('verify', '--level', '5').findings, [])
  assert.equal(house.run('rebuild').digest, house.run('rebuild').digest)
})

/** Answers every question with the best row, with a photo where one is asked for. */
async function answers(page) {
  const names = await page.$$eval('input[type=radio]', (all) => [...new Set(all.map((one) => one.name))])
  for (const name of names) {
    await page.locator(`input[type=radio][name="${name}"]:not([value=not_applicable])`).first().check({ force: true })
  }
  for (const input of await page.$$('input[type=file][name^="photo-"]')) {
    await input.setInputFiles({ name: 'p.png', mimeType: 'image/png', buffer: PNG })
  }
  await page.click('form[enctype="multipart/form-data"] button[type=submit]')
  await page.waitForLoadState()
}
