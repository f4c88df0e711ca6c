// What an office prints: the sheet for the door, the list for the board, a notice, a report with its picture, a credit file, the
// situation before a meeting, the cover of the evidence. Each is printed by a browser to A4 and read back: how many pages it
// takes, that no word is cut, that both languages have their letters.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { House } from './house.mjs'
import { DESK, Walk, body, day, place } from './walk.mjs'

const AUTHORITY = { authority: '示例区住房和建设局', legal_basis: '出租屋分级分类管理办法第十二条', handling_officers: 'sample-legal' }
const REMEDIES = ['appeal_file', 'administrative_reconsideration', 'litigation']

const shots = process.env.WUPING_SHOTS

let house, walk, elsewhere

before(async () => {
  house = await House.sample([
    ['chief-3', '--role', 'commission_admin'],
    ['credit-3', '--role', 'credit_officer'],
    ['legal-3', '--role', 'legal_officer'],
    ['clerk-3', '--role', 'data_clerk'],
  ])
  walk = await Walk.through(house)
  elsewhere = mkdtempSync(join(tmpdir(), 'wuping-print-'))
})

after(async () => {
  await walk?.close()
  await house?.close()
  house?.remove()
  rmSync(elsewhere, { recursive: true, force: true })
})

/** Prints the page that is shown, in either language, and holds the paper against the screen. */
async function prints(page, name, { pages, languages = ['zh', 'en'] }) {
  const address = page.url()
  for (const lang of languages) {
    if (languages.length > 1) {
      await page.goto(`${house.address}/language/${lang}`)
      await page.goto(address)
    }
    await page.emulateMedia({ media: 'print' })
    const view = page.viewportSize()
    // as wide as what a sheet has between its margins
    await page.setViewportSize({ width: 688, height: 1000 })
    const { words, wide } = await page.evaluate(() => ({
      words: document.body.innerText.split(/\s+/).filter((word) => word),
      wide: document.documentElement.scrollWidth - window.innerWidth,
    }))
    assert.ok(wide <= 0, `${name} (${lang}) is wider than a sheet by ${wide} px`)
    const file = join(elsewhere, `${name}-${lang}.pdf`)
    writeFileSync(file, await page.pdf({ preferCSSPageSize: true, printBackground: false }))
    const tells = (...command) => execFileSync(command[0], [...command.slice(1)], { encoding: 'utf8' })
    const taken = Number(tells('pdfinfo', file).match(/^Pages:\s+(\d+)/m)[1])
    assert.ok(taken >= 1 && taken <= pages, `${name} (${lang}) takes ${taken} pages`)
    assert.match(tells('pdfinfo', file), /Page size:.*A4/, name)
    // a hyphen at the end of a line is taken for one that the line made
    const bare = (text) => text.replace(/[\s-]+/g, '')
    const paper = bare(tells('pdftotext', '-raw', '-enc', 'UTF-8', file, '-'))
    const lost = words.filter((word) => !paper.includes(bare(word)))
    assert.deepEqual(lost, [], `${name} (${lang}) has these on the screen and not on paper`)
    // a letter that no font has would be a box on paper, and no letter when it is read back
    const fonts = tells('pdffonts', file).split('\n').slice(2).filter((line) => line)
    const whole = (line) => /^yes (yes|no)\s+yes/.test(line.replace(/^.*?(?=(yes|no)\s+(yes|no)\s+(yes|no)\s+\d)/, ''))
    assert.deepEqual(fonts.filter((line) => !whole(line)), [], `${name} (${lang}): every font is in the file`)
    assert.match(paper, lang === 'en' ? /[A-Za-z]{4}/ : /\p{Script=Han}{4}/u, `${name} (${lang})`)
    if (shots) {
      mkdirSync(shots, { recursive: true })
      tells('pdftoppm', '-r', '60', '-png', file, join(shots, `print-${name}-${lang}`))
    }
    await page.setViewportSize(view)
    await page.emulateMedia({ media: null })
  }
}

