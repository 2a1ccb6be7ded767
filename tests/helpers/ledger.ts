import { openRepo } from '../../src/repo.js'
import { appendTo, beginChain } from '../../src/state/chain.js'
import type { EventData, NewEvent, Spent } from '../../src/state/events.js'
import { testHost } from './host.js'
import { fixedWriter } from './repository.js'
import { type Scene, scene } from './scene.js'

/** An iteration as it is recorded. */
export interface Recorded {
  at: string
  agent?: string
  model?: string
  prompt?: string
  spent?: Spent
  durationMs?: number
  toolCalls?: number
  outcome?: 'success' | 'no-change' | 'failed'
  /** Exit code of the tests after it. */
  tests?: number
}

/** A session as it is recorded. */
export interface RecordedSession {
  name: string
  iterations: readonly Recorded[]
  prompt?: string
  createdAt?: string
  batch?: string
  /** Events behind the last iteration, each with its time. */
  after?: readonly { at: string; event: NewEvent }[]
}

/** Tokens without any of a cache. */
export const tokens = (input: number, output: number) => ({ input, output, cacheRead: 0, cacheWrite: 0 })

/** Writes the chain of a session with these iterations, each at its time. Returns its id. */
export async function recordSession(s: Scene, session: RecordedSession): Promise<string> {
  const repo = await openRepo(testHost({ cwd: s.dir, env: s.env }))
  const head = s.git('rev-parse', 'HEAD')
  const ids = fixedWriter(`${s.root} ${session.name}`)
  const id = ids.newId()
  const at = (iso: string) => ({ ...ids, author: { ...ids.author, seconds: Date.parse(iso) / 1000 } })
  const created: NewEvent = { type: 'session.created', data: createdData(session, head) }
  let last = await beginChain(repo, at(session.createdAt ?? '2026-01-01T00:00:00Z'), {
    id,
    subject: 'created',
    events: [created],
    code: [head],
  })
  const add = async (time: string, event: NewEvent) => {
    last = await appendTo(repo, at(time), { tip: last.tip, subject: event.type, events: [event], code: [] })
  }
  for (const [index, one] of session.iterations.entries()) {
    for (const event of eventsOf(one, { n: index + 1, head })) await add(one.at, event)
  }
  for (const { at: time, event } of session.after ?? []) await add(time, event)
  await repo.refs.update([{ ...last.change, old: null }], 'test')
  repo.close()
  return id
}

const createdData = ({ name, prompt = 'p', batch }: RecordedSession, head: string): EventData['session.created'] => ({
  name,
  slug: name,
  prompt,
  branch: `amp/${name}/1`,
  base: { ref: 'refs/heads/main', oid: head },
  agent: 'amp',
  ...(batch === undefined ? {} : { batch }),
})

function eventsOf(one: Recorded, { n, head }: { n: number; head: string }): NewEvent[] {
  const { agent = 'amp', model, spent = {}, prompt = 'p', durationMs = 1, toolCalls = 0, outcome = 'no-change' } = one
  const iteration = `${n}`.padStart(12, '0')
  const size = { files: 0, insertions: 0, deletions: 0 }
  const asked = { iteration, n, prompt, from: head, agent, host: 'h', ...(model === undefined ? {} : { model }) }
  const same = { iteration, from: head, toolCalls, durationMs, ...size, ...spent }
  const end: NewEvent =
    outcome === 'failed'
      ? { type: 'iteration.failed', data: { ...same, reason: 'it failed', exit: 1 } }
      : { type: 'iteration.finished', data: { ...same, to: head, exit: 0, outcome, commits: [] } }
  const test: NewEvent[] =
    one.tests === undefined
      ? []
      : [{ type: 'test.recorded', data: { iteration, command: 'make', tree: head, exit: one.tests, durationMs: 7 } }]
  return [{ type: 'iteration.started', data: asked }, end, ...test]
}

/** Two sessions of two agents over three days; one of them has two models and an iteration without a cost. */
export async function ledger(): Promise<{ s: Scene; fix: string; docs: string }> {
  const s = scene()
  const models = [
    { model: 'big', ...tokens(900, 80), costUsd: 0.5 },
    { model: 'vendor/small, v1.5', ...tokens(100, 20), costUsd: 0.01 },
  ]
  const fix = await recordSession(s, {
    name: 'fix',
    iterations: [
      { at: '2026-11-01T10:00:00Z', spent: { usage: tokens(1000, 100), models, costUsd: 0.51, costSource: 'agent' } },
      {
        at: '2026-11-02T10:00:00Z',
        model: 'big',
        spent: { usage: tokens(2000, 200), costUsd: 0.1, costSource: 'list A' },
      },
      { at: '2026-11-03T23:30:00Z', spent: { usage: tokens(1_000_000, 0) } },
    ],
  })
  const spent = { usage: tokens(5, 5), costUsd: 0.2, costSource: 'agent' }
  const docs = await recordSession(s, {
    name: 'docs',
    createdAt: '2026-01-02T00:00:00Z',
    iterations: [{ at: '2026-11-02T12:00:00Z', agent: 'codex', spent }],
  })
  return { s, fix, docs }
}
