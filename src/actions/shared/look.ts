import type { Oid } from '../../git/run.js'
import { readStatus, type Status } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchRef } from '../../state/names.js'
import { whereabouts } from './lease.js'
import { pendingMove } from './pending.js'
import { findPlace, type Place } from './place.js'
import { refuseConflict } from './rebasing.js'
import { reconcileAnywhere, refuseUnfinished, strayed } from './reconcile.js'
import { oneHead } from './sessions.js'

/** A session as a finishing command finds it. */
export interface Found {
  tip: ChainTip
  head: Oid
  place: Place | null
  /** Null when there is no worktree, or when its files say nothing yet. */
  status: Status | null
  /** Number of an interrupted iteration whose leftovers the command itself would commit first; null when there is none. */
  pending: number | null
}

/** The session brought up to date; for a dry run only looked at, so that not even what a killed iteration left is taken up. */
export const settleOrLook = async (repo: Repo, tip: ChainTip, isDryRun: boolean): Promise<Found> =>
  isDryRun ? look(repo, tip) : { ...(await reconcileAnywhere(repo, tip)), pending: null }

async function look(repo: Repo, tip: ChainTip): Promise<Found> {
  const recorded = oneHead(tip)
  const place = await findPlace(repo, tip)
  await refuseConflict(repo, tip, place)
  if (place === null) {
    const head = (await repo.refs.read(branchRef(tip.snapshot.branch))) ?? recorded
    return { tip, head, place, status: null, pending: null }
  }
  const [status, pending] = [await readStatus(place.git), await pendingOf(repo, tip)]
  // What an agent left half done, and another branch, are put right when its iteration is taken up.
  if (pending === null) {
    await refuseUnfinished(repo, place, tip)
    if (status.branch === null) throw strayed(tip, { place, status })
  }
  // A move that a killed git-amp had recorded is finished by the command itself: until then branch and files are of before.
  const move = await pendingMove(repo, place)
  if (move?.to === recorded && (status.head === move.from || status.head === recorded))
    return { tip, head: recorded, place, status: null, pending }
  return { tip, head: pending === null ? (status.head ?? recorded) : recorded, place, status, pending }
}

async function pendingOf(repo: Repo, tip: ChainTip): Promise<number | null> {
  for (const open of tip.snapshot.open) if ((await whereabouts(repo, open)) === 'dead') return open.n
  return null
}
