import { spawnSync } from 'node:child_process'
import { encodeState } from '../../src/state/codec.js'
import type { AmpEvent, NewEvent } from '../../src/state/events.js'
import { applyEvent, emptySnapshot, type Snapshot } from '../../src/state/fold.js'
import { newId } from '../../src/state/names.js'
import { encodeLine } from '../../src/state/tape.js'
import { seeded } from './repository.js'
import type { Scene } from './scene.js'

/** What a generated repository holds. */
export interface Generated {
  sessions: number
  /** Iterations of each session; without it some have one and some have eight. */
  iterations?: number
  /** One session of so many has transcripts; 0 for none. */
  transcriptsOfEvery?: number
  /** A batch run over so many repositories and prompts; `sessions` are those of its items, which are in `dir`. */
  batch?: { repositories: number; prompts: number; dir?: string; sessions?: readonly string[] }
  /** Text that is put into every name and prompt. */
  hostile?: string
}

const by = 'A U Thor <author@example.com>'
const agents = ['amp', 'claude', 'codex', 'gemini', 'shell']
const models = ['claude-sonnet-4.5', 'gpt-5-codex', 'gemini-2.5-pro', 'claude-opus-4.1', 'vendor/small, v1.5']
const verbs = ['Fix', 'Handle', 'Speed up', 'Test', 'Rewrite', 'Document', 'Remove', 'Split']
const things = [
  'nested quotes in the parser',
  'the login form',
  'flaky retries',
  'the cache of the tokenizer',
  'old flags',
  'dates with zones',
]
const toolNames = [
  'Read',
  'edit_file',
  'Bash',
  'Grep',
  'create_file',
  'web_search',
  'todo_write',
  'mcp__tickets__find_all_of_them',
]

/** Writes many sessions by one `git fast-import`; the same ones every time. */
export function generate(s: Scene, what: Generated): void {
  const stream = new Stream(s, what)
  for (let at = 0; at < what.sessions; at++) {
    stream.session(at)
    if (at % 50 === 49) flush(s, stream)
  }
  if (what.batch !== undefined) stream.batch(what.batch)
  flush(s, stream)
}

function flush(s: Scene, stream: Stream): void {
  const answer = spawnSync('git', ['fast-import', '--quiet', '--force'], {
    cwd: s.dir,
    env: s.env as NodeJS.ProcessEnv,
    input: stream.take(),
    maxBuffer: 1 << 20,
  })
  if (answer.status !== 0) throw new Error(`fast-import: ${answer.stderr.toString()}`)
}

class Stream {
  private readonly chunks: Buffer[] = []
  private readonly random = seeded(7)
  private readonly head: string
  private readonly ids: string[] = []
  private mark = 0

  constructor(
    s: Scene,
    private readonly what: Generated,
  ) {
    this.head = s.git('rev-parse', 'HEAD')
  }

  /** What was written since the last time. */
  take(): Buffer {
    this.last = ''
    return Buffer.concat(this.chunks.splice(0))
  }

  private id = () => newId((n) => Uint8Array.from({ length: n }, () => this.random() * 256))
  private pick = <T>(all: readonly T[]): T => all[Math.floor(this.random() ** 1.6 * all.length)] as T

  private commit(place: { ref: string; seconds: number }, message: string, files: Record<string, string> = {}): void {
    const { ref, seconds } = place
    const data = Buffer.from(message)
    const from = this.last === ref ? `from :${this.mark}\n` : ''
    this.mark++
    const head = `commit ${ref}\nmark :${this.mark}\ncommitter ${by} ${seconds} +0000\ndata ${data.length}\n`
    this.chunks.push(Buffer.from(head), data, Buffer.from(`\n${from}`))
    for (const [path, text] of Object.entries(files)) {
      const content = Buffer.from(text)
      this.chunks.push(Buffer.from(`M 100644 inline ${path}\ndata ${content.length}\n`), content, Buffer.from('\n'))
    }
    this.last = ref
  }
  private last = ''

