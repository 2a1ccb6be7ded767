import { commitsBetween } from '../git/history.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import { type StoryItem, storyOf } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { trailerValues } from '../util/message.js'
import { findSession } from './shared/find.js'

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
  const story = storyOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const head = (await repo.refs.read(branchRef(tip.snapshot.branch))) ?? tip.snapshot.heads[0]
  const commits = head === undefined ? [] : await commitsBetween(repo.git, tip.snapshot.base.oid, head)
  const manual = commits
    .filter((commit) => trailerValues(commit.message, 'Amp-Session').length === 0 && commit.parents.length === 1)
    .map(
      (commit): ManualCommit => ({
        kind: 'commit',
        oid: commit.oid,
        at: `${new Date(Number.parseInt(commit.author.date, 10) * 1000).toISOString().slice(0, 19)}Z`,
        by: `${commit.author.name} <${commit.author.email}>`,
        subject: commit.message.split('\n', 1)[0] ?? '',
      }),
    )
  // Both are in order already; a commit stands before what began at the same second.
  const items = [...manual, ...story].sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1))
  return { tip, items }
}

/** What `git log` is asked for when the user passes options of it: the session's commits, with their notes. */
export async function logArguments(
  repo: Repo,
  options: { session?: string | undefined; passed: readonly string[]; paths: readonly string[] },
): Promise<string[]> {
  const { snapshot } = await findSession(repo, options.session)
  const head = (await repo.refs.read(branchRef(snapshot.branch))) ?? snapshot.heads[0] ?? snapshot.base.oid
  return ['log', '--notes=amp', ...options.passed, head, `^${snapshot.base.oid}`, '--', ...options.paths]
}
