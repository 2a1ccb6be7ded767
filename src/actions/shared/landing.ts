import { conflict, fatal, no } from '../../errors.js'
import { commitSafely } from '../../git/commit.js'
import { isAncestor } from '../../git/history.js'
import { mergeTrees, switchFiles } from '../../git/merge.js'
import { GitError, type Oid } from '../../git/run.js'
import { readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchName, branchRef } from '../../state/names.js'
import { type MergeStyle, mergeStyles } from '../../util/choices.js'
import { withTrailers } from '../../util/message.js'
import { type Checkout, checkoutOf, forward, gitDirOf, refuseAgentOn } from './checkout.js'
import { byGit, isHalfMoved, withCheckout } from './checkouts.js'
import { refuseLocked } from './lock.js'
import { checkMessage } from './message-hooks.js'
import { record, type Step } from './record.js'
import { teamOf } from './team.js'

export type { MergeStyle } from '../../util/choices.js'

/** The style that the user asks for, else the configured one, else the team's. */
export async function styleOf(repo: Repo, tip: ChainTip, style: MergeStyle | undefined): Promise<MergeStyle> {
  const configured = (await repo.config()).choice('amp.mergeStyle', mergeStyles)
  return style ?? configured ?? (await teamOf(repo, tip)).mergeStyle ?? 'ff'
}

/** The ref that a session is merged into. @throws AmpError when its base is no branch, and none is named */
export function intoOf(tip: ChainTip, into: string | undefined): string {
  if (into !== undefined) return into.startsWith('refs/heads/') ? into : branchRef(into)
  const { ref, oid } = tip.snapshot.base
  if (ref?.startsWith('refs/heads/')) return ref
  const what = ref ?? `commit ${oid.slice(0, 12)}`
  throw fatal(
    `session ${tip.snapshot.name} was started from ${what}, which is no branch`,
    'Say where the work goes with --into <branch>.',
  )
}

/** The branch that a symbolic ref stands for. */
export async function followRef(repo: Repo, ref: string): Promise<string> {
  const target = await repo.git.text(['symbolic-ref', '--quiet', ref], { ok: [0, 1, 128] }) // 1, 128: an ordinary ref, or none
  return target === '' ? ref : target
}

/** Where a branch is merged into, as it was seen. */
export interface Base {
  into: string
  before: Oid
}

/** The branch that a session goes into, and where it is. */
export async function baseOf(repo: Repo, tip: ChainTip, wanted: string | undefined): Promise<Base> {
  const into = await followRef(repo, intoOf(tip, wanted))
  if (into === branchRef(tip.snapshot.branch)) {
    throw no(
      `'${branchName(into)}' is the branch of session ${tip.snapshot.name} itself: there is nothing to merge`,
      'Name the branch that the work goes into with --into <branch>.',
    )
  }
  const before = await repo.refs.read(into)
  if (before === null)
    throw fatal(`the branch '${branchName(into)}' does not exist`, 'Name another one with --into <branch>.')
  return { into, before }
}

/** The base has all of the session, by whatever way it came there. */
export async function recordContained(
  repo: Repo,
  tip: ChainTip,
  { into, before, head }: Base & { head: Oid },
): Promise<ChainTip> {
  if (tip.snapshot.status === 'merged') return tip
  const recorded = await record(repo, tip.id, () => ({
    subject: `amp(${tip.snapshot.slug}): found merged into ${branchName(into)}`,
    events: [{ type: 'session.merged', data: { into, before, after: before, via: 'ff', result: 'done' } }],
    code: [before, head],
    operation: { id: repo.newId(), command: 'merge' },
  }))
  return recorded?.tip ?? tip
}

export interface Landing extends Base {
  tip: ChainTip
  head: Oid
  style: MergeStyle
  message?: string | undefined
  /** Where the merge runs: its attributes and drivers count. */
  git: Repo['git']
}

