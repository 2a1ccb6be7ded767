import { join } from 'node:path'
import { AmpError } from '../errors.js'
import { commitTree } from '../git/commit.js'
import { aheadBehind, isAncestor } from '../git/history.js'
import type { Oid } from '../git/run.js'
import { isDirty } from '../git/status.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { branchName } from '../state/names.js'
import { plural } from '../util/time.js'
import { findSession } from './shared/find.js'
import { type Base, baseOf, checkBase, type MergeStyle, styleOf } from './shared/landing.js'
import { type Found, settleOrLook } from './shared/look.js'
import { type Predicted, predict, viaWords } from './shared/predict.js'
import { staleWords, upstreamOf } from './shared/publish.js'
import { refuseRunning } from './shared/sessions.js'
import { knownResult, runScript, testCommand } from './shared/testing.js'
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
  /** `warn`: the merge goes on all the same. `unknown`: nothing speaks against the merge, but nobody knows. */
  status: 'pass' | 'warn' | 'fail' | 'unknown'
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
  const base = await attempt('base', () => baseOf(repo, tip, options.into))
  if ('check' in base) return { ...nothing, head, checks: [...first, base.check], isReady: false }
  const { into, before } = base.value
  const style = await styleOf(repo, tip, options.style)
  const landing = await landingOf(repo, { tip, head, into, before, style, place: found.value.place })
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

/** Whether the base has what its upstream had when it was fetched last. */
async function upstreamCheck(repo: Repo, into: string, before: Oid): Promise<Check> {
  const name = 'upstream'
  const upstream = await upstreamOf(repo, into, before)
  if (upstream === null) return { name, status: 'pass', detail: `${branchName(into)} has none` }
  if (upstream.behind === null) return { name, status: 'unknown', detail: `${upstream.name} was never fetched` }
  const stale = staleWords(into, upstream)
  if (stale === null)
    return { name, status: 'pass', detail: `${branchName(into)} has all of ${upstream.name}, as fetched last` }
  return { name, status: 'warn', detail: stale, hint: `Bring it up to date first: "git pull" on ${branchName(into)}.` }
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
  predicted: Predicted | null
  /** Why nothing can land. */
  problem: AmpError | null
  tree: Oid | null
  via: 'ff' | 'merge' | 'squash' | null
  /** Nothing is left to be merged. */
  isDone: boolean
}

async function landingOf(
  repo: Repo,
  { style, ...session }: Base & { tip: ChainTip; head: Oid; style: MergeStyle; place: Found['place'] },
): Promise<Landing> {
  const isDone = await isAncestor(repo.git, session.head, session.before)
  try {
    // A squash changes no file.
    const predicted = await predict(repo, { ...session, style: style === 'squash' ? 'ff' : style, plan: {} })
    const via = style === 'squash' ? 'squash' : predicted.via
    return { predicted, problem: null, tree: predicted.tree, via, isDone }
  } catch (error) {
    if (!(error instanceof AmpError) || error.kind !== 'no') throw error
    return { predicted: null, problem: error, tree: null, via: null, isDone }
  }
}

const conflictIn = ({ problem }: Landing) => problem?.details.conflict as { paths: readonly string[] } | undefined

function conflictCheck(landing: Landing, tip: ChainTip, into: string): Check {
  const paths = conflictIn(landing)?.paths
  if (paths === undefined) return { name: 'conflicts', status: 'pass', detail: `none with ${branchName(into)}` }
  const hint = `"git amp rebase ${tip.id}" stops there, so that you can resolve it.`
  return { name: 'conflicts', status: 'fail', detail: paths.join(', '), hint }
}

/** Where the base is checked out: nothing of the user's may be in the way there. */
async function checkoutCheck(repo: Repo, { into, before, landing }: Ends & { landing: Landing }): Promise<Check[]> {
  const after = landing.isDone ? before : (landing.tree ?? before)
  // A tree does as well as a commit here.
  const found = await attempt('checkout', () => checkBase(repo, { into, before, after }))
  if ('check' in found) return [found.check]
  if (found.value === null) return []
  return [{ name: 'checkout', status: 'pass', detail: `nothing is in the way in ${found.value.path}` }]
}

function typeCheck(landing: Landing, tip: ChainTip): Check {
  const { predicted, problem, via, isDone } = landing
  if (isDone) return { name: 'type', status: 'pass', detail: 'nothing is left to be merged' }
  if (predicted === null) {
    if (conflictIn(landing) !== undefined) return { name: 'type', status: 'unknown', detail: 'not before the rebase' }
    const hint = `Run "git amp rebase ${tip.id}" first.`
    return { name: 'type', status: 'fail', detail: problem?.message ?? '', hint }
  }
  const first = [...(via === 'squash' ? ['squash'] : []), ...(predicted.rebase.isNeeded ? ['rebase'] : [])]
  return { name: 'type', status: 'pass', detail: [...first, viaWords(predicted.via)].join(', ') }
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
