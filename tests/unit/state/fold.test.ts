import { describe, expect, test } from 'vitest'
import type { AmpEvent, EventData, EventType } from '../../../src/state/events.js'
import {
  applyEvent,
  emptySnapshot,
  firstLine,
  fold,
  foldVersion,
  inOrder,
  isKnown,
  type Snapshot,
} from '../../../src/state/fold.js'
import { newId } from '../../../src/state/names.js'
import { seeded } from '../../helpers/repository.js'

const oid = (digit: string) => digit.repeat(40)
let count = 0

function event<T extends EventType>(type: T, data: EventData[T], more: Partial<AmpEvent> = {}): AmpEvent {
  count++
  const id = `${String(count).padStart(12, '0')}`
  const at = `2027-01-01T00:00:${String(count % 60).padStart(2, '0')}Z`
  return { id, type, lamport: count, at, by: 'A <a@b>', data: data as Record<string, unknown>, ...more }
}

const created = (more: Partial<EventData['session.created']> = {}): AmpEvent =>
  event('session.created', {
    name: 'Fix',
    slug: 'fix',
    prompt: '\n  Do it\nwell',
    branch: 'amp/fix/1',
    base: { ref: 'refs/heads/main', oid: oid('0') },
    agent: 'shell',
    ...more,
  })
const started = (iteration: string, n: number, from: string) =>
  event('iteration.started', { iteration, n, prompt: 'p', from, agent: 'claude', host: 'h' })
const numbers = { exit: 0, toolCalls: 0, durationMs: 1, files: 1, insertions: 2, deletions: 3, commits: [] }
const finished = (
  iteration: string,
  [from, to]: readonly [string, string],
  more: Partial<EventData['iteration.finished']> = {},
) => event('iteration.finished', { iteration, from, to, outcome: 'success', ...numbers, ...more })
const moved = (from: string, to: string) => event('head.moved', { from, to, cause: 'manual' })

describe('heads', () => {
  const [a, b, c, d] = [oid('a'), oid('b'), oid('c'), oid('d')]

  test('a move takes its origin out and puts its target in', () => {
    expect(fold([created(), moved(oid('0'), a), moved(a, b)]).heads).toEqual([b])
  })

  test('two clones that went on from the same head diverge, and a move of one of them leaves the other', () => {
    const events = [created(), moved(oid('0'), a), moved(a, c), moved(a, b)]
    expect(fold(events).heads).toEqual([b, c])
    expect(fold([...events, moved(c, d)]).heads).toEqual([b, d])
    expect(fold([...events, moved(c, b)]).heads).toEqual([b])
  })

  test('every event that moves code counts', () => {
    const first = [created(), started('aaaaaaaaaaaa', 1, oid('0')), finished('aaaaaaaaaaaa', [oid('0'), a])]
    expect(fold(first).heads).toEqual([a])
    const squashed = event('session.squashed', { from: a, to: b, map: [] })
    const rebased = event('session.rebased', { from: b, to: c, onto: d, map: [] })
    expect(fold([...first, squashed, rebased])).toMatchObject({ heads: [c], base: { ref: 'refs/heads/main', oid: d } })
    const failed = event('iteration.failed', { iteration: 'bbbbbbbbbbbb', from: c, to: d, reason: 'exit 1' })
    expect(fold([...first, squashed, rebased, failed]).heads).toEqual([d])
    const empty = event('iteration.failed', { iteration: 'bbbbbbbbbbbb', from: d, reason: 'exit 1' })
    expect(fold([...first, squashed, rebased, failed, empty]).heads).toEqual([d])
  })
})

describe('iterations', () => {
  test('are open until they end; usage and cost add up', () => {
    const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
    const events = [created(), started('aaaaaaaaaaaa', 1, oid('0')), started('bbbbbbbbbbbb', 2, oid('0'))]
    expect(fold(events).open.map((open) => open.iteration)).toEqual(['aaaaaaaaaaaa', 'bbbbbbbbbbbb'])
    const end = finished('aaaaaaaaaaaa', [oid('0'), oid('a')], {
      usage,
      costUsd: 0.5,
      thread: 't',
      total: { files: 9, insertions: 8, deletions: 7 },
    })
    const failed = event('iteration.failed', {
      iteration: 'bbbbbbbbbbbb',
      from: oid('a'),
      reason: 'interrupted',
      usage,
    })
    const snapshot = fold([...events, end, failed])
    expect(snapshot).toMatchObject({
      iterations: 2,
      open: [],
      status: 'failed',
      usage: { input: 2, output: 4, cacheRead: 6, cacheWrite: 8 },
      costUsd: 0.5,
      thread: { agent: 'claude', id: 't' },
      changes: { files: 9, insertions: 8, deletions: 7 },
    })
    expect(snapshot.last).toMatchObject({ iteration: 'bbbbbbbbbbbb', n: 2, outcome: 'interrupted', agent: 'claude' })
  })
})

