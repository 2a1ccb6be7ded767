import { isAbsolute, join, relative, resolve } from 'node:path'
import { fatal } from '../errors.js'
import { diffFiles, type FileChange } from '../git/diff.js'
import type { Git, Oid } from '../git/run.js'
import { readStatus } from '../git/status.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import { iterationsOf } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { baseOf } from './shared/adopt.js'
import { findSession } from './shared/find.js'
import { onIndexCopy } from './shared/index-copy.js'
import { findPlace, type Place } from './shared/place.js'
import { pickIteration } from './show.js'

export interface DiffOptions {
  session?: string | undefined
  /** A second session: its head against the first one's. */
  other?: string | undefined
  /** `<n>` or `<a>..<b>` */
  iteration?: string | undefined
  /** Paths as the user typed them, in the current directory. */
  paths?: readonly string[] | undefined
}

/** A diff that git can be asked for. `base` and `head` are what is compared; `head` null is the worktree. */
export interface DiffPlan {
  tip: ChainTip
  base: Oid
  head: Oid | null
  paths: string[]
}

/**
 * Plans the diff of a session and calls `work` while it can be asked for: against the recorded base, or the later one that the branch was put
 * on by hand, uncommitted and untracked files included. Those are seen through a copy of the index, so that nothing the user staged changes.
 * @param work gets the git to ask and the range to pass to `git diff`
 */
export async function diffSession<T>(
  repo: Repo,
  options: DiffOptions,
  work: (git: Git, plan: DiffPlan & { range: string[] }) => Promise<T>,
): Promise<T> {
  const tip = await findSession(repo, options.session)
  const place = await findPlace(repo, tip)
  const paths = (options.paths ?? []).map((path) => anchor(repo, place, path))
  const range = await rangeOf(repo, tip, options)
  if (range !== null || place === null) {
    const here = await headOf(repo, tip)
    const { base, head } = range ?? { base: await baseOf(repo, tip, here), head: here }
    return work(asUserIn(repo, place), { tip, base, head, paths, range: [base, head] })
  }
  const base = await baseOf(repo, tip, (await repo.worktreeRef(place.gitDir, 'HEAD')) ?? (await headOf(repo, tip)))
  return withUntracked(repo, place, (git) => work(git, { tip, base, head: null, paths, range: [base] }))
}

/** The changed files, for `--json` and `--porcelain`. */
export const changedFiles = (git: Git, plan: { range: string[]; paths: string[] }): Promise<FileChange[]> =>
  diffFiles(git, plan.range, plan.paths)

/** A git whose index knows the untracked files of the worktree as well. */
async function withUntracked<T>(repo: Repo, place: Place, work: (git: Git) => Promise<T>): Promise<T> {
  const status = await readStatus(place.git)
  const user = asUserIn(repo, place)
  if (status.untracked.length === 0) return work(user)
  return onIndexCopy(repo, { place, git: user }, async (git) => {
    const input = status.untracked.map((path) => `:(top,literal)${path}`).join('\0')
    const add = ['add', '--intent-to-add', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul']
    await git.run(['-c', 'core.safecrlf=false', ...add], { input })
    return work(git)
  })
}

/** Git as the user runs it, in the worktree or, without one, on the repository alone. */
function asUserIn(repo: Repo, place: Place | null): Git {
  const { commonDir } = repo.location
  if (place === null) return repo.asUser(commonDir).at(commonDir, [`--git-dir=${commonDir}`])
  return repo.asUser(place.path).at(place.path, [`--git-dir=${place.gitDir}`, `--work-tree=${place.path}`])
}

/** Where the session's branch stands; a deleted one as it is recorded. */
export const headOf = async (repo: Repo, tip: ChainTip): Promise<Oid> =>
  (await repo.refs.read(branchRef(tip.snapshot.branch))) ?? tip.snapshot.heads[0] ?? tip.snapshot.base.oid

/** What is compared when the user names iterations or a second session; null means the session against its base. */
async function rangeOf(repo: Repo, tip: ChainTip, options: DiffOptions): Promise<{ base: Oid; head: Oid } | null> {
  if (options.other !== undefined) {
    return { base: await headOf(repo, tip), head: await headOf(repo, await findSession(repo, options.other)) }
  }
  if (options.iteration === undefined) return null
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(options.iteration)
  if (match === null)
    throw fatal(`'${options.iteration}' is no iteration`, 'Write --iteration <n> or --iteration <a>..<b>.')
  const iterations = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const first = pickIteration(tip, iterations, Number(match[1]))
  if (match[2] === undefined) return { base: first.from, head: first.to ?? first.from }
  const last = pickIteration(tip, iterations, Number(match[2]))
  return { base: first.to ?? first.from, head: last.to ?? last.from }
}

/** A path typed in the user's directory, as the session's worktree knows it; pathspecs with magic stand as they are. */
export function anchor(repo: Repo, place: Place | null, path: string): string {
  if (path.startsWith(':')) return path
  const { topLevel, prefix } = repo.location
  const absolute = isAbsolute(path) ? path : resolve(repo.host.cwd, path)
  if (place !== null && (absolute === place.path || absolute.startsWith(`${place.path}/`)))
    return `:(top)${relative(place.path, absolute)}`
  if (topLevel === null) return path
  const inside = isAbsolute(path) ? relative(topLevel, absolute) : join(prefix, path)
  return inside === '.' || inside === '' ? ':(top)' : `:(top)${inside}`
}
