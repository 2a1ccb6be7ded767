import { AmpError, no } from '../errors.js'
import { idsBetween, isAncestor } from '../git/history.js'
import type { Oid } from '../git/run.js'
import { isDirty } from '../git/status.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { branchName } from '../state/names.js'
import { readOperations, undoneIn } from '../state/oplog.js'
import { shellWord } from '../util/quote.js'
import { plural } from '../util/time.js'
import { abortRebase, continueRebase } from './rebase.js'
import { hasContent } from './shared/contained.js'
import { findSession } from './shared/find.js'
import { type Base, baseOf, checkBase, type Landed, land, recordContained, styleOf } from './shared/landing.js'
import { type Found, settleOrLook } from './shared/look.js'
import {
  type Cleaned,
  cleanUpStep,
  type Listening,
  type MergeStep,
  type Run,
  type Running,
  rebaseStep,
  reviewStep,
  squashStep,
  testStep,
} from './shared/merge-steps.js'
import { forgetMerge, type MergePlan, readMerge, rememberMerge } from './shared/merging.js'
import { findPlace } from './shared/place.js'
import { predict, viaWords } from './shared/predict.js'
import { pushBranch, type Review, remotesOf, staleWords, type Target, targetOf, upstreamOf } from './shared/publish.js'
import { standingOf } from './shared/rebasing.js'
import { reconcileAnywhere } from './shared/reconcile.js'
import { refuseRunning } from './shared/sessions.js'
import { knownResult, testCommand } from './shared/testing.js'
import { landingTurn, takeTurn } from './shared/turn.js'
import { undoOperation } from './undo.js'

export interface MergeOptions extends MergePlan, Listening {
  session?: string | undefined
  dryRun?: boolean | undefined
}

export interface MergeResult {
  tip: ChainTip
  into: string
  before: Oid
  /** Where it is now; in a dry run only when no commit has to be made for it. */
  after: Oid
  /** Null when nothing was merged. */
  via: 'ff' | 'merge' | null
  /** The base had everything already. */
  isUpToDate: boolean
  /** The session has no change that the base lacks, and none came from it: nothing was done, and nothing is recorded. */
  isEmpty: boolean
  /** Where the base is checked out and was updated; null when it is checked out nowhere. */
  updated: string | null
  unsigned: string | null
  cleaned: Cleaned | null
  pushed: Target | null
  review: Review | null
  steps: MergeStep[]
  isDryRun: boolean
  /** In a dry run: an interrupted iteration, whose leftovers would be committed first. */
  pending: number | null
}

/** So often a merge is planned again when the base moves under it. */
const maxReplans = 3

/**
 * Brings a session into its base: squashed if that is the style, rebased, tested, merged, recorded, cleaned up and, last of all, pushed. Whatever
 * stops it, each step is recorded as one of this merge, which goes on, is aborted, or undone as a whole.
 */
export async function mergeSession(repo: Repo, options: MergeOptions): Promise<MergeResult> {
  const { session, dryRun, signal, onStep, onTest, onWait, ...plan } = options
  const tip = await findSession(repo, session)
  await refuseRunning(repo, tip)
  const within = { id: repo.newId(), command: 'merge' }
  return run(repo, tip, { plan, within, isDryRun: dryRun === true, isFirst: true, signal, onStep, onTest, onWait })
}

/** Goes on with a merge that was stopped by a conflict, by failing tests, by a refused push or by a crash. */
export async function continueMerge(repo: Repo, options: Listening & { session?: string | undefined }) {
  const { session, ...listening } = options
  const tip = await findSession(repo, session)
  await refuseRunning(repo, tip)
  const { plan, within: begun } = await mergingOf(repo, tip)
  if ((await standingOf(repo, tip, await findPlace(repo, tip))) !== 'none')
    await continueRebase(repo.as(begun), { session: tip.id, how: 'continue' }).catch((error) => {
      throw goesOn(tip, error)
    })
  // What the user did meanwhile stays when the merge is undone.
  const isSame = (await lastWithin(repo, tip)) === begun.id
  const within = isSame ? begun : { id: repo.newId(), command: 'merge' }
  return run(repo, await findSession(repo, tip.id), { plan, within, isDryRun: false, isFirst: !isSame, ...listening })
}

