import { type AmpError, fatal } from '../../errors.js'
import { isAncestor } from '../../git/history.js'
import { switchFiles } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import { stageAll, writeTree } from '../../git/stage.js'
import { readStatus, type Status } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchRef } from '../../state/names.js'
import { shellWord } from '../../util/quote.js'
import { adopt } from './adopt.js'
import { catchUp, headHere } from './behind.js'
import { settleCheckouts } from './checkouts.js'
import { redo } from './exchange.js'
import { notHalfWritten } from './half-written.js'
import { onIndexCopy } from './index-copy.js'
import { clearStaleLocks } from './lock.js'
import { readMerge } from './merging.js'
import { endMove, type PendingMove, pendingMove } from './pending.js'
import { claimPlace, findPlace, type Place } from './place.js'
import { settleRebase } from './rebasing.js'
import { record } from './record.js'
import { type SalvageOptions, salvage } from './salvage.js'
import { oneHead, refusePaused } from './sessions.js'
import { unfinishedVerb } from './unfinished.js'

/** A session whose chain and worktree agree, and what stands in the worktree beside its head. */
export interface Settled {
  tip: ChainTip
  head: Oid
  /** The branch as it is called now. */
  branch: string
  status: Status
}

/**
 * Brings the chain up to what the user did with plain git (commits, amends, rebases, a renamed branch), and finishes what a killed git-amp
 * left half done. Nothing of the user's is changed.
 * @throws AmpError when the worktree is in the middle of something, or on another branch
 */
export async function reconcile(
  repo: Repo,
  tip: ChainTip,
  { place, onSalvaged, force }: SalvageOptions & { place: Place },
): Promise<Settled> {
  await clearStaleLocks(repo, place)
  await claimPlace(repo, tip.id, place)
  const salvaged = await settleRebase(repo, await salvage(repo, tip, { place, onSalvaged, force }), place)
  await refuseUnfinished(repo, place, tip)
  await catchUp(repo, salvaged)
  let status = await readStatus(place.git)
  const branched = await settleBranch(repo, salvaged, { place, status })
  let current = await settleMerge(repo, branched)
  const head = await headHere(repo, current)
  if (status.head === null) {
    // Deleted with plumbing while it was checked out: the chain knows where it was.
    await repo.refs.update(
      [{ ref: branchRef(current.snapshot.branch), old: null, new: head }],
      'amp: branch restored from the session',
    )
    status = await readStatus(place.git)
  }
  const here = status.head ?? head
  const pending = await pendingMove(repo, place)
  if (pending !== null && (await finishMove(repo, current, { place, pending, status, here, head })))
    status = await readStatus(place.git)
  else if (here !== head) current = await adopt(repo, current, { from: head, to: here })
  if (pending !== null) await endMove(repo, place)
  if (await catchUp(repo, current)) status = await readStatus(place.git)
  return { tip: current, head: oneHead(current), branch: current.snapshot.branch, status }
}

/**
 * As `reconcile`, for a session that may have no worktree here: then the branch alone is looked at.
 */
export async function reconcileAnywhere(
  repo: Repo,
  tip: ChainTip,
): Promise<{ tip: ChainTip; head: Oid; place: Place | null; status: Status | null }> {
  refusePaused(tip)
  await settleCheckouts(repo)
  const place = await findPlace(repo, tip)
  if (place !== null) {
    const settled = await reconcile(repo, tip, { place })
    return { tip: settled.tip, head: settled.head, place, status: settled.status }
  }
  const rebased = await settleRebase(repo, await salvage(repo, tip, { place: null }), null)
  const settled = await settleMerge(repo, rebased)
  await catchUp(repo, settled)
  const head = await headHere(repo, settled)
  const here = await repo.refs.read(branchRef(settled.snapshot.branch))
  const current = here === null || here === head ? settled : await adopt(repo, settled, { from: head, to: here })
  return { tip: current, head: oneHead(current), place: null, status: null }
}

export async function refuseUnfinished(repo: Repo, place: Place, tip: ChainTip): Promise<void> {
  const verb = await unfinishedVerb(repo, place)
  if (verb === null) return
  throw fatal(
    `${verb === 'am' ? 'an' : 'a'} ${verb} is in progress in the worktree of session ${tip.snapshot.name}`,
    `Run "git -C ${shellWord(place.path)} ${verb} --continue",`,
    `or "git -C ${shellWord(place.path)} ${verb} --abort".`,
  )
}

/**
 * The worktree's branch is the session's, or became it by `git branch -m`.
 * @throws AmpError when the worktree is on another branch
 */
