import type { CommitInfo } from '../git/history.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import type { AmpEvent } from '../state/events.js'
import { type StoryItem, storyOf } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { trailerValues } from '../util/message.js'
import { findSession } from './shared/find.js'
import { baseSide, ownCommits } from './shared/own.js'

/** A human's commit on the session's branch. */
export interface ManualCommit {
  kind: 'commit'
  oid: string
  /** ISO 8601 in UTC. */
  at: string
  by: string
  subject: string
}

export interface LogResult {
  tip: ChainTip
  /** Iterations, manual commits and other events, oldest first. */
  items: (StoryItem | ManualCommit)[]
}

/** A session's story in order: what the chain tells, and the human's own commits that stand on the branch. */
export async function logSession(repo: Repo, options: { session?: string | undefined }): Promise<LogResult> {
  const tip = await findSession(repo, options.session)
  const events = await readEvents(repo.objects, tip.oid, tip.ref)
  const head = await headOf(repo, tip)
  return { tip, items: interleave(storyOf(events), await ownCommits(repo, tip, { head, events }), events) }
}

const headOf = async (repo: Repo, { snapshot }: ChainTip): Promise<Oid> =>
  (await repo.refs.read(branchRef(snapshot.branch))) ?? snapshot.heads[0] ?? snapshot.base.oid

/**
 * Puts the human's commits between the items of the story, by the order of the branch and of the chain. Clocks have no say: several steps
 * share a second, and machines disagree.
 */
function interleave(
  story: readonly StoryItem[],
  commits: readonly CommitInfo[],
  events: Iterable<AmpEvent>,
): LogResult['items'] {
  const reach = reachOf(commits, events)
  const items: LogResult['items'] = []
  let next = 0
  const tellUpTo = (end: number) => {
    for (; next < end; next++) {
      const commit = commits[next]
      if (commit !== undefined && isManual(commit)) items.push(manualCommit(commit))
    }
  }
  for (const item of story) {
    tellUpTo(reach(item))
    items.push(item)
  }
  tellUpTo(commits.length)
  return items
}

/** Tells how many of the commits, in their order, an item of the story has before it. */
function reachOf(commits: readonly CommitInfo[], events: Iterable<AmpEvent>): (item: StoryItem) => number {
  const places = new Map(commits.map(({ oid }, index) => [oid, index]))
  // The trailer leads from an iteration to its commit through whatever rewrote it.
  const byIteration = new Map(
    commits.flatMap(({ message }, index) => trailerValues(message, 'Amp-Iteration').map((id) => [id, index] as const)),
  )
  const rewritten = rewritesOf(events)
  const end = (oid: unknown): number => {
    const place = typeof oid === 'string' ? places.get(latest(oid, rewritten)) : undefined
    return place === undefined ? 0 : place + 1
  }
  return (item) => {
    if (item.kind === 'event') return end(item.event.data.to ?? item.event.data.after)
    return byIteration.get(item.iteration.id) ?? end(item.iteration.from)
  }
}

/** What became of each commit that a squash or a rebase wrote again. */
function rewritesOf(events: Iterable<AmpEvent>): ReadonlyMap<string, string> {
  const maps = [...events].map(({ data }) => data.map).filter((map) => Array.isArray(map))
  return new Map(maps.flat() as [string, string][])
}

function latest(oid: string, rewritten: ReadonlyMap<string, string>): string {
  const seen = new Set<string>()
  let current = oid
  for (let next = rewritten.get(current); next !== undefined && !seen.has(current); next = rewritten.get(current)) {
    seen.add(current)
    current = next
  }
  return current
}

const isManual = (commit: CommitInfo): boolean =>
  trailerValues(commit.message, 'Amp-Session').length === 0 && commit.parents.length === 1

const manualCommit = (commit: CommitInfo): ManualCommit => ({
  kind: 'commit',
  oid: commit.oid,
  at: `${new Date(Number.parseInt(commit.author.date, 10) * 1000).toISOString().slice(0, 19)}Z`,
  by: `${commit.author.name} <${commit.author.email}>`,
  subject: commit.message.split('\n', 1)[0] ?? '',
})

/** What `git log` is asked for when the user passes options of it: the session's commits, with their notes. */
export async function logArguments(
  repo: Repo,
  options: { session?: string | undefined; passed: readonly string[]; paths: readonly string[] },
): Promise<string[]> {
  const tip = await findSession(repo, options.session)
  const head = await headOf(repo, tip)
  const events = await readEvents(repo.objects, tip.oid, tip.ref)
  const { not } = await baseSide(repo, tip, { head, events })
  return ['log', '--notes=amp', ...options.passed, head, ...not.map((oid) => `^${oid}`), '--', ...options.paths]
}
