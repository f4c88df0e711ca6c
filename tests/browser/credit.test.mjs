// Journey 9: from facts to class, objection and back. A company promises, a department records what a document decided, the
// lowest class waits for a named person, the company is told before anything is public, objects, and what was public is taken
// back everywhere. Whoever opens a file is recorded first; a neighbour is not let in.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { DESK, PHONE, Walk, body, day, offers, place } from './walk.mjs'

const FILE = '/audit/credit/y-77'

let house, walk

before(async () => {
  house = await House.sample([
    ['clerk-2', '--role', 'data_clerk'],
    ['credit-1', '--role', 'credit_officer'],
    ['credit-2', '--role', 'credit_officer'],
    ['confirmer-2', '--role', 'confirmer'],
    ['fire-2', '--role', 'department_officer', '--department', 'fire'],
  ])
  const parties = { 'y-77': { kind: 'enterprise', name: '某公寓管理公司' }, 'y-78': { kind: 'person', name: '邻某' } }
  await house.spokenFor('clerk-2', parties, [
    ['company', '--role', 'operator', '--party', 'y-77'],
    ['neighbour-2', '--role', 'owner', '--party', 'y-78'],
  ])
  walk = await Walk.through(house)
  await house.says('clerk-2', 'premises/sample-b11', 'name_party', { party: 'y-77', role: 'operator', basis: 'management_contract' })
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
})

/** What a page says once the runner has come by. */
async function comes(page, path, said) {
  let text = ''
  for (let n = 0; n < 40; n++) {
    text = await walk.reads(page, path)
    if (said.test(text)) return text
    await page.waitForTimeout(500)
  }
  assert.fail(`${path} never says ${said}: ${text.slice(0, 800)}`)
}

/**
 * Takes a step on the file that is shown; where its class was computed meanwhile, looks again first, as a person does: what it
 * says of a class that was just computed anew is read off the page each time.
 */
async function takes(page, step, fields) {
  for (let n = 0; n < 10; n++) {
    const said = await walk.takes(page, step, typeof fields === 'function' ? await fields() : fields)
    if (!/别人已经记录了新的内容/.test(said)) return said
    await walk.reads(page, FILE)
  }
  assert.fail(`${step} is never taken`)
}

async function opens(page, purpose) {
  await walk.reads(page, FILE)
  await page.fill('[name=purpose]', purpose)
  await page.click('form.form button[type=submit]')
  await page.waitForLoadState()
  return body(page)
}

test('journey 9: whoever opens a file says for what, and a neighbour is not let in', async () => {
  const credit = await walk.as('credit-1', DESK)
  await comes(credit, '/audit/credit', /y-77 ?\t?.*信用/)
  await walk.sound(credit, 'credit-list')
  assert.match(await walk.reads(credit, FILE), /每次查看都会登记/)
  await walk.sound(credit, 'credit-why')
  assert.match(await opens(credit, '日常信用管理'), /谁看过这份档案/)
  await walk.sound(credit, 'credit-file')
  const neighbour = await walk.as('neighbour-2', PHONE)
  assert.match(await walk.reads(neighbour, FILE), /没有您可以看的内容/)
})

test('journey 9: the company sees its own file, and promises', async () => {
  const company = await walk.as('company', PHONE)
  assert.match(await walk.reads(company, '/my/credit'), /等级和理由/)
  assert.equal(place(company), FILE)
  await walk.takes(company, 'sign', { template: '2026-1' })
  assert.match(await body(company), /签信用承诺书/)
  await walk.sound(company, 'credit-own')
})

test('journey 9: a department records what a document decided; the lowest class waits for a named person', async () => {
  const fire = await walk.as('fire-2', DESK)
  await opens(fire, '查办提供虚假材料案')
  const recorded = await walk.takes(fire, 'record_conduct', {
    conduct: 'false_materials', attributed_to: 'party', degree: 'serious', decided_on: day(), document_number: '消罚〔2026〕7号',
    authority: '示例区消防救援大队',
  })
  assert.match(recorded, /已收到：记录失信行为/)
  const confirmer = await walk.as('confirmer-2', DESK)
  assert.match(await comes(confirmer, FILE, /等待确认的最低信用等级/), /消罚〔2026〕7号/)
  assert.doesNotMatch(await body(confirmer), /谁看过这份档案/, 'a confirmer sees what waits, and nothing else of the file')
  await walk.sound(confirmer, 'credit-lowest')
  await takes(confirmer, 'confirm_lowest', { document_number: '信定〔2026〕1号' })
  const credit = await walk.as('credit-1')
  await comes(credit, FILE, /现在\s*信用较差/)
})

