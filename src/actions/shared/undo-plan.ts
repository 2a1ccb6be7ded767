import { type AmpError, no } from '../../errors.js'
import { switchFiles } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { Undone } from '../../state/events.js'
import { fold, type Snapshot } from '../../state/fold.js'
import { branchRef, notesRef, oplogRef, sessionsPrefix } from '../../state/names.js'
import { joinSteps, type Operation, undoneIn, type WorktreeChange } from '../../state/oplog.js'
import { readState } from '../../state/read-state.js'
import type { RefChange } from '../../state/storage.js'
import { shellWord } from '../../util/quote.js'
import { refuseCheckedOut } from './checkout.js'
import { type CheckoutMove, checkoutToMove } from './checkouts.js'
import { refuseBusyWorktree, refuseRepositories, worktreeOf } from './droppable.js'
import type { Place } from './place.js'
import { hasNoWork, isSame, readSnapshot, readStanding, type Standing } from './snapshot.js'
import { type StagedBack, stagedBack } from './staged.js'
import { unfinishedVerb } from './unfinished.js'

/** What becomes of a session's worktree; null when it stays as it is. */
export type UndoneWorktree = { path: string; becomes: 'restored' | 'removed' | 'updated' } | null

/** What is to be undone, and the session as it is. */
export interface Subject {
  operation: Operation
  operations: readonly Operation[]
  tip: ChainTip
  place: Place | null
}

/** Where everything goes. */
export interface UndoPlan {
  operation: Operation
  tip: ChainTip
  place: Place | null
  moves: RefChange[]
  undone: Undone
  notes: { before: Oid | null; after: Oid | null } | null
  /** The session's branch goes back, with the files of its worktree. */
  branch: { from: Oid; to: Oid } | null
  change: WorktreeChange | null
  worktree: UndoneWorktree
  checkout: (CheckoutMove & { path: string }) | null
  staged: StagedBack | null
}

/**
 * Plans an undo.
 * @throws AmpError when something newer, or something of the user's, is in the way
 */
export async function planUndo(repo: Repo, subject: Subject): Promise<UndoPlan> {
  const { operation, tip, place } = subject
  const undone = await undoneOf(repo, subject)
  const moves = await movesOf(repo, subject)
  const own = moves.find(({ ref }) => ref === branchRef(tip.snapshot.branch))
  const branch = own?.old && own.new ? { from: own.old, to: own.new } : null
  const change = operation.worktrees?.[0] ?? orphaned(place, own)
  const notes = operation.refs.find(({ ref }) => ref === notesRef) ?? null
  if (own !== undefined && own.old !== null) await refuseCheckedOut(repo, tip, place)
  await refuseInTheWay(repo, { operation, tip, place, branch, change })
  if (place === null && change?.after === null) await refuseOtherFiles(repo, subject, moves)
  const checkout = await checkoutOfOthers(repo, moves, own?.ref)
  const worktree = worktreeAfter(place, branch, change)
  if (worktree?.becomes === 'removed') await refuseKeeping(repo, tip)
  const staged = await stagedBack(repo, operation)
  return { operation, tip, place, moves, undone, notes, branch, change, worktree, checkout, staged }
}

/** A worktree that was made since the operation made its branch: it goes with the branch, when it holds no work. */
const orphaned = (place: Place | null, own: RefChange | undefined): WorktreeChange | null =>
  place === null || own === undefined || own.new !== null ? null : { path: place.path, before: null, after: 'clean' }

/**
 * What the operation changed in the session's snapshot, turned round.
 * @throws AmpError when the session has gone on since
 */
export async function undoneOf(repo: Repo, subject: Omit<Subject, 'place'>): Promise<Undone> {
  const { operation, tip } = subject
  const change = operation.refs.find(({ ref }) => ref === tip.ref)
  const what: Undone = { operation: operation.id, command: operation.command }
  if (change?.after === undefined || change.after === null) return what
  const after = await snapshotAt(repo, change.after, tip.ref)
  const before = change.before === null ? null : await snapshotAt(repo, change.before, tip.ref)
  // A session does not go: it is closed, as if it had been removed.
  const undone: Undone = { ...what, ...(before === null ? { status: 'closed' as const } : differences(before, after)) }
  const { heads, base, status, name, slug } = tip.snapshot
  const own = branchRef(tip.snapshot.branch)
  const isAboutHead = before === null || undone.heads !== undefined || movable(operation).some(({ ref }) => ref === own)
  const isMoved =
    (isAboutHead && after.heads.some((head) => !heads.includes(head))) ||
    (undone.name !== undefined && (name !== after.name || slug !== after.slug)) ||
    (undone.base !== undefined && JSON.stringify(base) !== JSON.stringify(after.base)) ||
    (undone.status !== undefined && status !== after.status)
  if (isMoved) throw newer(subject, `session ${tip.snapshot.name}`, (one) => one.session === tip.id)
  return undone
}

