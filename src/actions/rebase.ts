import { type AmpError, conflict, fatal, no } from '../errors.js'
import { type CommitInfo, commitsBetween, isAncestor, resolveCommit } from '../git/history.js'
import { mergeTrees } from '../git/merge.js'
import { readRebase, stepRebase } from '../git/rebase.js'
import { CommitWriter } from '../git/rewrite.js'
import type { Git, Oid } from '../git/run.js'
import { isDirty, readStatus } from '../git/status.js'
import type { TreeMerger } from '../git/three-way.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { subjectOf } from '../util/message.js'
import { shellWord } from '../util/quote.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { findSession } from './shared/find.js'
import { moveWithFiles, refuseFollowing } from './shared/follow.js'
import { type Driven, giveUp, goOn, handOver, stopAt, stopError } from './shared/hand-over.js'
import { settleOrLook } from './shared/look.js'
import { ensurePlace, findPlace, type Place } from './shared/place.js'
import {
  conflictElsewhere,
  type Outcome,
  type RebaseStep,
  recordAbort,
  recordOutcome,
  recordRebase,
  standingOf,
} from './shared/rebasing.js'
import { reconcileAnywhere } from './shared/reconcile.js'
import { type AgentOptions, resolveWithAgent } from './shared/resolve-conflict.js'
import { oneHead, refuseRunning } from './shared/sessions.js'
import { merging } from './shared/squash-plan.js'
import { hooksOf } from './shared/work.js'
import { squashBase } from './squash.js'

export interface RebaseOptions {
  session?: string | undefined
  /** A revision; without it the base as it is now. */
  onto?: string | undefined
  dryRun?: boolean | undefined
  /** Conflicts are given to the session's agent. */
  agent?: AgentOptions | undefined
}

export interface RebaseResult {
  tip: ChainTip
  from: Oid
  to: Oid
  onto: Oid
  map: [Oid, Oid][]
  /** The branch stood on that commit already. */
  isUpToDate: boolean
  /** Commits left out because the base has their change already, or because the user skipped them. */
  dropped: Oid[]
  /** Git itself did it, after a conflict. */
  isByGit: boolean
  /** Merges of the session, which a rebase leaves out. */
  merges: Oid[]
  unsigned: number
  /** Commits that lost their signature because they were written again. */
  lost: number
  isDryRun: boolean
  /** In a dry run: an interrupted iteration, whose leftovers would be committed first. */
  pending: number | null
}

/**
 * Rebases a session onto its base as it is now, in memory: no file is touched until it is known to work, and then the worktree is updated
 * once. On a conflict git itself rebases in the session's worktree, and stops there as it always does.
 */
export async function rebaseSession(repo: Repo, options: RebaseOptions): Promise<RebaseResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const isDryRun = options.dryRun === true
  if (
    options.agent !== undefined &&
    !isDryRun &&
    (await standingOf(repo, found, await findPlace(repo, found))) === 'open'
  )
    return continueRebase(repo, { session: found.id, how: 'continue', agent: options.agent })
  const { tip, head, place, status, pending } = await settleOrLook(repo, found, isDryRun)
  if (pending === null && status !== null && isDirty(status)) throw uncommitted(tip, place)
  const onto = await ontoOf(repo, tip, options.onto)
  const start = await squashBase(repo, tip, head)
  const plain = { from: head, onto, isDryRun, pending, unsigned: 0, lost: 0, dropped: [], merges: [], isByGit: false }
  if (await isAncestor(repo.git, onto, head)) return { ...plain, tip, to: head, map: [], isUpToDate: true }
  const commits = await commitsBetween(repo.git, start, head)
  const merges = await mergesIn(place?.git ?? repo.git, commits)
  const replayed = await replay(repo, { commits, onto, place, isDryRun })
  // Looked up last: signing may have taken a while, and the user may have switched branches.
  await refuseCheckedOut(repo, tip, place)
  if (replayed.kind === 'conflict') {
    const error = conflicting(replayed.commit, replayed.paths, onto)
    if (isDryRun || repo.location.isBare) throw error
    const there = place ?? (await ensurePlace(repo, tip)).place
    await refuseFollowing(there, { from: head, to: onto })
    const { commit, paths } = replayed
    const what = { place: there, from: head, onto, start, commit: commit.oid, paths }
    return finish(repo, await handOver(repo, tip, what), { ...plain, merges, agent: options.agent })
  }
  const { map, dropped, unsigned, lost } = replayed
  const result = { ...plain, to: replayed.tip, map, isUpToDate: false, dropped, merges, unsigned, lost }
  if (isDryRun) return { ...result, tip }
  return { ...result, tip: await move(repo, tip, { place, from: head, to: replayed.tip, onto, map, dropped }) }
}

