import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generate } from '../helpers/generated.js'
import { ledger, recordSession, tokens } from '../helpers/ledger.js'
import { type Scene, scene } from '../helpers/scene.js'

const report = async (s: Scene, ...args: string[]) => {
  const answer = await s.amp('report', '--json', ...args)
  expect(answer).toMatchObject({ code: 0 })
  return JSON.parse(answer.stdout)
}

/** Five sessions with every result that counts. */
async function results(): Promise<Scene> {
  const s = scene()
  const head = s.git('rev-parse', 'HEAD')
  const at = '2026-05-01T00:00:00Z'
  const merge = { into: 'refs/heads/main', before: head, after: head, via: 'ff', result: 'done' } as const
  const one = (name: string, iterations: Parameters<typeof recordSession>[1]['iterations']) =>
    recordSession(s, { name, createdAt: at, iterations })
  await recordSession(s, {
    name: 'merged',
    createdAt: at,
    iterations: [
      { at, tests: 1 },
      { at, tests: 0 },
    ],
    after: [{ at, event: { type: 'session.merged', data: merge } }],
  })
  await one('passed', [{ at, tests: 0, durationMs: 90_000 }])
  await one('failing', [
    { at, tests: 0 },
    { at, tests: 3 },
  ])
  await one('broken', [{ at, outcome: 'failed' }])
  await one('untested', [{ at }])
  await one('new', [])
  return s
}

