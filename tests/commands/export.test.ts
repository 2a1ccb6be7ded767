import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { columnsOf, type Table, tableNames } from '../../src/actions/export/columns.js'
import { exportRows } from '../../src/actions/export.js'
import type { BrokenSession } from '../../src/actions/shared/sessions.js'
import type { HostFs } from '../../src/host.js'
import { openRepo } from '../../src/repo.js'
import { generate } from '../helpers/generated.js'
import { testHost } from '../helpers/host.js'
import { ledger, recordSession, tokens } from '../helpers/ledger.js'
import { type Scene, scene } from '../helpers/scene.js'

type Rows = Record<string, string | number | boolean | null>[]

/** The rows of a table, as `--format json` gives them. */
async function rowsOf(s: Scene, table: Table, ...args: string[]): Promise<Rows> {
  const answer = await s.amp('export', '--tables', table, ...args)
  expect(answer).toMatchObject({ code: 0 })
  const { schema, tables } = JSON.parse(answer.stdout)
  expect([schema, Object.keys(tables)]).toEqual(['git-amp/export@1', [table]])
  return tables[table]
}

/** Fields of CSV as RFC 4180 reads it. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy
  for (let match = field.exec(text); match !== null; match = field.exec(text)) {
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === ',') continue
    rows.push(row)
    row = []
  }
  expect(rows.map((one) => one.length)).toEqual(rows.map(() => rows[0]?.length))
  return rows
}

const files = (dir: string) => readdirSync(dir).sort()

describe('git amp export', () => {
  it('every row has the columns that are documented, of their kind, in their order', async () => {
    const { s } = await ledger()
    await merged(s)
    const broken: BrokenSession[] = []
    const repo = await openRepo(testHost({ cwd: s.dir, env: s.env }))
    const seen = new Set<Table>()
    for await (const { table, row } of exportRows(repo, { sessions: [], broken })) {
      seen.add(table)
      const columns = columnsOf(table)
      expect(Object.keys(row).sort()).toEqual(columns.map(({ name }) => name).sort())
      for (const { name, kind } of columns) {
        const value = row[name]
        if (value === null) continue
        const type = kind === 'number' ? 'number' : kind === 'flag' ? 'boolean' : 'string'
        expect([table, name, typeof value]).toEqual([table, name, type])
        if (kind === 'time') expect(value).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
      }
    }
    repo.close()
    expect([...seen]).toEqual(['sessions', 'iterations', 'merges'])
    expect(broken).toEqual([])
    const page = readFileSync(join(import.meta.dirname, '../../man/git-amp-export.1'), 'utf8').replaceAll('\\-', '-')
    for (const table of tableNames) {
      for (const { name, kind, meaning } of columnsOf(table))
        expect(page.replaceAll(/\\f.|\\\(../g, '')).toContain(`${name} (${kind}): ${meaning}`.replaceAll('"', '"'))
    }
  })

  it('tells the same in json, ndjson and csv', async () => {
    const { s } = await ledger()
    const json = await rowsOf(s, 'iterations')
    expect(json.map((row) => [row.n, row.agent, row.input, row.cost_usd])).toEqual([
      [1, 'amp', 1000, 0.51],
      [2, 'amp', 2000, 0.1],
      [3, 'amp', 1_000_000, null],
      [1, 'codex', 5, 0.2],
    ])
    const ndjson = (await s.amp('export', '--tables', 'iterations', '--format', 'ndjson')).stdout.trimEnd().split('\n')
    const common = { schema: 'git-amp/export@1', table: 'iterations' }
    expect(ndjson.map((line) => JSON.parse(line))).toEqual(json.map((row) => ({ ...common, ...row })))
    const [head = [], ...lines] = parseCsv((await s.amp('export', '--tables', 'iterations', '--format', 'csv')).stdout)
    expect(head).toEqual(columnsOf('iterations').map(({ name }) => name))
    expect(lines).toEqual(json.map((row) => head.map((name) => `${row[name] ?? ''}`)))
    expect((await s.amp('export')).stdout).toBe((await s.amp('export')).stdout)
  })

  it('agrees with usage and show', async () => {
    const { s, fix } = await ledger()
    const sum = JSON.parse((await s.amp('usage', '--json')).stdout)
    const sessions = await rowsOf(s, 'sessions')
    for (const row of sum.rows) {
      const own = sessions.find(({ session }) => session === row.key)
      expect(own).toMatchObject({ ...snake(row.usage), cost_usd: row.costUsd, unpriced: row.unpriced })
    }
    expect(sessions.find(({ session }) => session === fix)).toMatchObject(snake((await s.show(fix)).session.usage))
    const free = await s.session('free')
    await s.amp('iterate', free)
    expect(await rowsOf(s, 'sessions', free)).toMatchObject([{ cost_usd: null, input: null, unpriced: 0 }])
  })

  it('filters each table by its own time, and keeps the sessions of what is left', async () => {
    const s = await eras()
    const names = async (...args: string[]) => (await rowsOf(s, 'sessions', ...args)).map(({ name }) => name)
    const began = async (...args: string[]) =>
      (await rowsOf(s, 'iterations', ...args)).map((row) => `${row.started_at}`.slice(0, 10))
    const landed = async (...args: string[]) =>
      (await rowsOf(s, 'merges', ...args)).map(({ at }) => `${at}`.slice(0, 10))
    expect(await names()).toEqual(['early', 'long', 'late'])
    expect(await began()).toEqual(['2026-02-01', '2026-02-01', '2026-06-01', '2026-06-01'])
    expect(await landed()).toEqual(['2026-03-01'])
    expect(await names('--since', '2026-05-01')).toEqual(['long', 'late'])
    expect(await began('--since', '2026-05-01')).toEqual(['2026-06-01', '2026-06-01'])
    expect(await landed('--since', '2026-05-01')).toEqual([])
    expect(await names('--until', '2026-05-01')).toEqual(['early', 'long'])
    expect(await began('--until', '2026-05-01')).toEqual(['2026-02-01', '2026-02-01'])
    expect(await names('--since', '2026-02-20', '--until', '2026-03-01')).toEqual(['early'])
    expect(await landed('--since', '2026-02-20', '--until', '2026-03-01')).toEqual(['2026-03-01'])
    expect(await names('late', 'early', 'late')).toEqual(['early', 'late'])
    expect(await began('late')).toEqual(['2026-06-01'])
    expect(await rowsOf(s, 'iterations', 'early', '--since', '2026-05-01')).toEqual([])
    expect(await rowsOf(s, 'merges', 'late')).toEqual([])
  })

  it('a session that was started in the time is taken without iterations', async () => {
    const s = scene()
    await recordSession(s, { name: 'new', iterations: [], createdAt: '2026-06-01T00:00:00Z' })
    expect(await rowsOf(s, 'sessions', '--since', '2026-06-01')).toMatchObject([{ name: 'new', result: 'new' }])
    expect(await rowsOf(s, 'sessions', '--since', '2026-06-02')).toEqual([])
  })

  it('quotes what RFC 4180 says, and disarms formulas and control characters in csv alone', async () => {
    const s = scene()
    const prompt = '=HYPERLINK("http://x","a,b")\r\nsecond \u001b[31mred\u0007 line\u2028 \u202e'
    const spent = { usage: tokens(1, 2) }
    const iterations = [{ at: '2026-01-02T00:00:00Z', prompt: '@cmd', model: '=1+1', spent }]
    await recordSession(s, { name: 'a', prompt, iterations })
    expect(await rowsOf(s, 'sessions')).toMatchObject([{ prompt }])
    expect(await rowsOf(s, 'iterations')).toMatchObject([{ prompt: '@cmd', model: '=1+1' }])
    const json = (await s.amp('export')).stdout
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(json).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/)
    const [names = [], row = []] = parseCsv((await s.amp('export', '--tables', 'sessions', '--format', 'csv')).stdout)
    expect(row[names.indexOf('prompt')]).toBe(
      '\'=HYPERLINK("http://x","a,b")\r\nsecond \\x1b[31mred\\x07 line\u2028 \\u202e',
    )
    const [head = [], one = []] = parseCsv((await s.amp('export', '--tables', 'iterations', '--format', 'csv')).stdout)
    expect([one[head.indexOf('prompt')], one[head.indexOf('model')], one[head.indexOf('cost_usd')]]).toEqual([
      "'@cmd",
      "'=1+1",
      '',
    ])
  })

  it('tells the calls of tools from the transcripts', async () => {
    const s = scene()
    callingAmp(s)
    const id = (await s.amp('new', 'a', '--agent', 'amp', '-m', 'go', '-q')).stdout.trim()
    expect((await s.amp('iterate', id)).code).toBe(0)
    expect(await rowsOf(s, 'tool_calls')).toMatchObject([
      { session: id, n: 1, call: 1, tool: 'Read', input: '{"path":"a.txt"}', failed: false, output_bytes: 5 },
      { session: id, n: 1, call: 2, tool: 'Bash', input: '{"cmd":"make"}', failed: true, output_bytes: 4 },
      { session: id, n: 1, call: 3, tool: 'Read', input: '{"path":"b"}', failed: null, duration_ms: null },
    ])
    expect(await rowsOf(s, 'tool_calls', '--until', '2000-01-01')).toEqual([])
  })

  it('tells a merge once, with its end', async () => {
    const s = scene()
    const id = await merged(s)
    expect(await rowsOf(s, 'merges')).toMatchObject([{ session: id, into: 'refs/heads/main', result: 'done' }])
    await s.amp('undo')
    expect(await rowsOf(s, 'merges')).toMatchObject([{ session: id, result: 'undone' }])
  })

  it('tells of a batch run with its sessions, in whatever repository they are', async () => {
    const [home, there] = [scene(), scene()]
    const at = '2026-05-01T00:00:00Z'
    const made = await recordSession(there, { name: 'made', createdAt: at, iterations: [{ at }, { at }] })
    await recordSession(there, { name: 'other', createdAt: at, iterations: [{ at }] })
    await recordSession(home, { name: 'own', createdAt: at, iterations: [{ at }] })
    generate(home, {
      sessions: 0,
      batch: { repositories: 1, prompts: 2, dir: there.dir, sessions: [made, 'never0made00'] },
    })
    // It was started here: the plan of another one's run opens no directory.
    const run = home.git('for-each-ref', '--format=%(refname:lstrip=3)', 'refs/amp/batches')
    mkdirSync(join(home.dir, '.git/amp'), { recursive: true })
    appendFileSync(join(home.dir, '.git/amp/own'), `${run}\n`)
    const names = async (...args: string[]) => (await rowsOf(home, 'sessions', ...args)).map(({ name }) => name)
    expect(await names()).toEqual(['own'])
    expect(await names('--batch', 'nightly')).toEqual(['made'])
    expect(await rowsOf(home, 'sessions', '--batch', 'nightly')).toMatchObject([
      { repository: there.dir, session: made },
    ])
    expect(await rowsOf(home, 'iterations', '--batch', 'nightly')).toHaveLength(2)
    expect(await rowsOf(home, 'iterations', '--batch', 'nightly', '--until', '2026-04-01')).toEqual([])
    expect(await rowsOf(home, 'batches')).toMatchObject([{ name: 'nightly', state: 'finished', items: 2 }])
    expect(await rowsOf(home, 'batch_items', '--since', '2026-11-20')).toMatchObject([
      { n: 1, repository: '/home/ada/work/parser', prompt: 'Fix nested quotes in the parser', session: made },
      { n: 2, prompt: 'Handle the login form', session: 'never0made00' },
    ])
    expect(await rowsOf(home, 'batch_items', '--until', '2026-11-01')).toEqual([])
    expect((await home.amp('export', 'own', '--batch', 'nightly')).stderr).toContain('sessions and --batch exclude')
    renameSync(there.dir, `${there.dir}-gone`)
    const answer = await home.amp('export', '--batch', 'nightly', '--format', 'csv', '--out', './data')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain(`warning: ${there.dir} cannot be read`)
    expect(files(join(home.dir, 'data'))).toHaveLength(6)
  })

  it('writes a file, a directory, a new directory, or standard output', async () => {
    const { s } = await ledger()
    const all = (await s.amp('export')).stdout
    expect((await s.amp('export', '--out', '-')).stdout).toBe(all)
    expect(await s.amp('export', '--out', 'all.json')).toMatchObject({
      code: 0,
      stdout: `${s.dir}/all.json\n`,
      stderr: '',
    })
    expect(s.read('all.json')).toBe(all)
    expect((await s.amp('export', '--out', 'x.ndjson', '--tables', 'sessions')).code).toBe(0)
    expect(s.read('x.ndjson')).toBe((await s.amp('export', '--format', 'ndjson', '--tables', 'sessions')).stdout)
    expect((await s.amp('export', '--format', 'csv', '--out', './data')).code).toBe(0)
    expect(files(join(s.dir, 'data'))).toEqual(tableNames.map((name) => `${name}.csv`).sort())
    mkdirSync(join(s.dir, 'my.dir'))
    expect((await s.amp('export', '--out', 'my.dir', '--tables', 'merges,sessions', '--format', 'ndjson')).code).toBe(0)
    expect(files(join(s.dir, 'my.dir'))).toEqual(['merges.ndjson', 'sessions.ndjson'])
    const told = JSON.parse((await s.amp('export', '--json', '--out', 'it.csv', '--tables', 'iterations')).stdout)
    expect(told).toEqual({
      schema: 'git-amp/exported@1',
      files: [{ path: join(s.dir, 'it.csv'), tables: [{ table: 'iterations', rows: 4 }] }],
    })
    expect((await s.amp('export', '--json')).stdout).toBe(all)
  })

  it('says what is wrong with the command line', async () => {
    const { s } = await ledger()
    const wrong = async (...args: string[]) => (await s.amp('export', ...args)).stderr.split('\nusage')[0]
    expect(await wrong('--format', 'xml')).toContain("error: unknown format 'xml'\nhint: Known: json, ndjson, csv, md")
    expect(await wrong('--tables', 'sessions,plans')).toContain("error: unknown table 'plans'\nhint: Known: sessions,")
    expect(await wrong('--format', 'csv')).toContain('error: a csv file holds one table\nhint: Name one with --tables')
    expect(await wrong('--json', '--format', 'csv', '--tables', 'merges')).toContain('exclude each other')
    expect(await wrong('--batch', 'nothing')).toContain('fatal: no batch run \'nothing\'\nhint: "git amp batch list"')
    expect(await wrong('no-such')).toContain("fatal: no session 'no-such'")
    expect(files(s.dir)).toEqual(['.git', 'README.md'])
  })

  it('a full disk leaves what was there, and nothing half-written', async () => {
    const { s } = await ledger()
    s.write({ 'all.json': 'before\n' })
    const full = { code: 'ENOSPC', errno: -28, syscall: 'write' }
    const open: HostFs['open'] = async (path, flags, mode) => {
      const file = await fs.open(path, flags, mode)
      file.appendFile = () => Promise.reject(Object.assign(new Error('ENOSPC'), full))
      return file as never
    }
    const host = { fs: { ...(fs as unknown as HostFs), open } }
    for (const out of [['all.json'], ['data/', '--format', 'csv']]) {
      const answer = await s.ampWith({ host }, 'export', '--out', ...out)
      expect(answer).toMatchObject({ code: 128, stdout: '' })
      expect(answer.stderr).toMatch(/^fatal: cannot write '.*': no space left on device\nhint: Free some disk space/)
    }
    expect(s.read('all.json')).toBe('before\n')
    expect([files(s.dir), files(join(s.dir, 'data'))]).toEqual([['.git', 'README.md', 'all.json', 'data'], []])
  })

  it('a session that cannot be read ends with 1, and the others are exported', async () => {
    const { s, fix } = await ledger()
    const lost = '1'.repeat(40)
    s.write({ [`refs/amp/sessions/${'0'.repeat(12)}`]: `${lost}\n` }, s.git('rev-parse', '--absolute-git-dir'))
    const answer = await s.amp('export', '--out', 'all.json')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain(`warning: refs/amp/sessions/${'0'.repeat(12)} cannot be read`)
    expect(s.read('all.json')).toContain(fix)
  })

  it('keeps the mode of a file, goes through links, and does not replace a device', async () => {
    const { s } = await ledger()
    s.write({ 'real.json': '' })
    chmodSync(join(s.dir, 'real.json'), 0o600)
    symlinkSync('real.json', join(s.dir, 'link.json'))
    expect((await s.amp('export', '--out', 'link.json')).code).toBe(0)
    expect(statSync(join(s.dir, 'real.json')).mode & 0o777).toBe(0o600)
    expect(JSON.parse(s.read('real.json')).schema).toBe('git-amp/export@1')
    expect((await s.amp('export', '--out', '/dev/null')).code).toBe(0)
    expect(statSync('/dev/null').isCharacterDevice()).toBe(true)
    expect(await s.amp('export', '--out', 'no/such/place.json')).toMatchObject({
      code: 128,
      stderr: expect.stringContaining(`cannot write '${s.dir}/no/such/place.json': no such file or directory`),
    })
  })

  it('is stopped in the middle without a trace', async () => {
    const { s } = await ledger()
    const stop = new AbortController()
    stop.abort(new Error('stopped'))
    expect((await s.ampWith({ signal: stop.signal }, 'export', '--out', 'all.json')).code).toBe(130)
    expect(existsSync(join(s.dir, 'all.json'))).toBe(false)
    expect(files(s.dir)).toEqual(['.git', 'README.md'])
  })

  it('has nothing to export in an empty repository, and works in a bare clone', async () => {
    const s = scene()
    expect(await s.amp('export', '--out', 'a.ndjson')).toMatchObject({
      code: 0,
      stderr: 'hint: There is nothing to export.\n',
    })
    expect(s.read('a.ndjson')).toBe('')
    const { s: full } = await ledger()
    full.git('clone', '-q', '--mirror', '.', '../mirror.git')
    const there = JSON.parse((await full.ampAt(`${full.root}/mirror.git`, 'export')).stdout)
    expect(there.tables.iterations).toEqual(await rowsOf(full, 'iterations'))
  })
})

const snake = (usage: Record<string, number>) => ({
  input: usage.input,
  output: usage.output,
  cache_read: usage.cacheRead,
  cache_write: usage.cacheWrite,
})

/** A session that is merged by git-amp. */
async function merged(s: Scene): Promise<string> {
  const id = await s.session('own', { prompt: 'echo 1 >own.txt' })
  await s.amp('iterate', id)
  expect((await s.amp('merge', id)).code).toBe(0)
  return id
}