const uncommitted = (tip: ChainTip, place: Place | null): AmpError =>
  no(
    `the worktree of session ${tip.snapshot.name} has uncommitted changes`,
    `Commit them there first: ${shellWord(place?.path ?? '')}`,
  )

/** Moves branch, index and files to what was made in memory. */
async function move(
  repo: Repo,
  tip: ChainTip,
  rebase: RebaseStep & { place: Place | null; dropped: readonly Oid[] },
): Promise<ChainTip> {
  const { place, from, to, onto, dropped } = rebase
  if (place === null) return recordRebase(repo, tip, rebase)
  const hooks = await hooksOf(repo, place)
  const failure = await hooks.run('pre-rebase', [onto])
  if (failure !== null) throw no('the pre-rebase hook refused the rebase', ...linesOf(failure.output))
  const recorded = await moveWithFiles(repo, { place, from, to }, () => recordRebase(repo, tip, rebase))
  await hooks.rewrote(rebase.map.filter(([before, after]) => before !== after && !dropped.includes(before)))
  return recorded
}

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '')

export interface ContinueOptions {
  session?: string | undefined
  how: 'continue' | 'skip'
  agent?: AgentOptions | undefined
}

/** Goes on with a rebase that stands in a conflict, or records that the user has come to its end with plain git. */
export async function continueRebase(repo: Repo, options: ContinueOptions): Promise<RebaseResult> {
  const { tip, place, standing } = await findRebase(repo, options.session)
  if (standing === 'none') return byHand(repo, { tip, place }, `--${options.how}`)
  if (standing === 'ended') {
    const outcome = await recordOutcome(repo, tip)
    if (outcome.kind === 'rebased') return resultOf(repo, outcome, {})
    throw no(
      `the rebase of session ${tip.snapshot.name} was aborted`,
      `Run "git amp rebase ${tip.id}" to begin it again.`,
    )
  }
  const here = { tip, place: place as Place }
  const isAgents = options.agent !== undefined && (await readStatus(here.place.git)).unmerged.length > 0
  const driven = isAgents ? { stop: await stopAt(repo, here) } : await goOn(repo, here, options.how)
  return finish(repo, driven, { agent: options.agent })
}

export interface AbortResult {
  tip: ChainTip
  /** Where the session is again. */
  head: Oid
  onto: Oid | null
}

/** Takes a rebase back that stands in a conflict. `force` also gives up one that stands in another clone. */
export async function abortRebase(
  repo: Repo,
  options: { session?: string | undefined; force?: boolean | undefined },
): Promise<AbortResult> {
  const { tip, place, standing } = await findRebase(repo, options.session, options.force)
  if (standing === 'none') {
    const { tip: settled, from } = await byHand(repo, { tip, place }, '--abort')
    return { tip: settled, head: from, onto: null }
  }
  const onto = tip.snapshot.rebasing?.onto ?? null
  if (standing === 'elsewhere') return { tip: await recordAbort(repo, tip, null), head: oneHead(tip), onto }
  const outcome =
    standing === 'open' ? await giveUp(repo, { tip, place: place as Place }) : await recordOutcome(repo, tip)
  if (outcome.kind === 'aborted') return { tip: outcome.tip, head: outcome.from, onto }
  throw no(
    `the rebase of session ${tip.snapshot.name} was finished already, and stands at ${outcome.to.slice(0, 12)}`,
    `It was at ${outcome.from.slice(0, 12)} before.`,
  )
}

