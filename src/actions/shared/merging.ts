import type { Repo } from '../../repo.js'
import type { Within } from '../../state/oplog.js'
import { present } from '../../util/collections.js'
import type { MergeStyle } from './landing.js'

/** How a merge is to be done. */
export interface MergePlan {
  /** A branch; without it the base that the session was started from. */
  into?: string | undefined
  style?: MergeStyle | undefined
  message?: string | undefined
  /** Manual commits are squashed as well. */
  manual?: 'keep' | 'include' | undefined
  /** False: the commits stay as they are, and the base gets a merge commit when it has moved on. */
  rebase?: boolean | undefined
  /** False: whatever the tests say. */
  test?: boolean | undefined
  /** Keep worktree and branch. */
  keep?: boolean | undefined
  /** The remote that the base is pushed to; true: the one it is pushed to anyway. */
  push?: string | true | undefined
  /** Open a pull request instead of merging. */
  pr?: boolean | undefined
  /** Merge although the last iteration was interrupted. */
  force?: boolean | undefined
}

/** A merge that has begun in this clone, and is not at its end. */
export interface Merging {
  plan: MergePlan
  /** What its steps are recorded as. */
  within: Within
}

const fileOf = (repo: Repo, session: string): string => repo.local('merges', `${session}.json`)

/** Remembers a merge before its first step. Local, and lost without harm: each of its steps is recorded by itself. */
export async function rememberMerge(repo: Repo, session: string, { plan, within }: Merging): Promise<void> {
  await repo.host.fs.mkdir(repo.local('merges'), { recursive: true })
  await repo.host.fs.writeFile(fileOf(repo, session), `${JSON.stringify({ plan, within })}\n`)
}

export const forgetMerge = (repo: Repo, session: string): Promise<void> =>
  repo.host.fs.rm(fileOf(repo, session), { force: true })

/** The merge that has begun; null when there is none. */
export async function readMerge(repo: Repo, session: string): Promise<Merging | null> {
  try {
    const merging = JSON.parse(await repo.host.fs.readFile(fileOf(repo, session), 'utf8')) as Merging
    return typeof merging.within.id === 'string' && typeof merging.plan === 'object' ? merging : null
  } catch {
    // None, or one that was cut when it was written: nothing had been done yet.
    return null
  }
}

/** Every merge that has begun in this clone. */
export async function begunMerges(repo: Repo): Promise<Merging[]> {
  return present(await Promise.all((await mergingIds(repo)).map((id) => readMerge(repo, id))))
}

/** Sessions whose merge was begun here and has not come to its end. */
export async function mergingIds(repo: Repo): Promise<string[]> {
  const names = await repo.host.fs.readdir(repo.local('merges')).catch((): string[] => [])
  return names.map((name) => name.replace(/\.json$/, ''))
}
