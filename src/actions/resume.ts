import { fatal, no } from '../errors.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { branchRef, snapshotRef } from '../state/names.js'
import { readOperations } from '../state/oplog.js'
import { longestLog } from './oplog.js'
import { worktreeOf } from './shared/droppable.js'
import { fill } from './shared/exchange.js'
import { findSession } from './shared/find.js'
import { endMove } from './shared/pending.js'
import { ensurePlace, findPlace, makePlace, type Place, placeWith, restoreBranch } from './shared/place.js'
import { reconcile } from './shared/reconcile.js'
import { record } from './shared/record.js'
import { isOpenSession, oneHead } from './shared/sessions.js'
import { readSnapshot } from './shared/snapshot.js'
import { bringBack } from './shared/trash.js'
import { type Wish, warmUp, wishFor } from './shared/warm.js'

export interface ResumeOptions {
  session?: string | undefined
  /** Leave the uncommitted work where it is, when the branch has moved meanwhile. */
  force?: boolean | undefined
}

export interface ResumeResult {
  tip: ChainTip
  path: string
  /** The uncommitted work that is not in the worktree; null when it is. */
  left: Oid | null
}

/**
 * Brings a session back: branch and worktree, and of a paused one everything uncommitted as it was; also in a clone that has the refs alone.
 */
export async function resumeSession(repo: Repo, options: ResumeOptions): Promise<ResumeResult> {
  const tip = await findSession(repo, options.session, ['paused'])
  const { status, paused } = tip.snapshot
  if (repo.location.isBare) throw fatal('a bare repository has no worktrees', 'Run the command in a clone.')
  if (status !== 'paused' || paused === undefined) return bringHere(repo, tip)
  const head = (await repo.refs.read(branchRef(tip.snapshot.branch))) ?? oneHead(tip)
  const left = await leftOut(repo, tip, { snapshot: paused.snapshot, head, force: options.force === true })
  const { place, wish } = await placeOf(repo, tip, { head, snapshot: left === null ? paused.snapshot : null })
  const ref = snapshotRef(tip.id)
  const isHere = (await repo.objects.readCommit(paused.snapshot)) !== null
  const recorded = await record(repo, tip.id, async (latest) => {
    if (latest.snapshot.status !== 'paused') return null
    const old = await repo.refs.read(ref)
    const worktree = { path: place.path, before: null, after: left === null ? paused.snapshot : ('clean' as const) }
    return {
      subject: `amp(${tip.snapshot.slug}): resumed`,
      events: [{ type: 'session.resumed', data: {} }],
      code: [],
      moves: old === null ? [] : [{ ref, old, new: null }],
      operation: { id: repo.newId(), command: 'resume', worktrees: [worktree], kept: isHere ? [paused.snapshot] : [] },
    }
  })
  await endMove(repo, place)
  if (wish !== null) await warmUp(repo, { tip, place, wish })
  return { tip: recorded?.tip ?? tip, path: place.path, left }
}

/** A session that is not paused, and has no worktree in this clone: it was started in another one, or its worktree is gone. */
async function bringHere(repo: Repo, tip: ChainTip): Promise<ResumeResult> {
  const { name, status } = tip.snapshot
  if (!isOpenSession(tip.snapshot))
    throw no(`session ${name} is ${status}`, `Open it again with: git amp reopen ${tip.id.slice(0, 4)}`)
  if ((await findPlace(repo, tip)) !== null) throw no(`session ${name} is not paused`)
  oneHead(tip)
  const { place } = await ensurePlace(repo, tip)
  const settled = await reconcile(repo, tip, { place })
  return { tip: settled.tip, path: place.path, left: null }
}

/** The snapshot belongs to the commit that it was made on, or to one with the same files. */
async function leftOut(
  repo: Repo,
  tip: ChainTip,
  { snapshot, head, force }: { snapshot: Oid; head: Oid; force: boolean },
): Promise<Oid | null> {
  const made = force ? await readSnapshot(repo, snapshot).catch(() => null) : await readSnapshot(repo, snapshot)
  if (made === null) return snapshot
  if (made.head === head || (await repo.treeOf(made.head)) === (await repo.treeOf(head))) return null
  if (force) return snapshot
  throw no(
    `the branch of session ${tip.snapshot.name} moved while it was paused: from ${made.head.slice(0, 12)} to ${head.slice(0, 12)}`,
    `Set it back: git branch -f ${tip.snapshot.branch} ${made.head.slice(0, 12)}`,
    `or resume with -f, and then run "git stash apply ${snapshot.slice(0, 12)}" in the worktree.`,
  )
}

interface Wanted {
  head: Oid
  snapshot: Oid | null
}

/** The worktree with its work in it: what a killed pause or resume left, what is in the trash, or a new one. */
async function placeOf(repo: Repo, tip: ChainTip, wanted: Wanted): Promise<{ place: Place; wish: Wish | null }> {
  const there = await worktreeOf(repo, tip)
  if (there?.place) return { place: await filled(repo, there.place, wanted), wish: null }
  const dropped = wanted.snapshot === null ? undefined : await droppedHere(repo, tip, wanted.snapshot)
  if (dropped?.trash !== undefined) {
    await restoreBranch(repo, tip)
    await bringBack(repo, { path: dropped.path, name: dropped.trash })
    const back = await worktreeOf(repo, tip)
    if (back?.place) return { place: back.place, wish: null }
  }
  const wish = await wishFor(repo, tip.snapshot.base.oid, { tip })
  return { place: await filled(repo, await makePlace(repo, tip), wanted), wish }
}

/** The pause in this clone that made the snapshot: its worktree has the ignored files, too. */
async function droppedHere(repo: Repo, tip: ChainTip, snapshot: Oid) {
  const operations = (await readOperations(repo, longestLog)).filter(({ session }) => session === tip.id)
  const changes = operations.flatMap(({ worktrees = [] }) => worktrees)
  return changes.find(({ before, trash }) => before === snapshot && trash !== undefined)
}

/** A worktree with the snapshot in it. */
async function filled(repo: Repo, found: Place, { head, snapshot }: Wanted): Promise<Place> {
  const place = placeWith(repo, found)
  if (snapshot !== null) await fill(repo, place, { head, snapshot })
  return place
}
