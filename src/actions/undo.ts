import { fatal, no } from '../errors.js'
import { switchFiles } from '../git/merge.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents, readState, readTip } from '../state/chain.js'
import type { Undone } from '../state/events.js'
import { fold, type Snapshot } from '../state/fold.js'
import { branchRef, notesRef, oplogRef, sessionRef } from '../state/names.js'
import { prepareNotesBack } from '../state/notes.js'
import { type Operation, readOperations, undoneIn, type WorktreeChange } from '../state/oplog.js'
import type { RefChange } from '../state/storage.js'
import { present, unique } from '../util/collections.js'
import { shellWord } from '../util/quote.js'
import { longestLog } from './oplog.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { type CheckoutMove, checkoutToMove, settleCheckouts, withCheckout } from './shared/checkouts.js'
import { refuseBusyWorktree, refuseRepositories, worktreeOf } from './shared/droppable.js'
import { exchange, fill } from './shared/exchange.js'
import { beginMove, endMove } from './shared/pending.js'
import { findPlace, makePlace, type Place } from './shared/place.js'
import { reconcileAnywhere } from './shared/reconcile.js'
import { record } from './shared/record.js'
import { refuseRunning } from './shared/sessions.js'
import { hasNoWork, isSame, readSnapshot, readStanding, type Standing } from './shared/snapshot.js'
import { bringBack, intoTrash, trashName } from './shared/trash.js'
import { unfinishedVerb } from './shared/unfinished.js'

export interface UndoOptions {
  /** An id, or the beginning of one; without it the newest operation that is not undone. */
  operation?: string | undefined
  dryRun?: boolean | undefined
}

export interface UndoResult {
  operation: Operation
  tip: ChainTip
  /** Refs that move, with where they come from and go to. */
  refs: { ref: string; before: Oid | null; after: Oid | null }[]
  /** What becomes of the session's worktree; null when it stays as it is. */
  worktree: { path: string; becomes: 'restored' | 'removed' | 'updated' } | null
  /** Another checkout that follows its branch. */
  updated: string | null
  isDryRun: boolean
}

/**
 * Takes an operation back by one more operation: every ref that it moved goes back by compare-and-swap, the session's chain says so, and
 * worktrees follow where nothing of the user's is in the way.
 */
export async function undoOperation(repo: Repo, options: UndoOptions): Promise<UndoResult> {
  const operations = await readOperations(repo, longestLog)
  const operation = await pickOperation(repo, operations, options.operation)
  const { tip, place } = await settled(repo, operation)
  const plan = await planUndo(repo, { operation, operations, tip, place })
  const result = {
    operation,
    refs: plan.moves.map(({ ref, old, new: to }) => ({ ref, before: old, after: to })),
    worktree: plan.worktree,
    updated: plan.checkout?.path ?? null,
    isDryRun: options.dryRun === true,
  }
  return { ...result, tip: result.isDryRun ? tip : await carryOut(repo, plan) }
}

/** Undone operations, and those that undo, are passed over: one undo after the other goes back step by step. */
async function pickOperation(
  repo: Repo,
  operations: readonly Operation[],
  wanted: string | undefined,
): Promise<Operation> {
  const undone = undoneIn(operations)
  if (wanted === undefined) {
    // A "new" that failed took its session back.
    for (const one of operations.filter(({ id, undoes }) => !undone.has(id) && undoes === undefined))
      if ((await repo.refs.read(sessionRef(one.session))) !== null) return one
    throw no('there is nothing to undo here', '"git amp oplog" lists what was done; an undo is undone by its own id.')
  }
  const found = operations.filter(({ id }) => id === wanted || (wanted.length >= 4 && id.startsWith(wanted)))
  const [operation, other] = found
  const hint = '"git amp oplog" lists the operations.'
  if (operation === undefined) throw fatal(`no operation '${wanted}'`, hint)
  if (other !== undefined && other.id !== operation.id) throw fatal(`operation '${wanted}' is ambiguous`, hint)
  if (undone.has(operation.id)) {
    const by = operations.find((one) => one.undoes === operation.id)?.id ?? ''
    throw no(`operation ${operation.id} is undone already`, `To have it again: git amp undo ${by}`)
  }
  return operation
}