async function findRebase(repo: Repo, session: string | undefined, force = false) {
  const tip = await findSession(repo, session)
  await refuseRunning(repo, tip)
  const place = await findPlace(repo, tip)
  const standing = await standingOf(repo, tip, place)
  if (standing === 'elsewhere' && !force) throw conflictElsewhere(tip)
  if (standing === 'open' && place === null)
    throw fatal(`the worktree of session ${tip.snapshot.name} is not here`, 'Look at "git worktree list".')
  return { tip, place, standing }
}

/** A rebase that the user began with plain git, of which nothing is recorded. */
async function byHand(repo: Repo, { tip, place }: { tip: ChainTip; place: Place | null }, word: string) {
  const git = place === null ? null : await readRebase(repo.host.fs, place.gitDir)
  if (git === null || place === null)
    throw no(`no rebase of session ${tip.snapshot.name} is in progress`, `"git amp rebase ${tip.id}" begins one.`)
  const from = oneHead(tip)
  const { stderr } = await stepRebase((await hooksOf(repo, place)).git, [word])
  if ((await readRebase(repo.host.fs, place.gitDir)) !== null)
    throw await stopError(repo, await stopAt(repo, { tip, place }, stderr))
  const settled = await reconcileAnywhere(repo, tip)
  return { ...nothing, tip: settled.tip, from, to: settled.head, onto: settled.tip.snapshot.base.oid }
}

const nothing = {
  map: [],
  isUpToDate: false,
  dropped: [],
  merges: [],
  isByGit: true,
  unsigned: 0,
  lost: 0,
  isDryRun: false,
  pending: null,
}

interface Finishing {
  merges?: Oid[]
  agent?: AgentOptions | undefined
}

/** What the user is told when git has stopped or come to the end; with an agent, after the agent had its turn. */
async function finish(repo: Repo, driven: Driven, how: Finishing): Promise<RebaseResult> {
  let now = driven
  while (now.stop !== null) {
    const { stop } = now
    if (how.agent === undefined || stop.paths.length === 0) throw await stopError(repo, stop)
    const tip = await resolveWithAgent(repo, stop, how.agent)
    now = await goOn(repo, { tip, place: stop.place }, 'continue')
  }
  if (now.outcome.kind === 'rebased') return resultOf(repo, now.outcome, how)
  throw no(`the rebase of session ${now.outcome.tip.snapshot.name} was aborted`)
}

async function resultOf(
  repo: Repo,
  outcome: Extract<Outcome, { kind: 'rebased' }>,
  { merges = [] }: Finishing,
): Promise<RebaseResult> {
  const { tip, from, to, onto, map } = outcome
  const written = new Set((await commitsBetween(repo.git, onto, to)).map(({ oid }) => oid))
  const isKept = ([, after]: [Oid, Oid], at: number) => written.has(after) && map[at - 1]?.[1] !== after
  const dropped = map.filter((pair, at) => !isKept(pair, at)).map(([before]) => before)
  return { ...nothing, tip, from, to, onto, map, dropped, merges }
}

async function ontoOf(repo: Repo, tip: ChainTip, revision: string | undefined): Promise<Oid> {
  const { base, name } = tip.snapshot
  const wanted = revision ?? base.ref ?? base.oid
  const oid = await resolveCommit(repo.in(repo.location.topLevel ?? repo.location.gitDir), wanted)
  if (oid !== null) return oid
  throw fatal(`the base '${wanted}' of session ${name} is no commit here`, 'Name another one with --onto <revision>.')
}

interface Replay {
  commits: readonly CommitInfo[]
  onto: Oid
  place: Place | null
  isDryRun: boolean
}

export type Replayed =
  | { kind: 'clean'; tip: Oid; map: [Oid, Oid][]; dropped: Oid[]; unsigned: number; lost: number }
  | { kind: 'conflict'; commit: CommitInfo; paths: string[] }

