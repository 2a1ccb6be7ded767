import { join } from 'node:path'
import { AmpError } from '../errors.js'
import { commitTree } from '../git/commit.js'
import { aheadBehind, isAncestor } from '../git/history.js'
import { type Merged, mergeTrees } from '../git/merge.js'
import type { Oid } from '../git/run.js'
import { isDirty } from '../git/status.js'
import type { Repo } from '../repo.js'
import { type ChainTip, longText, readEvents } from '../state/chain.js'
import type { LongText } from '../state/events.js'
import { inOrder } from '../state/fold.js'
import { branchName, branchRef } from '../state/names.js'
import { plural } from '../util/time.js'
import { followRef, intoOf, type MergeStyle, refuseInTheWay, styleOf } from './merge.js'
import { checkoutOf, refuseAgentOn } from './shared/checkout.js'
import { findSession } from './shared/find.js'
import { type Found, settleOrLook } from './shared/look.js'
import { refuseRunning } from './shared/sessions.js'
import { runScript, testCommand } from './shared/testing.js'
import { refuseUntrustedTest } from './shared/trust.js'

export interface PreflightOptions {
  session?: string | undefined
  /** A branch; without it the base that the session was started from. */
  into?: string | undefined
  style?: MergeStyle | undefined
  /** Run the tests, when their result for what would land is not known. */
  test?: boolean | undefined
  signal: AbortSignal
  onTest?: ((command: string) => void) | undefined
}

/** One thing that was looked at. */
export interface Check {
  name: 'session' | 'worktree' | 'upstream' | 'base' | 'checkout' | 'conflicts' | 'tests' | 'type'
  /** `unknown`: nothing speaks against the merge, but nobody knows. */
  status: 'pass' | 'fail' | 'unknown'
  detail: string
  hint?: string
}

export interface PreflightResult {
  tip: ChainTip
  /** The branch that the work would go into; null when that is not known. */
  into: string | null
  /** Where that branch stands, and the session. */
  before: Oid | null
  head: Oid | null
  via: 'ff' | 'merge' | 'squash' | null
  /** The tree that would land; null with conflicts. */
  tree: Oid | null
  checks: Check[]
  /** No check failed. */
  isReady: boolean
}

/** Looks at everything that a merge of the session would meet. Nothing is written, and nothing is fetched. */
export async function preflightSession(repo: Repo, options: PreflightOptions): Promise<PreflightResult> {
  const tip = await findSession(repo, options.session)
  const nothing = { tip, into: null, before: null, head: null, via: null, tree: null }
  const found = await attempt('session', () => standing(repo, tip))
  if ('check' in found) return { ...nothing, checks: [found.check], isReady: false }
  const { head } = found.value
  const first = [sessionCheck(found.value), worktreeCheck(found.value)]
  const base = await attempt('base', () => findBase(repo, tip, options.into))
  if ('check' in base) return { ...nothing, head, checks: [...first, base.check], isReady: false }
  const { into, before } = base.value
  const git = found.value.place?.git ?? repo.git
  const landing = await landingOf(repo, { head, before, style: await styleOf(repo, options.style), git })
  const checks = [
    ...first,
    await upstreamCheck(repo, into, before),
    await baseCheck(repo, { head, before, into }),
    conflictCheck(landing, tip, into),
    ...(await checkoutCheck(repo, { into, before, head, landing })),
    await testCheck(repo, tip, { landing, head, before, ...options }),
    typeCheck(landing, tip),
  ]
  const { tree, via } = landing
  return { tip, into, before, head, via, tree, checks, isReady: checks.every((check) => check.status !== 'fail') }
}

/** What a refusal says is the check that failed. */
async function attempt<T>(name: Check['name'], look: () => Promise<T>): Promise<{ value: T } | { check: Check }> {
  try {
    return { value: await look() }
  } catch (error) {
    if (!(error instanceof AmpError) || error.kind === 'bug') throw error
    const [hint] = error.hints
    return { check: { name, status: 'fail', detail: error.message, ...(hint === undefined ? {} : { hint }) } }
  }
}

async function standing(repo: Repo, tip: ChainTip): Promise<Found> {
  await refuseRunning(repo, tip)
  return settleOrLook(repo, tip, true)
}