/** Sessions on both sides of May 2026, one that goes over it, and a merge in March. */
async function eras(): Promise<Scene> {
  const s = scene()
  const head = s.git('rev-parse', 'HEAD')
  const merge = { into: 'refs/heads/main', before: head, after: head, via: 'ff', result: 'done' } as const
  await recordSession(s, {
    name: 'early',
    createdAt: '2026-02-01T00:00:00Z',
    iterations: [{ at: '2026-02-01T00:00:00Z' }],
    after: [{ at: '2026-03-01T12:00:00Z', event: { type: 'session.merged', data: merge } }],
  })
  const iterations = [{ at: '2026-02-01T00:00:00Z' }, { at: '2026-06-01T00:00:00Z' }]
  await recordSession(s, { name: 'long', createdAt: '2026-02-01T00:00:01Z', iterations })
  await recordSession(s, { name: 'late', createdAt: '2026-06-01T00:00:00Z', iterations: iterations.slice(1) })
  return s
}

/** Puts an `amp` on PATH that calls three tools: one succeeds, one fails, and of one no result comes. */
function callingAmp(s: Scene): void {
  const use = (id: string, name: string, input: object) => ({ type: 'tool_use', id, name, input })
  const result = (id: string, content: string, isError: boolean) => ({
    type: 'user',
    message: { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content, is_error: isError }] },
  })
  const assistant = (...content: object[]) => ({ type: 'assistant', message: { role: 'assistant', content } })
  const lines = [
    { type: 'system', subtype: 'init', session_id: 'T-1', cwd: '/', tools: [] },
    assistant(use('1', 'Read', { path: 'a.txt' }), use('2', 'Bash', { cmd: 'make' })),
    result('2', 'oops', true),
    result('1', 'lines', false),
    assistant(use('3', 'Read', { path: 'b' })),
    { type: 'result', subtype: 'success', is_error: false, result: 'Done.', session_id: 'T-1' },
  ]
  const print = lines.map((line) => `echo '${JSON.stringify(line)}'`).join('\n')
  s.program('amp', `[ "$1" = --help ] && exit\ncat >/dev/null\n${print}`)
}
