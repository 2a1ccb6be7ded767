import { groupBy, present, unique } from '../util/collections.js'
import type { Stores, Writer } from './chain.js'
import { asciiJson, subjectLine } from './codec.js'
import { oplogRef } from './names.js'
import type { CommitObject, Oid, RefChange } from './storage.js'

/** One operation of the local log: what `undo` takes back. */
export interface Operation {
  id: string
  /** The command as typed, `squash`. */
  command: string
  session: string
  /** For people: the session's slug; several where the steps are of several sessions. */
  slug: string
  at: string
  refs: { ref: string; before: Oid | null; after: Oid | null }[]
  /** Worktrees that it made, dropped, or took uncommitted work out of. */
  worktrees?: WorktreeChange[]
  /** What it staged in a checkout. */
  staged?: StagedChange
  /** The operation that it took back. */
  undoes?: string
  /** The command of several steps that it is one of. */
  within?: Within
}

/** A command of several steps, each of which is recorded as an operation. */
export interface Within {
  id: string
  /** The command as typed, `merge`. */
  command: string
}

/** What stood in a session's worktree: null is no worktree, `clean` nothing uncommitted, else the snapshot of what was. */
export type WorktreeState = Oid | 'clean' | null

/** A worktree before and after an operation. */
export interface WorktreeChange {
  path: string
  before: WorktreeState
  after: WorktreeState
  /** Where its directory went, below the trash. */
  trash?: string
}

/** The index of a checkout before and after an operation: commits of it, on the HEAD that was checked out. */
export interface StagedChange {
  path: string
  before: Oid
  after: Oid
}

/** What an operation says of itself beside the refs of its transaction. */
export interface OperationNote {
  id: string
  command: string
  worktrees?: WorktreeChange[]
  staged?: StagedChange
  undoes?: string
  within?: Within
  /** Refs that moved outside of the transaction: before it by git itself, or right after it. */
  moved?: readonly RefChange[]
  /** Where refs stood when the command began, if an agent has moved them since: an undo goes back to there. */
  began?: readonly { ref: string; oid: Oid }[]
  /** Commits that nothing else would keep reachable. */
  kept?: readonly Oid[]
}

/**
 * Writes the log entry of one transaction: JSON of every ref it moves, with all commits that were there before as parents, so
 * that nothing it replaces can be collected.
 * @returns the change of `refs/amp-local/oplog`
 */
export async function prepareOperation(
  stores: Stores,
  writer: Writer,
  what: Omit<Operation, 'refs'> & OperationNote & { changes: readonly RefChange[] },
): Promise<RefChange> {
  const { changes: own, moved = [], kept = [], began = [], ...rest } = what
  const changes = [...own, ...moved]
  const old = await stores.refs.read(oplogRef)
  const beganAt = (ref: string) => began.find((one) => one.ref === ref)?.oid
  const refs = changes.map(({ ref, old: before, new: after }) => ({ ref, before: beganAt(ref) ?? before, after }))
  const operation: Operation = { ...rest, refs }
  const befores = changes.filter((change) => change.new !== change.old).map((change) => change.old)
  const oid = await stores.objects.writeCommit({
    tree: await stores.objects.writeTree([]),
    parents: unique(present([old, ...befores, ...snapshotsIn(rest), ...kept])),
    author: writer.author,
    committer: writer.author,
    message: `${subjectLine(`${what.command} ${what.slug}`)}\n\nAmp-Operation: ${asciiJson(operation)}\n`,
  })
  return { ref: oplogRef, old, new: oid }
}

const snapshotsIn = ({ worktrees = [], staged }: Pick<Operation, 'worktrees' | 'staged'>): (Oid | null)[] =>
  [...worktrees, ...present([staged])]
    .flatMap(({ before, after }) => [before, after])
    .map((state) => (state === 'clean' ? null : state))

/**
 * The operations that count as undone: taken back by one that was not taken back itself.
 * @param operations newest first
 */
export function undoneIn(operations: readonly Operation[]): Set<string> {
  const undone = new Set<string>()
  for (const { id, undoes } of operations) if (undoes !== undefined && !undone.has(id)) undone.add(undoes)
  return undone
}

