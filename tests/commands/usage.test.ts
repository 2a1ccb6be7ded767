import { describe, expect, it } from 'vitest'
import { ledger } from '../helpers/ledger.js'
import { scene } from '../helpers/scene.js'

const named = (text: string, ids: Record<string, string>) =>
  Object.entries(ids).reduce((all, [name, id]) => all.replaceAll(id, `<${name}-id..>`), text)

describe('git amp usage', () => {
  it('sums by session, and never shows a sum as complete that is not', async () => {
    const { s, fix, docs } = await ledger()
    const answer = await s.amp('usage')
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(named(answer.stdout, { fix, docs })).toMatchInlineSnapshot(`
      "session            iterations      input  output  cache read  cache write   cost
      <fix-id..> fix            3  1,003,000     300           0            0  $0.61  + 1 unpriced
      <docs-id..> docs           1          5       5           0            0  $0.20
      total                       4  1,003,005     305           0            0  $0.81  + 1 unpriced
      "
    `)
    const one = await s.amp('usage', 'docs')
    expect(named(one.stdout, { docs })).toMatchInlineSnapshot(`
      "session            iterations  input  output  cache read  cache write   cost
      <docs-id..> docs           1      5       5           0            0  $0.20
      "
    `)
  })

  it('sums by agent, model and day', async () => {
    const { s } = await ledger()
    expect((await s.amp('usage', '--by', 'agent')).stdout).toMatchInlineSnapshot(`
      "agent  iterations      input  output  cache read  cache write   cost
      amp             3  1,003,000     300           0            0  $0.61  + 1 unpriced
      codex           1          5       5           0            0  $0.20
      total           4  1,003,005     305           0            0  $0.81  + 1 unpriced
      "
    `)
    expect((await s.amp('usage', '--by', 'model')).stdout).toMatchInlineSnapshot(`
      "model               iterations      input  output  cache read  cache write   cost
      (not told)                   2  1,000,005       5           0            0  $0.20  + 1 unpriced
      big                          2      2,900     280           0            0  $0.60
      vendor/small, v1.5           1        100      20           0            0  $0.01
      total                        4  1,003,005     305           0            0  $0.81  + 1 unpriced
      "
    `)
    expect((await s.amp('usage', '--by', 'day', '--until', '2026-11-02')).stdout).toMatchInlineSnapshot(`
      "day         iterations  input  output  cache read  cache write   cost
      2026-11-01           1  1,000     100           0            0  $0.51
      2026-11-02           2  2,005     205           0            0  $0.30
      total                3  3,005     305           0            0  $0.81
      "
    `)
  })

  it('takes dates as git does, a day as a whole', async () => {
    const { s } = await ledger()
    const count = async (...args: string[]) =>
      JSON.parse((await s.amp('usage', '--json', ...args)).stdout).total.iterations
    expect(await count('--since', '2026-11-02')).toBe(3)
    expect(await count('--until', '2026-11-02')).toBe(3)
    expect(await count('--since', '2026-11-02', '--until', '2026-11-02')).toBe(2)
    expect(await count('--since', '2026-11-02 11:00:00 +0000')).toBe(2)
    expect(await count('--until', '20 years ago')).toBe(0)
    expect(await s.amp('usage', '--since', 'the day before')).toMatchObject({
      code: 129,
      stderr: expect.stringContaining("error: 'the day before' is no date\n"),
    })
  })

  it('prints JSON and CSV for other programs', async () => {
    const { s, fix, docs } = await ledger()
    const json = JSON.parse((await s.amp('usage', 'fix', '--since', '2026-11-02', '--json')).stdout)
    expect(json).toEqual({
      schema: 'git-amp/usage@1',
      by: 'session',
      since: '2026-11-02T00:00:00Z',
      until: null,
      rows: [{ key: fix, name: 'fix', ...json.total }],
      total: {
        iterations: 2,
        usage: { input: 1_002_000, output: 200, cacheRead: 0, cacheWrite: 0 },
        costUsd: 0.1,
        unpriced: 1,
        costSources: ['list A'],
        first: '2026-11-02T10:00:00Z',
        last: '2026-11-03T23:30:00Z',
      },
    })
    const csv = (await s.amp('usage', '--by', 'model', '--format', 'csv')).stdout
    expect(csv.split('\r\n')).toMatchInlineSnapshot(`
      [
        "key,name,iterations,input,output,cache_read,cache_write,cost_usd,unpriced,cost_sources,first,last",
        ",,2,1000005,5,0,0,0.2,1,agent,2026-11-02T12:00:00Z,2026-11-03T23:30:00Z",
        "big,,2,2900,280,0,0,0.6,0,agent; list A,2026-11-01T10:00:00Z,2026-11-02T10:00:00Z",
        ""vendor/small, v1.5",,1,100,20,0,0,0.01,0,agent,2026-11-01T10:00:00Z,2026-11-01T10:00:00Z",
        "",
      ]
    `)
    expect(named((await s.amp('usage', '--format', 'csv')).stdout, { fix, docs }).split('\r\n')).toMatchInlineSnapshot(`
      [
        "key,name,iterations,input,output,cache_read,cache_write,cost_usd,unpriced,cost_sources,first,last",
        "<fix-id..>,fix,3,1003000,300,0,0,0.61,1,agent; list A,2026-11-01T10:00:00Z,2026-11-03T23:30:00Z",
        "<docs-id..>,docs,1,5,5,0,0,0.2,0,agent,2026-11-02T12:00:00Z,2026-11-02T12:00:00Z",
        "",
      ]
    `)
  })

  it('counts merged sessions and works in a bare clone', async () => {
    const { s, fix } = await ledger()
    s.git('clone', '-q', '--mirror', '.', '../mirror.git')
    const there = await s.ampAt(`${s.root}/mirror.git`, 'usage')
    expect(there.stdout).toBe((await s.amp('usage')).stdout)
    expect((await s.amp('usage', fix, fix)).stdout).toBe((await s.amp('usage', 'fix')).stdout)
    const own = await s.session('own', { prompt: 'echo 1 >own.txt' })
    await s.amp('iterate', own)
    expect((await s.amp('merge', own)).code).toBe(0)
    expect((await s.amp('usage', own)).stdout).not.toContain('unpriced')
  })

  it('an agent that asks no model has no price', async () => {
    const s = scene()
    const id = await s.session('free')
    await s.amp('iterate', id)
    expect(JSON.parse((await s.amp('usage', '--json')).stdout).total).toMatchObject({ costUsd: null, unpriced: 0 })
    expect((await s.amp('show', id)).stdout).not.toContain('Cost:')
  })

  it.each([
    ['1h', '1 hour ago'],
    ['90m', '90 minutes ago'],
    ['2w', '2 weeks ago'],
  ])('a span that is not git’s is named with its date: %s', async (text, hint) => {
    const s = scene()
    expect(await s.amp('usage', '--since', text)).toMatchObject({
      code: 129,
      stderr: expect.stringContaining(`'${text}' is no date\nhint: Write 2026-11-01, yesterday, or "${hint}".`),
    })
  })

  it('names what it cannot read, and sums the rest', async () => {
    const { s, fix } = await ledger()
    const lost = '1'.repeat(40)
    s.write({ [`refs/amp/sessions/${'0'.repeat(12)}`]: `${lost}\n` }, s.git('rev-parse', '--absolute-git-dir'))
    const answer = await s.amp('usage')
    expect(answer.code).toBe(1)
    expect(answer.stderr).toContain(`warning: refs/amp/sessions/${'0'.repeat(12)} cannot be read`)
    expect(answer.stdout).toContain(fix)
  })

  it('has nothing to show without iterations', async () => {
    const s = scene()
    expect(await s.amp('usage')).toEqual({ code: 0, stdout: '', stderr: 'hint: There are no iterations to sum.\n' })
    expect(JSON.parse((await s.amp('usage', '--json')).stdout).rows).toEqual([])
    expect((await s.amp('usage', '--format', 'csv')).stdout.split('\r\n')).toHaveLength(2)
    expect((await s.amp('usage', '--by', 'week')).stderr).toContain("error: cannot sum by 'week'")
    expect((await s.amp('usage', '--format', 'xml')).stderr).toContain("error: unknown format 'xml'")
  })
})