/** Waits for what the runner brings. */
async function until(holds) {
  for (let n = 0; n < 40; n++) {
    if (await holds()) return
    await new Promise((later) => setTimeout(later, 500))
  }
  assert.fail('it never comes')
}

test('the sheet for the door and the list for the board', async () => {
  const anybody = await walk.enters(null, DESK)
  await walk.reads(anybody, '/s/sample-b11')
  await prints(anybody, 'door', { pages: 6 })
  await walk.reads(anybody, '/board?subdistrict=%E7%9F%B3%E6%A1%A5')
  await prints(anybody, 'board', { pages: 4 })
})

test('a notice', async () => {
  const legal = await walk.as('legal-3', DESK)
  await walk.reads(legal, '/desk/premises/sample-b11')
  await walk.takes(legal, 'issue', {
    ...AUTHORITY, kind: 'result_notice', about: 'premises/sample-b11/grade#1', document_number: '坪房评告〔甲〕11号', remedies: REMEDIES,
    text: '经评定，本楼栋的等级见附表。',
  })
  assert.match(place(legal), /\/notice\//)
  await legal.emulateMedia({ media: 'print' })
  const letter = await body(legal)
  assert.match(letter, /示例区住房和建设局[^]*评定结果告知书[^]*坪房评告〔甲〕11号[^]*致：[^]*经评定[^]*可以：/)
  assert.doesNotMatch(letter, /经过（最近的在前）|现在可以办的事/, 'the letter, and nothing of the page around it')
  await legal.emulateMedia({ media: null })
  await prints(legal, 'notice', { pages: 3 })
})

test('a report with its picture', async () => {
  const chief = await walk.as('chief-3', DESK)
  await walk.reads(chief, '/desk/reports/distribution')
  await prints(chief, 'report', { pages: 4 })
  await walk.reads(chief, `/desk/reports/situation?from=${day(-90)}`)
  await prints(chief, 'situation', { pages: 8 })
  // sixteen columns lie across the sheet, and none is cut
  await walk.reads(chief, '/desk/reports/cases')
  await prints(chief, 'cases', { pages: 12 })
})

test('a credit file', async () => {
  const credit = await walk.as('credit-3', DESK)
  await house.says('clerk-3', 'party/y-79', 'register', { kind: 'enterprise', name: '某公寓管理公司' })
  await house.says('clerk-3', 'premises/sample-b11', 'name_party', { party: 'y-79', role: 'operator', basis: 'management_contract' })
  await until(async () => /y-79 ?\t?.*信用/.test(await walk.reads(credit, '/audit/credit')))
  await walk.reads(credit, '/audit/credit/y-79')
  await credit.fill('[name=purpose]', '日常信用管理')
  await credit.click('form.form button[type=submit]')
  await credit.waitForLoadState()
  // a file is shown once for a reading, so it is printed as it stands
  await prints(credit, 'credit-file', { pages: 4, languages: ['zh'] })
})

test('the situation before a meeting', async () => {
  const chief = await walk.as('chief-3', DESK)
  await walk.reads(chief, `/desk/meetings?from=${day(-30)}&until=${day()}`)
  await walk.takes(chief, 'hold', {
    departments: ['fire'], resolved: `fire ${day(7)} 排查楼顶门锁`, minutes: '一致同意。',
  })
  await walk.reads(chief, place(chief))
  await prints(chief, 'meeting', { pages: 4 })
})

test('the cover of the evidence', async () => {
  const legal = await walk.as('legal-3', DESK)
  await walk.reads(legal, '/audit/sample-b11/evidence')
  await legal.fill('[name=basis]', '行政诉讼法第三十四条')
  const [download] = await Promise.all([legal.waitForEvent('download'), legal.click('form.form button[type=submit]')])
  const file = join(elsewhere, 'given-out.zip')
  await download.saveAs(file)
  execFileSync('python3', ['-m', 'zipfile', '-e', file, elsewhere])
  const stranger = await walk.enters(null, DESK)
  await stranger.goto(`file://${join(elsewhere, 'explained.html')}`)
  assert.match(await body(stranger), /Evidence explained/)
  await prints(stranger, 'evidence', { pages: 12, languages: ['both'] })
})