describe('the rest', () => {
  test('name, title and labels', () => {
    const events = [
      created({ model: 'm', test: 'npm test' }),
      event('session.renamed', { name: 'Other' }),
      event('session.renamed', { name: 'Other', branch: 'mine' }),
      event('label.added', { label: 'b' }),
      event('label.added', { label: 'a' }),
      event('label.added', { label: 'b' }),
      event('label.removed', { label: 'a' }),
    ]
    expect(fold(events)).toMatchObject({
      name: 'Other',
      slug: 'fix',
      title: 'Do it',
      branch: 'mine',
      labels: ['b'],
      model: 'm',
      test: 'npm test',
    })
  })

  test('a merge is an intent until it is done or abandoned', () => {
    const merge = (result: 'intent' | 'done' | 'abandoned') =>
      event('session.merged', { into: 'refs/heads/main', before: oid('0'), after: oid('a'), via: 'ff', result })
    const start = created()
    expect(fold([start, merge('intent')])).toMatchObject({ status: 'idle', merging: { after: oid('a'), via: 'ff' } })
    const done = fold([start, merge('intent'), merge('done')])
    expect(done).toMatchObject({ status: 'merged', merged: { into: 'refs/heads/main', after: oid('a') } })
    expect(JSON.parse(JSON.stringify(done))).not.toHaveProperty('merging')
    const abandoned = JSON.parse(JSON.stringify(fold([start, merge('intent'), merge('abandoned')])))
    expect(abandoned).toMatchObject({ status: 'idle' })
    expect(abandoned).not.toHaveProperty('merging')
    expect(abandoned).not.toHaveProperty('merged')
  })

  test('a conflict stands until the rebase is done or given up', () => {
    const [from, to, onto, commit] = [oid('0'), oid('a'), oid('b'), oid('c')]
    const conflicted = event('session.conflicted', { from, onto, start: from, host: 'h', commit, paths: ['a'] })
    expect(fold([created(), conflicted])).toMatchObject({ rebasing: { from, onto, start: from, host: 'h' } })
    const ends = [
      event('session.rebased', { from, to, onto, map: [] }),
      event('session.rebase-aborted', { from, onto, at: commit }),
    ]
    for (const end of ends)
      expect(JSON.parse(JSON.stringify(fold([created(), conflicted, end])))).not.toHaveProperty('rebasing')
  })

  test('an agent that resolves a conflict costs as well', () => {
    const usage = { input: 1, output: 2, cacheRead: 3, cacheWrite: 4 }
    const data = { commit: oid('c'), paths: ['a'], agent: 'claude', durationMs: 1, usage, costUsd: 0.5 }
    expect(fold([created(), event('session.resolved', data)])).toMatchObject({ usage, costUsd: 0.5 })
  })

  test('closed and opened again', () => {
    const start = created()
    const closed = event('session.closed', { reason: 'done' })
    expect(fold([start, closed]).status).toBe('closed')
    expect(fold([start, closed, event('session.reopened', {})]).status).toBe('idle')
  })

  test('paused and resumed', () => {
    const start = created()
    const merged = event('session.merged', { into: 'm', before: oid('0'), after: oid('a'), via: 'ff', result: 'done' })
    const paused = event('session.paused', { snapshot: oid('s') })
    const folded = fold([start, merged, paused])
    expect(folded).toMatchObject({ status: 'paused', paused: { snapshot: oid('s'), was: 'merged' } })
    // Paused again, as after a kill: what it was before the first time counts.
    const again = event('session.paused', { snapshot: oid('t') })
    const resumed = fold([start, merged, paused, again, event('session.resumed', {})])
    expect(resumed.status).toBe('merged')
    expect(JSON.parse(JSON.stringify(resumed))).not.toHaveProperty('paused')
  })

  test('a divergence that was resolved', () => {
    const start = created()
    const [x, y] = [moved(oid('0'), oid('x')), moved(oid('0'), oid('y'))]
    expect(fold([start, x, y]).heads).toHaveLength(2)
    const resolved = event('session.heads-resolved', { keep: oid('x'), drop: [oid('y')] })
    expect(fold([start, x, y, resolved]).heads).toEqual([oid('x')])
  })

  test('an operation that was taken back changes only what it had changed', () => {
    const start = created()
    const step = moved(oid('0'), oid('x'))
    const done = event('session.merged', { into: 'm', before: oid('0'), after: oid('a'), via: 'ff', result: 'done' })
    const label = event('label.added', { label: 'l' })
    const what = { operation: 'x', command: 'merge', status: 'idle', merged: null } as const
    const undone = event('operation.undone', { ...what, heads: { drop: [oid('x')], add: [oid('0')] } })
    const folded = JSON.parse(JSON.stringify(fold([start, step, done, label, undone])))
    expect(folded).toMatchObject({ status: 'idle', heads: [oid('0')], labels: ['l'] })
    expect(folded).not.toHaveProperty('merged')
  })

  test.each(['session.unheard', 'from.the.future', 'constructor', '__proto__', 'toString', ''])(
    'an unknown type %j is kept and counted',
    (type) => {
      const start = created()
      const unknown = { ...moved('x', 'y'), type }
      expect(isKnown(unknown)).toBe(false)
      const snapshot = fold([start, unknown, { ...unknown, id: 'zzzzzzzzzzzz' }])
      expect(snapshot).toEqual({
        ...fold([start]),
        events: 3,
        unknown: 2,
        lamport: unknown.lamport,
        updatedAt: snapshot.updatedAt,
      })
      expect(inOrder([unknown])).toEqual([unknown])
    },
  )

  test('first lines', () => {
    expect(firstLine('\n \n  a b \nc')).toBe('a b')
    expect(firstLine('')).toBe('')
    expect([...firstLine('😀'.repeat(300))].length).toBe(200)
  })

  test('the empty snapshot is of this fold, and no two share anything', () => {
    expect(emptySnapshot().fold).toBe(foldVersion)
    expect(emptySnapshot().heads).not.toBe(emptySnapshot().heads)
  })
})

