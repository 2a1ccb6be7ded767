import type { Oid } from './storage.js'

/** A value too long for a commit message: kept as a blob in the tree of its state commit. */
export interface BlobValue {
  oid: Oid
  /** Length in bytes. */
  bytes: number
  /** The first characters, for people. */
  head: string
}

/** Text that may have been moved to a blob. */
export type LongText = string | BlobValue

/** Fields that hold a `LongText`. */
export const longTexts: readonly string[] = [
  ...['prompt', 'test', 'command', 'output', 'summary', 'text', 'code', 'plan'],
]
/** Lists that may be long: they live in blobs then, and whoever reads the events of a chain finds them back in place. */
export const longLists: readonly string[] = [
  'map',
  'commits',
  'hooks',
  'nested',
  'refs',
  'conflicts',
  'submodules',
  'models',
  'paths',
]

/** Tokens that one iteration used: a delta, never a running total. */
export interface Usage {
  input: number
  output: number
  cacheRead: number
  cacheWrite: number
}

/** Tokens in all. */
export const addUsage = (all: readonly Usage[]): Usage => {
  const sum = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  for (const kind of Object.keys(sum) as (keyof Usage)[]) for (const one of all) sum[kind] += one[kind]
  return sum
}

/** What one model of a run used. */
export interface ModelUsage extends Usage {
  model: string
  costUsd?: number
}

/** What a thread used in all, in the words of an agent that reports running totals. */
export interface ThreadTotal {
  usage?: Usage
  models?: ModelUsage[]
  costUsd?: number
}

/** What an iteration used and cost. */
export interface Spent {
  usage?: Usage
  models?: ModelUsage[]
  costUsd?: number
  /** Where the cost comes from: `agent`, or the source that the price table names. */
  costSource?: string
  thread?: string
  threadTotal?: ThreadTotal
  /** A digest of the directory that the thread was used in. */
  threadPlace?: string
  transcript?: { oid: Oid; bytes: number }
}

/** Size of a change, as `git diff --numstat` counts it. */
export interface ChangeSize {
  files: number
  insertions: number
  deletions: number
}

/** What a session says of itself; whether an open iteration is alive only its own machine knows. */
export const sessionStatuses = ['idle', 'failed', 'review', 'paused', 'merged', 'closed'] as const
export type SessionStatus = (typeof sessionStatuses)[number]

/** How an iteration ended. */
export type Outcome = 'success' | 'no-change' | 'failed' | 'interrupted'

/** A ref outside the session that moved while the agent ran; null means absent. */
export interface MovedRef {
  ref: string
  before: Oid | null
  after: Oid | null
}

/** A setting of git that changed while the agent ran; null means not set. */
export interface ChangedSetting {
  key: string
  before: string | null
  after: string | null
}

/** A hook that failed. */
export interface FailedHook {
  name: string
  exit: number | null
  /** The last lines it printed. */
  output: string
  /** The human's own commit before the iteration, or that of what an earlier one left, when it failed there. */
  commit?: 'manual' | 'kept'
}

/** What else an iteration has to tell: each is absent when there is nothing to say. */
export interface IterationRemarks {
  /** Hooks that failed; the commit was made without them. */
  hooks?: FailedHook[]
  /** Nested repositories in the worktree, left out of the commit. */
  nested?: string[]
  /** Refs outside the session that moved while the agent ran. */
  refs?: MovedRef[]
  /** `commit.gpgSign` is set, but signing failed and the commit is unsigned. */
  unsigned?: string
  /** What git could not stage, and is left out of the commit, in its words. */
  unstaged?: string
  /** Files committed with conflicts in them: the agent left a merge half done. */
  conflicts?: string[]
  /** Where the repository is now by which the agent replaced the worktree's own. */
  replacedGit?: string
  /** Submodules with changes of their own, which no commit here can hold. */
  submodules?: string[]
  /** The run failed, and what it did is left in the worktree as uncommitted changes (`amp.onFailure=keep`). */
  kept?: boolean
  /** What was left then, as the commit that it would have been. */
  keptAs?: Oid
  /** Why the agent began a new thread, and was told what had happened so far. */
  newThread?: string
  /** Why the transcript is not whole, or not there. */
  untold?: string
  /** Settings of the repository that changed while the agent ran. */
  settings?: ChangedSetting[]
  /** The agent left the branch (`detached`, or the branch it switched to). */
  left?: string
}

