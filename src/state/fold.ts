import {
  type AmpEvent,
  addUsage,
  type ChangeSize,
  type EventData,
  type Exchange,
  headOf,
  type KnownEvent,
  type Outcome,
  type SessionEventType,
  type SessionStatus,
  type Spent,
  type ThreadTotal,
  type Undone,
  type Usage,
} from './events.js'
import type { Oid } from './storage.js'

/** Version of the fold: a snapshot made by a lower one is folded again from the chain. */
export const foldVersion = 3

/** An iteration that started and has not ended, as far as the chain knows. */
export interface OpenIteration {
  iteration: string
  n: number
  from: Oid
  host: string
  /** The clone that it began in. */
  clone?: string
  at: string
  agent: string
}

/** Edits of a failed agent that stand uncommitted in its worktree (`amp.onFailure=keep`). */
export interface KeptWork {
  iteration: string
  n: number
  from: Oid
  /** A commit of them on `from` that no branch has. */
  commit: Oid
}

/** The fold of a whole chain: all that `list` needs, and what the next event is applied to. Plain JSON. */
export interface Snapshot {
  fold: number
  lamport: number
  /** Number of events folded, those of unknown types included. */
  events: number
  /** Events from a newer git-amp. */
  unknown: number
  name: string
  slug: string
  /** First line of the prompt. */
  title: string
  status: SessionStatus
  branch: string
  base: { ref: string | null; oid: Oid }
  agent: string
  model?: string
  test?: string
  /** Tips of the session's code; more than one means diverged. */
  heads: Oid[]
  /** Number of the latest iteration. */
  iterations: number
  open: OpenIteration[]
  last?: { iteration: string; n: number; outcome: Outcome; at: string; agent: string; waiting?: 'login' | 'approval' }
  /** The agent's thread, and what the agent said it used in all so far. */
  thread?: { agent: string; id: string; total?: ThreadTotal; place?: string }
  tested?: { tree: Oid; exit: number | null; at: string }
  /** Size against the base. */
  changes: ChangeSize
  usage: Usage
  costUsd?: number
  labels: string[]
  /** Ids of the review comments that are not resolved; absent when there are none. */
  comments?: string[]
  merged?: { into: string; after: Oid; at: string }
  /** The pull request, or where one can be opened. */
  review?: { url: string; at: string }
  /** A move of a checked-out base that was begun and not yet seen to end. */
  merging?: { into: string; before: Oid; after: Oid; via: 'ff' | 'merge' | 'squash' }
  /** The uncommitted work of a paused session, and its status before. */
  paused?: { snapshot: Oid; was: SessionStatus }
  /** What the last agent left uncommitted, until it is committed or the next one begins. */
  kept?: KeptWork
  /** A rebase that stands in a conflict in a worktree on `host`. */
  rebasing?: { from: Oid; onto: Oid; start: Oid; host: string; at: string }
  createdAt: string
  updatedAt: string
  by: string
}

const none: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

/** The snapshot of a chain without events: `session.created` fills it. */
export function emptySnapshot(): Snapshot {
  return {
    fold: foldVersion,
    lamport: 0,
    events: 0,
    unknown: 0,
    name: '',
    slug: '',
    title: '',
    status: 'idle',
    branch: '',
    base: { ref: null, oid: '' },
    agent: '',
    heads: [],
    iterations: 0,
    open: [],
    changes: { files: 0, insertions: 0, deletions: 0 },
    usage: none,
    labels: [],
    createdAt: '',
    updatedAt: '',
    by: '',
  }
}

/** Order of events in the fold: `(lamport, id)`. */
export const byLamport = (a: AmpEvent, b: AmpEvent): number =>
  a.lamport - b.lamport || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

/**
 * Events in fold order, each once. Of two that claim the same id the first one in an order that all clones share counts, whoever
 * forged the other.
 */
export function inOrder(events: Iterable<AmpEvent>): AmpEvent[] {
  const byId = new Map<string, AmpEvent>()
  for (const event of [...events].sort((a, b) => byLamport(a, b) || byText(a, b))) {
    if (!byId.has(event.id)) byId.set(event.id, event)
  }
  return [...byId.values()]
}

function byText(a: AmpEvent, b: AmpEvent): number {
  const [first, second] = [JSON.stringify(a), JSON.stringify(b)]
  return first < second ? -1 : first > second ? 1 : 0
}

/** Folds events in any order, with duplicates, into the snapshot all clones agree on. */
export const fold = (events: Iterable<AmpEvent>): Snapshot => inOrder(events).reduce(applyEvent, emptySnapshot())

/** First line of a text, at most 200 characters. */
export const firstLine = (text: string): string =>
  [...(text.split('\n').find((line) => line.trim() !== '') ?? '').trim()].slice(0, 200).join('')

type Appliers = {
  [T in SessionEventType]: (snapshot: Snapshot, data: EventData[T], event: AmpEvent) => Partial<Snapshot>
}

