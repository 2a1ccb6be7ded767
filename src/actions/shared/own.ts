import { type CommitInfo, commitsBetween, idsBetween, isAncestor } from '../../git/history.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import type { AmpEvent, EventData } from '../../state/events.js'

/** Where a session stands now, and all that its chain tells. */
interface Standing {
  head: Oid
  events: readonly AmpEvent[]
}

/** What of the history of a branch is the base's and not the session's. */
interface BaseSide {
  /** Commits with all that they contain. */
  not: Oid[]
  /** What the base gained between two merges of the session, each as `[from, to]`. */
  gains: [Oid, Oid][]
}

/**
 * The commits that are the session's own, oldest first, parents before children: those on its branch that the base did not have before the
 * session was merged. What a rebase or a merge by hand brought in from the base is not among them.
 */
export async function ownCommits(repo: Repo, tip: ChainTip, standing: Standing): Promise<CommitInfo[]> {
  const { not, gains } = await baseSide(repo, tip, standing)
  const commits = await commitsBetween(repo.git, not, standing.head)
  const gained = await Promise.all(gains.map(([from, to]) => idsBetween(repo.git, from, to)))
  const foreign = new Set(gained.flat())
  return commits.filter((commit) => !foreign.has(commit.oid))
}

/** Which commits are the base's. */
export async function baseSide(repo: Repo, tip: ChainTip, { head, events }: Standing): Promise<BaseSide> {
  const { ref, oid } = tip.snapshot.base
  const current = ref === null ? null : await repo.refs.read(ref)
  const merges = events.filter(isMerge).filter(({ data }) => data.into === ref)
  const [first] = merges
  if (first === undefined) {
    // A base that has the whole session got it by plain git: what it had before is not known any more.
    const isOnBase = current === null || (await isAncestor(repo.git, head, current))
    return { not: isOnBase ? [oid] : [oid, current], gains: [] }
  }
  // The recorded base may have moved past what was merged: the first one has not.
  const begun = events.find(isCreated)?.data.base.oid ?? oid
  const before = first.data.before === first.data.after ? [] : [first.data.before]
  const ends = [...merges.slice(1).map(({ data }) => data.before), ...(current === null ? [] : [current])]
  return { not: [begun, ...before], gains: ends.map((to, index) => [merges[index]?.data.after ?? to, to]) }
}

type Merged = AmpEvent & { data: EventData['session.merged'] }

const isMerge = (event: AmpEvent): event is Merged => event.type === 'session.merged' && event.data.result === 'done'

const isCreated = (event: AmpEvent): event is AmpEvent & { data: EventData['session.created'] } =>
  event.type === 'session.created'