/** A random history as several clones may write it: lamports that tie, heads that fork, every type of event. */
function history(random: () => number): AmpEvent[] {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T
  const heads = ['1', '2', '3', '4', '5'].map(oid)
  const iterations = ['aaaaaaaaaaaa', 'bbbbbbbbbbbb', 'cccccccccccc']
  const size = () => ({ files: Math.floor(random() * 9), insertions: 1, deletions: 2 })
  const usage = () => ({ input: Math.floor(random() * 99), output: 1, cacheRead: 2, cacheWrite: 3 })
  const makers: (() => AmpEvent)[] = [
    () => created(),
    () => event('session.renamed', { name: pick(['x', 'y']), ...(random() < 0.5 ? {} : { branch: pick(['b', 'c']) }) }),
    () => started(pick(iterations), Math.ceil(random() * 9), pick(heads)),
    () =>
      finished(pick(iterations), [pick(heads), pick(heads)], {
        usage: usage(),
        costUsd: Math.ceil(random() * 8) / 8,
        total: size(),
      }),
    () =>
      event('iteration.failed', {
        iteration: pick(iterations),
        from: pick(heads),
        reason: pick(['interrupted', 'exit 1']),
        ...(random() < 0.5 ? {} : { to: pick(heads) }),
      }),
    () => moved(pick(heads), pick(heads)),
    () => event('test.recorded', { command: 'c', tree: pick(heads), exit: pick([0, 1, null]), durationMs: 1 }),
    () => event('session.squashed', { from: pick(heads), to: pick(heads), map: [] }),
    () => event('session.rebased', { from: pick(heads), to: pick(heads), onto: pick(heads), map: [] }),
    () =>
      event('session.merged', {
        into: 'm',
        before: pick(heads),
        after: pick(heads),
        via: 'ff',
        result: pick(['intent', 'done', 'abandoned']),
      }),
    () => event('session.closed', { reason: 'r' }),
    () => event('session.reopened', {}),
    () => event('label.added', { label: pick(['l', 'm', 'n']) }),
    () => event('label.removed', { label: pick(['l', 'm', 'n']) }),
    () => ({ ...moved('x', 'y'), type: 'of.another.time' }),
  ]
  const bytes = (n: number) => Uint8Array.from({ length: n }, () => Math.floor(random() * 256))
  return Array.from({ length: 40 }, () => ({ ...pick(makers)(), id: newId(bytes), lamport: Math.ceil(random() * 15) }))
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items]
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(random() * (index + 1))
    const [a, b] = [result[index] as T, result[other] as T]
    result[index] = b
    result[other] = a
  }
  return result
}

test('any order of events, with any of them twice, folds to what one after the other gives', () => {
  const plain = (snapshot: Snapshot): unknown => JSON.parse(JSON.stringify(snapshot))
  for (let seed = 1; seed <= 150; seed++) {
    const random = seeded(seed)
    const events = history(random)
    const sorted = [...events].sort((a, b) => a.lamport - b.lamport || (a.id < b.id ? -1 : 1))
    const wanted = plain(sorted.reduce(applyEvent, emptySnapshot()))
    // As a writer does it: from a snapshot that went through a commit message.
    const stepwise = sorted.reduce((snapshot, next) => applyEvent(plain(snapshot) as Snapshot, next), emptySnapshot())
    expect(plain(stepwise), `seed ${seed}`).toEqual(wanted)
    for (let round = 0; round < 4; round++) {
      const copies = structuredClone(events.filter(() => random() < 0.4))
      expect(plain(fold(shuffled([...events, ...copies], random))), `seed ${seed}`).toEqual(wanted)
    }
  }
})

test('two events that claim the same id count once, and the same one in any order', () => {
  const start = created()
  const twins = [
    event('label.added', { label: 'x' }),
    event('label.added', { label: 'y' }),
    event('label.added', { label: 'z' }),
  ].map((twin, index) => ({ ...twin, id: 'qqqqqqqqqqqq', lamport: index === 2 ? 9999 : 9000 }))
  const snapshots = [0, 1, 2, 3, 4, 5].map((seed) => fold(shuffled([start, ...twins], seeded(seed))))
  expect(new Set(snapshots.map((snapshot) => JSON.stringify(snapshot))).size).toBe(1)
  expect(snapshots[0]?.labels.length).toBe(1)
})
