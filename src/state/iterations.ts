import { exactDollars } from '../util/amounts.js'
import { subjectLine } from './codec.js'
import {
  type AmpEvent,
  type EventData,
  headOf,
  type IterationRemarks,
  type LongText,
  type ModelUsage,
  type Outcome,
  type Spent,
  type Usage,
} from './events.js'
import { inOrder, isKnown } from './fold.js'
import type { Oid } from './storage.js'

/** One iteration as its events tell it. */
export interface IterationView {
  id: string
  n: number
  agent: string
  model: string | null
  host: string
  prompt: LongText
  startedAt: string
  /** Null while it has not ended. */
  endedAt: string | null
  outcome: Outcome | 'open'
  from: Oid
  /** The commit it ended in; null when there is none. */
  to: Oid | null
  exit: number | null
  reason: string | null
  files: number
  insertions: number
  deletions: number
  durationMs: number | null
  toolCalls: number
  usage: Usage | null
  /** The same by model, as far as the agent told. */
  models: ModelUsage[]
  /** In US dollars; null when it is not known. */
  costUsd: number | null
  /** Where the cost comes from: `agent`, or the source that the price table names. */
  costSource: string | null
  transcript: { oid: Oid; bytes: number } | null
  /** What the agent waited for when it was stopped. */
  waiting: 'login' | 'approval' | null
  summary: LongText | null
  commits: Oid[]
  tests: TestView | null
  remarks: IterationRemarks
}

/** A recorded run of the test command. */
export interface TestView {
  command: LongText
  tree: Oid
  exit: number | null
  signal: string | null
  durationMs: number
  output: LongText | null
  at: string
}

/** One line of a session's story. */
export type StoryItem =
  | { kind: 'iteration'; at: string; by: string; iteration: IterationView }
  | { kind: 'event'; at: string; by: string; event: AmpEvent }

/** Everything the chain tells of a session, in fold order: iterations once each, at the place where they started. */
export function storyOf(events: Iterable<AmpEvent>): StoryItem[] {
  const items: StoryItem[] = []
  const views = new Map<string, IterationView>()
  for (const event of inOrder(events)) {
    if (!isKnown(event)) {
      items.push({ kind: 'event', at: event.at, by: event.by, event })
    } else if (event.type === 'iteration.started') {
      const iteration = started(event.data, event.at)
      views.set(iteration.id, iteration)
      items.push({ kind: 'iteration', at: event.at, by: event.by, iteration })
    } else if (event.type === 'iteration.finished' || event.type === 'iteration.failed') {
      end(views.get(event.data.iteration), event.data, event.at)
    } else if (event.type === 'head.moved' && event.data.cause === 'kept' && views.has(event.data.iteration ?? '')) {
      committed(views.get(event.data.iteration ?? ''), event.data)
    } else if (event.type === 'test.recorded' && views.has(event.data.iteration ?? '')) {
      test(views.get(event.data.iteration ?? ''), event.data, event.at)
    } else {
      if (event.type === 'operation.undone' && event.data.kept)
        uncommitted(views.get(event.data.kept.iteration), event.data.kept.commit)
      items.push({ kind: 'event', at: event.at, by: event.by, event: event as AmpEvent })
    }
  }
  return items
}

/** The iterations of a session, in order. */
export const iterationsOf = (events: Iterable<AmpEvent>): IterationView[] =>
  storyOf(events).flatMap((item) => (item.kind === 'iteration' ? [item.iteration] : []))

/** Agents that ask no model and cost nothing. */
const free: readonly string[] = ['shell']

/** Whether what an iteration cost is not known, although it may have cost something. */
export const isUnpriced = ({ agent, costUsd }: Pick<IterationView, 'agent' | 'costUsd'>): boolean =>
  costUsd === null && !free.includes(agent)

/** What iterations cost together, and how many of them have no known cost: a sum without them is not complete. */
export function costOf(iterations: Iterable<Pick<IterationView, 'agent' | 'costUsd'>>): {
  costUsd: number | null
  unpriced: number
} {
  let [costUsd, unpriced]: [number | null, number] = [null, 0]
  for (const iteration of iterations) {
    if (isUnpriced(iteration)) unpriced++
    if (iteration.costUsd !== null) costUsd = (costUsd ?? 0) + iteration.costUsd
  }
  return { costUsd: costUsd === null ? null : exactDollars(costUsd), unpriced }
}

/** `tests pass`, `tests fail`, or null when none were run. */
export const testWord = (tests: { exit: number | null } | null | undefined): string | null =>
  tests === null || tests === undefined ? null : tests.exit === 0 ? 'tests pass' : 'tests fail'