/** The session as it is: what plain git did meanwhile is taken up, and what was killed is finished. */
async function settled(repo: Repo, operation: Operation): Promise<{ tip: ChainTip; place: Place | null }> {
  await settleCheckouts(repo)
  const tip = await readTip(repo, operation.session)
  if (tip === null) throw fatal(`session ${operation.session} is gone`, 'Fetch its ref from a clone that has it.')
  await refuseRunning(repo, tip)
  const { status, heads } = tip.snapshot
  if (heads.length === 1 && status !== 'paused') return reconcileAnywhere(repo, tip)
  const place = await findPlace(repo, tip)
  const verb = place === null ? null : await unfinishedVerb(repo, place)
  if (verb !== null) throw no(`a ${verb} is in progress in ${place?.path}`, 'Finish or abort it first.')
  return { tip, place }
}

interface Subject {
  operation: Operation
  operations: readonly Operation[]
  tip: ChainTip
  place: Place | null
}

interface Plan {
  operation: Operation
  tip: ChainTip
  place: Place | null
  moves: RefChange[]
  undone: Undone
  notes: { before: Oid | null; after: Oid | null } | null
  /** The session's branch goes back, with the files of its worktree. */
  branch: { from: Oid; to: Oid } | null
  change: WorktreeChange | null
  worktree: UndoResult['worktree']
  checkout: (CheckoutMove & { path: string }) | null
}

async function planUndo(repo: Repo, subject: Subject): Promise<Plan> {
  const { operation, tip, place } = subject
  const undone = await undoneOf(repo, subject)
  const moves = await movesOf(repo, subject)
  const own = moves.find(({ ref }) => ref === branchRef(tip.snapshot.branch))
  const branch = own?.old && own.new ? { from: own.old, to: own.new } : null
  const change = operation.worktrees?.[0] ?? null
  const notes = operation.refs.find(({ ref }) => ref === notesRef) ?? null
  if (branch !== null) await refuseCheckedOut(repo, tip, place)
  await refuseInTheWay(repo, { operation, tip, place, branch, change })
  if (place === null && change?.after === null) await refuseOtherFiles(repo, subject, moves)
  const checkout = await checkoutOfOthers(repo, moves, own?.ref)
  const worktree = worktreeAfter(place, branch, change)
  if (worktree?.becomes === 'removed') await refuseKeeping(repo, tip)
  return { operation, tip, place, moves, undone, notes, branch, change, worktree, checkout }
}

/** What the operation changed in the session's snapshot, turned round. */
async function undoneOf(repo: Repo, subject: Subject): Promise<Undone> {
  const { operation, tip } = subject
  const change = operation.refs.find(({ ref }) => ref === tip.ref)
  const what: Undone = { operation: operation.id, command: operation.command }
  if (change?.after === undefined || change.after === null) return what
  // A session does not go: it is closed, as if it had been removed.
  if (change.before === null) return { ...what, status: 'closed' }
  const [before, after] = [
    await snapshotAt(repo, change.before, tip.ref),
    await snapshotAt(repo, change.after, tip.ref),
  ]
  const undone = { ...what, ...differences(before, after) }
  const { heads, base, status } = tip.snapshot
  const isMoved =
    (undone.heads?.drop ?? []).some((head) => !heads.includes(head)) ||
    (undone.base !== undefined && JSON.stringify(base) !== JSON.stringify(after.base)) ||
    (undone.status !== undefined && status !== after.status)
  if (isMoved) throw newer(subject, `session ${tip.snapshot.name}`, (one) => one.session === tip.id)
  return undone
}

async function snapshotAt(repo: Repo, oid: Oid, ref: string): Promise<Snapshot> {
  const { snapshot } = await readState(repo.objects, oid, ref)
  return snapshot ?? fold(await readEvents(repo.objects, oid, ref))
}

