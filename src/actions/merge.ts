import { conflict, fatal, no } from '../errors.js'
import { commitSafely } from '../git/commit.js'
import { isAncestor } from '../git/history.js'
import { mergeTrees, switchFiles } from '../git/merge.js'
import { GitError, type Oid } from '../git/run.js'
import { isDirty, readStatus } from '../git/status.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { readEvents } from '../state/chain.js'
import { type IterationView, iterationsOf, noteLine } from '../state/iterations.js'
import { branchName, branchRef } from '../state/names.js'
import { withTrailers } from '../util/message.js'
import { shellWord } from '../util/quote.js'
import { type Checkout, checkoutOf, forward, refuseAgentOn } from './shared/checkout.js'
import { findSession } from './shared/find.js'
import { settleOrLook } from './shared/look.js'
import { checkMessage } from './shared/message-hooks.js'
import { record, type Step } from './shared/record.js'
import { refuseRunning } from './shared/sessions.js'

/** How the session's work comes into the base. */
export type MergeStyle = 'ff' | 'ff-only' | 'no-ff' | 'squash'

export interface MergeOptions {
  session?: string | undefined
  /** A branch; without it the base that the session was started from. */
  into?: string | undefined
  /** `ff` (default): fast-forward when possible, else a merge commit. Without it `amp.mergeStyle`. */
  style?: MergeStyle | undefined
  message?: string | undefined
  dryRun?: boolean | undefined
  /** Merge although the last iteration was interrupted. */
  force?: boolean | undefined
}

export interface MergeResult {
  tip: ChainTip
  into: string
  before: Oid
  after: Oid
  via: 'ff' | 'merge' | 'squash'
  /** The base had everything already. */
  isUpToDate: boolean
  /** The session has no change that the base lacks, and none came from it: nothing was done, and nothing is recorded. */
  isEmpty: boolean
  /** Where the base is checked out and was updated; null when it is checked out nowhere. */
  updated: string | null
  unsigned: string | null
  isDryRun: boolean
  /** In a dry run: an interrupted iteration, whose leftovers would be committed first. */
  pending: number | null
}

/**
 * Merges a session into its base without switching anybody's checkout: the result is made in memory, and the base branch moves from the value
 * that was seen. Where the base is checked out, that checkout is updated when nothing of the user's is in the way.
 */
export async function mergeSession(repo: Repo, options: MergeOptions): Promise<MergeResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const isDryRun = options.dryRun === true
  const { tip, head, place, status, pending } = await settleOrLook(repo, found, isDryRun)
  if (pending === null && status !== null && isDirty(status)) {
    throw no(
      `the worktree of session ${tip.snapshot.name} has uncommitted changes, which a merge would leave behind`,
      `Commit them there first: ${shellWord(place?.path ?? '')}`,
    )
  }
  if (options.force !== true && pending !== null) refuseInterrupted(tip, pending)
  const into = await followRef(repo, intoOf(tip, options.into))
  if (into === branchRef(tip.snapshot.branch)) {
    throw no(
      `'${branchName(into)}' is the branch of session ${tip.snapshot.name} itself: there is nothing to merge`,
      'Name the branch that the work goes into with --into <branch>.',
    )
  }
  const before = await repo.refs.read(into)
  if (before === null)
    throw fatal(`the branch '${branchName(into)}' does not exist`, 'Name another one with --into <branch>.')
  const plain = { tip, into, before, isDryRun, pending, updated: null, unsigned: null, isEmpty: false }
  const none = { ...plain, after: before, via: 'ff', isUpToDate: true } as const
  // On the commit it was started from, or behind it: then the base had that before the session began.
  if (await isAncestor(repo.git, head, tip.snapshot.base.oid)) return { ...none, isEmpty: true }
  if (await isAncestor(repo.git, head, before))
    return isDryRun ? none : { ...none, tip: await recordContained(repo, tip, { into, head, before }) }
  if (options.force !== true) refuseInterrupted(tip, pending)
  const making = { ...options, head, before, into, git: place?.git ?? repo.git }
  const made = await makeMerge(repo, tip, making)
  if (made === null) return { ...none, isEmpty: true }
  // Looked up last: hooks and signing may have taken a while, and the user may have switched branches.
  const checkout = await checkoutOf(repo, into)
  await refuseAgentOn(repo, into, checkout)
  if (checkout !== null) await refuseInTheWay(checkout, { before, after: made.after })
  const result = { ...plain, after: made.after, via: made.via, unsigned: made.unsigned, isUpToDate: false }
  if (isDryRun) return { ...result, updated: checkout?.path ?? null }
  const views = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).filter((view) => view.to !== null)
  const step = stepOf(repo, { views, tip, into, before, after: made.after, via: made.via, head })
  const moved =
    checkout === null
      ? await moveRef(repo, tip, { ...step, into, before, after: made.after })
      : await moveCheckout(repo, tip, { ...step, checkout, into, before, after: made.after })
  return { ...result, tip: moved, updated: checkout?.path ?? null }
}

