import { fatal, no } from '../errors.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readTip } from '../state/chain.js'
import { branchRef } from '../state/names.js'
import { prepareNotesBack } from '../state/notes.js'
import {
  type JoinedOperation,
  joinSteps,
  type Operation,
  readOperations,
  undoneIn,
  type WorktreeChange,
} from '../state/oplog.js'
import type { RefChange } from '../state/storage.js'
import { present, unique } from '../util/collections.js'
import { longestLog } from './oplog.js'
import { checkoutToMove, settleCheckouts, withCheckout } from './shared/checkouts.js'
import { exchange, fill } from './shared/exchange.js'
import { beginMove, endMove } from './shared/pending.js'
import { findPlace, makePlace, type Place, restoreBranch } from './shared/place.js'
import { reconcileAnywhere } from './shared/reconcile.js'
import { record } from './shared/record.js'
import { refuseRunning } from './shared/sessions.js'
import { takeOutStaged, turnedRound } from './shared/staged.js'
import { bringBack, intoTrash, trashName } from './shared/trash.js'
import { movable, newerRef, planUndo, type UndoneWorktree, type UndoPlan, undoneOf } from './shared/undo-plan.js'
import { unfinishedVerb } from './shared/unfinished.js'
import { warmAgain } from './shared/warm.js'

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
  worktree: UndoneWorktree
  /** Another checkout that follows its branch. */
  updated: string | null
  /** Branches of remotes that have what goes back here, as they were seen last. */
  published: { ref: string; remote: string }[]
  /** The pull request, which stays. */
  review: string | null
  isDryRun: boolean
}

/**
 * Takes an operation back by one more operation: every ref that it moved goes back by compare-and-swap, the session's chain says so, and
 * worktrees follow where nothing of the user's is in the way. The steps of one command go back one after the other, the last one first; what
 * is in the way of any of them is found before the first one goes.
 */
export async function undoOperation(repo: Repo, options: UndoOptions): Promise<UndoResult> {
  const operations = await readOperations(repo, longestLog)
  const { steps, ...operation } = await pickOperation(repo, operations, options.operation)
  const undone = undoneIn(operations)
  const open = steps.filter(({ id }) => !undone.has(id))
  const [left = operation] = joinSteps(open)
  const { review = null } = (await readTip(repo, operation.session))?.snapshot ?? {}
  const isDryRun = options.dryRun === true
  const results: StepResult[] = []
  if (open.length > 1) await refuseNewer(repo, { operations, operation: left, steps: open })
  const as = steps.length > 1 ? repo.as({ id: repo.newId(), command: 'undo' }) : repo
  for (const step of isDryRun ? open.slice(0, 1) : open)
    results.push(await undoStep(as, { step, operations, isDryRun }))
  const { tip } = results.at(-1) as StepResult
  const refs = movable(left).map(({ ref, before, after }) => ({ ref, before: after, after: before }))
  const worktree = results.find((result) => result.worktree !== null)?.worktree ?? null
  const updated = results.find((result) => result.updated !== null)?.updated ?? null
  const moved = open.length > 1 ? refs : (results[0]?.refs ?? [])
  const published = await publishedOf(repo, moved)
  const isReview = review !== null && tip.snapshot.review === undefined
  return {
    operation,
    tip,
    refs: moved,
    worktree,
    updated,
    published,
    review: isReview ? review.url || null : null,
    isDryRun,
  }
}

type StepResult = Pick<UndoResult, 'tip' | 'refs' | 'worktree' | 'updated'>

async function undoStep(
  repo: Repo,
  { step: operation, operations, isDryRun }: { step: Operation; operations: readonly Operation[]; isDryRun: boolean },
): Promise<StepResult> {
  const { tip, place } = await settled(repo, operation)
  const plan = await planUndo(repo, { operation, operations, tip, place })
  return {
    refs: plan.moves.map(({ ref, old, new: to }) => ({ ref, before: old, after: to })),
    worktree: plan.worktree,
    updated: plan.checkout?.path ?? plan.staged?.path ?? null,
    tip: isDryRun ? tip : await carryOut(repo, plan),
  }
}