export async function settleBranch(
  repo: Repo,
  tip: ChainTip,
  { place, status }: { place: Place; status: Status },
): Promise<ChainTip> {
  const { branch, name } = tip.snapshot
  if (status.branch === branch) return tip
  const isRenamed = status.branch !== null && (await repo.refs.read(branchRef(branch))) === null
  if (!isRenamed || status.branch === null) throw strayed(tip, { place, status })
  const renamed = status.branch
  const subject = `amp(${tip.snapshot.slug}): branch renamed to ${renamed}`
  const recorded = await record(repo, tip.id, () => ({
    subject,
    events: [{ type: 'session.renamed', data: { name, branch: renamed } }],
    code: [],
  }))
  return recorded?.tip ?? tip
}

/** The error about a worktree that is on another branch than its session. */
export function strayed(tip: ChainTip, { place, status }: { place: Place; status: Status }): AmpError {
  const { branch, name } = tip.snapshot
  const where = status.branch === null ? 'a detached HEAD' : `branch ${status.branch}`
  return fatal(
    `the worktree of session ${name} is on ${where}, not on ${branch}`,
    `Run "git -C ${shellWord(place.path)} switch ${branch}".`,
  )
}

/** An intent to move a checked-out base, without its result: the base tells whether it happened. It stays a step of the merge that was killed. */
async function settleMerge(repo: Repo, tip: ChainTip): Promise<ChainTip> {
  const { merging } = tip.snapshot
  if (merging === undefined || merging === null) return tip
  await settleCheckouts(repo)
  const base = await repo.refs.read(merging.into)
  const isDone = base !== null && (base === merging.after || (await isAncestor(repo.git, merging.after, base)))
  const result = isDone ? ('done' as const) : ('abandoned' as const)
  const moved = { ref: merging.into, old: merging.before, new: merging.after }
  const killed = await readMerge(repo, tip.id)
  const as = killed === null ? repo : repo.as(killed.within)
  const recorded = await record(as, tip.id, (latest) => {
    if (latest.snapshot.merging === undefined) return null
    const subject = `amp(${tip.snapshot.slug}): merge into ${merging.into} ${result}`
    return {
      subject,
      events: [{ type: 'session.merged', data: { ...merging, result } }],
      code: [merging.before, merging.after],
      ...(isDone ? { operation: { id: repo.newId(), command: 'merge', moved: [moved] } } : {}),
    }
  })
  return recorded?.tip ?? tip
}

interface Unended {
  place: Place
  pending: PendingMove
  status: Status
  /** Where the branch stands, and where the chain says that it is. */
  here: Oid
  head: Oid
}

/**
 * Finishes a move of the branch that a killed git-amp had recorded: the branch follows the chain, and the files follow the branch. When the
 * index is neither what it was before nor what it was to be, the user has gone on from there.
 * @returns whether anything was left to do
 */
async function finishMove(repo: Repo, tip: ChainTip, unended: Unended): Promise<boolean> {
  const { place, pending, status, here, head } = unended
  const { kind, from, to } = pending
  if (to === head && (pending.clear ?? pending.restore) !== undefined) {
    await redo(repo, place, pending)
    return true
  }
  if (to !== head || (here !== from && here !== to) || status.unmerged.length > 0) return false
  const [index, before, after] = await Promise.all([writeTree(place.git), repo.treeOf(from), repo.treeOf(to)])
  const isBehind = kind === 'rebase' && index === before && before !== after
  if (!isBehind && index !== after) return false
  if (here === from) {
    const move = { ref: branchRef(tip.snapshot.branch), old: from, new: to }
    await repo.refs.update([move], 'amp: finish what was recorded')
  }
  if (isBehind && (await switchFiles(place.git, pending)) !== null)
    await overwriteHalfDone(repo, tip, { place, move: pending, nested: status.nested })
  return isBehind || here === from
}

interface HalfDone {
  place: Place
  move: { from: Oid; to: Oid }
  nested: readonly string[]
}

/** Git was killed while it wrote the files: some are of before and some of after. Both are git's own; anything else is the user's. */
async function overwriteHalfDone(repo: Repo, tip: ChainTip, { place, move, nested }: HalfDone): Promise<void> {
  const tree = await onIndexCopy(repo, { place, git: place.git }, async (git) => {
    await stageAll(git, nested)
    return writeTree(git)
  })
  const differing = (commit: Oid) => place.git.items(['diff-tree', '-r', '-z', '--name-only', tree, commit])
  const [fromBefore, fromAfter] = await Promise.all([differing(move.from), differing(move.to)])
  const neither = fromBefore.filter((path) => fromAfter.includes(path))
  const own = await notHalfWritten(repo, place, { paths: neither, trees: [move.from, move.to] })
  if (own.length > 0) {
    throw fatal(
      `the worktree of session ${tip.snapshot.name} could not follow its branch, and has changes of yours: ${own.join(', ')}`,
      `Copy them away, then run "git -C ${shellWord(place.path)} reset --hard".`,
    )
  }
  await place.git.run(['read-tree', '--reset', '-u', move.to])
}
