import { join } from 'node:path'
import { type Committed, commitSafely, commitTree, isSigning, type NewCommit } from '../../git/commit.js'
import { type HookFailure, Hooks, hookOwner } from '../../git/hooks.js'
import { switchFiles } from '../../git/merge.js'
import type { Git, Oid } from '../../git/run.js'
import { stageAll, writeTree } from '../../git/stage.js'
import type { Repo } from '../../repo.js'
import { withTrailers } from '../../util/message.js'
import type { Place } from './place.js'
import { readSessionFile } from './session-file.js'

/** So much of what a failing hook printed is recorded. */
const keptOutput = 1000

/** The message of a commit. */
interface Words {
  message: string
  trailers: readonly (readonly [string, string])[]
  /** Prefix that the subject keeps, whatever a commit-msg hook does to it; empty for the human's own commits. */
  prefix: string
}

/** What is committed, on which parent, with which words. */
export interface WorkToCommit extends Words {
  parent: Oid
  nested: readonly string[]
}

/** A commit of everything in the worktree, not yet pointed at. */
export interface CommittedWork {
  oid: Oid
  tree: Oid
  hooks: HookFailure[]
  unsigned: string | null
  /** What git could not stage, in its words. */
  unstaged: string
  /** Commits of what a hook replaced, to be kept reachable. */
  kept: Oid[]
}

const found = new WeakMap<Place, Promise<Hooks>>()

/**
 * The hooks that apply in a session's worktree, or none under `amp.hooks=skip`. They are looked up once for each place: what an agent
 * does to the configuration meanwhile changes nothing.
 */
export function hooksOf(repo: Repo, place: Place): Promise<Hooks> {
  const hooks = found.get(place) ?? findHooks(repo, place)
  found.set(place, hooks)
  return hooks
}

async function findHooks(repo: Repo, place: Place): Promise<Hooks> {
  const config = await repo.config()
  const git = repo.asUser(place.path).at(place.path, [`--git-dir=${place.gitDir}`, `--work-tree=${place.path}`])
  if (config.get('amp.hooks') === 'skip') return Hooks.none(git)
  const session = await readSessionFile(repo, place.gitDir)
  const hooks = await Hooks.find(git, repo.host.fs, { main: await repo.home(), path: place.hooksPath })
  return hooks.of(hookOwner(repo.location.commonDir, session), repo.host.env)
}

/** Whether commits there are to be signed. Git is asked only where the answer is not plain. */
async function signs(repo: Repo, place: Place): Promise<boolean> {
  const config = await repo.config()
  return config.isConditional || config.get('commit.gpgSign') !== null ? isSigning(place.git) : false
}

/**
 * Commits everything in a worktree as `git commit -a` would, untracked files included: the user's hooks run and may restage, signing is
 * honoured. A failing hook or signature never loses the work: the commit is then made without it, and the answer says so.
 */
export async function commitWork(repo: Repo, place: Place, work: WorkToCommit): Promise<CommittedWork> {
  const [hooks, sign, parentTree, unstaged] = await Promise.all([
    hooksOf(repo, place),
    signs(repo, place),
    repo.treeOf(work.parent),
    stageAll(place.git, work.nested),
  ])
  const tree = await writeTree(place.git)
  const staged = await runPreCommit(place.git, hooks, { tree, parentTree, nested: work.nested })
  const commit = await commitWorded(repo, place, { ...work, hooks, sign, tree: staged.tree })
  const kept = await Promise.all(staged.replaced.map((one) => keepTree(place.git, one, work.parent)))
  const failures = await tellable(repo, place, [...staged.failures, ...commit.failures])
  return { oid: commit.oid, tree: staged.tree, hooks: failures, unsigned: commit.unsigned, unstaged, kept }
}

/** Commits a tree that is not what stands in the worktree: `pre-commit`, which looks there, does not run. */
export async function commitShare(
  repo: Repo,
  place: Place,
  work: Omit<WorkToCommit, 'nested'> & { tree: Oid },
): Promise<CommittedWork> {
  const [hooks, sign] = await Promise.all([hooksOf(repo, place), signs(repo, place)])
  const { oid, unsigned, failures } = await commitWorded(repo, place, { ...work, hooks, sign })
  return { oid, tree: work.tree, hooks: await tellable(repo, place, failures), unsigned, unstaged: '', kept: [] }
}