function sessionCheck({ tip, pending }: Found): Check {
  const { last, status } = tip.snapshot
  const n = pending ?? (last?.outcome === 'interrupted' ? last.n : null)
  if (n === null) return { name: 'session', status: 'pass', detail: status === 'idle' ? 'nothing runs' : status }
  const hint = `Look at it with "git amp diff ${tip.id}", and go on with "git amp iterate ${tip.id}".`
  return { name: 'session', status: 'fail', detail: `iteration ${n} was interrupted`, hint }
}

function worktreeCheck({ place, status }: Found): Check {
  const name = 'worktree'
  if (place === null) return { name, status: 'pass', detail: 'none here' }
  if (status === null) return { name, status: 'unknown', detail: 'its files follow with the next command' }
  if (!isDirty(status)) return { name, status: 'pass', detail: 'clean' }
  const count = status.changed.length + status.untracked.length + status.unmerged.length
  const hint = 'Commit them in the worktree, or leave them to "git amp iterate".'
  return { name, status: 'fail', detail: `${plural(count, 'path')} with uncommitted changes`, hint }
}

async function findBase(repo: Repo, tip: ChainTip, wanted: string | undefined): Promise<{ into: string; before: Oid }> {
  const into = await followRef(repo, intoOf(tip, wanted))
  if (into === branchRef(tip.snapshot.branch)) throw new AmpError('no', 'it is the branch of the session itself')
  const before = await repo.refs.read(into)
  if (before === null) throw new AmpError('no', `the branch '${branchName(into)}' does not exist`)
  return { into, before }
}