/** Takes back what a merge that was stopped has done so far. */
export async function abortMerge(repo: Repo, options: { session?: string | undefined }): Promise<ChainTip> {
  const tip = await findSession(repo, options.session)
  await refuseRunning(repo, tip)
  const { within } = await mergingOf(repo, tip)
  if ((await standingOf(repo, tip, await findPlace(repo, tip))) !== 'none')
    await abortRebase(repo.as(within), { session: tip.id })
  // The move of a base that was checked out may not be recorded yet.
  if ((await findSession(repo, tip.id)).snapshot.merging !== undefined) await reconcileAnywhere(repo, tip)
  const operations = await readOperations(repo, recent)
  const undone = undoneIn(operations)
  const isOpen = operations.some((one) => one.within?.id === within.id && !undone.has(one.id))
  const back = isOpen ? (await takeBack(repo, tip, within.id)).tip : await findSession(repo, tip.id)
  await forgetMerge(repo, tip.id)
  return back
}

async function takeBack(repo: Repo, { id }: ChainTip, operation: string) {
  try {
    return await undoOperation(repo, { operation })
  } catch (error) {
    if (!(error instanceof AmpError) || error.kind !== 'no') throw error
    const hints = [...error.hints, `To keep what was done since, go on instead: git amp merge --continue ${id}`]
    throw new AmpError('no', error.message, { hints, details: error.details, cause: error })
  }
}

/** Whether a word names a remote and no session, as in `merge --push origin`. */
export async function isRemoteOnly(repo: Repo, word: string): Promise<boolean> {
  if (!(await remotesOf(repo)).includes(word)) return false
  return findSession(repo, word).then(
    () => false,
    () => true,
  )
}

/** The steps of a merge that may be aborted are among so many operations. */
const recent = 1000

async function mergingOf(repo: Repo, tip: ChainTip) {
  const merging = await readMerge(repo, tip.id)
  if (merging !== null) return merging
  throw no(`no merge of session ${tip.snapshot.name} is in progress`, `"git amp merge ${tip.id}" begins one.`)
}

/** The command that the session's last operation was a step of. */
async function lastWithin(repo: Repo, tip: ChainTip): Promise<string | null> {
  const last = (await readOperations(repo, recent)).find((one) => one.session === tip.id)
  return last?.within?.id ?? null
}

async function run(repo: Repo, session: ChainTip, how: Running): Promise<MergeResult> {
  const { plan, isDryRun } = how
  const found = await settleOrLook(repo, session, isDryRun)
  refuseUnfit(found, plan)
  const base = await baseOf(repo, found.tip, plan.into)
  const target = await targetFor(repo, found.tip, { plan, base })
  const steps: MergeStep[] = []
  const tell: Run['tell'] = (name, status, what) => {
    const step = { name, status, ...(typeof what === 'string' ? { detail: what } : what) }
    steps.push(step)
    how.onStep?.(step)
  }
  const style = await styleOf(repo, found.tip, plan.style)
  const now: Run = { ...how, ...base, tip: found.tip, head: found.head, place: found.place, style, steps, tell }
  const result = {
    ...{ tip: found.tip, ...base, after: base.before, via: null, updated: null, unsigned: null, cleaned: null },
    ...{ pushed: null, review: null, steps, isDryRun, pending: found.pending, isUpToDate: false, isEmpty: false },
  }
  // On the commit it was started from, or behind it: then the base had that before the session began.
  if (await isAncestor(repo.git, found.head, found.tip.snapshot.base.oid)) {
    const isMerged = found.tip.snapshot.status === 'merged' && (await isAncestor(repo.git, found.head, base.before))
    if (!isMerged) return { ...result, isEmpty: true }
  }
  const stale = staleWords(base.into, await upstreamOf(repo, base.into, base.before))
  if (stale !== null && plan.push !== undefined)
    throw no(
      `${stale}: what is pushed would be refused`,
      `Bring it up to date first: "git pull" on ${branchName(base.into)}.`,
    )
  const isContained = plan.pr !== true && (await isThere(repo, found.head, base.before))
  if (stale !== null && !isContained) tell('base', 'warning', stale)
  const back = isContained ? 0 : await goneBack(repo, now)
  if (back > 0)
    tell(
      'base',
      'warning',
      `${plural(back, 'commit')} more than the session's own: ${branchName(base.into)} had it before`,
    )
  if (isDryRun) return isContained ? { ...result, isUpToDate: true } : { ...result, ...(await plannedRun(repo, now)) }
  if (isContained) {
    now.tip = await recordContained(repo.as(now.within), now.tip, now)
    return end(repo, now, { result: { ...result, isUpToDate: true }, target })
  }
  const landed = await steered(repo, now, () => (plan.pr === true ? prepared(repo, now) : landing(repo, now)))
  const after = landed?.after ?? base.before
  const done = { ...result, after, before: now.before, via: landed?.via ?? null, updated: landed?.updated ?? null }
  const isUpToDate = landed === null && plan.pr !== true
  return end(repo, now, { result: { ...done, isUpToDate, unsigned: landed?.unsigned ?? null }, target })
}