/** What a killed agent left may be half done: nobody has looked at it yet. */
function refuseInterrupted(tip: ChainTip, pending: number | null): void {
  const { last, name } = tip.snapshot
  const n = pending ?? (last?.outcome === 'interrupted' ? last.n : null)
  if (n === null) return
  throw no(
    `iteration ${n} of session ${name} was interrupted, and may have left its work half done`,
    `Look at it with "git amp diff ${tip.id}", and go on with "git amp iterate ${tip.id}".`,
    `To merge it as it is, run "git amp merge -f ${tip.id}".`,
  )
}

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

/** The base has all of the session, by whatever way it came there. */
async function recordContained(
  repo: Repo,
  tip: ChainTip,
  found: { into: string; head: Oid; before: Oid },
): Promise<ChainTip> {
  const { into, head, before } = found
  if (tip.snapshot.status === 'merged') return tip
  const recorded = await record(repo, tip.id, () => ({
    subject: `amp(${tip.snapshot.slug}): found merged into ${branchName(into)}`,
    events: [{ type: 'session.merged', data: { into, before, after: before, via: 'ff', result: 'done' } }],
    code: [before, head],
  }))
  return recorded?.tip ?? tip
}

const styles = ['ff', 'ff-only', 'no-ff', 'squash'] as const

/** The style that the user asks for, else the configured one. */
export async function styleOf(repo: Repo, style: MergeStyle | undefined): Promise<MergeStyle> {
  const configured = (await repo.config()).choice('amp.mergeStyle', styles)
  return style ?? styles.find((one) => one === configured) ?? 'ff'
}

interface Making {
  style?: MergeStyle | undefined
  message?: string | undefined
  head: Oid
  before: Oid
  into: string
  git: Repo['git']
}

/** Makes the commit that the base is to have; null when it would change nothing, as a second squash. */
async function makeMerge(
  repo: Repo,
  tip: ChainTip,
  making: Making,
): Promise<{ after: Oid; via: MergeResult['via']; unsigned: string | null } | null> {
  const { head, before, into } = making
  const config = await repo.config()
  const style = await styleOf(repo, making.style)
  const canForward = await isAncestor(repo.git, before, head)
  if (canForward && (style === 'ff' || style === 'ff-only')) return { after: head, via: 'ff', unsigned: null }
  if (style === 'ff-only')
    throw no(
      `'${branchName(into)}' has moved on, so it cannot be fast-forwarded`,
      `Run "git amp rebase ${tip.id}" first.`,
    )
  const merged = canForward ? await treeAsMerged(repo, head) : await mergeTrees(making.git, before, head)
  if (merged.kind === 'conflict') {
    throw conflict(
      `merging into '${branchName(into)}' conflicts in ${merged.paths.join(', ')}`,
      { into: branchName(into), paths: merged.paths },
      `Run "git amp rebase ${tip.id}" to resolve it in the session first.`,
    )
  }
  const isSquash = style === 'squash'
  const isDone = isSquash || tip.snapshot.status === 'merged'
  if (isDone && merged.tree === (await repo.treeOf(before))) return null
  const words =
    making.message ?? (isSquash ? tip.snapshot.title : `Merge session ${tip.snapshot.name} (${tip.snapshot.branch})`)
  const message = withTrailers(await checkMessage(repo, words), await trailersOf(repo, tip, isSquash))
  const parents = isSquash ? [before] : [before, head]
  const made = await commitSafely(repo.git, {
    tree: merged.tree,
    parents,
    message,
    sign: config.bool('commit.gpgsign', false),
  })
  return { after: made.oid, via: isSquash ? 'squash' : 'merge', unsigned: made.unsigned }
}