/** An operation as its user sees it: a command of several steps is one. */
export interface JoinedOperation extends Operation {
  /** Its steps, newest first; the operation itself when it is none of several. */
  steps: readonly Operation[]
}

/**
 * Joins the steps of each command, in the place of the last one: refs and worktrees from before the first step to after the last.
 * @param operations newest first
 */
export function joinSteps(operations: readonly Operation[]): JoinedOperation[] {
  const nameOf = ({ id, within }: Operation): string => within?.id ?? id
  const names = new Map(operations.map((one) => [one.id, nameOf(one)]))
  return [...groupBy(operations, nameOf)].map(([id, steps]) => {
    const [last] = steps as [Operation, ...Operation[]]
    const undoes = steps.flatMap((step) => step.undoes ?? []).at(-1)
    const worktrees = steps.flatMap((step) => step.worktrees ?? [])
    return {
      ...last,
      id,
      command: last.within?.command ?? last.command,
      slug: unique(steps.map(({ slug }) => slug)).join(', '),
      refs: joinedRefs(steps),
      ...(worktrees.length === 0 ? {} : { worktrees }),
      ...(undoes === undefined ? {} : { undoes: names.get(undoes) ?? undoes }),
      steps,
    }
  })
}

/** Each ref once: from before the first step to after the last. */
function joinedRefs(steps: readonly Operation[]): Operation['refs'] {
  const joined = new Map<string, Operation['refs'][number]>()
  for (const { refs } of steps)
    for (const one of refs) joined.set(one.ref, { ...(joined.get(one.ref) ?? one), before: one.before })
  return [...joined.values()]
}

/** Reads the log, newest first, as far as `limit`. What cannot be read ends it. */
export async function readOperations(stores: Stores, limit: number): Promise<Operation[]> {
  const operations: Operation[] = []
  let oid = await stores.refs.read(oplogRef)
  while (oid !== null && operations.length < limit) {
    const entry = await readEntry(stores, oid)
    if (entry === null) break
    operations.push(entry.operation)
    oid = entry.before
  }
  return operations
}

interface Entry {
  commit: CommitObject
  operation: Operation
  /** The operation before it; null at the beginning of the log. */
  before: Oid | null
}

async function readEntry(stores: Stores, oid: Oid): Promise<Entry | null> {
  const commit = await stores.objects.readCommit(oid)
  const json = /^Amp-Operation: (.*)$/m.exec(commit?.message ?? '')?.[1]
  const operation = json === undefined ? null : parseOperation(json)
  if (commit === null || operation === null) return null
  // The first operation has no log before it: its first parent is a commit that it replaced.
  const parent = commit.parents[0]
  const isReplaced = operation.refs.some((ref) => ref.before === parent)
  return { commit, operation, before: parent === undefined || isReplaced ? null : parent }
}

function parseOperation(json: string): Operation | null {
  try {
    const operation = JSON.parse(json) as Partial<Operation> | null
    return Array.isArray(operation?.refs) ? (operation as Operation) : null
  } catch {
    return null
  }
}

/** What the log becomes when its older part goes. */
export interface Expired {
  /** Null when none is as old as that. */
  change: RefChange | null
  /** The operations that go, and how many stay. */
  gone: number
  kept: number
}

/**
 * Writes the log anew without the operations before `cutoff`; what only they kept reachable is git's to collect then.
 * @param cutoff milliseconds since 1970
 */
export async function prepareExpiry(stores: Stores, cutoff: number): Promise<Expired> {
  const old = await stores.refs.read(oplogRef)
  const entries: CommitObject[] = []
  let gone = 0
  for (let oid = old; oid !== null; ) {
    const entry = await readEntry(stores, oid)
    if (entry === null) break
    if (gone === 0 && !(Date.parse(entry.operation.at) < cutoff)) entries.push(entry.commit)
    else gone += 1
    oid = entry.before
  }
  if (gone === 0) return { change: null, gone, kept: entries.length }
  let tip: Oid | null = null
  for (const commit of entries.reverse()) {
    const [, ...befores] = commit.parents
    const parents: Oid[] = tip === null ? befores : [tip, ...befores]
    tip = await stores.objects.writeCommit({ ...commit, parents })
  }
  return { change: { ref: oplogRef, old, new: tip }, gone, kept: entries.length }
}
