import { maxItems } from './event-shape.js'
import {
  type AmpEvent,
  addUsage,
  type BatchEventType,
  type BatchStatus,
  type EventData,
  type ItemStatus,
  itemStatuses,
  type Usage,
} from './events.js'
import { inOrder } from './fold.js'

/** Version of the fold of batch runs. */
export const batchFold = 1

/**
 * The fold of a batch run's chain: what lists need, and what the next event is applied to. Of each item it holds one letter, so that a state
 * commit stays small however many items there are; the rest is in their events.
 */
export interface BatchSnapshot {
  fold: number
  lamport: number
  events: number
  /** Events from a newer git-amp. */
  unknown: number
  name: string
  status: BatchStatus
  /** Why it was aborted. */
  reason?: string
  /** Number of items. */
  total: number
  /** The state of each item by its letter, in the order of the plan; a number before a letter counts those that follow each other: `3s2rq`. */
  items: string
  /** The process that worked on it last. */
  runner?: { id: string; host: string; clone?: string }
  usage: Usage
  costUsd?: number
  createdAt: string
  updatedAt: string
  by: string
}

const letters: Readonly<Record<ItemStatus, string>> = {
  queued: 'q',
  running: 'r',
  success: 's',
  fail: 'f',
  timeout: 't',
  error: 'e',
  aborted: 'a',
}
const statusOf: ReadonlyMap<string, ItemStatus> = new Map(itemStatuses.map((status) => [letters[status], status]))

/** `sssrr` as `3s2r`. */
const packed = (states: string): string => states.replace(/(.)\1+/g, (run, letter: string) => `${run.length}${letter}`)

/** The letters one by one, never more than there can be items. */
function unpacked(items: string): string {
  let states = ''
  for (const [, count, letter = ''] of items.matchAll(/(\d{0,5})([a-z])/g)) {
    states += letter.repeat(Math.min(count === '' ? 1 : Number(count), maxItems - states.length))
    if (states.length >= maxItems) break
  }
  return states
}

/** The state of each item, in the order of the plan. */
export const itemStates = ({ items }: Pick<BatchSnapshot, 'items'>): ItemStatus[] =>
  [...unpacked(items)].map((letter) => statusOf.get(letter) ?? 'queued')

/** How many items are in each state. */
export function countStates(snapshot: Pick<BatchSnapshot, 'items'>): Record<ItemStatus, number> {
  const counts = Object.fromEntries(itemStatuses.map((status) => [status, 0])) as Record<ItemStatus, number>
  for (const status of itemStates(snapshot)) counts[status] += 1
  return counts
}

/** The snapshot of a chain without events: `batch.created` fills it. */
export const emptyBatch = (): BatchSnapshot => ({
  fold: batchFold,
  lamport: 0,
  events: 0,
  unknown: 0,
  name: '',
  status: 'running',
  total: 0,
  items: '',
  usage: addUsage([]),
  createdAt: '',
  updatedAt: '',
  by: '',
})

type Appliers = {
  [T in BatchEventType]: (snapshot: BatchSnapshot, data: EventData[T], event: AmpEvent) => Partial<BatchSnapshot>
}

const appliers: Appliers = {
  'batch.created': (_, { name, total, ...runner }, event) => ({
    name,
    total,
    items: packed(letters.queued.repeat(total)),
    runner: runnerOf(runner),
    createdAt: event.at,
    by: event.by,
  }),
  'batch.resumed': (_, data) => ({ status: 'running', ...notAborted, runner: runnerOf(data) }),
  'batch.item': (snapshot, data) => ({ ...spent(snapshot, data), items: withItem(snapshot, data) }),
  'batch.aborted': (_, { reason }) => ({ status: 'aborted', reason }),
  'batch.finished': () => ({ status: 'finished', ...notAborted }),
}

/** A patch deletes nothing, so a field that goes is set to undefined, which JSON leaves out. */
const notAborted = { reason: undefined } as unknown as Partial<BatchSnapshot>

const runnerOf = ({ runner, host, clone }: EventData['batch.resumed']) => ({
  id: runner,
  host,
  ...(clone === undefined ? {} : { clone }),
})

function withItem({ items, total }: BatchSnapshot, { n, status }: EventData['batch.item']): string {
  if (n < 1 || n > total) return items
  const states = unpacked(items)
  return packed(`${states.slice(0, n - 1)}${letters[status]}${states.slice(n)}`)
}

/** Tokens and cost with those of one more try. */
function spent({ usage, costUsd }: BatchSnapshot, data: EventData['batch.item']): Partial<BatchSnapshot> {
  return {
    ...(data.costUsd === undefined ? {} : { costUsd: Number(((costUsd ?? 0) + data.costUsd).toFixed(8)) }),
    ...(data.usage === undefined ? {} : { usage: addUsage([usage, data.usage]) }),
  }
}

/** The snapshot after one more event, which must come last in fold order. */
export function applyBatch(snapshot: BatchSnapshot, event: AmpEvent): BatchSnapshot {
  const common = {
    fold: batchFold,
    lamport: Math.max(snapshot.lamport, event.lamport),
    events: snapshot.events + 1,
    // biome-ignore lint/complexity/useMathMinMax: these are texts
    updatedAt: event.at > snapshot.updatedAt ? event.at : snapshot.updatedAt,
  }
  if (!Object.hasOwn(appliers, event.type)) return { ...snapshot, ...common, unknown: snapshot.unknown + 1 }
  const apply = appliers[event.type as BatchEventType] as (
    s: BatchSnapshot,
    d: unknown,
    e: AmpEvent,
  ) => Partial<BatchSnapshot>
  return { ...snapshot, ...common, ...apply(snapshot, event.data, event) }
}

/** Folds events in any order, with duplicates, into the snapshot that all clones agree on. */
export const foldBatch = (events: Iterable<AmpEvent>): BatchSnapshot => inOrder(events).reduce(applyBatch, emptyBatch())