function differences(before: Snapshot, after: Snapshot): Omit<Undone, 'operation' | 'command'> {
  const drop = after.heads.filter((head) => !before.heads.includes(head))
  const add = before.heads.filter((head) => !after.heads.includes(head))
  const differs = (key: keyof Snapshot) => JSON.stringify(before[key]) !== JSON.stringify(after[key])
  return {
    ...(drop.length + add.length === 0 ? {} : { heads: { drop, add } }),
    ...(differs('base') ? { base: before.base } : {}),
    ...(differs('status') ? { status: before.status } : {}),
    ...(differs('merged') ? { merged: before.merged ?? null } : {}),
    ...(differs('paused') ? { paused: before.paused ?? null } : {}),
    ...(before.thread?.id !== after.thread?.id ? { thread: before.thread ?? null } : {}),
    ...(differs('changes') ? { total: before.changes } : {}),
  }
}

/** Where each ref goes back to. A ref that is back already needs no move; one that is anywhere else is in the way. */
async function movesOf(repo: Repo, subject: Subject): Promise<RefChange[]> {
  const { operation, tip } = subject
  const own = [oplogRef, notesRef, sessionRef(tip.id)]
  const moves: RefChange[] = []
  for (const { ref, before, after } of operation.refs.filter(
    (one) => !own.includes(one.ref) && one.before !== one.after,
  )) {
    const now = await repo.refs.read(ref)
    if (now === before) continue
    if (now !== after)
      throw newer(subject, ref.replace(/^refs\/heads\//, ''), (one) => one.refs.some((moved) => moved.ref === ref))
    moves.push({ ref, old: after, new: before })
  }
  return moves
}

/** The refusal, with the operations since that have to be undone first; without them it was plain git. */
function newer({ operation, operations }: Subject, what: string, isAbout: (one: Operation) => boolean) {
  const undone = undoneIn(operations)
  const later = operations
    .slice(
      0,
      operations.findIndex((one) => one.id === operation.id),
    )
    .filter((one) => isAbout(one) && !undone.has(one.id) && one.undoes === undefined)
  const words = later.map((one) => `${one.command} (${one.id})`).join(', ')
  return no(
    later.length === 0
      ? `${what} moved since ${operation.command} (${operation.id}), by plain git or in another clone`
      : `${what} moved since ${operation.command} (${operation.id}), by ${words}`,
    'Nothing was changed.',
    ...(later[0] === undefined ? [] : [`Undo that first: git amp undo ${later[0].id}`]),
  )
}

type Affected = Pick<Plan, 'operation' | 'tip' | 'place' | 'branch' | 'change'>

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
  throw newer(subject, tip.snapshot.branch, (one) => one.refs.some((moved) => moved.ref === ref))
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
): Promise<Plan['checkout']> {
  for (const { ref, old, new: to } of moves) {
    if (ref === own || !ref.startsWith('refs/heads/') || old === null) continue
    const move = { ref, from: old, to: to ?? old }
    const checkout = await checkoutToMove(repo, move)
    if (checkout !== null && to === null) throw no(`'${ref.slice(11)}' is checked out in ${checkout.path}`)
    if (checkout !== null) return { ...move, path: checkout.path }
  }
  return null
}

function worktreeAfter(
  place: Place | null,
  branch: Plan['branch'],
  change: WorktreeChange | null,
): UndoResult['worktree'] {
  // One that is there already was brought back by an undo that was killed.
  if (change !== null && change.after === null) return { path: place?.path ?? change.path, becomes: 'restored' }
  if (place === null) return null
  if (change !== null) return { path: place.path, becomes: change.before === null ? 'removed' : 'updated' }
  return branch === null ? null : { path: place.path, becomes: 'updated' }
}

/** Files that come back come first, and files that go go last: killed in between, nothing is missing, and the same undo goes on. */
async function carryOut(repo: Repo, plan: Plan): Promise<ChainTip> {
  const { change, worktree, place } = plan
  if (worktree?.becomes === 'restored' && change !== null) {
    const back = await restoreWorktree(repo, plan, change)
    const recorded = await recordUndo(repo, plan, {
      worktrees: [{ path: change.path, before: null, after: change.before }],
    })
    if (back !== null) await endMove(repo, back)
    return recorded
  }
  if (worktree?.becomes === 'removed' && change !== null && place !== null)
    return dropWorktree(repo, plan, { place, change })
  const turned =
    change === null || place === null ? [] : [{ path: change.path, before: change.after, after: change.before }]
  if (worktree === null || place === null) return recordUndo(repo, plan, { worktrees: turned })
  return moveWorktree(repo, plan, { place, turned })
}

/** @returns a worktree that was made and filled anew; null when it came back from the trash */
async function restoreWorktree(repo: Repo, { tip, place }: Plan, change: WorktreeChange): Promise<Place | null> {
  const { trash, path, before } = change
  if (place === null && trash !== undefined && (await bringBack(repo, { path, name: trash }))) return null
  const made = place ?? (await makePlace(repo, tip, path))
  const head = await repo.worktreeRef(made.gitDir, 'HEAD')
  if (before !== null && before !== 'clean' && head !== null) await fill(repo, made, { head, snapshot: before })
  return made
}

/** A branch that goes with its worktree is deleted when the worktree is gone. */
async function dropWorktree(
  repo: Repo,
  plan: Plan,
  { place, change }: { place: Place; change: WorktreeChange },
): Promise<ChainTip> {
  const trash = trashName(repo, plan.tip.id)
  const own = branchRef(plan.tip.snapshot.branch)
  const late = plan.moves.filter(({ ref, new: to }) => ref === own && to === null)
  const early = plan.moves.filter((move) => !late.includes(move))
  const turned = [{ path: place.path, before: change.after, after: null, trash }]
  const tip = await recordUndo(repo, { ...plan, moves: early }, { worktrees: turned, late })
  await intoTrash(repo, place, trash)
  await repo.refs.update(late, 'amp: undo')
  return tip
}

async function moveWorktree(
  repo: Repo,
  plan: Plan,
  { place, turned }: { place: Place; turned: WorktreeChange[] },
): Promise<ChainTip> {
  const { branch, change, tip } = plan
  const head = tip.snapshot.heads[0] ?? ''
  const isSnapshot = (state: Oid | null | undefined): state is Oid => present([state]).some((one) => one !== 'clean')
  const move = {
    kind: 'rebase' as const,
    ...(branch ?? { from: head, to: head }),
    ...(isSnapshot(change?.after) ? { clear: change.after } : {}),
    ...(isSnapshot(change?.before) ? { restore: change.before } : {}),
  }
  await beginMove(repo, place, move)
  const recorded = await recordUndo(repo, plan, { worktrees: turned })
  await exchange(repo, place, move)
  await endMove(repo, place)
  return recorded
}

/** One transaction: all refs back, the event, the notes, the log. */
async function recordUndo(
  repo: Repo,
  plan: Plan,
  { worktrees, late = [] }: { worktrees: WorktreeChange[]; late?: readonly RefChange[] },
): Promise<ChainTip> {
  const { operation, tip, undone, moves, checkout } = plan
  const write = () =>
    record(repo, tip.id, async (latest) => {
      await refuseRunning(repo, latest)
      if (latest.oid !== tip.oid)
        throw no(`session ${tip.snapshot.name} changed while the command ran`, 'Run it again.')
      const notes = plan.notes === null ? null : await prepareNotesBack(repo, await repo.writer(), plan.notes)
      const { drop = [], add = [] } = undone.heads ?? {}
      const still = await notYet(repo, moves)
      return {
        subject: `amp(${latest.snapshot.slug}): undid ${operation.command}`,
        events: [{ type: 'operation.undone', data: undone }],
        code: unique([...drop, ...add, ...present([undone.base?.oid])]),
        moves: [...still, ...present([notes])],
        operation: {
          id: repo.newId(),
          command: 'undo',
          undoes: operation.id,
          moved: [...late, ...moves.filter((move) => !still.includes(move))],
          ...(worktrees.length === 0 ? {} : { worktrees }),
        },
      }
    })
  const recorded = checkout === null ? await write() : await withCheckout(repo, checkout, write)
  return recorded?.tip ?? tip
}

/** A branch that was made again with its worktree is where it belongs already. */
async function notYet(repo: Repo, moves: readonly RefChange[]): Promise<RefChange[]> {
  const now = await Promise.all(moves.map(({ ref }) => repo.refs.read(ref)))
  return moves.filter((move, at) => now[at] !== move.new)
}
