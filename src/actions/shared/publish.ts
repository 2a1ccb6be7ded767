import { locate } from '../../agent/registry.js'
import { type AmpError, no } from '../../errors.js'
import { aheadBehind } from '../../git/history.js'
import {
  compareUrl,
  hostedAt,
  hostingTools,
  offeredUrl,
  openPullRequest,
  type PullRequest,
  toolFor,
} from '../../git/hosting.js'
import { type Pushed, pushRef } from '../../git/push.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchName } from '../../state/names.js'
import { present } from '../../util/collections.js'
import { plural } from '../../util/time.js'

/** Where a branch is pushed to. */
export interface Target {
  remote: string
  /** The full ref there. */
  ref: string
}

/** The names of the remotes. */
export const remotesOf = async (repo: Repo): Promise<string[]> =>
  (await repo.git.text(['remote'])).split('\n').filter((name) => name !== '')

/**
 * The remote that git itself would push a branch to, or the one that is named.
 * @param upstream whether the branch goes where it is pulled from
 */
export async function targetOf(
  repo: Repo,
  branch: string,
  { wanted, upstream }: { wanted: string | null; upstream: boolean },
): Promise<Target> {
  const remotes = await remotesOf(repo)
  const config = await repo.config()
  const pulled = config.get(`branch.${branch}.remote`)
  const [only] = remotes.length === 1 ? remotes : []
  const usual = [config.get(`branch.${branch}.pushremote`), config.get('remote.pushdefault'), pulled, only, 'origin']
  const remote = wanted ?? present(usual).find((name) => remotes.includes(name))
  if (remote === undefined)
    throw no('there is no remote to push to', 'Add one with "git remote add origin <url>", or name it: --push=<remote>')
  if (!remotes.includes(remote))
    throw no(`there is no remote '${remote}'`, `Known: ${remotes.length === 0 ? 'none' : remotes.join(', ')}.`)
  const merge = upstream && remote === pulled ? config.get(`branch.${branch}.merge`) : null
  return { remote, ref: merge ?? `refs/heads/${branch}` }
}

/** The upstream of a branch, and how many commits the branch lacks of it; null when it was never fetched. */
export interface Upstream {
  name: string
  behind: number | null
}

/** How a branch stands to its upstream, as it was fetched last; null when it has none. */
export async function upstreamOf(repo: Repo, ref: string, at: Oid): Promise<Upstream | null> {
  const upstream = await repo.git.text(['for-each-ref', '--format=%(upstream)', ref])
  if (upstream === '') return null
  const there = await repo.refs.read(upstream)
  const name = upstream.replace(/^refs\/(remotes|heads)\//, '')
  return { name, behind: there === null ? null : (await aheadBehind(repo.git, at, there)).behind }
}

/** In words; null when nothing is missing. */
export const staleWords = (ref: string, upstream: Upstream | null): string | null =>
  upstream === null || upstream.behind === null || upstream.behind === 0
    ? null
    : `${branchName(ref)} is ${plural(upstream.behind, 'commit')} behind ${upstream.name}, as fetched last`

/** Git as the user runs it, where a push belongs. */
const userGit = async (repo: Repo) => repo.asUser(repo.location.isBare ? repo.location.commonDir : await repo.home())

/** Pushes a branch, without force. @throws AmpError when the remote does not take it */
export async function pushBranch(repo: Repo, from: string, target: Target): Promise<void> {
  const pushed = await pushRef(await userGit(repo), { remote: target.remote, from, to: target.ref })
  if (!pushed.isDone) throw notPushed(branchName(from), target, pushed)
}

const notPushed = (branch: string, { remote }: Target, { reason, remarks }: Pushed): AmpError =>
  no(
    `'${branch}' could not be pushed to ${remote}: ${reason}`,
    ...remarks.filter((line) => !/^($|error:)/.test(line)).slice(0, 5),
  )

/** A pull request that was opened, or where one can be opened. */
export interface Review {
  /** Empty when nobody knows an address of it: then the branch is pushed, and that is all. */
  url: string
  isOpened: boolean
  /** Why it was not opened by a program; null when it was. */
  problem: string | null
}

/**
 * Pushes a session's branch and opens a pull request for it, with `gh` or `glab`. The branch may have been rewritten since it was pushed: it moves
 * from where it was seen last, and from nowhere else.
 * @param known the pull request that is open for it already
 */
export async function review(
  repo: Repo,
  request: { tip: ChainTip; from: string; target: Target; known: string | null; signal: AbortSignal },
  pull: PullRequest,
): Promise<Review> {
  const { tip, from, target, known, signal } = request
  const tracking = `refs/remotes/${target.remote}/${branchName(from)}`
  const lease = await repo.refs.read(tracking)
  if (lease !== null) await refuseOthers(repo, { tip, from, tracking, lease })
  const pushed = await pushRef(await userGit(repo), { remote: target.remote, from, to: target.ref, lease })
  if (!pushed.isDone) throw notPushed(branchName(from), target, pushed)
  if (known !== null) return { url: known, isOpened: true, problem: null }
  const opened = await open(repo, { target, signal }, pull)
  if ('url' in opened) return { url: opened.url, isOpened: true, problem: null }
  const hosted = await hostOf(repo, target.remote)
  const url = offeredUrl(pushed.remarks) ?? (hosted === null ? null : compareUrl(hosted, pull))
  return { url: url ?? '', isOpened: false, problem: opened.problem }
}

/**
 * A fetch makes what somebody else pushed to the branch "seen": it is replaced only when the session had it once, or has its change.
 * @throws AmpError when work of others would go
 */
async function refuseOthers(
  repo: Repo,
  { tip, from, tracking, lease }: { tip: ChainTip; from: string; tracking: string; lease: Oid },
): Promise<void> {
  const list = async (...args: string[]) =>
    (await repo.git.text(['rev-list', ...args])).split('\n').filter((oid) => oid !== '')
  const [never, lacking] = await Promise.all([
    list(lease, `^${tip.oid}`),
    list('--right-only', '--cherry-pick', `${from}...${lease}`),
  ])
  const others = never.filter((oid) => lacking.includes(oid))
  if (others.length === 0) return
  const name = tracking.replace(/^refs\/remotes\//, '')
  throw no(
    `${name} has ${plural(others.length, 'commit')} that session ${tip.snapshot.name} has not: ${others.map((oid) => oid.slice(0, 12)).join(', ')}`,
    `Take them into its worktree with "git cherry-pick", then run the command again.`,
  )
}

const hostOf = async (repo: Repo, remote: string) => hostedAt(await repo.git.text(['remote', 'get-url', remote]))

/** By the program for the host, or by the first that is here when its name does not tell. */
async function open(
  repo: Repo,
  { target, signal }: { target: Target; signal: AbortSignal },
  pull: PullRequest,
): Promise<{ url: string } | { problem: string }> {
  const { env, fs } = repo.host
  const hosted = await hostOf(repo, target.remote)
  const tool = hosted === null ? null : toolFor(hosted.host)
  const cwd = (await userGit(repo)).cwd
  let problem = `${tool ?? hostingTools.join(' and ')} ${tool === null ? 'are' : 'is'} not installed`
  for (const name of tool === null ? hostingTools : [tool]) {
    const file = await locate(name, env, fs)
    if (file === null) continue
    const opened = await openPullRequest({ tool: name, file, cwd, env: repo.childEnv, signal }, pull)
    if ('url' in opened) return opened
    problem = `${name}: ${opened.problem}`
  }
  return { problem }
}