const appliers: Appliers = {
  'session.created': (_, data, event) => ({
    name: data.name,
    slug: data.slug,
    title: firstLine(headOf(data.prompt)),
    branch: data.branch,
    base: data.base,
    agent: data.agent,
    ...(data.model === undefined ? {} : { model: data.model }),
    ...(data.test === undefined ? {} : { test: headOf(data.test) }),
    heads: [data.base.oid],
    createdAt: event.at,
    by: event.by,
  }),
  'session.renamed': (_, data) => ({
    name: data.name,
    ...(data.slug === undefined ? {} : { slug: data.slug }),
    ...(data.branch === undefined ? {} : { branch: data.branch }),
  }),
  'iteration.started': (snapshot, data, event) => ({
    ...notKept(snapshot),
    iterations: Math.max(snapshot.iterations, data.n),
    open: [
      ...snapshot.open.filter((open) => open.iteration !== data.iteration),
      {
        iteration: data.iteration,
        n: data.n,
        from: data.from,
        host: data.host,
        ...(data.clone === undefined ? {} : { clone: data.clone }),
        at: event.at,
        agent: data.agent,
      },
    ],
  }),
  'iteration.finished': (snapshot, data, event) => ({
    ...ended(snapshot, data, { event, outcome: data.outcome }),
    status: 'idle',
  }),
  'iteration.failed': (snapshot, data, event) => ({
    ...ended(snapshot, data, { event, outcome: data.reason === 'interrupted' ? 'interrupted' : 'failed' }),
    ...(data.keptAs === undefined ? {} : { kept: keptWork(snapshot, data, data.keptAs) }),
    status: 'failed',
  }),
  'head.moved': (snapshot, data) => ({
    ...(data.cause === 'kept' ? notKept(snapshot) : {}),
    heads: moveHead(snapshot.heads, data.from, data.to),
    ...(data.base === undefined ? {} : { base: { ...snapshot.base, oid: data.base } }),
    ...(data.total === undefined ? {} : { changes: data.total }),
  }),
  'test.recorded': (_, data, event) => ({ tested: { tree: data.tree, exit: data.exit, at: event.at } }),
  'session.squashed': (snapshot, data) => ({
    heads: moveHead(snapshot.heads, data.from, data.to),
    ...(data.onto === undefined ? {} : { base: { ...snapshot.base, oid: data.onto } }),
    ...(data.total === undefined ? {} : { changes: data.total }),
  }),
  'session.rebased': (snapshot, data) => ({
    ...notRebasing,
    heads: moveHead(snapshot.heads, data.from, data.to),
    base: { ...snapshot.base, oid: data.onto },
    ...(data.total === undefined ? {} : { changes: data.total }),
  }),
  'session.conflicted': (_, { from, onto, start, host }, event) => ({
    rebasing: { from, onto, start, host, at: event.at },
  }),
  'session.rebase-aborted': () => notRebasing,
  'session.resolved': (snapshot, data) => spentIn(snapshot, data),
  'session.merged': merged,
  'session.review': (_, data, event) => ({ status: 'review', review: { url: data.url, at: event.at } }),
  'session.paused': ({ status, paused }, data) => ({
    status: 'paused',
    paused: { snapshot: data.snapshot, was: paused?.was ?? status },
  }),
  'session.resumed': ({ status, paused }) => without('paused', { status: paused?.was ?? status }),
  'session.heads-resolved': (snapshot, data) => ({
    heads: exchanged(snapshot.heads, { drop: data.drop, add: [data.keep] }),
    ...(data.total === undefined ? {} : { changes: data.total }),
  }),
  'operation.undone': undone,
  // A merged session that is cleaned up is merged.
  'session.closed': ({ status }) => ({ status: status === 'merged' ? 'merged' : 'closed' }),
  'session.reopened': () => ({ status: 'idle' }),
  'label.added': (snapshot, data) => ({ labels: [...new Set([...snapshot.labels, data.label])].sort() }),
  'label.removed': (snapshot, data) => ({ labels: snapshot.labels.filter((label) => label !== data.label) }),
  'comment.added': openComment,
  'comment.reopened': openComment,
  'comment.resolved': ({ comments = [] }, data) => openComments(comments.filter((id) => id !== data.comment)),
}

/** Whether this git-amp knows the event's type. */
export const isKnown = (event: AmpEvent): event is AmpEvent & KnownEvent => Object.hasOwn(appliers, event.type)

/** The snapshot after one more event, which must come last in fold order. */
export function applyEvent(snapshot: Snapshot, event: AmpEvent): Snapshot {
  const common = {
    fold: foldVersion,
    lamport: Math.max(snapshot.lamport, event.lamport),
    events: snapshot.events + 1,
    // biome-ignore lint/complexity/useMathMinMax: these are texts
    updatedAt: event.at > snapshot.updatedAt ? event.at : snapshot.updatedAt,
  }
  if (!isKnown(event)) return { ...snapshot, ...common, unknown: snapshot.unknown + 1 }
  const apply = appliers[event.type] as (s: Snapshot, d: unknown, e: AmpEvent) => Partial<Snapshot>
  return { ...snapshot, ...common, ...apply(snapshot, event.data, event) }
}