/** Whether a branch has a session's work, as commits or, where it has gone its own way, by content. */
async function isThere(repo: Repo, head: Oid, base: Oid): Promise<boolean> {
  if (await isAncestor(repo.git, head, base)) return true
  return !(await isAncestor(repo.git, base, head)) && hasContent(repo, head, base)
}

/** How many commits a session stands on that its base lost since, as by an undone merge, and would get again with it. */
async function goneBack(repo: Repo, { tip, head, into, before }: Run): Promise<number> {
  const { base } = tip.snapshot
  const isOn = base.ref === into && (await isAncestor(repo.git, before, base.oid))
  return isOn && (await isAncestor(repo.git, base.oid, head))
    ? (await idsBetween(repo.git, before, base.oid)).length
    : 0
}

/** What must not be merged as it is. */
function refuseUnfit({ tip, place, status, pending }: Found, { force }: MergePlan): void {
  if (pending === null && status !== null && isDirty(status)) {
    throw no(
      `the worktree of session ${tip.snapshot.name} has uncommitted changes, which a merge would leave behind`,
      `Commit them there first: ${shellWord(place?.path ?? '')}`,
    )
  }
  const { last, name } = tip.snapshot
  const n = pending ?? (last?.outcome === 'interrupted' ? last.n : null)
  if (n === null || force === true) return
  throw no(
    `iteration ${n} of session ${name} was interrupted, and may have left its work half done`,
    `Look at it with "git amp diff ${tip.id}", and go on with "git amp iterate ${tip.id}".`,
    `To merge it as it is, run "git amp merge -f ${tip.id}".`,
  )
}

/** Where it is to be pushed, looked up before anything is done. */
async function targetFor(repo: Repo, tip: ChainTip, { plan, base }: { plan: MergePlan; base: Base }) {
  if (plan.push === undefined && plan.pr !== true) return null
  const wanted = typeof plan.push === 'string' ? plan.push : null
  const branch = plan.pr === true ? tip.snapshot.branch : branchName(base.into)
  return targetOf(repo, branch, { wanted, upstream: plan.pr !== true })
}

/** The steps as they would go. */
async function plannedRun(
  repo: Repo,
  now: Run,
): Promise<{ after: Oid; via: MergeResult['via']; updated: string | null }> {
  const { plan, tip, into, before, tell } = now
  const predicted = await predict(repo, now)
  const checkout = plan.pr === true ? null : await checkBase(repo, { into, before, after: predicted.tree })
  if (predicted.squash !== null) tell('squash', 'planned', predicted.squash)
  tell('rebase', predicted.rebase.isNeeded ? 'planned' : 'skipped', predicted.rebase.words)
  const command = plan.test === false ? null : await testCommand(repo, tip)
  if (command === null) tell('test', 'skipped', plan.test === false ? 'left out' : 'there is no test command')
  else {
    const known = await knownResult(repo, tip, { tree: predicted.tree, command })
    tell('test', known === 0 ? 'done' : 'planned', known === 0 ? 'pass on this tree, as recorded' : command)
  }
  if (plan.pr === true) {
    tell('review', 'planned', `a pull request of ${tip.snapshot.branch} into ${branchName(into)}`)
    return { after: before, via: null, updated: null }
  }
  tell('merge', 'planned', `${branchName(into)}, ${viaWords(predicted.via)}`)
  if (plan.keep !== true) tell('clean up', 'planned', 'worktree and branch')
  if (plan.push !== undefined) tell('push', 'planned', branchName(into))
  const isAsItIs = predicted.head === now.head
  return { after: isAsItIs ? now.head : before, via: predicted.via, updated: checkout?.path ?? null }
}

/** Remembers the merge while it is on its way; it is forgotten when it fails before it has changed anything. */
async function steered<T>(repo: Repo, now: Run, work: () => Promise<T>): Promise<T> {
  const { tip, plan, within } = now
  await rememberMerge(repo, tip.id, { plan, within })
  try {
    return await work()
  } catch (error) {
    const isStopped =
      (await lastWithin(repo, tip)) === within.id ||
      (await standingOf(repo, await findSession(repo, tip.id))) !== 'none'
    if (isStopped) throw goesOn(tip, error)
    await forgetMerge(repo, tip.id)
    throw error
  }
}