test('journey 9: told, not public before its days have passed, objected to; upheld, it counts no more', async () => {
  const credit = await walk.as('credit-1')
  await walk.reads(credit, FILE)
  assert.match(await takes(credit, 'publish', { item: 'conduct#1', channels: ['credit_website'] }), /先告知本人/)
  await walk.reads(credit, FILE)
  await takes(credit, 'notice', { item: 'conduct#1', method: 'direct', document_number: '信告〔2026〕1号' })
  assert.match(await takes(credit, 'publish', { item: 'conduct#1', channels: ['credit_website'] }), /最早.*公布/)
  const company = await walk.as('company')
  await walk.reads(company, FILE)
  await takes(company, 'object', { item: 'conduct#1', grounds: '材料不是本公司提供的。' })
  assert.match(await walk.reads(company, FILE), /等待答复/)
  const other = await walk.as('credit-2', DESK)
  assert.match(await walk.reads(other, '/desk'), /信用异议待答复\s*y-77/)
  await walk.sound(other, 'credit-desk')
  await opens(other, '办理异议')
  assert.match(await body(other), /材料不是本公司提供的/)
  await takes(other, 'decide_objection', { number: '1', upheld: 'yes', document_number: '信异〔2026〕1号' })
  await walk.sound(other, 'credit-upheld')
  await comes(other, FILE, /现在\s*信用优良/)
  assert.equal(await offers(other, 'decide_objection'), 0)
})

test('journey 9: two records are one party: the second is registered, found and merged, and the list says so', async () => {
  const clerk = await walk.as('clerk-2', DESK)
  await walk.reads(clerk, '/desk')
  await clerk.click('a[href="/desk/parties"]')
  await clerk.waitForLoadState()
  await walk.sound(clerk, 'parties')
  assert.match(await walk.takes(clerk, 'register', { kind: 'enterprise', name: '某公寓管理有限公司' }), /已收到：登记主体/)
  const second = place(clerk)
  await walk.sound(clerk, 'party')
  assert.match(await walk.reads(clerk, '/desk/parties?q=%E6%9F%90%E5%85%AC%E5%AF%93'), /某公寓管理公司\s*y-77[^]*某公寓管理有限公司/)
  await walk.sound(clerk, 'parties-found')
  await walk.reads(clerk, second)
  assert.match(await walk.takes(clerk, 'merge', { into: 'y-77', why: 'same_uscc' }), /已收到：合并主体[^]*已并入 y-77/)
  assert.equal(await offers(clerk, 'merge'), 0)
  await walk.sound(clerk, 'party-merged')
  const credit = await walk.as('credit-1')
  assert.match(await walk.reads(credit, '/audit/credit'), /某公寓管理有限公司（y[0-9a-f]+）\s*已并入 y-77/)
  await walk.sound(credit, 'credit-list-merged')
})

test('what is public of companies is told to everybody, on a phone: nothing yet, then a good class', async () => {
  assert.match(await walk.anybody('/credit/published'), /现在没有公示的信用信息/)
  await walk.sound(walk.people['nobody-390'], 'credit-published-none')
  const credit = await walk.as('credit-1')
  await walk.reads(credit, FILE)
  const choices = credit.locator('#step-publish [name="publish.item"]')
  const present = () => choices.evaluateAll((all) => all
    .flatMap((one) => (one.options ? [...one.options] : [one])).map((one) => one.value).find((value) => value.startsWith('class')))
  await takes(credit, 'publish', async () => ({ item: await present(), channels: ['credit_website'] }))
  assert.match(await walk.anybody('/credit/published'), /信用优良/)
  await walk.sound(walk.people['nobody-390'], 'credit-published')
})

test('the inspections that credit asks for are a report, for whoever keeps the files', async () => {
  const credit = await walk.as('credit-1', DESK)
  const told = await walk.reads(credit, '/desk/reports/inspections')
  assert.match(told, /检查完成情况[^]*内容指纹[^]*还没有做/)
  await walk.sound(credit, 'inspections')
  await credit.goto(`${house.address}/language/en`)
  assert.match(await walk.reads(credit, '/desk/reports/inspections'), /Inspections made and missed[^]*To be made/)
  await walk.sound(credit, 'inspections-en')
})