/** `heads` is a multi-value register: `from -> to` takes `from` out and puts `to` in. */
const moveHead = (heads: readonly Oid[], from: Oid, to: Oid): Oid[] => exchanged(heads, { drop: [from], add: [to] })

const exchanged = (set: readonly string[], { drop, add }: Exchange): string[] =>
  [...new Set([...set.filter((one) => !drop.includes(one)), ...add])].sort()

/** A patch deletes nothing, so a field that goes is set to undefined, which JSON leaves out. */
const without = (
  key: 'comments' | 'merging' | 'merged' | 'paused' | 'review' | 'thread' | 'kept',
  patch: Partial<Snapshot>,
): Partial<Snapshot> => ({ ...patch, [key]: undefined }) as unknown as Partial<Snapshot>

const openComments = (comments: string[]): Partial<Snapshot> =>
  comments.length === 0 ? without('comments', {}) : { comments }

function openComment({ comments = [] }: Snapshot, { comment }: { comment: string }): Partial<Snapshot> {
  return openComments([...new Set([...comments, comment])].sort())
}

const notKept = ({ kept }: Snapshot): Partial<Snapshot> => (kept === undefined ? {} : without('kept', {}))

const keptWork = (snapshot: Snapshot, { iteration, from }: EventData['iteration.failed'], commit: Oid): KeptWork => ({
  iteration,
  n: snapshot.open.find((open) => open.iteration === iteration)?.n ?? snapshot.iterations,
  from,
  commit,
})

/** Only what the operation had changed is as it was before it. */
function undone(snapshot: Snapshot, data: Undone): Partial<Snapshot> {
  let patch: Partial<Snapshot> = {
    ...(data.heads === undefined ? {} : { heads: exchanged(snapshot.heads, data.heads) }),
    ...(data.base === undefined ? {} : { base: data.base }),
    ...(data.status === undefined ? {} : { status: data.status }),
    ...(data.total === undefined ? {} : { changes: data.total }),
    ...(data.name ?? {}),
    ...(data.labels === undefined ? {} : { labels: exchanged(snapshot.labels, data.labels) }),
    ...(data.comments === undefined ? {} : openComments(exchanged(snapshot.comments ?? [], data.comments))),
  }
  for (const key of ['merged', 'paused', 'review', 'thread', 'kept'] as const) {
    if (data[key] === null) patch = without(key, patch)
    else if (data[key] !== undefined) patch = { ...patch, [key]: data[key] }
  }
  return patch
}

/** A field cannot be deleted by a patch, so it is set to undefined, which JSON leaves out. */
const notRebasing = { rebasing: undefined } as unknown as Partial<Snapshot>

/** Tokens and cost with those of one more run. */
function spentIn(snapshot: Snapshot, data: Spent): Pick<Snapshot, 'usage' | 'costUsd'> {
  const usage = data.usage ?? none
  const cost = data.costUsd === undefined ? snapshot.costUsd : (snapshot.costUsd ?? 0) + data.costUsd
  return {
    ...(cost === undefined ? {} : { costUsd: cost }),
    usage: addUsage([snapshot.usage, usage]),
  }
}

type Ended = EventData['iteration.finished'] | EventData['iteration.failed']

function ended(snapshot: Snapshot, data: Ended, how: { event: AmpEvent; outcome: Outcome }): Partial<Snapshot> {
  const open = snapshot.open.find((candidate) => candidate.iteration === data.iteration)
  const agent = open?.agent ?? snapshot.agent
  const last = {
    iteration: data.iteration,
    n: open?.n ?? snapshot.iterations,
    outcome: how.outcome,
    at: how.event.at,
    agent,
    ...('waiting' in data && data.waiting !== undefined ? { waiting: data.waiting } : {}),
  }
  return {
    open: snapshot.open.filter((candidate) => candidate.iteration !== data.iteration),
    last,
    ...(data.thread === undefined ? {} : { thread: threadAfter(snapshot, agent, data) }),
    ...(data.to === undefined ? {} : { heads: moveHead(snapshot.heads, data.from, data.to) }),
    ...(data.total === undefined ? {} : { changes: data.total }),
    ...spentIn(snapshot, data),
  }
}

/** A run that ended before its agent reported says nothing new of the same thread's total. */
function threadAfter({ thread }: Snapshot, agent: string, data: Ended): NonNullable<Snapshot['thread']> {
  const id = data.thread ?? ''
  const total = data.threadTotal ?? (thread?.agent === agent && thread.id === id ? thread.total : undefined)
  const place = data.threadPlace
  return { agent, id, ...(total === undefined ? {} : { total }), ...(place === undefined ? {} : { place }) }
}

function merged(_: Snapshot, data: EventData['session.merged'], event: AmpEvent): Partial<Snapshot> {
  const { into, before, after, via } = data
  if (data.result === 'intent') return { merging: { into, before, after, via } }
  const settled = without('merging', {})
  if (data.result === 'abandoned') return settled
  return { ...settled, status: 'merged', merged: { into, after, at: event.at } }
}