/** What is taken out of a set, and what is put in again. */
export interface Exchange {
  drop: string[]
  add: string[]
}

/** An operation that was taken back, and what the session is again; what the operation left alone is absent. */
export interface Undone {
  operation: string
  command: string
  /** Heads that the operation had put in, and those that it had taken out. */
  heads?: Exchange
  base?: { ref: string | null; oid: Oid }
  status?: SessionStatus
  merged?: { into: string; after: Oid; at: string } | null
  paused?: { snapshot: Oid; was: SessionStatus } | null
  review?: { url: string; at: string } | null
  /** The agent's thread; null when there was none. */
  thread?: { agent: string; id: string; total?: ThreadTotal } | null
  /** What a failed agent had left uncommitted. */
  kept?: { iteration: string; n: number; from: Oid; commit: Oid } | null
  total?: ChangeSize
  name?: { name: string; slug: string }
  labels?: Exchange
  /** Ids of the review comments that are open no more, and of those that are open again. */
  comments?: Exchange
}

/** Data of every event type; see "Events" in the state format. */
export interface EventData {
  'session.created': {
    name: string
    slug: string
    prompt: LongText
    branch: string
    base: { ref: string | null; oid: Oid }
    agent: string
    model?: string
    test?: LongText
    batch?: string
  }
  /** `branch` when the user renamed the branch with plain git. */
  'session.renamed': { name: string; slug?: string; branch?: string }
  'iteration.started': {
    iteration: string
    n: number
    prompt: LongText
    from: Oid
    agent: string
    model?: string
    host: string
    /** A random id of the clone that it began in. */
    clone?: string
    /** Review comments that the agent was told. */
    comments?: string[]
  }
  'iteration.finished': {
    iteration: string
    from: Oid
    to: Oid
    exit: number | null
    outcome: Outcome
    toolCalls: number
    durationMs: number
    /** Commits the agent made by itself, replaced by `to`. */
    commits: Oid[]
    summary?: LongText
    /** Size of the session against its base after this iteration. */
    total?: ChangeSize
  } & ChangeSize &
    Spent &
    IterationRemarks
  'iteration.failed': {
    iteration: string
    from: Oid
    to?: Oid
    reason: string
    exit?: number | null
    signal?: string
    /** What the agent waited for when it was stopped. */
    waiting?: 'login' | 'approval'
    toolCalls?: number
    durationMs?: number
    commits?: Oid[]
    summary?: LongText
    total?: ChangeSize
  } & Partial<ChangeSize> &
    Spent &
    IterationRemarks
  /**
   * `base` when the session stands on a later commit of its base branch now; with the cause `kept`, the edits that the failed `iteration` had left
   * uncommitted are committed.
   */
  'head.moved': {
    from: Oid
    to: Oid
    cause: 'manual' | 'amend' | 'external' | 'kept'
    iteration?: string
    total?: ChangeSize
    base?: Oid
  }
  'test.recorded': {
    iteration?: string
    command: LongText
    tree: Oid
    exit: number | null
    signal?: string
    durationMs: number
    /** The last lines the command printed. */
    output?: LongText
  }
  /** `onto`: another commit that the result was put on. */
  'session.squashed': { from: Oid; to: Oid; map: [Oid, Oid][] | BlobValue; total?: ChangeSize; onto?: Oid }
  'session.rebased': { from: Oid; to: Oid; onto: Oid; map: [Oid, Oid][] | BlobValue; total?: ChangeSize }
  /** A rebase stands in a conflict in the session's worktree on `host`: git's own, of the commits after `start`. */
  'session.conflicted': { from: Oid; onto: Oid; start: Oid; host: string; commit: Oid; paths: string[] | BlobValue }
  /** That rebase was given up, and the session is where it was; `at` is what stood in its worktree then. */
  'session.rebase-aborted': { from: Oid; onto: Oid; at?: Oid }
  /** An agent was asked to resolve a conflict; `reason` says why its answer was not taken. */
  'session.resolved': {
    commit: Oid
    paths: string[] | BlobValue
    agent: string
    model?: string
    durationMs: number
    reason?: string
  } & Spent
  'session.merged': {
    into: string
    before: Oid
    after: Oid
    via: 'ff' | 'merge' | 'squash'
    /** `intent` is written before a checked-out base is moved, `done` or `abandoned` afterwards. */
    result: 'intent' | 'done' | 'abandoned'
  }
  /** `snapshot` is no parent of the event's commit, so that a chain can be pushed without it. */
  /** A pull request was opened, or its branch was pushed again. `url` may be where the host offers to open one. */
  'session.review': { url: string; remote: string; branch: string; head: Oid }
  'session.paused': { snapshot: Oid }
  'session.resumed': Record<string, never>
  'session.closed': { reason: string }
  'session.reopened': Record<string, never>
  /** The end of a divergence: one head is kept, the others stay reachable from the chain alone. */
  'session.heads-resolved': { keep: Oid; drop: Oid[]; total?: ChangeSize }
  'operation.undone': Undone
  'label.added': { label: string }
  'label.removed': { label: string }
  /** A review comment; on lines of a file as they stood on top of `commit`, uncommitted work included. */
  'comment.added': {
    comment: string
    text: LongText
    path?: string
    line?: number
    /** The last line, where there are several. */
    end?: number
    commit?: Oid
    /** The lines themselves. */
    code?: LongText
  }
  /** `iteration`: the agent was told of it there. */
  'comment.resolved': { comment: string; iteration?: string }
  'comment.reopened': { comment: string }
  /** A batch run began. `plan` is the JSON of the expanded plan; `runner` names the process that works on it, as a lease. */
  'batch.created': { name: string; plan: LongText; total: number } & Runner
  /** Another process goes on with it. */
  'batch.resumed': Runner
  /** What became of the item number `n` of the plan. Tokens and cost are those of this try alone. */
  'batch.item': {
    n: number
    /** Digest of repository, base commit, prompt, agent, model and attempt. */
    key: string
    status: ItemStatus
    session?: string
    /** Why it did not succeed, or what else there is to say. */
    error?: string
    /** The failure is one that may be gone next time. */
    isTransient?: boolean
    iterations?: number
    durationMs?: number
    /** Exit code of the tests on what there is. */
    tests?: number | null
    merged?: boolean
    /** The run that the result was taken over from. */
    run?: string
    usage?: Usage
    costUsd?: number
  } & Partial<ChangeSize>
  'batch.aborted': { reason: string }
  'batch.finished': Record<string, never>
}

