// A unit's way through the pages, as its people go it: assessed by each collector on a phone, refused while anything is
// missing, graded; assessed low, heard, confirmed by a named person, and shown to the public at each step as it is then.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House, PNG } from './house.mjs'
import { DESK, PHONE as WIDER, Walk, body, day } from './walk.mjs'

const CODE = '4403100000000000001'
/** The narrowest telephone that people still carry. */
const PHONE = { ...WIDER, viewport: { width: 360, height: 740 } }

let house, walk

before(async () => {
  house = await House.open()
  walk = await Walk.through(house)
  await house.says('clerk', 'premises/u-1', 'register', {
    layer: 'unit', parent: 'b-1', address: '石井街道金龟社区1号101', codes: { house_code: CODE },
    subdistrict: '石井', community: '金龟', grid_cell: 'g-01',
  })
  await house.says('clerk', 'premises/u-1', 'name_party', { party: 'p-1', role: 'owner', basis: 'property_certificate', from: '2020-01-01' })
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

/** A person at a phone or desk of their own; nobody is signed in without a name. */
const person = (login, device) => walk.enters(login, device)
const sound = (page, name, how) => walk.sound(page, name, how)

async function begin(page) {
  await page.goto(`${house.address}/desk`)
  await page.fill('[name=code]', CODE)
  await page.click('form[action="/desk/open"] button')
  await page.waitForURL('**/desk/assessments/**')
  return page.url()
}

/** Answers every question: the worst row of those named, the best of the others, with a photo where one is asked for. */
async function fill(page, failing) {
  const names = await page.$$eval('input[type=radio]', (all) => [...new Set(all.map((one) => one.name))])
  for (const name of names) {
    const rows = page.locator(`input[type=radio][name="${name}"]:not([value=not_applicable])`)
    const fails = failing.includes(name.replace('result-', ''))
    await (fails ? rows.last() : rows.first()).check({ force: true })
  }
  for (const input of await page.$$('input[type=file][name^="photo-"]')) {
    await input.setInputFiles({ name: 'p.png', mimeType: 'image/png', buffer: PNG })
  }
  await page.click('form[enctype="multipart/form-data"] button[type=submit]')
  await page.waitForLoadState()
}

async function submit(page) {
  await page.click('form[action$="/submit"] button')
  await page.waitForLoadState()
}

async function uploads(table) {
  const clerk = await person('clerk', DESK)
  for (const [channel, indicator, outcome] of table) {
    await clerk.goto(`${house.address}/desk/feeds?kind=indicators`)
    await clerk.check(`input[name=channel][value=${channel}]`, { force: true })
    const csv = Buffer.from(`code,indicator,outcome\n${CODE},${indicator},${outcome}\n`)
    await clerk.setInputFiles('input[name=table]', { name: 't.csv', mimeType: 'text/csv', buffer: csv })
    await clerk.click('form[action="/desk/feeds"] button[type=submit]')
    await clerk.waitForLoadState()
    await sound(clerk, `tried-${indicator}`, { raw: true })
    const record = await clerk.$('form[action="/desk/feeds/record"] button[type=submit]')
    if (record) {
      await record.click()
      await clerk.waitForLoadState()
    }
  }
  const told = await body(clerk)
  await sound(clerk, `upload-${table.length}`, { raw: true })
  await clerk.context().close()
  return told
}

test('nothing is submitted while an indicator of any collector is missing', async () => {
  const grid = await person('grid', PHONE)
  await sound(grid, 'desk')
  const address = await begin(grid)
  await sound(grid, 'assessment-empty')
  await submit(grid)
  const refused = await body(grid)
  assert.match(refused, /没有结果/)
  assert.match(refused, /公安部门系统提供：承租人身份信息登记/)
  assert.match(refused, /网格员采集：/)
  await sound(grid, 'refused-incomplete')
  await grid.goto(address)
  await fill(grid, [])
  assert.match(await body(grid), /还等其他人采集/)
  await sound(grid, 'assessment-grid-done')
  await submit(grid)
  const waiting = await body(grid)
  assert.match(waiting, /2项指标没有结果/)
  assert.doesNotMatch(waiting, /网格员采集/)
  await grid.context().close()
})

test('other systems share theirs, each for its own department', async () => {
  assert.match(await uploads([['feed-housing', 'tenant_registration', '0']]), /第2行.*由其他人采集/s)
  const told = await uploads([['feed-police', 'tenant_registration', '0'], ['feed-housing', 'lease_filing', 'met']])
  assert.match(told, /新增1行，更改0行，已有0行，不能记录0行/)
})

test('the lead submits, and the grade stands on the public page with its reasons', async () => {
  const grid = await person('grid', PHONE)
  await grid.click('a[href*="/desk/assessments/"]')
  await grid.waitForURL('**/desk/assessments/**')
  await submit(grid)
  await grid.waitForURL('**/s/**')
  for (const device of [PHONE, DESK]) {
    const anybody = await person(null, device)
    await anybody.goto(`${house.address}/s/${CODE}`)
    const shown = await body(anybody)
    assert.match(shown, /五星级/)
    assert.match(shown, /石井街道金龟社区1号101/)
    await sound(anybody, 'subject-five')
    await anybody.context().close()
  }
  await grid.context().close()
})

test('a low grade waits: the old one stays in force and the page says that a newer one is dealt with', async () => {
  const grid = await person('grid', PHONE)
  await begin(grid)
  await fill(grid, ['electrical_wiring', 'gas_water_heater', 'smoke_alarm'])
  assert.match(await uploads([['feed-police', 'tenant_registration', '2'], ['feed-housing', 'lease_filing', 'unmet']]), /新增1行/)
  // photos are asked for with what failed; the page names it, and they are there
  await submit(grid)
  await grid.waitForURL('**/s/**')
  const anybody = await person(null, PHONE)
  await anybody.goto(`${house.address}/s/${CODE}`)
  const shown = await body(anybody)
  assert.match(shown, /五星级/, 'what is in force stays')
  assert.match(shown, /有一个新的评定结果在等待处理/, 'and what waits is said')
  await sound(anybody, 'subject-waiting')
  await anybody.context().close()
  await grid.context().close()
})

test('it binds once the owner was heard and a named person confirmed, and not before', async () => {
  const case_ = `${house.address}/desk/grades/u-1`
  const act = async (page, action, fields) => {
    await page.goto(case_)
    const form = page.locator(`form:has(input[name=action][value=${action}])`)
    for (const [name, value] of Object.entries(fields)) {
      const choice = form.locator(`input[type=radio][name=${name}][value="${value}"]`)
      if (await choice.count()) await choice.check({ force: true })
      else await form.locator(`[name=${name}]`).fill(value)
    }
    await form.locator('button[type=submit]').click()
    await page.waitForLoadState()
    return body(page)
  }
  const confirmer = await person('confirmer', DESK)
  const number = { text: '坪房评〔2026〕1号' }
  assert.match(await act(confirmer, 'confirm', number), /陈述申辩尚未听取完毕/)
  await sound(confirmer, 'refused-unheard')
  await confirmer.click('a[href="/desk/grades/u-1"]')

  const legal = await person('legal', DESK)
  await legal.goto(case_)
  assert.match(await body(legal), /由以下人员办理.*确认人/s, 'who may confirm is said to who may not')
  // nobody states that the owner was invited: it follows from the service of a notice
  await legal.click('a[href="/desk/premises/u-1"]')
  const results = await legal.$$eval('[name="issue.about"]', (all) => all.flatMap((one) => [...(one.options ?? [one])].map((it) => it.value)))
  const about = results.filter((value) => value.startsWith('premises/u-1/grade#')).sort().at(-1)
  await walk.takes(legal, 'issue', {
    kind: 'proposal', about, authority: 'housing', document_number: '坪房评先告〔2026〕1号',
    legal_basis: '出租屋分级分类管理办法第十条', handling_officers: house.accounts.legal,
  })
  await walk.takes(legal, 'serve', { method: 'direct', on: day() })
  await legal.goto(case_)
  await sound(legal, 'case-invited')
  await confirmer.fill('form:has(input[name=action][value=confirm]) [name=text]', number.text)
  await confirmer.click('form:has(input[name=action][value=confirm]) button[type=submit]')
  await confirmer.waitForLoadState()
  assert.match(await body(confirmer), /别人已经记录了新的内容/, 'what was judged on an older state is not taken')

  const neighbour = await person('neighbour', PHONE)
  await neighbour.goto(case_)
  assert.match(await body(neighbour), /只有承办人员和该房屋的业主/)
  const owner = await person('owner', PHONE)
  await owner.goto(case_)
  await sound(owner, 'case-owner')
  await act(owner, 'make_statement', { text: '电线下周更换。' })

  await act(legal, 'consider_statement', { adopted: 'no', text: '尚未整改。' })
  await act(confirmer, 'confirm', number)
  await sound(confirmer, 'case-confirmed')

  for (const device of [PHONE, DESK]) {
    const anybody = await person(null, device)
    await anybody.goto(`${house.address}/s/${CODE}`)
    const shown = await body(anybody)
    assert.match(shown, /一星级/)
    assert.match(shown, /严管|严格管理/)
    assert.match(shown, /电气线路|电线/, 'the reason that weighs most')
    await sound(anybody, 'subject-one')
    await anybody.goto(`${house.address}/audit/${CODE}`)
    assert.match(await body(anybody), /等级/)
    await sound(anybody, 'audit', { raw: true })
    await anybody.goto(`${house.address}/language/en?to=/s/${CODE}`)
    const english = await body(anybody)
    assert.match(english, /One star/)
    await sound(anybody, 'subject-one-en')
    await anybody.context().close()
  }
})

test('a hazard goes from its finding to its closing, in the hands of its department', async () => {
  const fire = await person('fire', DESK)
  await sound(fire, 'desk-fire')
  await fire.click('a[href^="/desk/hazards/u-1/"], a[href^="/desk/matters/premises/u-1/hazard/"]')
  await fire.waitForURL('**/desk/matters/premises/u-1/hazard/**')
  const here = fire.url()
  const step = async (page, name) => {
    await page.locator(`#step-${name}`).evaluate((one) => { one.open = true })
    await page.click(`#step-${name} button[type=submit]`)
    await page.waitForLoadState()
    return body(page)
  }
  assert.match(await step(fire, 'review_confirm'), /已确认/)
  await sound(fire, 'hazard-confirmed')

  const grid = await person('grid', PHONE)
  await grid.goto(here)
  assert.match(await body(grid), /由以下人员办理/)
  await sound(grid, 'hazard-grid')
  const neighbour = await person('neighbour', PHONE)
  await neighbour.goto(here)
  assert.match(await body(neighbour), /只能看自己房屋的事项/)

  await fire.locator('#step-accept').evaluate((one) => { one.open = true })
  await fire.fill('[name="accept.findings"]', '已更换线路。')
  assert.match(await step(fire, 'accept'), /已办结/, 'its acceptance closes it')
})

test('what the pages recorded is sound, and rebuilt the same', async () => {
  await house.close()
  const verified = house.run('verify', '--level', '5')
  assert.deepEqual(verified.findings, [])
  assert.equal(house.run('rebuild').digest, house.run('rebuild').digest)
})