/** What a rebase would come to, in memory; nothing moves. @throws AmpError when a merge in between would be lost */
export async function tryRebase(
  repo: Repo,
  { start, head, onto, place }: { start: Oid; head: Oid; onto: Oid; place: Place | null },
): Promise<Replayed> {
  const commits = await commitsBetween(repo.git, start, head)
  await mergesIn(place?.git ?? repo.git, commits)
  return replay(repo, { commits, onto, place, isDryRun: true })
}

/** Writes each commit again on the new base, by three-way merges in memory. Merges vanish, as in `git rebase`. */
async function replay(repo: Repo, { commits, onto, place, isDryRun }: Replay): Promise<Replayed> {
  // Merge attributes and drivers are those of the worktree that the merge runs in.
  const git = place?.git ?? repo.git
  const plain = commits.filter(({ parents }) => parents.length < 2)
  const laid = await merging(repo, git, (merger) => layOn(repo, merger, { commits: plain, onto }))
  if ('paths' in laid) return { kind: 'conflict', ...laid }
  const writer = await CommitWriter.open(git, repo.catFile, { isDryRun })
  const map: [Oid, Oid][] = []
  let tip = onto
  for (const { commit, tree, isDropped } of laid.steps) {
    if (!isDropped) tip = await writer.again(commit, { tree, parents: [tip] })
    map.push([commit.oid, tip])
  }
  await repo.catFile.flush()
  const dropped = laid.steps.filter(({ isDropped }) => isDropped).map(({ commit }) => commit.oid)
  return { kind: 'clean', tip, map, dropped, unsigned: writer.unsigned, lost: writer.lost }
}

/** A commit and its tree on the new base. */
interface Laid {
  commit: CommitInfo
  tree: Oid
  /** The base has its change already. */
  isDropped: boolean
}

type Line = { commits: readonly CommitInfo[]; onto: Oid }

/** The commits on the new base, or the one that does not go there. */
async function layOn(
  repo: Repo,
  merger: TreeMerger,
  { commits, onto }: Line,
): Promise<{ steps: Laid[] } | { commit: CommitInfo; paths: string[] }> {
  const steps: Laid[] = []
  let tip = await repo.treeOf(onto)
  for (const commit of commits) {
    const before = await repo.treeBefore(commit)
    const merged = await merger.merge({ base: before, ours: tip, theirs: commit.tree })
    if (merged.kind === 'conflict') return { commit, paths: merged.paths }
    steps.push({ commit, tree: merged.tree, isDropped: merged.tree === tip && before !== commit.tree })
    tip = merged.tree
  }
  return { steps }
}

/** The merges among the commits. One that a machine would make again vanishes; what somebody wrote in one would be lost. */
async function mergesIn(git: Git, commits: readonly CommitInfo[]): Promise<Oid[]> {
  const merges = commits.filter((commit) => commit.parents.length > 1)
  for (const commit of merges) await refuseOwnContent(git, commit)
  return merges.map(({ oid }) => oid)
}

/** Whether somebody wrote something in a merge that a machine would not make of its parents. */
export async function hasOwnContent(git: Git, commit: CommitInfo): Promise<boolean> {
  const [ours = '', theirs = ''] = commit.parents
  const again = commit.parents.length === 2 ? await mergeTrees(git, ours, theirs) : null
  return again?.kind !== 'clean' || again.tree !== commit.tree
}

async function refuseOwnContent(git: Git, commit: CommitInfo): Promise<void> {
  if (!(await hasOwnContent(git, commit))) return
  throw no(
    `the merge '${subjectOf(commit.message)}' (${commit.oid.slice(0, 12)}) has changes of its own, which a rebase would lose`,
    'Squash the session with --manual=include first, or rebase it by hand with "git rebase --rebase-merges".',
  )
}

function conflicting(commit: CommitInfo, paths: readonly string[], onto: Oid): AmpError {
  const [files, short] = [paths.join(', '), commit.oid.slice(0, 12)]
  const where = { onto, commit: commit.oid, paths }
  return conflict(`'${subjectOf(commit.message)}' (${short}) conflicts with the base in ${files}`, where)
}