/** The states of an item of a batch run. */
export const itemStatuses = ['queued', 'running', 'success', 'fail', 'timeout', 'error', 'aborted'] as const
export type ItemStatus = (typeof itemStatuses)[number]

/** What a batch run says of itself; whether its process lives only its own machine knows. */
export const batchStatuses = ['running', 'finished', 'aborted'] as const
export type BatchStatus = (typeof batchStatuses)[number]

/** The process that works on a batch run. */
export interface Runner {
  runner: string
  host: string
  /** A random id of the clone that it works in. */
  clone?: string
}

export type EventType = keyof EventData
export type BatchEventType = Extract<EventType, `batch.${string}`>
export type SessionEventType = Exclude<EventType, BatchEventType>

/** What all events have in common. */
interface EventBase {
  id: string
  /** 1 + the largest lamport of the state parents. */
  lamport: number
  /** ISO 8601 in UTC, whole seconds. */
  at: string
  /** `Name <mail>` */
  by: string
}

/** An event of a session whose type this git-amp knows. */
export type KnownEvent = { [T in SessionEventType]: EventBase & { type: T; data: EventData[T] } }[SessionEventType]

/** Any event: unknown types are kept, skipped in the fold, and counted. */
export type AmpEvent = EventBase & { type: string; data: Record<string, unknown> }

/** An event as an action makes it: id, clock and author are added when it is written. */
export type NewEvent = { [T in EventType]: { type: T; data: EventData[T] } }[EventType]

/** The text itself, or the beginning of it when it lives in a blob. */
export const headOf = (text: LongText): string => (typeof text === 'string' ? text : text.head)
