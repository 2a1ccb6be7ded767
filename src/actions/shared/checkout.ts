import { basename, dirname, join } from 'node:path'
import { fatal, no } from '../../errors.js'
import type { Git, Oid } from '../../git/run.js'
import type { Worktree } from '../../git/worktree.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchName, branchRef } from '../../state/names.js'
import { shellWord } from '../../util/quote.js'
import { ownerOf } from './git-file.js'
import type { Place } from './place.js'
import { readSessionFile } from './session-file.js'
import { allSessions, refuseRunning } from './sessions.js'

/** A checkout of the base, and git as the user runs it there. */
export interface Checkout {
  path: string
  git: Git
}

/** The git directory of a checkout, with its index. */
export const gitDirOf = ({ git }: Checkout): Promise<string> =>
  git.text(['rev-parse', '--path-format=absolute', '--git-dir'])

/**
 * Where a branch is checked out; null when nowhere.
 * @throws AmpError while it is being rebased, or when it is checked out twice
 */
export async function checkoutOf(repo: Repo, ref: string): Promise<Checkout | null> {
  repo.forgetWorktrees()
  const worktrees = await ownWorktrees(repo)
  for (const worktree of worktrees.filter((one) => one.branch === null && !one.isBare)) {
    const gitDir = await repo.in(worktree.path).text(['rev-parse', '--absolute-git-dir'])
    for (const dir of ['rebase-merge', 'rebase-apply']) {
      const name = await repo.host.fs.readFile(join(gitDir, dir, 'head-name'), 'utf8').catch(() => '')
      if (name.trim() === ref) {
        throw no(`'${branchName(ref)}' is being rebased in ${worktree.path}`, 'Finish or abort that rebase first.')
      }
    }
  }
  const there = worktrees.filter((one) => one.branch === branchName(ref)).map((one) => one.path)
  if (there.length > 1) {
    throw no(
      `'${branchName(ref)}' is checked out in ${there.join(' and in ')}`,
      'Switch all but one of them to another branch.',
    )
  }
  await refuseHidden(repo, ref)
  const unusual = await unusualCheckout(repo, ref)
  if (unusual !== null) return unusual
  const path = there[0]
  return path === undefined ? null : { path, git: repo.asUser(path) }
}

/** The worktrees that are there. A copy of a repository lists those of the first one, too. */
async function ownWorktrees(repo: Repo): Promise<Worktree[]> {
  const listed = (await repo.worktrees()).filter((one) => one.prunable === null)
  const owners = await Promise.all(listed.map(({ path }) => ownerOf(repo, { path, gitDir: '' })))
  return listed.filter((_, at) => (owners[at] ?? repo.location.commonDir) === repo.location.commonDir)
}

/**
 * Refuses to move a branch while an agent works on it: its files would change under it, or its work would end beside the branch.
 * @param checkout where the branch is checked out; the agent of another session may have gone there
 */
export async function refuseAgentOn(repo: Repo, ref: string, checkout: Checkout | null): Promise<void> {
  const gitDir = checkout && (await gitDirOf(checkout))
  const there = gitDir && (await readSessionFile(repo, gitDir))
  for (const tip of (await allSessions(repo)).sessions)
    if (tip.id === there || branchRef(tip.snapshot.branch) === ref) await refuseRunning(repo, tip)
}

/**
 * Refuses to move a session's branch while it is checked out anywhere but in the session's own worktree: that checkout would keep the files of
 * before, and show what the branch gained as taken back.
 */
export async function refuseCheckedOut(repo: Repo, tip: ChainTip, place: Place | null): Promise<void> {
  const checkout = await checkoutOf(repo, branchRef(tip.snapshot.branch))
  if (checkout === null) return
  const gitDir = await gitDirOf(checkout)
  if (gitDir === place?.gitDir) return
  throw fatal(
    `the branch of session ${tip.snapshot.name} is checked out in ${checkout.path}, which is yours`,
    `Switch that checkout to another branch first with "git -C ${shellWord(checkout.path)} switch -".`,
  )
}

/** An agent that sets `core.bare` hides the main checkout from git, and its files would stay behind. */
async function refuseHidden(repo: Repo, ref: string): Promise<void> {
  const { commonDir } = repo.location
  const main = (await repo.worktrees())[0]
  const index = join(commonDir, 'index')
  const hasIndex = await repo.host.fs.access(index).then(
    () => true,
    () => false,
  )
  if (main?.isBare !== true || basename(commonDir) !== '.git' || !hasIndex) return
  const head = await repo.git.text(['symbolic-ref', '--quiet', 'HEAD'], { ok: [0, 1] }) // 1: detached
  if (head !== ref) return
  const git = `git --git-dir=${shellWord(commonDir)}`
  throw no(
    `'${branchName(ref)}' is checked out in ${dirname(commonDir)}, but core.bare is set there`,
    `If it is not bare, run: ${git} config core.bare false`,
    `If it is, remove what is left of its checkout: rm ${shellWord(index)}`,
  )
}

/**
 * A work tree that `git worktree list` does not tell: named by --work-tree or `core.worktree`, as dotfiles and submodules are.
 */
async function unusualCheckout(repo: Repo, ref: string): Promise<Checkout | null> {
  const { commonDir } = repo.location
  const path = await repo.home()
  const main = (await repo.worktrees())[0]
  const isUsual = main === undefined || main.path === path
  const isThere = repo.location.topLevel === path || (await repo.config()).get('core.worktree') !== null
  if (isUsual || !isThere) return null
  const head = await repo.git.text(['symbolic-ref', '--quiet', 'HEAD'], { ok: [0, 1] }) // 1: detached
  if (head !== ref) return null
  return { path, git: repo.asUser(path).at(path, [`--git-dir=${commonDir}`, `--work-tree=${path}`]) }
}

/**
 * Moves a checked-out branch, its index and its files to a later commit, by `git merge --ff-only`.
 * @throws AmpError when the user switched branches, or something of the user's is in the way
 */
export async function forward(checkout: Checkout, step: { into: string; after: Oid }): Promise<void> {
  const git = checkout.git.with({ LC_ALL: 'C' })
  const head = await git.text(['symbolic-ref', '--quiet', 'HEAD'], { ok: [0, 1] }) // 1: detached
  if (head !== step.into) {
    throw no(
      `the checkout in ${checkout.path} was switched away from '${branchName(step.into)}'`,
      'Run the command again.',
    )
  }
  await git.run([
    'merge',
    '--ff-only',
    '--no-squash',
    '--no-autostash',
    '--commit',
    '--no-overwrite-ignore',
    '--quiet',
    step.after,
  ])
}