async function commitWorded(
  repo: Repo,
  place: Place,
  { tree, parent, hooks, sign, ...words }: Words & { tree: Oid; parent: Oid; hooks: Hooks; sign: boolean },
): Promise<Committed & { failures: HookFailure[] }> {
  const { message, failures } = await runMessageHooks(repo, place, { hooks, work: words })
  return { ...(await commitNow(repo, place, { tree, parents: [parent], message, sign })), failures }
}

/** Makes a commit by the user. One without a signature needs no git, where who makes it is known. */
async function commitNow(repo: Repo, place: Place, commit: NewCommit): Promise<Committed> {
  const { tree, parents, message } = commit
  const stamp = commit.sign || message.includes('\0') ? null : await repo.author()
  if (stamp === null) return commitSafely(place.git, commit)
  const text = message.endsWith('\n') ? message : `${message}\n`
  const oid = await repo.objects.writeCommit({ tree, parents, author: stamp, committer: stamp, message: text })
  // What follows may ask git for it.
  await repo.catFile.flush()
  return { oid, unsigned: null }
}

/** Failures with what may be recorded of their output. */
async function tellable(repo: Repo, place: Place, failures: readonly HookFailure[]): Promise<HookFailure[]> {
  const redact = await repo.redactor(place.path)
  return failures.map((failure) => ({ ...failure, output: redact(failure.output).slice(-keptOutput) }))
}

interface Staged {
  tree: Oid
  failures: HookFailure[]
  /** Trees that a hook replaced. */
  replaced: Oid[]
}

/**
 * Runs `pre-commit`. A hook that fixes files and fails (as the pre-commit framework does) gets a second run on what it fixed. When it fails
 * for good, or takes all the work away, the tree is the one from before the hooks.
 */
async function runPreCommit(
  git: Git,
  hooks: Hooks,
  before: { tree: Oid; parentTree: Oid; nested: readonly string[] },
): Promise<Staged> {
  if (!hooks.has('pre-commit')) return { tree: before.tree, failures: [], replaced: [] }
  let failure = await hooks.run('pre-commit')
  let tree = await restage(git, before.nested)
  if (failure !== null && tree !== before.tree) {
    failure = await hooks.run('pre-commit')
    tree = await restage(git, before.nested)
  }
  const isGone = tree === before.parentTree && before.tree !== before.parentTree
  const lost: HookFailure = { name: 'pre-commit', exit: 0, output: 'It took all changes out of the worktree.' }
  const problem = failure ?? (isGone ? lost : null)
  if (problem === null) return { tree, failures: [], replaced: tree === before.tree ? [] : [before.tree] }
  if (tree === before.tree) return { tree, failures: [problem], replaced: [] }
  // What the hook did to the files goes as well: it would be taken for the human's edits the next time.
  const refusal = await switchFiles(git, { from: tree, to: before.tree })
  const told = refusal === null ? problem : { ...problem, output: `${problem.output}\n${refusal}` }
  return { tree: before.tree, failures: [told], replaced: [tree] }
}

/** A tree that a hook replaced is kept in a commit of its own. */
const keepTree = (git: Git, tree: Oid, parent: Oid): Promise<Oid> =>
  commitTree(git, { tree, parents: [parent], message: 'Before the pre-commit hook\n', sign: false })

async function restage(git: Git, nested: readonly string[]): Promise<Oid> {
  await stageAll(git, nested)
  return writeTree(git)
}

async function runMessageHooks(
  repo: Repo,
  place: Place,
  { hooks, work }: { hooks: Hooks; work: Words },
): Promise<{ message: string; failures: HookFailure[] }> {
  const plain = withTrailers(work.message, work.trailers)
  if (!hooks.has('prepare-commit-msg') && !hooks.has('commit-msg')) return { message: plain, failures: [] }
  const file = join(place.gitDir, 'COMMIT_EDITMSG')
  await repo.host.fs.writeFile(file, plain)
  const failure = (await hooks.run('prepare-commit-msg', [file, 'message'])) ?? (await hooks.run('commit-msg', [file]))
  if (failure !== null) return { message: plain, failures: [failure] }
  const edited = await place.git.text(['stripspace'], { input: await repo.host.fs.readFile(file, 'utf8') })
  return { message: keepForm(edited, work) ?? plain, failures: [] }
}

/** The message a hook made, with the prefix and the trailers that it may have taken away; null when nothing is left of it. */
function keepForm(edited: string, work: Words): string | null {
  if (edited.trim() === '') return null
  const missing = work.trailers.filter(([key, value]) => !edited.split('\n').includes(`${key}: ${value}`))
  const subject = edited.startsWith(work.prefix) ? edited : `${work.prefix} ${edited}`
  return withTrailers(subject, missing)
}