/** The line of a note: what `git log --notes=amp` shows beside the commit. */
export function noteLine(session: { id: string; slug: string }, iteration: IterationView): string {
  const tests = testWord(iteration.tests)
  const title = (
    headOf(iteration.prompt)
      .split('\n')
      .find((line) => line.trim() !== '') ?? ''
  ).trim()
  const head = `Session ${session.id} (${session.slug}), iteration ${iteration.n} by ${iteration.agent}`
  return `${head}${tests === null ? '' : `, ${tests}`}: ${[...subjectLine(title)].slice(0, 100).join('')}`
}

function started(data: EventData['iteration.started'], at: string): IterationView {
  return {
    id: data.iteration,
    n: data.n,
    agent: data.agent,
    model: data.model ?? null,
    host: data.host,
    prompt: data.prompt,
    startedAt: at,
    endedAt: null,
    outcome: 'open',
    from: data.from,
    to: null,
    exit: null,
    reason: null,
    files: 0,
    insertions: 0,
    deletions: 0,
    durationMs: null,
    toolCalls: 0,
    ...spentOf({}),
    waiting: null,
    summary: null,
    commits: [],
    tests: null,
    remarks: {},
  }
}

/** What an iteration used and cost, as its view tells it. */
export const spentOf = (
  spent: Spent,
): Pick<IterationView, 'usage' | 'models' | 'costUsd' | 'costSource' | 'transcript'> => ({
  usage: spent.usage ?? null,
  models: (listed(spent.models) ?? []).filter(isModelUsage),
  costUsd: spent.costUsd ?? null,
  costSource: spent.costSource ?? null,
  transcript: spent.transcript ?? null,
})

/** Entries of a list are not looked at when an event is read: it may be anybody's. */
function isModelUsage(entry: unknown): entry is ModelUsage {
  const { model, costUsd = 0, ...tokens } = (entry ?? {}) as Partial<ModelUsage>
  const { input, output, cacheRead, cacheWrite } = tokens
  return typeof model === 'string' && [input, output, cacheRead, cacheWrite, costUsd].every(Number.isFinite)
}

type EndData = EventData['iteration.finished'] | EventData['iteration.failed']

function end(view: IterationView | undefined, data: EndData, at: string): void {
  if (view === undefined) return
  const failed = 'reason' in data
  view.endedAt = at
  view.outcome = failed ? (data.reason === 'interrupted' ? 'interrupted' : 'failed') : data.outcome
  view.to = data.to ?? null
  view.exit = data.exit ?? null
  view.reason = failed ? data.reason : null
  view.files = data.files ?? 0
  view.insertions = data.insertions ?? 0
  view.deletions = data.deletions ?? 0
  view.durationMs = data.durationMs ?? null
  view.toolCalls = data.toolCalls ?? 0
  // Of two ends of one iteration (recorded by two clones) the one that knows what was used counts.
  if (view.usage === null && view.costUsd === null) Object.assign(view, spentOf(data))
  view.waiting = failed ? (data.waiting ?? null) : null
  view.summary = data.summary ?? null
  view.commits = listed(data.commits) ?? []
  const { unsigned, left, unstaged, replacedGit, kept, keptAs, newThread, untold } = data
  const lists = {
    hooks: listed(data.hooks),
    nested: listed(data.nested),
    refs: listed(data.refs),
    conflicts: listed(data.conflicts),
    submodules: listed(data.submodules),
    settings: listed(data.settings),
  }
  view.remarks = Object.fromEntries(
    Object.entries({ ...lists, unsigned, left, unstaged, replacedGit, kept, keptAs, newThread, untold }).filter(
      ([, value]) => value !== undefined,
    ),
  )
}

/** What it had left uncommitted was committed before the next one. */
function committed(view: IterationView | undefined, { from, to }: EventData['head.moved']): void {
  if (view === undefined) return
  Object.assign(view, { from, to })
  const { kept: _, keptAs: __, ...remarks } = view.remarks
  view.remarks = remarks
}

/** That commit was taken back, and its edits stand uncommitted again. */
function uncommitted(view: IterationView | undefined, keptAs: Oid): void {
  if (view === undefined) return
  view.to = null
  view.remarks = { ...view.remarks, kept: true, keptAs }
}

/** A list, unless it was so long that it lives in a blob: then there is nothing to show at a glance. */
const listed = <T>(value: T[] | undefined): T[] | undefined => (Array.isArray(value) ? value : undefined)

function test(view: IterationView | undefined, data: EventData['test.recorded'], at: string): void {
  if (view === undefined) return
  view.tests = {
    command: data.command,
    tree: data.tree,
    exit: data.exit,
    signal: data.signal ?? null,
    durationMs: data.durationMs,
    output: data.output ?? null,
    at,
  }
}
