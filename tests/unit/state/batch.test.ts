import { describe, expect, it } from 'vitest'
import {
  applyBatch,
  type BatchSnapshot,
  countStates,
  emptyBatch,
  foldBatch,
  itemStates,
} from '../../../src/state/batch.js'
import { encodeState } from '../../../src/state/codec.js'
import type { AmpEvent, ItemStatus } from '../../../src/state/events.js'

const runner = '000000000001'
let count = 0
const event = (type: string, data: Record<string, unknown>): AmpEvent => {
  count += 1
  const id = count.toString().padStart(12, '0')
  return { id, type, lamport: count, at: '2026-11-22T10:10:10Z', by: 'A <a@b>', data }
}
const created = (total: number) => event('batch.created', { name: 'nightly', plan: '{}', total, runner, host: 'h' })
const item = (n: number, status: ItemStatus, more: object = {}) =>
  event('batch.item', { n, key: 'f'.repeat(32), status, session: runner, ...more })

/** The message of the commit that holds one event. */
const messageOf = (one: AmpEvent, snapshot: BatchSnapshot): string =>
  encodeState({
    subject: 'amp(nightly): item',
    entity: { kind: 'batch', id: runner },
    stateParents: 1,
    events: [one],
    snapshot,
  })

describe('the fold of a batch run', () => {
  it('knows the state of each item, what was spent, and why the run stopped', () => {
    const events = [
      created(5),
      item(1, 'running'),
      item(2, 'running'),
      item(1, 'success', { usage: { input: 1, output: 2, cacheRead: 0, cacheWrite: 0 }, costUsd: 0.1 }),
      item(2, 'fail', { costUsd: 0.2 }),
      event('batch.aborted', { reason: 'enough' }),
    ]
    const snapshot = foldBatch(events)
    expect(itemStates(snapshot)).toEqual(['success', 'fail', 'queued', 'queued', 'queued'])
    expect(snapshot).toMatchObject({
      status: 'aborted',
      reason: 'enough',
      items: 'sf3q',
      costUsd: 0.3,
      usage: { output: 2 },
    })
    expect(countStates(snapshot)).toMatchObject({ success: 1, fail: 1, queued: 3 })
    const resumed = foldBatch([...events, event('batch.resumed', { runner: '000000000002', host: 'h' })])
    expect(resumed).toMatchObject({ status: 'running', runner: { id: '000000000002' } })
    expect(resumed.reason).toBeUndefined()
  })

  it('is the same in any order, and one event at a time', () => {
    const events = [created(3), item(3, 'running'), item(1, 'error'), item(3, 'timeout'), event('batch.later', {})]
    const folded = foldBatch(events)
    expect(foldBatch([...events].reverse())).toEqual(folded)
    expect(events.reduce(applyBatch, emptyBatch())).toEqual(folded)
    expect(folded.unknown).toBe(1)
  })

  it('takes no item that the plan has not', () => {
    expect(foldBatch([created(2), item(3, 'success'), item(0, 'success')]).items).toBe('2q')
  })

  it('stays far below 16 KiB in every commit of a run with a thousand items, whatever their order', () => {
    const total = 1000
    const order = Array.from({ length: total }, (_, at) => ((at * 389) % total) + 1)
    let snapshot = applyBatch(emptyBatch(), created(total))
    let longest = 0
    for (const status of ['running', 'success'] as const)
      for (const n of order) {
        const one = item(n, status, { error: 'x'.repeat(400), durationMs: 1, iterations: 1 })
        snapshot = applyBatch(snapshot, one)
        longest = Math.max(longest, messageOf(one, snapshot).length)
      }
    expect(longest).toBeLessThan(4096)
    expect(snapshot.items).toBe('1000s')
  })
})
