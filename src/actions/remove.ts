import { AmpError, no } from '../errors.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { branchName, branchRef, snapshotRef } from '../state/names.js'
import { shellWord } from '../util/quote.js'
import { plural } from '../util/time.js'
import { pickSessions } from './choose.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { containedIn } from './shared/contained.js'
import { refuseBusyWorktree, refuseRepositories, type SessionWorktree, worktreeOf } from './shared/droppable.js'
import { reconcileAnywhere } from './shared/reconcile.js'
import { record } from './shared/record.js'
import { allSessions, isOpenSession, oneHead, refuseMoved, refuseRunning } from './shared/sessions.js'
import { hasNoWork, readSnapshot, readStanding, writeSnapshot } from './shared/snapshot.js'
import { intoTrash, trashName } from './shared/trash.js'

export interface RemoveOptions {
  sessions: readonly string[]
  /** All sessions whose work is merged. */
  merged?: boolean | undefined
  /** The branch as well. */
  branch?: boolean | undefined
  /** Also what would be refused because work would be lost: a snapshot is taken first. */
  force?: boolean | undefined
  dryRun?: boolean | undefined
}

/** What is removed of a session. */
export interface Removal {
  tip: ChainTip
  worktree: string | null
  /** The branch, when it is deleted. */
  branch: string | null
  /** The branch that has the session's work; null when none has. */
  containedIn: string | null
  /** Uncommitted work that was in the worktree. */
  snapshot: Oid | null
}

export interface RemoveResult {
  removed: Removal[]
  /** With `merged`: sessions that are merged and stay, and why. */
  kept: { tip: ChainTip; reason: string }[]
  isDryRun: boolean
}

/**
 * Removes sessions: their worktrees go into the trash, their branches when that is wished; their history stays. What would lose work is refused.
 */
export async function removeSessions(repo: Repo, options: RemoveOptions): Promise<RemoveResult> {
  const plans: Plan[] = []
  const kept: RemoveResult['kept'] = []
  const found = options.merged === true ? await candidates(repo) : await pickSessions(repo, options.sessions)
  for (const tip of found) {
    try {
      plans.push(await planRemoval(repo, tip, options))
    } catch (error) {
      if (options.merged !== true || !(error instanceof AmpError) || error.kind === 'bug') throw error
      kept.push({ tip, reason: error.message })
    }
  }
  const isDryRun = options.dryRun === true
  const removed: Removal[] = []
  // Several are one operation, too.
  const as = plans.length > 1 ? repo.as({ id: repo.newId(), command: 'remove' }) : repo
  for (const plan of plans) removed.push(isDryRun ? plan.removal : await carryOut(as, plan))
  return { removed, kept, isDryRun }
}

/** Open sessions whose work is merged; one that has nothing yet was just started. */
async function candidates(repo: Repo): Promise<ChainTip[]> {
  const { sessions } = await allSessions(repo)
  const merged: ChainTip[] = []
  for (const tip of sessions) {
    const { status, heads, iterations, base } = tip.snapshot
    const head = (await repo.refs.read(branchRef(tip.snapshot.branch))) ?? heads[0]
    const isStarted = iterations > 0 || head !== base.oid
    const isRemoved = status === 'closed' || (status === 'merged' && !(await hasRest(repo, tip)))
    if (isRemoved || heads.length > 1 || head === undefined || !isStarted) continue
    if ((await containedIn(repo, tip, head)) !== null) merged.push(tip)
  }
  return merged
}

/** Whether branch or worktree of a session are still there. */
async function hasRest(repo: Repo, tip: ChainTip): Promise<boolean> {
  return (await repo.refs.read(branchRef(tip.snapshot.branch))) !== null || (await worktreeOf(repo, tip)) !== null
}

/** Whether nothing is left to remove of a session: it was removed before, or cleaned up when it was merged. */
export async function isRemoved(
  repo: Repo,
  tip: ChainTip,
  { branch }: Pick<RemoveOptions, 'branch'>,
): Promise<boolean> {
  if (isOpenSession(tip.snapshot) || (await worktreeOf(repo, tip)) !== null) return false
  return branch !== true || (await repo.refs.read(branchRef(tip.snapshot.branch))) === null
}

interface Plan {
  tip: ChainTip
  head: Oid
  worktree: SessionWorktree | null
  removal: Removal
}