/** The way on from a merge that stopped. */
function goesOn(tip: ChainTip, error: unknown): unknown {
  if (!(error instanceof AmpError) || error.kind === 'bug') return error
  const own = error.hints.filter((hint) => !/git amp (rebase|merge) --/.test(hint))
  const { kind, message, details } = error
  const { conflict } = details as { conflict?: { worktree?: string } }
  const first =
    conflict === undefined
      ? 'When it is put right'
      : `Resolve it in ${shellWord(conflict.worktree ?? 'its worktree')} and "git add" the files, then`
  const hints = [
    ...own,
    `${first}${conflict === undefined ? ',' : ''} go on with "git amp merge --continue ${tip.id}".`,
    `"git amp merge --abort ${tip.id}" takes everything back.`,
  ]
  return new AmpError(kind, message, { hints, details, cause: error })
}

/** Squash, rebase and test: what a pull request is made of. */
async function prepared(repo: Repo, now: Run): Promise<null> {
  await squashStep(repo, now)
  await rebaseStep(repo, now)
  await testStep(repo, now)
  return null
}

/** The same, and the merge; planned again when the base has moved meanwhile. */
async function landing(repo: Repo, now: Run): Promise<Landed | null> {
  const as = repo.as(now.within)
  await checkBase(repo, { ...now, after: await foreseen(repo, now) })
  await squashStep(repo, now)
  let giveBack: (() => Promise<void>) | null = null
  try {
    for (let replans = 0; ; replans++) {
      await rebaseStep(repo, now)
      await testStep(repo, now)
      if (await isAncestor(repo.git, now.head, now.before)) return null
      // Kept while it is planned again: of many merges at once none comes too late for ever.
      giveBack ??= await takeTurn(repo, landingTurn, { work: landingWork(now), onWait: now.onWait })
      const landed = await landAt(as, now, replans)
      if (landed !== null) return landed
    }
  } finally {
    await giveBack?.()
  }
}

/** What others wait for while this merge has its turn. */
const landingWork = ({ tip, into }: Run): string =>
  `merge of session ${tip.snapshot.name} into ${branchName(into)}, which may run its tests again`

/** @returns null when the base has moved meanwhile: then it is to be planned again */
async function landAt(as: Repo, now: Run, replans: number): Promise<Landed | null> {
  const { message: words, ...plan } = now.plan
  const { into, before, tell } = now
  const name = branchName(into)
  const message = now.style === 'squash' ? undefined : words
  try {
    const landed = await land(as, { ...plan, ...now, message, git: now.place?.git ?? as.git })
    now.tip = landed.tip
    tell('merge', 'done', `${name} ${range(before, landed.after)} (${viaWords(landed.via)})`)
    return landed
  } catch (error) {
    const at = await as.refs.read(into)
    if (at === null || at === before) throw error
    if (replans === maxReplans)
      throw no(`'${name}' moved again each time that the merge was planned, ${replans + 1} times in all`)
    tell('base', 'warning', `${name} moved to ${at.slice(0, 12)} meanwhile: planned again`)
    now.before = at
    return null
  }
}

const range = (from: Oid, to: Oid): string => `${from.slice(0, 12)}..${to.slice(0, 12)}`

/** A tree that the base is about to get; what it has now where that cannot be told before the conflicts are resolved. */
async function foreseen(repo: Repo, now: Run): Promise<Oid> {
  try {
    // A squash changes no file.
    return (await predict(repo, { ...now, style: now.style === 'squash' ? 'ff' : now.style })).tree
  } catch (error) {
    if (error instanceof AmpError && error.kind === 'no') return now.before
    throw error
  }
}

interface Ending {
  result: MergeResult
  target: Target | null
}

/** What comes when the base has it: clean up, and then what cannot be taken back. */
async function end(repo: Repo, now: Run, { result, target }: Ending): Promise<MergeResult> {
  const { plan } = now
  const cleaned = plan.pr === true || plan.keep === true ? null : await cleanUpStep(repo, now)
  const opened = plan.pr === true && target !== null ? await reviewStep(repo, now, target) : null
  const pushed = plan.push !== undefined && plan.pr !== true ? target : null
  if (pushed !== null) {
    await rememberMerge(repo, now.tip.id, now)
    await pushBranch(repo, now.into, pushed).catch((error) => {
      now.tell('push', 'failed', pushed.remote)
      throw notOnly(now, error)
    })
    now.tell('push', 'done', `${branchName(now.into)} to ${pushed.remote}`)
  }
  await forgetMerge(repo, now.tip.id)
  return { ...result, tip: now.tip, cleaned, review: opened, pushed }
}

/** Everything is merged here, and only the push failed. */
function notOnly(now: Run, error: unknown): unknown {
  if (!(error instanceof AmpError)) return error
  const again = `It is merged here. When that is put right: git amp merge --continue ${now.tip.id}`
  return new AmpError(error.kind, error.message, { hints: [...error.hints, again], cause: error })
}
