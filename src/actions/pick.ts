import { AmpError, conflict, fatal, no } from '../errors.js'
import { type CommitInfo, commitsBetween, isAncestor, resolveCommit } from '../git/history.js'
import { type Git, GitError, type Oid } from '../git/run.js'
import { readStatus } from '../git/status.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents, readTip } from '../state/chain.js'
import { subjectOf } from '../util/message.js'
import { anchor, headOf } from './diff.js'
import { baseOf } from './shared/adopt.js'
import { findSession } from './shared/find.js'
import { ownCommits } from './shared/own.js'
import { logMoved } from './shared/record.js'
import { currentSession } from './shared/session-file.js'
import { refuseRunning } from './shared/sessions.js'
import { stagedBy } from './shared/staged.js'

export interface PickOptions {
  session: string
  /** Revisions of its commits; without them and without paths all of its own. */
  commits: readonly string[]
  /** Paths as the user typed them: the change of these, uncommitted. */
  paths: readonly string[]
  dryRun?: boolean | undefined
}

export interface PickResult {
  tip: ChainTip
  /** Where the changes come from, oldest first; with paths and no commits the whole session. */
  picked: { oid: Oid; subject: string }[]
  /** What they became here; none for paths, which are staged. */
  made: Oid[]
  /** Commits whose change is here already. */
  dropped: Oid[]
  files: string[]
  isDryRun: boolean
}

/**
 * Takes commits of a session, or its changes to some paths, into the checkout that the user is in, by plain git: `cherry-pick -x`, or
 * `apply --3way --index`. Files that the user has changed are not touched: that is asked before anything is done.
 */
export async function pickFrom(repo: Repo, options: PickOptions): Promise<PickResult> {
  const tip = await findSession(repo, options.session)
  const git = await checkoutHere(repo, tip)
  const isDryRun = options.dryRun === true
  const commits = await commitsOf(repo, tip, options)
  if (options.paths.length === 0 && commits.length === 0)
    throw no(`session ${tip.snapshot.name} has no commits to pick`)
  const paths = options.paths.map((path) => anchor(repo, null, path))
  const spans = commits.length > 0 ? await Promise.all(commits.map(spanOf(repo))) : [await wholeOf(repo, tip)]
  const files = await filesOf(git, spans, paths)
  if (paths.length > 0 && files.length === 0) throw no(`session ${tip.snapshot.name} changes nothing in these paths`)
  await refuseOverlap(git, files)
  const picked = commits.map(({ oid, message }) => ({ oid, subject: subjectOf(message) }))
  const result = { tip, picked, files, made: [], dropped: [], isDryRun }
  if (isDryRun) return result
  if (paths.length === 0) return { ...result, ...(await logged(repo, { tip, git }, () => cherryPick(git, picked))) }
  await staging(repo, { tip, git }, async () => {
    for (const span of spans) await applyPaths(git, span, paths)
  })
  return result
}

/** Logs what was staged, for undo. A conflict is git's own, and its files are there to be resolved. */
async function staging(
  repo: Repo,
  { tip, git }: { tip: ChainTip; git: Git },
  work: () => Promise<void>,
): Promise<void> {
  const staged = await stagedBy(repo, git, work)
  if (staged !== null) await logMoved(repo, tip, { id: repo.newId(), command: 'pick', staged })
}

/** Where the user is. @throws AmpError where there are no files, or where an agent is at work */
async function checkoutHere(repo: Repo, from: ChainTip): Promise<Git> {
  const { topLevel } = repo.location
  if (topLevel === null) throw fatal('there is no checkout here to pick into', 'Run the command in a worktree.')
  const here = await currentSession(repo)
  if (here === from.id) throw no(`this is the worktree of session ${from.snapshot.name} itself`)
  const current = here === null ? null : await readTip(repo, here)
  if (current !== null) await refuseRunning(repo, current)
  return repo.asUser(topLevel)
}

async function commitsOf(repo: Repo, tip: ChainTip, { commits, paths }: PickOptions): Promise<CommitInfo[]> {
  const head = await headOf(repo, tip)
  if (commits.length > 0) return Promise.all(commits.map((revision) => commitOf(repo, tip, { revision, head })))
  if (paths.length > 0) return []
  const events = await readEvents(repo.objects, tip.oid, tip.ref)
  return (await ownCommits(repo, tip, { head, events })).filter(({ parents }) => parents.length < 2)
}

/** A commit that stands on the session's branch, or stood there before a squash or a rebase. */
async function commitOf(repo: Repo, tip: ChainTip, { revision, head }: { revision: string; head: Oid }) {
  const oid = await resolveCommit(repo.in(repo.location.topLevel ?? repo.location.gitDir), revision)
  if (oid === null)
    throw fatal(`'${revision}' is no commit here`, `"git amp log ${tip.id}" shows those of the session.`)
  if (!(await isAncestor(repo.git, oid, head)) && !(await isAncestor(repo.git, oid, tip.oid)))
    throw fatal(`${revision} is no commit of session ${tip.snapshot.name}`, 'Take any other with "git cherry-pick".')
  const [commit] = await commitsBetween(repo.git, ((await repo.objects.readCommit(oid))?.parents ?? []) as Oid[], oid)
  if (commit !== undefined && commit.parents.length < 2) return commit
  throw no(`${revision} is a merge, which cannot be picked`, 'Name the commits that were merged.')
}