  session(at: number): void {
    const id = this.id()
    this.ids.push(id)
    const entity = { kind: 'session', id } as const
    const ref = `refs/amp/sessions/${id}`
    let seconds = Date.UTC(2026, 8, 1) / 1000 + Math.floor((at * 70 * 86_400) / Math.max(1, this.what.sessions))
    let snapshot = emptySnapshot()
    this.commit({ ref, seconds }, encodeState({ subject: 'amp', entity, stateParents: 0, events: [], snapshot: null }))
    const add = (...news: NewEvent[]): Snapshot => {
      // Of events of one commit the ids decide the order.
      const ids = news.map(() => this.id()).sort()
      const events = news.map(({ type, data }, index): AmpEvent => {
        const at = `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`
        return { id: ids[index] ?? '', type, lamport: snapshot.lamport + 1, at, by, data: { ...data } }
      })
      snapshot = events.reduce(applyEvent, snapshot)
      this.commit({ ref, seconds }, encodeState({ subject: 'amp', entity, stateParents: 1, events, snapshot }))
      return snapshot
    }
    const { hostile = '' } = this.what
    const isTold = (this.what.transcriptsOfEvery ?? 0) > 0 && at % (this.what.transcriptsOfEvery ?? 1) === 0
    // Transcripts are written as one agent prints them.
    const agent = isTold ? 'amp' : this.pick(agents)
    const model = this.pick(models)
    const title = `${this.pick(verbs)} ${this.pick(things)}`
    const slug = title.toLowerCase().replace(/[^a-z]+/g, '-')
    const prompt = `${title}${hostile}\n\nAnd keep the tests green.`
    const base = { ref: 'refs/heads/main', oid: this.head }
    const name = hostile === '' ? `${slug}-${at}` : `${slug}${hostile}`
    add({ type: 'session.created', data: { name, slug, prompt, branch: `amp/${slug}/${at}`, base, agent, model } })
    const transcripts: Record<string, string> = {}
    const count = this.what.iterations ?? (this.random() < 0.04 ? 0 : 1 + Math.floor(this.random() ** 3 * 8))
    for (let n = 1; n <= count; n++) {
      seconds += 60 + Math.floor(this.random() * 1800)
      const iteration = this.id()
      add({ type: 'iteration.started', data: { iteration, n, prompt, from: this.head, agent, model, host: 'ada' } })
      const durationMs = Math.floor(20_000 + this.random() ** 4 * 1_800_000)
      seconds += Math.floor(durationMs / 1000)
      const calls = 1 + Math.floor(this.random() * 9)
      const usage = {
        input: this.upTo(9000),
        output: this.upTo(4000),
        cacheRead: this.upTo(400_000),
        cacheWrite: this.upTo(20_000),
      }
      const isPriced = agent !== 'shell' && this.random() < 0.9
      const spent =
        agent === 'shell' ? {} : { usage, ...(isPriced ? { costUsd: this.upTo(90) / 100, costSource: 'agent' } : {}) }
      const size = { files: 1 + this.upTo(5), insertions: this.upTo(140), deletions: this.upTo(60) }
      const isLast = n === count
      const exit = isLast && this.random() < 0.78 ? 0 : 1
      const same = {
        iteration,
        from: this.head,
        to: this.head,
        durationMs,
        toolCalls: calls,
        total: size,
        ...size,
        ...spent,
      }
      const test: NewEvent[] =
        this.random() < 0.85
          ? [
              {
                type: 'test.recorded',
                data: { iteration, command: 'make test', tree: this.head, exit, durationMs: this.upTo(90_000) },
              },
            ]
          : []
      if (isLast && this.random() < 0.06)
        add({ type: 'iteration.failed', data: { ...same, reason: 'the agent was stopped', exit: 1 } })
      else add({ type: 'iteration.finished', data: { ...same, exit: 0, outcome: 'success', commits: [] } }, ...test)
      if (isTold) transcripts[`${iteration}/000001.ndjson`] = this.transcript({ prompt, calls, hostile, durationMs })
    }
    if (snapshot.tested?.exit === 0 && this.random() < 0.6) {
      const merge = { into: 'refs/heads/main', before: this.head, after: this.head, via: 'ff', result: 'done' } as const
      add({ type: 'session.merged', data: merge })
    }
    if (Object.keys(transcripts).length === 0) return
    this.commit(
      { ref: `refs/amp-private/transcripts/${id}`, seconds },
      `amp\n\nAmp-Format: 1\nAmp-Entity: transcript ${id}\n`,
      transcripts,
    )
  }