async function planRemoval(repo: Repo, found: ChainTip, options: RemoveOptions): Promise<Plan> {
  await refuseRunning(repo, found)
  oneHead(found)
  const worktree = await worktreeOf(repo, found)
  if (worktree !== null) await refuseBusyWorktree(repo, found, worktree)
  const isPaused = found.snapshot.status === 'paused'
  const tip = isPaused ? found : (await reconcileAnywhere(repo, found)).tip
  const head = oneHead(tip)
  const hasBranch = (await repo.refs.read(branchRef(tip.snapshot.branch))) !== null
  const branch = options.branch === true && hasBranch ? tip.snapshot.branch : null
  if (!isOpenSession(tip.snapshot) && worktree === null && branch === null)
    throw no(`session ${tip.snapshot.name} is removed already`, `Its history stays: git amp log ${tip.id.slice(0, 4)}`)
  if (branch !== null) await refuseCheckedOut(repo, tip, worktree?.place ?? null)
  const snapshot = await uncommitted(repo, tip, { worktree, head, force: options.force === true })
  const where = await containedIn(repo, tip, head)
  if (where === null && options.force !== true) throw notMerged(tip)
  const removal = { tip, worktree: worktree?.path ?? null, branch, containedIn: where, snapshot }
  return { tip, head, worktree, removal }
}

function notMerged({ id, snapshot }: ChainTip): AmpError {
  const base = snapshot.base.ref === null ? snapshot.base.oid.slice(0, 12) : branchName(snapshot.base.ref)
  return no(
    `session ${snapshot.name} has commits that '${base}' has not`,
    `Merge it first: git amp merge ${id.slice(0, 4)}`,
    'With -f it goes all the same; its commits stay reachable from its history.',
  )
}

interface Place {
  worktree: SessionWorktree | null
  head: Oid
  force: boolean
}

/** @returns the snapshot of uncommitted work; null when there is none */
async function uncommitted(repo: Repo, tip: ChainTip, { worktree, head, force }: Place): Promise<Oid | null> {
  const { name, paused } = tip.snapshot
  const headTree = await repo.treeOf(head)
  const place = worktree?.place ?? null
  if (place === null) {
    const snapshot = paused?.snapshot
    if (snapshot === undefined || force || hasNoWork(await readSnapshot(repo, snapshot), headTree))
      return snapshot ?? null
    throw no(
      `session ${name} is paused with uncommitted work`,
      `Bring it back: git amp resume ${tip.id.slice(0, 4)}`,
      'With -f it goes all the same, and its snapshot is kept.',
    )
  }
  if (!force) await refuseRepositories(repo, tip, place)
  const standing = await readStanding(repo, place)
  if (hasNoWork(standing, headTree)) return null
  if (force) return writeSnapshot(repo, { standing, head, name: tip.snapshot.branch })
  const paths = await place.git.items(['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames'])
  throw no(
    `the worktree of session ${name} has ${plural(Math.max(paths.length, 1), 'uncommitted change')}`,
    `Commit them there: ${shellWord(place.path)}`,
    'With -f a snapshot is taken, and the worktree goes into the trash.',
  )
}

/** Recorded first, destroyed second: the branch goes at the very end, and the same command goes on where it was killed. */
async function carryOut(repo: Repo, { tip, head, worktree, removal }: Plan): Promise<Removal> {
  const { snapshot } = removal
  const place = worktree?.place ?? null
  const trash = trashName(repo, tip.id)
  const ref = branchRef(tip.snapshot.branch)
  const branch = removal.branch === null ? [] : [{ ref, old: await repo.refs.read(ref), new: null }]
  const reason = removal.containedIn === null ? 'removed' : 'merged'
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseMoved(repo, latest, head)
    const old = await repo.refs.read(snapshotRef(tip.id))
    return {
      subject: `amp(${tip.snapshot.slug}): closed (${reason})`,
      events: [{ type: 'session.closed', data: { reason } }],
      code: [head],
      moves: snapshot === null || snapshot === old ? [] : [{ ref: snapshotRef(tip.id), old, new: snapshot }],
      operation: {
        id: repo.newId(),
        command: 'remove',
        moved: branch,
        ...(place === null
          ? {}
          : { worktrees: [{ path: place.path, before: snapshot ?? ('clean' as const), after: null, trash }] }),
      },
    }
  })
  if (worktree !== null) await intoTrash(repo, worktree, trash)
  await repo.refs.update(branch, 'amp: session removed')
  return { ...removal, tip: recorded?.tip ?? tip }
}