/** A change, from one commit or tree to another. */
interface Span {
  from: Oid
  to: Oid
}

const spanOf =
  (repo: Repo) =>
  async (commit: CommitInfo): Promise<Span> => ({
    from: commit.parents[0] ?? (await repo.treeBefore(commit)),
    to: commit.oid,
  })

async function wholeOf(repo: Repo, tip: ChainTip): Promise<Span> {
  const head = await headOf(repo, tip)
  return { from: await baseOf(repo, tip, head), to: head }
}

async function filesOf(git: Git, spans: readonly Span[], paths: readonly string[]): Promise<string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames']
  const lists = spans.map(({ from, to }) => git.items([...args, from, to, '--', ...paths]))
  return [...new Set((await Promise.all(lists)).flat())].sort()
}

/** Git refuses some of it as well, but only when it gets there, with the first commits picked. */
async function refuseOverlap(git: Git, files: readonly string[]): Promise<void> {
  const status = await readStatus(git)
  if (status.unmerged.length > 0)
    throw no(`there are conflicts here already: ${status.unmerged.join(', ')}`, 'Resolve them first.')
  const own = new Set([...status.changed, ...status.untracked])
  const common = files.filter((file) => own.has(file))
  if (common.length === 0) return
  throw no(
    `your changes here are in the way: ${common.join(', ')}`,
    'Commit or stash them, then run the command again.',
  )
}

/** Lets git move the branch that is checked out, and logs where it came from, also when git stops on the way. */
async function logged<T>(repo: Repo, { tip, git }: { tip: ChainTip; git: Git }, work: () => Promise<T>): Promise<T> {
  const ref = await git.text(['symbolic-ref', '--quiet', 'HEAD'], { ok: [0, 1] }) // 1: detached
  const at = async () => (ref === '' ? null : repo.refs.read(ref))
  const before = await at()
  try {
    return await work()
  } finally {
    const after = await at()
    const moved = [{ ref, old: before, new: after }]
    if (after !== before) await logMoved(repo, tip, { id: repo.newId(), command: 'pick', moved })
  }
}

async function cherryPick(git: Git, commits: PickResult['picked']): Promise<{ made: Oid[]; dropped: Oid[] }> {
  const [made, dropped]: [Oid[], Oid[]] = [[], []]
  for (const { oid, subject } of commits) {
    const problem = await attempt(git, ['cherry-pick', '-x', '--allow-empty', oid])
    if (problem === null) made.push(await git.text(['rev-parse', 'HEAD']))
    else if (await isEmptyNow(git, oid)) {
      await git.run(['cherry-pick', '--skip'])
      dropped.push(oid)
    } else {
      const left = commits.slice(made.length + dropped.length + 1).map((commit) => commit.oid.slice(0, 12))
      throw await stopped(git, problem, { what: `'${subject}' (${oid.slice(0, 12)})`, left, isCommit: true })
    }
  }
  return { made, dropped }
}

/** Whether git stopped because nothing of the commit is left to be done. */
async function isEmptyNow(git: Git, oid: Oid): Promise<boolean> {
  const picking = await git.text(['rev-parse', '--verify', '--quiet', 'CHERRY_PICK_HEAD'], { ok: [0, 1] }) // 1: none
  if (picking !== oid) return false
  return (await git.run(['diff-index', '--cached', '--quiet', 'HEAD'], { ok: [0, 1] })).code === 0 // 1: something is
}

async function applyPaths(git: Git, { from, to }: Span, paths: readonly string[]): Promise<void> {
  const diff = ['diff-tree', '-r', '-p', '--binary', '--full-index', '--no-renames', from, to, '--', ...paths]
  const input = await git.bytes(diff)
  if (input.length === 0) return
  const problem = await attempt(git, ['apply', '--3way', '--index', '--whitespace=nowarn', '-'], input)
  if (problem !== null) throw await stopped(git, problem, { what: 'the change', left: [], isCommit: false })
}

async function attempt(git: Git, args: readonly string[], input?: Uint8Array): Promise<GitError | null> {
  try {
    await git.run(args, input === undefined ? {} : { input })
    return null
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    return error
  }
}

/** What git left: a conflict of its own, to be finished with git, or nothing at all. */
async function stopped(
  git: Git,
  problem: GitError,
  at: { what: string; left: readonly string[]; isCommit: boolean },
): Promise<AmpError> {
  const { unmerged } = await readStatus(git)
  if (unmerged.length === 0) return new AmpError('no', problem.message, { cause: problem, hints: problem.hints })
  const finish = at.isCommit
    ? [
        'Resolve it, "git add" the files, and run "git cherry-pick --continue"; "git cherry-pick --abort" takes it back.',
      ]
    : ['Resolve it and "git add" the files.']
  const more = at.left.length === 0 ? [] : [`Not picked yet: ${at.left.join(', ')}`]
  return conflict(`${at.what} conflicts in ${unmerged.join(', ')}`, { paths: unmerged }, ...finish, ...more)
}