  private upTo = (n: number): number => Math.floor(this.random() * n)

  /** What an `amp` prints, with calls of tools. */
  private transcript(run: { prompt: string; calls: number; hostile: string; durationMs: number }): string {
    const records: string[] = []
    const line = (ms: number, stream: 'prompt' | 'out', value: object | string) => {
      const data = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value))
      records.push(...encodeLine({ ms, stream, data, more: false }))
    }
    line(0, 'prompt', run.prompt)
    const step = run.durationMs / (run.calls + 1)
    for (let call = 0; call < run.calls; call++) {
      const [id, name] = [`c${call}`, `${this.pick(toolNames)}${run.hostile}`]
      const input = { path: `src/${this.pick(things).replaceAll(' ', '-')}.ts${run.hostile}` }
      const say = { type: 'text', text: `Looking at it.${run.hostile}` }
      const use = { type: 'tool_use', id, name, input }
      const at = Math.floor(call * step)
      line(at, 'out', { type: 'assistant', message: { role: 'assistant', content: [say, use] } })
      const result = { type: 'tool_result', tool_use_id: id, content: 'ok', is_error: this.random() < 0.12 }
      line(at + Math.floor(this.random() ** 3 * step), 'out', {
        type: 'user',
        message: { role: 'user', content: [result] },
      })
    }
    line(run.durationMs, 'out', {
      type: 'result',
      subtype: 'success',
      is_error: false,
      result: 'Done.',
      session_id: 'T-1',
    })
    return records.join('')
  }

  batch({ repositories, prompts, dir, sessions = this.ids }: NonNullable<Generated['batch']>): void {
    const { hostile = '' } = this.what
    const id = this.id()
    const seconds = Date.UTC(2026, 10, 20) / 1000
    const entity = { kind: 'batch', id } as const
    const statuses = [
      'success',
      'success',
      'success',
      'success',
      'success',
      'fail',
      'fail',
      'timeout',
      'error',
      'aborted',
      'queued',
    ]
    const names = ['parser', 'web', 'billing-service', 'docs', 'infra', 'mobile', 'search', 'auth']
    const texts = Array.from(
      { length: prompts },
      (_, at) => `${verbs[at] ?? 'Do'} ${things[at] ?? `task ${at}`}${hostile}`,
    )
    const items = Array.from({ length: repositories * prompts }, (_, at) => ({
      repo: `/home/ada/work/${names[Math.floor(at / prompts)] ?? `service-${Math.floor(at / prompts)}`}${hostile}`,
      prompt: at % prompts,
      ...(dir === undefined ? {} : { dir }),
      agent: 'amp',
      attempt: 1,
    }))
    const runner = { runner: this.id(), host: 'ada' }
    const at = '2026-11-20T00:00:00Z'
    const event = (type: string, data: object): AmpEvent => ({
      id: this.id(),
      type,
      lamport: ++lamport,
      at,
      by,
      data: { ...data },
    })
    let lamport = 0
    const ref = `refs/amp/batches/${id}`
    const write = (stateParents: number, events: AmpEvent[]) =>
      this.commit({ ref, seconds }, encodeState({ subject: 'amp', entity, stateParents, events, snapshot: null }))
    write(0, [])
    write(1, [
      event('batch.created', {
        name: `nightly${hostile}`,
        plan: JSON.stringify({ version: 1, prompts: texts, items }),
        total: items.length,
        ...runner,
      }),
    ])
    for (const [index] of items.entries()) {
      const status = this.pick(statuses)
      const error = status === 'success' ? {} : { error: `it did not pass${hostile}` }
      const session = sessions[index]
      write(1, [
        event('batch.item', {
          n: index + 1,
          key: `${index}`.padStart(16, '0'),
          status,
          ...(session === undefined ? {} : { session }),
          ...error,
        }),
      ])
    }
    write(1, [event('batch.finished', {})])
  }
}
