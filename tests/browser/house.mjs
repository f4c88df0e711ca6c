// A house in operation for the browser: a new ledger, its people and channels, and the server, all by the real program.

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { randomUUID } from 'node:crypto'

const program = process.env.WUPING ?? new URL('../../target/debug/wuping', import.meta.url).pathname

export class House {
  /** With more people than the usual ones where a test needs them, each as `account open` is told. */
  static async open(more = []) {
    const folder = mkdtempSync(join(tmpdir(), 'wuping-browser-'))
    const house = new House(folder)
    house.run('init', '--origin', 'ledger.example/browser')
    for (const [login, ...options] of [...PEOPLE, ...more]) house.opens(login, options)
    house.run('feed', 'open', 'feed-police', '--department', 'police')
    house.run('feed', 'open', 'feed-housing', '--department', 'housing')
    await house.serve()
    return house
  }

  /** The sample, with the people named here beside its own. */
  static async sample(more = []) {
    const house = House.beneath()
    await house.serve()
    await house.close()
    return house.peopled(more)
  }

  /** A street that was played under a simulated clock, as `simulate` is told: a server that was away since. */
  static async street(options, more = []) {
    const house = House.beneath()
    house.run('simulate', ...options)
    return house.peopled(more)
  }

  /** In a folder that is not there yet. */
  static beneath() {
    const above = mkdtempSync(join(tmpdir(), 'wuping-browser-'))
    return Object.assign(new House(join(above, 'ledger')), { above })
  }

  async peopled(more) {
    for (const [login, ...options] of more) this.opens(login, options)
    await this.serve()
    return this
  }

  /** Parties that are registered, and people who speak for them, who get their accounts after that. */
  async spokenFor(clerk, parties, people) {
    for (const [id, party] of Object.entries(parties)) await this.says(clerk, `party/${id}`, 'register', party)
    await this.close()
    return this.peopled(people)
  }

  constructor(folder) {
    this.folder = folder
    this.passwords = {}
    this.accounts = {}
  }

  opens(login, options) {
    const { account, password } = this.run('account', 'open', login, '--name', login, ...options)
    this.passwords[login] = password
    this.accounts[login] = account
  }

  run(...words) {
    const told = execFileSync(program, ['--data', this.folder, '--json', ...words], { encoding: 'utf8' })
    return told.trim() ? JSON.parse(told) : undefined
  }

  /** As [run], of a command that answers a line each. */
  lines(...words) {
    const told = execFileSync(program, ['--data', this.folder, '--json', ...words], { encoding: 'utf8' })
    return told.trim().split('\n').map((line) => JSON.parse(line))
  }

  async serve() {
    this.server = spawn(program, ['--data', this.folder, 'serve', '--listen', '127.0.0.1:0'])
    this.server.stderr.on('data', (said) => { this.log = `${this.log ?? ''}${said}` })
    for await (const line of createInterface({ input: this.server.stdout })) {
      const found = line.match(/on (http:\S+)/)
      if (found) { this.address = found[1]; return }
    }
    throw new Error('the server did not start')
  }

  /** What a person says over REST. */
  async says(login, stream, command, body) {
    const signed = await fetch(`${this.address}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ login, password: this.passwords[login] }),
    })
    const { csrf } = await signed.json()
    const answer = await fetch(`${this.address}/api/v1/commands/${stream}/${command}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        cookie: signed.headers.get('set-cookie').split(';')[0],
        'idempotency-key': randomUUID(),
        'x-csrf-token': csrf,
      },
      body: JSON.stringify(body),
    })
    if (!answer.ok) throw new Error(`${stream}/${command}: ${await answer.text()}`)
  }

  async close() {
    if (this.server.exitCode !== null) return
    const ended = new Promise((resolve) => this.server.once('exit', resolve))
    this.server.kill('SIGTERM')
    await ended
  }

  remove() {
    rmSync(this.above ?? this.folder, { recursive: true, force: true })
  }
}

/** Name to sign in by, and what `account open` is told. */
const PEOPLE = [
  ['clerk', '--role', 'data_clerk'],
  ['grid', '--role', 'grid_worker', '--area', '石井'],
  ['fire', '--role', 'department_officer', '--department', 'fire'],
  ['legal', '--role', 'legal_officer'],
  ['confirmer', '--role', 'confirmer'],
  ['owner', '--role', 'owner', '--party', 'p-1'],
  ['neighbour', '--role', 'owner', '--party', 'p-2'],
]

/** One white pixel. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/5+hHgAHggJ/PchI7wAAAABJRU5ErkJggg==',
  'base64',
)