describe('git amp report', () => {
  it('counts results and iterations to pass', async () => {
    const s = await results()
    const found = await report(s)
    expect(found).toMatchObject({
      schema: 'git-amp/report@1',
      repository: 'repo',
      results: { merged: 1, passed: 1, failed: 2, untested: 1, running: 0, new: 1 },
      rate: 0.5,
    })
    const passes = found.sessions.map(({ name, toPass }: { name: string; toPass: number }) => [name, toPass])
    expect(Object.fromEntries(passes)).toEqual({
      merged: 2,
      passed: 1,
      failing: 1,
      broken: null,
      untested: null,
      new: null,
    })
    expect(found.slowest[0]).toMatchObject({ kind: 'agent', what: 'amp', name: 'passed', n: 1, durationMs: 90_000 })
    const { stdout } = await s.amp('report')
    expect(stdout).toContain('| Success rate | 50% |')
    expect(stdout).toContain('| Results | 1 merged, 1 passed, 2 failed, 1 untested, 1 new |')
    expect(stdout).toContain('| Iterations to pass | 1 (2 after 1, 1 after 2) |')
  })

  it('has the sums of usage, by model, agent and day, in any span', async () => {
    const { s } = await ledger()
    for (const span of [[], ['--since', '2026-11-02'], ['--until', '2026-11-02'], ['docs']]) {
      const found = await report(s, ...span)
      const usage = async (by: string) => JSON.parse((await s.amp('usage', '--json', '--by', by, ...span)).stdout)
      expect(found.byModel).toEqual((await usage('model')).rows)
      expect(found.byAgent).toEqual((await usage('agent')).rows)
      expect(found.byDay).toEqual((await usage('day')).rows)
      expect(found.total).toEqual((await usage('day')).total)
    }
  })

  it('says unknown where a cost is not known, and never 0', async () => {
    const s = scene()
    const at = '2026-05-01T00:00:00Z'
    await recordSession(s, { name: 'a', iterations: [{ at, spent: { usage: tokens(5, 5) } }] })
    const { stdout } = await s.amp('report')
    expect(stdout).toContain('| Known cost | unknown 1 iteration without a known cost |')
    expect(stdout).not.toContain('$0')
    const page = (await s.amp('report', '--format', 'html')).stdout
    expect(page).toContain('<dd>unknown</dd>')
    expect(page).not.toContain('$0')
  })

  it('tells which tools were used and failed, and which transcripts are missing', async () => {
    const s = scene()
    generate(s, { sessions: 6, iterations: 2, transcriptsOfEvery: 2 })
    const found = await report(s)
    const rows = JSON.parse((await s.amp('export', '--tables', 'tool_calls')).stdout).tables.tool_calls
    for (const { tool, calls, failed } of found.tools) {
      const own = rows.filter((row: { tool: string }) => row.tool === tool)
      expect([calls, failed]).toEqual([own.length, own.filter((row: { failed: boolean }) => row.failed).length])
    }
    const sum = found.tools.reduce((all: number, { calls }: { calls: number }) => all + calls, 0)
    expect(sum).toBe(rows.length)
    expect(sum).toBeGreaterThan(5)
    expect(found.untold).toBe(6)
    expect((await s.amp('report')).stdout).toContain('Of 6 iterations no transcript is here')
  })

  it('draws a batch run as a matrix of repositories and prompts', async () => {
    const s = scene()
    generate(s, { sessions: 6, batch: { repositories: 2, prompts: 3 } })
    const found = await report(s)
    expect(found.runs[0]).toMatchObject({ name: 'nightly', state: 'finished' })
    const words = { success: 'pass', fail: 'fail', error: 'error', timeout: 'time', aborted: 'stop', queued: 'waits' }
    const cells = found.runs[0].items.map(({ status }: { status: keyof typeof words }) => words[status])
    const { stdout } = await s.amp('report', '--batch', 'nightly')
    expect(stdout).toContain('# Batch run nightly\n')
    expect(stdout).toContain(`| /home/ada/work/parser | ${cells.slice(0, 3).join(' | ')} |\n`)
    expect(stdout).toContain(`| /home/ada/work/web | ${cells.slice(3).join(' | ')} |\n`)
    const page = (await s.amp('report', '--batch', found.runs[0].id.slice(0, 4), '--format', 'html')).stdout
    expect(page).toContain('<tr><th scope="row" title="/home/ada/work/parser">parser</th>')
    expect(page.match(/<span class="tag [a-z]+" title=/g)).toHaveLength(6)
    // A run is not of the sessions that are named.
    expect((await report(s, found.sessions[0].id)).runs).toEqual([])
  })

  it('escapes whatever others wrote', async () => {
    const s = scene()
    const hostile = ' </script><img src=x onerror=alert(1)>"\'& `|` \u001b[31m\u0007\u202e'
    generate(s, { sessions: 5, iterations: 2, transcriptsOfEvery: 1, batch: { repositories: 2, prompts: 2 }, hostile })
    const page = (await s.amp('report', '--format', 'html')).stdout
    expect(page).not.toMatch(/<(script|img|iframe|link(?! rel="icon" href="data:,"))/i)
    expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;')
    expect(page).not.toMatch(/https?:|url\(|@import/)
    const text = (await s.amp('report')).stdout
    expect(text).toContain('&lt;/script>&lt;img src=x')
    expect(text).not.toMatch(/<\/?(script|img)/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    for (const one of [page, text]) expect(one).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    for (const line of text.split('\n').filter((one) => one.startsWith('| ')))
      expect(line.replace(/\\\|/g, '').match(/\|/g)?.length).toBeGreaterThan(2)
  })

  it('writes a file of the format that its name says, and tells where', async () => {
    const s = await results()
    expect(await s.amp('report', '--out', 'r.html')).toEqual({ code: 0, stdout: `${s.dir}/r.html\n`, stderr: '' })
    expect(s.read('r.html')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/)
    expect((await s.amp('report', '--out', 'pages/')).stdout).toBe(`${s.dir}/pages/report.md\n`)
    expect(readFileSync(join(s.dir, 'pages/report.md'), 'utf8')).toMatch(/^# Sessions in repo\n/)
    expect((await s.amp('report', '--format', 'pdf')).stderr).toContain(
      "error: unknown format 'pdf'\nhint: Known: md, html.",
    )
    expect((await s.amp('report', '--json', '--out', 'x.md')).code).toBe(129)
  })

  it('has something to say of nothing', async () => {
    const s = scene()
    const answer = await s.amp('report', '--format', 'html')
    expect(answer).toMatchObject({ code: 0, stderr: 'hint: There are no sessions to report.\n' })
    expect(answer.stdout).toContain('There are none.')
    expect((await s.amp('report')).stdout).toContain('There are none.')
  })
})