const treeAsMerged = async (repo: Repo, head: Oid) =>
  ({ kind: 'clean', tree: (await repo.objects.readCommit(head))?.tree ?? '' }) as const

/** A squash carries the trailers of the iterations, so that blame still leads to them; a merge has them in its second parent. */
async function trailersOf(repo: Repo, tip: ChainTip, isSquash: boolean): Promise<[string, string][]> {
  if (!isSquash) return [['Amp-Session', tip.id]]
  const views = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).filter((view) => view.to !== null)
  return [['Amp-Session', tip.id], ...views.map((view): [string, string] => ['Amp-Iteration', view.id])]
}

interface Merge {
  /** The iterations of the session. */
  views: readonly IterationView[]
  tip: ChainTip
  into: string
  before: Oid
  after: Oid
  via: MergeResult['via']
  head: Oid
}

/** The event of a merge, with its result, as a step. */
function stepOf(repo: Repo, merge: Merge) {
  const { tip, into, before, after, via, head, views } = merge
  const session = { id: tip.id, slug: tip.snapshot.slug }
  const operation = { id: repo.newId(), command: 'merge' }
  const withResult = (result: 'intent' | 'done' | 'abandoned'): Step => ({
    subject: `amp(${tip.snapshot.slug}): merge into ${branchName(into)}${result === 'done' ? '' : ` (${result})`}`,
    events: [{ type: 'session.merged', data: { into, before, after, via, result } }],
    code: [before, after, head],
    // A squash is a new commit: its note names the iterations in it.
    notes:
      via === 'squash' && result === 'done'
        ? views.map((view) => ({ commit: after, line: noteLine(session, view) }))
        : [],
  })
  return { withResult, operation }
}

type Move = ReturnType<typeof stepOf> & { into: string; before: Oid; after: Oid }

/** The base is checked out nowhere: base, event and log move in one transaction. */
async function moveRef(repo: Repo, tip: ChainTip, step: Move): Promise<ChainTip> {
  const moves = [{ ref: step.into, old: step.before, new: step.after }]
  const recorded = await record(repo, tip.id, () => ({ ...step.withResult('done'), moves, operation: step.operation }))
  return recorded?.tip ?? tip
}

/**
 * The base is checked out: `git merge --ff-only` there moves branch, index and files together, and refuses when something of the user's is
 * in the way. It stands between a recorded intent and its result, and the result is what the base says afterwards: options, hooks and a
 * user who switches branches meanwhile can make a merge succeed without it, or fail after it.
 */
async function moveCheckout(repo: Repo, tip: ChainTip, step: Move & { checkout: Checkout }): Promise<ChainTip> {
  await record(repo, tip.id, () => step.withResult('intent'))
  const problem = await forward(step.checkout, step).catch((error: unknown) => error)
  const isDone = (await repo.refs.read(step.into)) === step.after
  // Git itself moved the base: the log names it as well, for "undo".
  const operation = { ...step.operation, moved: [{ ref: step.into, old: step.before, new: step.after }] }
  const result = isDone ? { ...step.withResult('done'), operation } : step.withResult('abandoned')
  const recorded = await record(repo, tip.id, () => result)
  if (isDone) return recorded?.tip ?? tip
  if (problem instanceof GitError)
    throw inTheWay(inItsWords(problem), { path: step.checkout.path, refusal: problem.message })
  throw problem instanceof Error
    ? problem
    : no(
        `'${branchName(step.into)}' did not move, although git merged without a complaint`,
        'Look at branch.*.mergeOptions.',
      )
}

/** Asks before anything is recorded whether the checkout can follow: a merge that is refused leaves no trace. */
export async function refuseInTheWay(
  { git, path }: Checkout,
  { before, after }: { before: Oid; after: Oid },
): Promise<void> {
  const refusal = await switchFiles(git, { from: before, to: after }, { dryRun: true })
  if (refusal === null) return
  const [status, touched] = await Promise.all([
    readStatus(git),
    git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', before, after]),
  ])
  const own = new Set([...status.changed, ...status.unmerged, ...status.untracked])
  throw inTheWay(
    touched.filter((file) => own.has(file)),
    { path, refusal },
  )
}

function inTheWay(files: readonly string[], { path, refusal }: { path: string; refusal: string }) {
  if (files.length === 0)
    return no(`the checkout in ${path} could not be updated: ${refusal}`, 'Look at it with "git status" there.')
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