/** Branches of remotes that have what goes back here: what was pushed stays pushed. */
async function publishedOf(repo: Repo, refs: UndoResult['refs']): Promise<UndoResult['published']> {
  const published: UndoResult['published'] = []
  for (const { ref, before } of refs) {
    if (!ref.startsWith('refs/heads/') || before === null) continue
    const there = await repo.git.text(['for-each-ref', '--format=%(refname)', '--contains', before, 'refs/remotes'])
    for (const remote of there.split('\n').filter((name) => name !== '')) published.push({ ref, remote })
  }
  return published
}

/** Whether the session, or any ref of a command of several steps, was moved by something newer, or cannot go back with its checkout. */
async function refuseNewer(
  repo: Repo,
  subject: { operations: readonly Operation[]; operation: Operation; steps: readonly Operation[] },
): Promise<void> {
  const tip = await readTip(repo, subject.operation.session)
  if (tip !== null) await undoneOf(repo, { ...subject, tip })
  for (const { ref, before, after } of tip === null ? [] : movable(subject.operation)) {
    const now = await repo.refs.read(ref)
    // The last step that moves it may have been killed before it did.
    const late = subject.steps.flatMap(movable).find((move) => move.ref === ref)?.before
    if (now !== before && now !== after && now !== late) throw newerRef(subject, ref)
    const isOthers = ref.startsWith('refs/heads/') && ref !== branchRef(tip?.snapshot.branch ?? '')
    if (isOthers && now === after && after !== null)
      await checkoutToMove(repo, { ref, from: after, to: before ?? after })
  }
}

/** Undone operations, and those that undo, are passed over: one undo after the other goes back step by step. */
async function pickOperation(
  repo: Repo,
  operations: readonly Operation[],
  wanted: string | undefined,
): Promise<JoinedOperation> {
  const undone = undoneIn(operations)
  const commands = joinSteps(operations)
  const isUndone = ({ steps }: JoinedOperation) => steps.every(({ id }) => undone.has(id))
  if (wanted === undefined) {
    // A "new" that failed took its session back.
    for (const one of commands.filter((command) => !isUndone(command) && command.undoes === undefined))
      if ((await readTip(repo, one.session)) !== null) return one
    throw no('there is nothing to undo here', '"git amp oplog" lists what was done; an undo is undone by its own id.')
  }
  const isNamed = (id: string) => id === wanted || (wanted.length >= 4 && id.startsWith(wanted))
  const [operation, other] = commands.filter((one) => isNamed(one.id) || one.steps.some(({ id }) => isNamed(id)))
  const hint = '"git amp oplog" lists the operations.'
  if (operation === undefined) throw fatal(`no operation '${wanted}'`, hint)
  if (other !== undefined) throw fatal(`operation '${wanted}' is ambiguous`, hint)
  if (isUndone(operation)) {
    const by = commands.find((one) => one.undoes === operation.id)?.id ?? ''
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

/** Files that come back come first, and files that go go last: killed in between, nothing is missing, and the same undo goes on. */
async function carryOut(repo: Repo, plan: UndoPlan): Promise<ChainTip> {
  const { change, worktree, place, staged } = plan
  if (staged !== null) await takeOutStaged(repo, staged)
  if (worktree?.becomes === 'restored' && change !== null) {
    const back = await restoreWorktree(repo, plan, change)
    const recorded = await recordUndo(repo, plan, {
      worktrees: [{ path: change.path, before: null, after: change.before }],
    })
    if (back !== null) await endMove(repo, back)
    if (back !== null && place === null) await warmAgain(repo, recorded, back)
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
async function restoreWorktree(repo: Repo, { tip, place }: UndoPlan, change: WorktreeChange): Promise<Place | null> {
  const { trash, path, before } = change
  await restoreBranch(repo, tip)
  if (place === null && trash !== undefined && (await bringBack(repo, { path, name: trash }))) return null
  const made = place ?? (await makePlace(repo, tip, path))
  const head = await repo.worktreeRef(made.gitDir, 'HEAD')
  if (before !== null && before !== 'clean' && head !== null) await fill(repo, made, { head, snapshot: before })
  return made
}

/** A branch that goes with its worktree is deleted when the worktree is gone. */
async function dropWorktree(
  repo: Repo,
  plan: UndoPlan,
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
  plan: UndoPlan,
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
  plan: UndoPlan,
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
          ...(plan.staged === null ? {} : { staged: turnedRound(plan.staged) }),
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
