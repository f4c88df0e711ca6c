// A person at a browser, and what holds on every page: what the walks through the journeys have in common.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { PNG } from './house.mjs'

export const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, locale: 'zh-CN' }
export const DESK = { viewport: { width: 1280, height: 900 }, locale: 'zh-CN' }
export const body = (page) => page.innerText('body')
/** A day of the office, so many days from today. */
export const day = (from = 0) => new Date(Date.now() + 8 * 3600e3 + from * 864e5).toISOString().slice(0, 10)

const shots = process.env.WUPING_SHOTS

export class Walk {
  static async through(house) {
    const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
    return new Walk(house, await chromium.launch({ executablePath, args: ['--no-sandbox'] }))
  }

  constructor(house, browser) {
    this.house = house
    this.browser = browser
    this.people = {}
  }

  async close() {
    await this.browser.close()
  }

  /** Somebody at a phone or desk, who signs in once: by a password, or by the card of the sample's people. */
  async as(login, device = DESK) {
    return (this.people[login] ??= await this.enters(login, device))
  }

  async enters(login, device) {
    const page = await (await this.browser.newContext(device)).newPage()
    page.setDefaultTimeout(45000)
    page.faults = []
    page.on('console', (message) => message.type() === 'error' && page.faults.push(message.text()))
    page.on('pageerror', (error) => page.faults.push(String(error)))
    if (!login) return page
    await page.goto(`${this.house.address}/sign-in`)
    const password = this.house.passwords[login]
    const form = `form[action="/sign-in${password ? '' : `/sample/${login}`}"]`
    await page.$$eval('details', (all) => all.forEach((one) => { one.open = true }))
    if (password) {
      await page.fill(`${form} [name=login]`, login)
      await page.fill(`${form} [name=password]`, password)
    }
    await page.click(`${form} button`)
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
    return page
  }

  /** Anybody, at a phone. */
  async anybody(path, device = PHONE) {
    const page = this.people[`nobody-${device.viewport.width}`] ??= await this.enters(null, device)
    return this.reads(page, path)
  }

  async reads(page, path) {
    await page.goto(`${this.house.address}${path}`)
    return body(page)
  }

  /** What a signed-in person sends as a program would. */
  async says(page, stream, command, said) {
    const answer = await page.evaluate(async ([to, body]) => {
      const csrf = document.querySelector('[name=csrf]').value
      const headers = {
        'content-type': 'application/json', 'idempotency-key': crypto.randomUUID(), 'x-csrf-token': csrf,
      }
      const sent = await fetch(to, { method: 'POST', headers, body: JSON.stringify(body) })
      return [sent.status, await sent.text()]
    }, [`/api/v1/commands/${stream}/${command}`, said])
    assert.ok(answer[0] < 300, `${stream}/${command}: ${answer[1]}`)
  }

  /** What holds on every page: no sideways scroll, a title, a language, nothing that the browser complains of, no code of
      a program in the place of words, but where files and records are shown raw. */
  async sound(page, name, { raw = false } = {}) {
    const seen = await page.evaluate(() => ({
      lang: document.documentElement.lang,
      title: document.title,
      wide: document.documentElement.scrollWidth - window.innerWidth,
      ids: [...document.querySelectorAll('[id]')].map((one) => one.id),
      size: document.documentElement.outerHTML.length,
      // a rulebook's own ids stand beside the words, set as code
      text: [...document.querySelectorAll('code')].reduce((all, one) => all.replace(one.innerText, ''), document.body.innerText),
    }))
    assert.ok(seen.wide <= 0, `${name} scrolls sideways by ${seen.wide} px`)
    assert.ok(seen.title.length > 3 && seen.lang, name)
    assert.equal(new Set(seen.ids).size, seen.ids.length, `${name}: each id once`)
    assert.ok(seen.size < 150_000, `${name} has ${seen.size} characters`)
    assert.deepEqual(page.faults.filter((fault) => !/status of 4\d\d/.test(fault)), [], name)
    if (shots) {
      mkdirSync(shots, { recursive: true })
      await page.screenshot({ path: join(shots, `${name}-${page.viewportSize().width}.png`), fullPage: true })
    }
    if (seen.lang.startsWith('zh') && !raw) {
      const codes = seen.text.match(/\b[a-z]+_[a-z_]+\b|：[a-z_]+$/gm) ?? []
      assert.deepEqual(codes, [], `${name} has codes in the place of words`)
    }
  }

  /** Fills in a step's form and sends it; where it asks once more, says yes. */
  async takes(page, step, fields = {}, photos = 0, sure = true) {
    const form = page.locator(`#step-${step}`)
    if (!await form.count()) {
      throw new Error(`no step ${step} on ${page.url()}: ${(await body(page)).slice(0, 1500)}`)
    }
    if (!await form.evaluate((one) => one.open)) await form.locator('summary').first().click()
    for (const [name, values] of Object.entries(fields)) {
      const field = form.locator(`[name="${step}.${name}"]`)
      const kind = await field.first().evaluate((one) => one.type)
      for (const value of Array.isArray(values) ? values : [values]) {
        if (kind === 'radio' || kind === 'checkbox') {
          await form.locator(`[name="${step}.${name}"][value="${value}"]`).check({ force: true })
        } else if (kind === 'select-one') await field.selectOption(value)
        else await field.fill(value)
      }
    }
    if (photos) {
      const files = Array.from({ length: photos }, (_, n) => ({ name: `p${n}.png`, mimeType: 'image/png', buffer: PNG }))
      await form.locator('input[type=file]').first().setInputFiles(files)
    }
    await form.locator('button[type=submit]').click()
    await page.waitForLoadState()
    if (sure && await page.locator('button[name=sure]').count()) {
      await page.click('button[name=sure]')
      await page.waitForLoadState()
    }
    return body(page)
  }
}

export const offers = (page, step) => page.locator(`#step-${step}`).count()
export const place = (page) => new URL(page.url()).pathname