async function snapshotAt(repo: Repo, oid: Oid, ref: string): Promise<Snapshot> {
  const { snapshot } = await readState(repo.objects, oid, ref)
  return (snapshot as Snapshot | null) ?? fold(await readEvents(repo.objects, oid, ref))
}

function differences(before: Snapshot, after: Snapshot): Omit<Undone, 'operation' | 'command'> {
  const differs = (key: keyof Snapshot) => JSON.stringify(before[key]) !== JSON.stringify(after[key])
  // A set may have gained and lost others since.
  const exchange = (key: 'heads' | 'labels' | 'comments') => {
    const [was, is] = [before[key] ?? [], after[key] ?? []]
    const drop = is.filter((one) => !was.includes(one))
    const add = was.filter((one) => !is.includes(one))
    return drop.length + add.length === 0 ? {} : { [key]: { drop, add } }
  }
  return {
    ...exchange('heads'),
    ...(differs('base') ? { base: before.base } : {}),
    ...(differs('status') ? { status: before.status } : {}),
    ...(differs('merged') ? { merged: before.merged ?? null } : {}),
    ...(differs('review') ? { review: before.review ?? null } : {}),
    ...(differs('paused') ? { paused: before.paused ?? null } : {}),
    ...(before.thread?.id !== after.thread?.id ? { thread: before.thread ?? null } : {}),
    ...(differs('kept') ? { kept: before.kept ?? null } : {}),
    ...(differs('changes') ? { total: before.changes } : {}),
    ...(differs('name') || differs('slug') ? { name: { name: before.name, slug: before.slug } } : {}),
    ...exchange('labels'),
    ...exchange('comments'),
  }
}

/** Where each ref goes back to. A ref that is back already needs no move; one that is anywhere else is in the way. */
async function movesOf(repo: Repo, subject: Subject): Promise<RefChange[]> {
  const { operation } = subject
  const moves: RefChange[] = []
  for (const { ref, before, after } of movable(operation)) {
    const now = await repo.refs.read(ref)
    if (now === before) continue
    if (now !== after) throw newerRef(subject, ref)
    moves.push({ ref, old: after, new: before })
  }
  return moves
}

/** The refs that an operation moved, without those that only tell of it. */
export function movable({ refs }: Operation): Operation['refs'] {
  const isTelling = (ref: string) => ref === oplogRef || ref === notesRef || ref.startsWith(`${sessionsPrefix}/`)
  return refs.filter(({ ref, before, after }) => !isTelling(ref) && before !== after)
}

type Since = Pick<Subject, 'operation' | 'operations'>

