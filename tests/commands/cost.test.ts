import { describe, expect, it } from 'vitest'
import { reportingAmp, setPrices } from '../helpers/figures.js'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'
import { timeless } from '../helpers/story.js'

const source = 'https://example.com/prices, 2026-11-01'
const prices = { input: '3', output: '15', cacheRead: '0.3', source }

/** A session of an agent that reports tokens and no cost. */
async function session(s: Scene, ...args: string[]): Promise<string> {
  const answer = await s.amp('new', 'fix', '--agent', 'amp', '-m', 'Do it', '-q', ...args)
  if (answer.code !== 0) throw new Error(answer.stderr)
  return answer.stdout.trim()
}

describe('the cost of an iteration', () => {
  it('is taken from the price table, with its source', async () => {
    const s = scene()
    reportingAmp(s, { input: 100_000, output: 20_000, cacheRead: 1_000_000 })
    setPrices(s, 'vendor/model-4.5', prices)
    const id = await session(s, '--model', 'vendor/model-4.5')
    const answer = await s.amp('iterate', id, '--json')
    expect(answer.code).toBe(0)
    expect(JSON.parse(answer.stdout).iteration).toMatchObject({
      usage: { input: 100_000, output: 20_000, cacheRead: 1_000_000, cacheWrite: 0 },
      costUsd: 0.9,
      costSource: source,
    })
    expect(s.ended(id)).toMatchObject({ costUsd: 0.9, costSource: source })
    expect((await s.show(id)).session).toMatchObject({ costUsd: 0.9, unpriced: 0 })
    s.git('config', '--remove-section', 'amp.price.vendor/model-4.5')
    expect((await s.amp('iterate', id)).stderr).not.toContain('warning')
    expect(s.ended(id)).not.toHaveProperty('costUsd')
    const { stdout } = await s.amp('show', id)
    expect(stdout).toContain('Tokens:    200,000 in, 40,000 out, 2,000,000 cache read, 0 cache write\n')
    expect(stdout).toContain('Cost:      $0.90 + 1 unpriced\n')
    expect(
      timeless(stdout.slice(stdout.indexOf('\n1  ')), s.root).replace(/ +<time>/g, '  <time>'),
    ).toMatchInlineSnapshot(`
      "
      1  done  <oid10>  +1  -0  -  <time>  1.12M  $0.90  Do it
      2  done  <oid10>  +1  -0  -  <time>  1.12M      -  Go on with the task.
      "
    `)
    expect((await s.amp('show', id, '--iteration', '1')).stdout).toContain(
      `Cost:       $0.90, by the prices of ${source}\n`,
    )
    const log = await s.amp('log', id)
    expect(log.stdout).toContain('[1 file +1 -0, 1.12M tokens, $0.90]')
    expect(log.stdout.trimEnd().split('\n').at(-1)).toBe('Total: 2 iterations, 2.24M tokens, $0.90 + 1 unpriced')
    expect(JSON.parse((await s.amp('log', id, '--json')).stdout)).toMatchObject({ costUsd: 0.9, unpriced: 1 })
  })

  it('is unknown rather than guessed, and a table without a source says so', async () => {
    const s = scene()
    reportingAmp(s, { input: 10, output: 20, cacheRead: 30 })
    setPrices(s, 'm', { input: '3', output: '15', cacheRead: '0.3' })
    const id = await session(s, '--model', 'm')
    const first = await s.amp('iterate', id)
    expect(first.stderr).toContain('warning: the prices of m name no source and are not used; set amp.price.m.source\n')
    expect(s.ended(id)).not.toHaveProperty('costUsd')
    setPrices(s, 'm', { source: 'a list', cacheRead: 'cheap' })
    const second = await s.amp('iterate', id)
    expect(second.stderr).toContain("warning: amp.price.m.cacheRead is no price in US dollars: 'cheap'\n")
    expect(s.ended(id)).not.toHaveProperty('costUsd')
    expect(s.ended(id).usage).toEqual({ input: 10, output: 20, cacheRead: 30, cacheWrite: 0 })
  })
})

describe('a ceiling', () => {
  it('stops before the next iteration, and says what was spent and what is not counted', async () => {
    const s = scene()
    reportingAmp(s, { input: 100_000, output: 20_000 })
    const id = await session(s, '--model', 'm')
    await s.amp('iterate', id)
    setPrices(s, 'm', prices)
    const below = await s.amp('iterate', id, '--max-cost', '0.60')
    expect(below.code).toBe(0)
    expect(below.stderr).toContain(
      'warning: 1 iteration of session fix has no known cost, which the ceiling of $0.60 cannot count\n',
    )
    const before = s.refs()
    const refused = await s.amp('iterate', id, '--max-cost', '0.60')
    expect({ ...refused, stderr: plain(refused.stderr, s.root) }).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "error: session fix has cost $0.60, and its ceiling is $0.60: no other iteration is started
      hint: The ceiling is checked between iterations: one more may overshoot it by $0.60, what the largest so far has cost, or more.
      hint: 1 iteration of session fix has no known cost, which the ceiling of $0.60 cannot count.
      hint: To go on, give a higher one with --max-cost, or set amp.maxCost.
      ",
        "stdout": "",
      }
    `)
    s.git('config', 'amp.maxCost', '$0.5')
    expect((await s.amp('iterate', id)).stderr).toContain('its ceiling is $0.50')
    expect(s.refs()).toBe(before)
    expect((await s.amp('iterate', id, '--max-cost', '1')).code).toBe(0)
  })

  it('is an amount of dollars', async () => {
    const s = scene()
    const id = await s.session('a')
    expect(await s.amp('iterate', id, '--max-cost', 'much')).toMatchObject({
      code: 129,
      stderr: expect.stringContaining("error: 'much' is no amount of US dollars\nhint: Write 5 or 2.50.\n"),
    })
    s.git('config', 'amp.maxCost', '0')
    expect((await s.amp('iterate', id)).stderr).toBe(
      "fatal: bad config value '0' for 'amp.maxCost'\nhint: Write an amount of US dollars: 5 or 2.50.\n",
    )
  })
})