export interface Landed {
  tip: ChainTip
  after: Oid
  via: 'ff' | 'merge'
  /** Where the base is checked out and was updated; null when it is checked out nowhere. */
  updated: string | null
  unsigned: string | null
}

/**
 * Makes the merge in memory and moves the base from the value that was seen, without switching anybody's checkout. Where the base is checked
 * out, that checkout is updated when nothing of the user's is in the way.
 */
export async function land(repo: Repo, landing: Landing): Promise<Landed> {
  const { tip, into, before, head } = landing
  if ((await repo.refs.read(into)) !== before)
    throw no(`'${branchName(into)}' moved meanwhile`, 'Run the command again.')
  const made = await makeMerge(repo, landing)
  // Looked up last: hooks and signing may have taken a while, and the user may have switched branches.
  const checkout = await checkoutOf(repo, into)
  await refuseAgentOn(repo, into, checkout)
  if (checkout !== null) await refuseInTheWay(repo, checkout, { into, before, after: made.after })
  const step = stepOf(repo, { tip, into, before, after: made.after, via: made.via, head })
  const move = { ...step, into, before, after: made.after }
  const moved =
    checkout === null ? await moveRef(repo, tip, move) : await moveCheckout(repo, tip, { ...move, checkout })
  return { ...made, tip: moved, updated: checkout?.path ?? null }
}

/** Whether the base can follow at all, before anything of the session is touched. @throws AmpError when it cannot */
export async function checkBase(repo: Repo, { into, before, after }: Base & { after: Oid }): Promise<Checkout | null> {
  const checkout = await checkoutOf(repo, into)
  await refuseAgentOn(repo, into, checkout)
  if (checkout !== null && before !== after) await refuseInTheWay(repo, checkout, { into, before, after })
  return checkout
}

/** Makes the commit that the base is to have. */
async function makeMerge(
  repo: Repo,
  { tip, head, before, into, style, message, git }: Landing,
): Promise<{ after: Oid; via: Landed['via']; unsigned: string | null }> {
  const canForward = await isAncestor(repo.git, before, head)
  if (canForward && style !== 'no-ff') return { after: head, via: 'ff', unsigned: null }
  if (style === 'ff-only')
    throw no(
      `'${branchName(into)}' has moved on, so it cannot be fast-forwarded`,
      `Run "git amp rebase ${tip.id}" first.`,
    )
  const merged = canForward
    ? { kind: 'clean' as const, tree: await repo.treeOf(head) }
    : await mergeTrees(git, before, head)
  if (merged.kind === 'conflict') {
    throw conflict(
      `merging into '${branchName(into)}' conflicts in ${merged.paths.join(', ')}`,
      { into: branchName(into), paths: merged.paths },
      `Run "git amp rebase ${tip.id}" to resolve it in the session first.`,
    )
  }
  const words = message ?? `Merge session ${tip.snapshot.name} (${tip.snapshot.branch})`
  const made = await commitSafely(repo.git, {
    tree: merged.tree,
    parents: [before, head],
    message: withTrailers(await checkMessage(repo, words), [['Amp-Session', tip.id]]),
    sign: (await repo.config()).bool('commit.gpgsign', false),
  })
  return { after: made.oid, via: 'merge', unsigned: made.unsigned }
}

interface Merge extends Base {
  tip: ChainTip
  after: Oid
  via: Landed['via']
  head: Oid
}

/** The event of a merge, with its result, as a step. */
function stepOf(repo: Repo, merge: Merge) {
  const { tip, into, before, after, via, head } = merge
  const operation = { id: repo.newId(), command: 'merge' }
  const withResult = (result: 'intent' | 'done' | 'abandoned'): Step => ({
    subject: `amp(${tip.snapshot.slug}): merge into ${branchName(into)}${result === 'done' ? '' : ` (${result})`}`,
    events: [{ type: 'session.merged', data: { into, before, after, via, result } }],
    code: [before, after, head],
  })
  return { withResult, operation }
}