/** Whether the base has what its upstream had when it was fetched last. */
async function upstreamCheck(repo: Repo, into: string, before: Oid): Promise<Check> {
  const name = 'upstream'
  const upstream = await repo.git.text(['for-each-ref', '--format=%(upstream)', into])
  if (upstream === '') return { name, status: 'pass', detail: `${branchName(into)} has none` }
  const short = upstream.replace(/^refs\/(remotes|heads)\//, '')
  const there = await repo.refs.read(upstream)
  if (there === null) return { name, status: 'unknown', detail: `${short} was never fetched` }
  const { behind } = await aheadBehind(repo.git, before, there)
  if (behind === 0) return { name, status: 'pass', detail: `${branchName(into)} has all of ${short}, as fetched last` }
  const hint = `Bring it up to date first: "git pull" on ${branchName(into)}.`
  return { name, status: 'fail', detail: `${branchName(into)} is ${plural(behind, 'commit')} behind ${short}`, hint }
}

interface Ends {
  head: Oid
  before: Oid
  into: string
}

async function baseCheck(repo: Repo, { head, before, into }: Ends): Promise<Check> {
  const { ahead, behind } = await aheadBehind(repo.git, head, before)
  return { name: 'base', status: 'pass', detail: `${ahead} ahead, ${behind} behind ${branchName(into)}` }
}

/** What would land, as far as it can be made. */
interface Landing {
  merged: Merged
  tree: Oid | null
  via: 'ff' | 'merge' | 'squash' | null
  /** Nothing is left to be merged. */
  isDone: boolean
}

async function landingOf(
  repo: Repo,
  ends: { head: Oid; before: Oid; style: MergeStyle; git: Repo['git'] },
): Promise<Landing> {
  const { head, before, style, git } = ends
  const isDone = await isAncestor(repo.git, head, before)
  const canForward = await isAncestor(repo.git, before, head)
  const merged: Merged = canForward
    ? { kind: 'clean', tree: await repo.treeOf(head) }
    : await mergeTrees(git, before, head)
  const isForward = canForward && (style === 'ff' || style === 'ff-only')
  const via = isForward ? 'ff' : style === 'ff-only' ? null : style === 'squash' ? 'squash' : 'merge'
  return { merged, tree: merged.kind === 'clean' ? merged.tree : null, via, isDone }
}

function conflictCheck({ merged }: Landing, tip: ChainTip, into: string): Check {
  if (merged.kind === 'clean') return { name: 'conflicts', status: 'pass', detail: `none with ${branchName(into)}` }
  const hint = `Run "git amp rebase ${tip.id}" to resolve it in the session first.`
  return { name: 'conflicts', status: 'fail', detail: merged.paths.join(', '), hint }
}

/** Where the base is checked out: nothing of the user's may be in the way there. */
async function checkoutCheck(
  repo: Repo,
  { into, before, head, landing }: Ends & { landing: Landing },
): Promise<Check[]> {
  const found = await attempt('checkout', async () => {
    const checkout = await checkoutOf(repo, into)
    await refuseAgentOn(repo, into, checkout)
    // A tree does as well as a commit here.
    const after = landing.tree ?? head
    if (checkout !== null && landing.tree !== null && !landing.isDone) await refuseInTheWay(checkout, { before, after })
    return checkout
  })
  if ('check' in found) return [found.check]
  if (found.value === null) return []
  return [{ name: 'checkout', status: 'pass', detail: `nothing is in the way in ${found.value.path}` }]
}

function typeCheck({ via, isDone }: Landing, tip: ChainTip): Check {
  const words = { ff: 'fast-forward', merge: 'merge commit', squash: 'one new commit' }
  if (isDone) return { name: 'type', status: 'pass', detail: 'nothing is left to be merged' }
  if (via !== null) return { name: 'type', status: 'pass', detail: words[via] }
  const hint = `Run "git amp rebase ${tip.id}" first.`
  return { name: 'type', status: 'fail', detail: 'the base has moved on, so it cannot be fast-forwarded', hint }
}

interface Tested extends PreflightOptions {
  landing: Landing
  head: Oid
  before: Oid
}

/** The tests on the very tree that would land: their known result, or, when it is asked for, a run of them. */
async function testCheck(repo: Repo, tip: ChainTip, what: Tested): Promise<Check> {
  const name = 'tests'
  const { tree } = what.landing
  const command = await testCommand(repo, tip)
  if (command === null) return { name, status: 'unknown', detail: 'there is no test command' }
  if (tree === null) return { name, status: 'unknown', detail: 'there is nothing to test while there are conflicts' }
  const known = await knownResult(repo, tip, { tree, command })
  if (known !== null) return verdict(known, 'on this tree, as recorded')
  if (what.test !== true) {
    const hint = 'Run them on what would land with --test.'
    return { name, status: 'unknown', detail: 'not run on the tree that would land', hint }
  }
  await refuseUntrustedTest(repo, tip)
  what.onTest?.(command)
  const run = await testTree(repo, tip, { ...what, tree, command })
  if (run.isStopped) return { name, status: 'unknown', detail: 'the tests were stopped' }
  return verdict(run.exit, 'on what would land, in a worktree of their own')
}

const verdict = (exit: number | null, where: string): Check =>
  exit === 0
    ? { name: 'tests', status: 'pass', detail: `pass ${where}` }
    : {
        name: 'tests',
        status: 'fail',
        detail: `fail ${where} (${exit === null ? 'ended by a signal' : `exit code ${exit}`})`,
      }

/** The exit code that is recorded for a tree and a command, the latest; null when there is none. */
async function knownResult(repo: Repo, tip: ChainTip, of: { tree: Oid; command: string }): Promise<number | null> {
  const events = inOrder(await readEvents(repo.objects, tip.oid, tip.ref)).reverse()
  for (const { type, data } of events) {
    if (type !== 'test.recorded' || data.tree !== of.tree || typeof data.exit !== 'number') continue
    if ((await longText(repo.objects, data.command as LongText)) === of.command) return data.exit
  }
  return null
}

/** Runs the tests in a worktree of their own, which is gone afterwards. */
async function testTree(repo: Repo, tip: ChainTip, what: Tested & { tree: Oid; command: string }) {
  const { tree, before, head, command, signal } = what
  const dir = await repo.host.fs.mkdtemp(join(repo.host.tmpdir, 'git-amp-preflight-'))
  const path = join(dir, 'tree')
  try {
    const commit = await commitTree(repo.git, { tree, parents: [before, head], message: 'Preflight\n', sign: false })
    await repo.git.run(['worktree', 'add', '--quiet', '--detach', '--', path, commit])
    const git = repo.in(path)
    const gitDir = await git.text(['rev-parse', '--absolute-git-dir'])
    return await runScript(repo, { path, gitDir, git }, { command, session: tip.id, signal })
  } finally {
    await repo.git.run(['worktree', 'remove', '--force', '--force', '--', path], { ok: [0, 128] }) // 128: it was never made
    await repo.host.fs.rm(dir, { recursive: true, force: true })
  }
}
