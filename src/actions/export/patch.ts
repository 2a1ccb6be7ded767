import { no } from '../../errors.js'
import { type CommitInfo, commitsBetween } from '../../git/history.js'
import { commitPatch, patchText } from '../../git/patch.js'
import type { Oid } from '../../git/run.js'
import { isDirty, readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { patchMail } from '../../util/mail.js'
import { headOf } from '../diff.js'
import { baseOf } from '../shared/adopt.js'
import { findSession } from '../shared/find.js'
import { findPlace } from '../shared/place.js'

/** What a session committed: from where to where. */
export interface Committed {
  base: Oid
  head: Oid
  /** Uncommitted changes stand in its worktree. */
  isDirty: boolean
}

/** Finds a session, and where its commits begin and end. */
export async function openSession(
  repo: Repo,
  name: string | undefined,
): Promise<{ tip: ChainTip; committed: Committed }> {
  const tip = await findSession(repo, name)
  const head = await headOf(repo, tip)
  const [base, place] = await Promise.all([baseOf(repo, tip, head), findPlace(repo, tip)])
  return { tip, committed: { base, head, isDirty: place !== null && isDirty(await readStatus(place.git)) } }
}

/** All that a session committed as one patch for `git apply`. */
export const sessionPatch = (repo: Repo, { base, head }: Committed): AsyncGenerator<Buffer> =>
  patchText(repo.git, base, head)

/**
 * The commits of a session as mails for `git am`; those without a change are left out, as no mail can hold them.
 * @throws AmpError when there is a merge among them
 */
export async function* sessionMails(repo: Repo, tip: ChainTip, { base, head }: Committed): AsyncGenerator<Buffer> {
  const commits = await commitsBetween(repo.git, base, head)
  if (commits.some(({ parents }) => parents.length > 1)) {
    const id = tip.id.slice(0, 4)
    throw no(
      `session ${tip.snapshot.name} has a merge commit, which no mail can hold`,
      `"git amp export ${id} --format patch" writes all changes as one patch;`,
      `after "git amp squash ${id}" there are no merges any more.`,
    )
  }
  const changing: CommitInfo[] = []
  for (const commit of commits) if (await hasChange(repo, commit)) changing.push(commit)
  for (const [at, commit] of changing.entries()) {
    const number = changing.length === 1 ? null : `${at + 1}/${changing.length}`
    const patch = await commitPatch(repo.git, commit.oid)
    const [seconds = '0', zone = '+0000'] = commit.author.date.split(' ')
    const author = { ...commit.author, seconds: Number(seconds), offset: minutes(zone) }
    yield patchMail({ oid: commit.oid, author, message: commit.message, number, patch })
  }
}

const hasChange = async (repo: Repo, commit: CommitInfo): Promise<boolean> =>
  (await repo.treeBefore(commit)) !== commit.tree

/** `+0530` in minutes. */
function minutes(zone: string): number {
  const [, sign, hours = '0', rest = '0'] = /^([+-])(\d\d)(\d\d)$/.exec(zone) ?? []
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(rest))
}