type Move = ReturnType<typeof stepOf> & Base & { after: Oid }

/** The base is checked out nowhere: base, event and log move in one transaction. A checkout that somebody makes meanwhile follows. */
async function moveRef(repo: Repo, tip: ChainTip, step: Move): Promise<ChainTip> {
  const { into, before, after, operation } = step
  const moves = [{ ref: into, old: before, new: after }]
  const recorded = await withCheckout(repo, { ref: into, from: before, to: after }, () =>
    record(repo, tip.id, () => ({ ...step.withResult('done'), moves, operation })),
  )
  return recorded?.tip ?? tip
}

/**
 * The base is checked out: `git merge --ff-only` there moves branch, index and files together, and refuses when something of the user's is
 * in the way. It stands between a recorded intent and its result, and the result is what the base says afterwards: options, hooks and a
 * user who switches branches meanwhile can make a merge succeed without it, or fail after it.
 */
async function moveCheckout(repo: Repo, tip: ChainTip, step: Move & { checkout: Checkout }): Promise<ChainTip> {
  const { checkout, into, before, after } = step
  await record(repo, tip.id, () => step.withResult('intent'))
  const problem = await byGit(repo, { checkout, ref: into, from: before, to: after }, () =>
    forward(checkout, step).catch((error: unknown) => error),
  )
  const isDone = (await repo.refs.read(into)) === after
  // Git itself moved the base: the log names it as well, for "undo".
  const operation = { ...step.operation, moved: [{ ref: into, old: before, new: after }] }
  const result = isDone ? { ...step.withResult('done'), operation } : step.withResult('abandoned')
  const recorded = await record(repo, tip.id, () => result)
  if (isDone) return recorded?.tip ?? tip
  if (problem instanceof GitError && problem.exit.code === null)
    throw no(
      `${problem.message} in ${checkout.path}, before '${branchName(into)}' had moved`,
      'What it had written there is taken out again.',
      'Run the command again.',
    )
  if (problem instanceof GitError)
    throw inTheWay(inItsWords(problem), { path: checkout.path, refusal: problem.message })
  throw problem instanceof Error
    ? problem
    : no(
        `'${branchName(into)}' did not move, although git merged without a complaint`,
        'Look at branch.*.mergeOptions.',
      )
}

const changedNames = (git: Repo['git'], from: Oid, to: Oid): Promise<string[]> =>
  git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to])

/** Asks before anything is recorded whether the checkout can follow: a merge that is refused leaves no trace. */
async function refuseInTheWay(
  repo: Repo,
  checkout: Checkout,
  { into, before, after }: Base & { after: Oid },
): Promise<void> {
  const { git, path } = checkout
  await refuseLocked(repo, { path, gitDir: await gitDirOf(checkout) })
  const refusal = await switchFiles(git, { from: before, to: after }, { dryRun: true })
  if (refusal === null) return
  if (await isHalfMoved(repo, into))
    throw no(`git was killed while it wrote the files in ${path}`, 'The merge itself takes out what is half written.')
  const [status, touched] = await Promise.all([readStatus(git), changedNames(git, before, after)])
  const own = new Set([...status.changed, ...status.unmerged, ...status.untracked])
  throw inTheWay(
    touched.filter((file) => own.has(file)),
    { path, refusal },
  )
}

function inTheWay(files: readonly string[], { path, refusal }: { path: string; refusal: string }) {
  if (files.length === 0)
    return no(
      `the checkout in ${path} could not be updated: ${refusal}`,
      'Look at it with "git status --ignored" there.',
    )
  return no(
    `your changes in ${path} are in the way: ${files.join(', ')}`,
    'Commit, stash or move them, then run the command again.',
  )
}

/** The files that a failed merge names. */
function inItsWords(error: GitError): string[] {
  const lines = error.stderr.split('\n').filter((line) => line.startsWith('\t'))
  return lines.map((line) => line.trim())
}