/** The refusal because a ref moved since. */
export const newerRef = (since: Since, ref: string): AmpError =>
  newer(since, ref.replace(/^refs\/heads\//, ''), (one) => one.refs.some((moved) => moved.ref === ref))

/** The refusal, with the operations since that have to be undone first; without them it was plain git. */
function newer({ operation, operations }: Since, what: string, isAbout: (one: Operation) => boolean): AmpError {
  const undone = undoneIn(operations)
  const isIt = ({ id, within }: Operation) => id === operation.id || within?.id === operation.id
  const since = operations.slice(0, operations.findIndex(isIt))
  const open = since.filter((one) => isAbout(one) && !undone.has(one.id) && one.undoes === undefined)
  const later = joinSteps(open.filter((one) => one.within === undefined || one.within.id !== operation.within?.id))
  const words = later.map((one) => `${one.command} (${one.id})`).join(', ')
  return no(
    later.length === 0
      ? `${what} moved since ${operation.command} (${operation.id}), by plain git or in another clone`
      : `${what} moved since ${operation.command} (${operation.id}), by ${words}`,
    'Nothing was changed.',
    ...(later[0] === undefined ? [] : [`Undo that first: git amp undo ${later[0].id}`]),
  )
}

type Affected = Pick<UndoPlan, 'operation' | 'tip' | 'place' | 'branch' | 'change'>

/** Work that stands in the session's worktree now must not be lost: it holds what the operation left, or edits that the move carries along. */
async function refuseInTheWay(repo: Repo, { tip, place, branch, change }: Affected): Promise<void> {
  if (place === null) return
  const verb = await unfinishedVerb(repo, place)
  if (verb !== null) throw no(`a ${verb} is in progress in ${place.path}`, 'Finish or abort it first.')
  if (change !== null && change.after !== null) {
    const standing = await readStanding(repo, place).catch(() => null)
    const head = await repo.worktreeRef(place.gitDir, 'HEAD')
    const isAsLeft =
      standing !== null &&
      head !== null &&
      (change.after === 'clean'
        ? hasNoWork(standing, await repo.treeOf(head))
        : await isAsIn(repo, { standing, head, snapshot: change.after }))
    if (isAsLeft) return
    throw no(
      `the worktree of session ${tip.snapshot.name} has changes that were made since`,
      'Nothing was changed.',
      `Commit them, or move them away: ${shellWord(place.path)}`,
    )
  }
  const refusal = branch === null ? null : await switchFiles(place.git, branch, { dryRun: true })
  if (refusal !== null) {
    throw no(
      `your changes in ${place.path} are in the way: ${refusal}`,
      'Nothing was changed.',
      'Commit, stash or move them, then run the command again.',
    )
  }
}

/** Whether a worktree holds a snapshot, on the same files. */
async function isAsIn(
  repo: Repo,
  { standing, head, snapshot }: { standing: Standing; head: Oid; snapshot: Oid },
): Promise<boolean> {
  const made = await readSnapshot(repo, snapshot)
  return isSame(standing, made) && (await repo.treeOf(made.head)) === (await repo.treeOf(head))
}

/** A worktree comes back with the files of the commit that it had: its branch must not stand on others. */
async function refuseOtherFiles(repo: Repo, subject: Subject, moves: readonly RefChange[]): Promise<void> {
  const { operation, tip } = subject
  const left = operation.refs.find(({ ref }) => ref === tip.ref)?.after ?? tip.oid
  const [head] = (await snapshotAt(repo, left, tip.ref)).heads
  const ref = branchRef(tip.snapshot.branch)
  const branch = moves.find((move) => move.ref === ref)?.new ?? (await repo.refs.read(ref)) ?? head
  if (head === undefined || branch === undefined || (await repo.treeOf(head)) === (await repo.treeOf(branch))) return
  throw newerRef(subject, ref)
}

/** The worktree is to go: what nobody else may drop stays here, too. */
async function refuseKeeping(repo: Repo, tip: ChainTip): Promise<void> {
  const worktree = await worktreeOf(repo, tip)
  if (worktree === null) return
  await refuseBusyWorktree(repo, tip, worktree)
  if (worktree.place !== null) await refuseRepositories(repo, tip, worktree.place)
}

/** The base, or another branch, in a checkout of the user's. */
async function checkoutOfOthers(
  repo: Repo,
  moves: readonly RefChange[],
  own: string | undefined,
): Promise<UndoPlan['checkout']> {
  for (const { ref, old, new: to } of moves) {
    if (ref === own || !ref.startsWith('refs/heads/') || old === null) continue
    const move = { ref, from: old, to: to ?? old }
    const checkout = await checkoutToMove(repo, move)
    if (checkout !== null && to === null) throw no(`'${ref.slice(11)}' is checked out in ${checkout.path}`)
    if (checkout !== null) return { ...move, path: checkout.path }
  }
  return null
}

function worktreeAfter(place: Place | null, branch: UndoPlan['branch'], change: WorktreeChange | null): UndoneWorktree {
  // One that is there already was brought back by an undo that was killed.
  if (change !== null && change.after === null) return { path: place?.path ?? change.path, becomes: 'restored' }
  if (place === null) return null
  if (change !== null) return { path: place.path, becomes: change.before === null ? 'removed' : 'updated' }
  return branch === null ? null : { path: place.path, becomes: 'updated' }
}
