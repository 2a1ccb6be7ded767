import { fatal } from '../errors.js'
import { diffFiles, diffSize } from '../git/diff.js'
import { aheadBehind } from '../git/history.js'
import type { Oid } from '../git/run.js'
import { isDirty, readStatus } from '../git/status.js'
import type { Repo } from '../repo.js'
import { type ChainTip, longText, readEvents } from '../state/chain.js'
import type { ChangeSize } from '../state/events.js'
import { costOf, type IterationView, iterationsOf } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { baseOf } from './shared/adopt.js'
import { findSession } from './shared/find.js'
import { localLeases } from './shared/lease.js'
import { readMerge } from './shared/merging.js'
import { findPlace } from './shared/place.js'
import { goalOf } from './shared/prompt.js'
import { stateHere } from './shared/rebasing.js'
import type { SessionState } from './shared/sessions.js'
import { readSetup, type SetupState } from './shared/setup-state.js'
import { testCommand } from './shared/testing.js'
import { unfinishedVerb } from './shared/unfinished.js'

export interface ShowOptions {
  session?: string | undefined
  /** Number of one iteration to look at. */
  iteration?: number | undefined
}

/** A session, or one of its iterations, with what git says of it now. */
export interface ShowResult {
  tip: ChainTip
  state: SessionState
  /** The host on which a conflict stands in another clone; null when none does. */
  conflictOn: string | null
  prompt: string
  worktree: string | null
  /** Paths with uncommitted changes; null without a worktree here. */
  uncommitted: number | null
  /** Repositories that stand in the worktree and are no part of the session's commits. */
  nested: string[]
  /** The branch's commit; null when the branch does not exist here. */
  branchHead: Oid | null
  /** The commit that the session's own work begins at: the recorded base, or a later one that the branch was put on by hand. */
  base: Oid
  /** The branch that it was started from does not exist here any more. */
  isBaseGone: boolean
  /** What is half done in the worktree: `rebase`, `merge`. */
  unfinished: string | null
  /** A `git amp merge` of it was stopped, and goes on or back. */
  isMerging: boolean
  /** Against the base branch as it is now; null when the base is gone. */
  ahead: number | null
  behind: number | null
  /** How the setup of the worktree went here; null when none ran, or there is no worktree. */
  setup: SetupState | null
  /** The test command that applies now. */
  test: string | null
  /** What the recorded test result is for; null when there is none, or it may be for what stands in the worktree. */
  tested: 'current' | 'earlier' | 'committed' | null
  /** Size against the base, as the branch stands now. */
  changes: ChangeSize
  iterations: IterationView[]
  /** What they cost together, as far as it is known. */
  cost: ReturnType<typeof costOf>
  /** With `iteration`: its long texts and the files it changed. */
  detail: (IterationTexts & { files: { path: string; status: string }[] }) | null
}

/** Looks a session up: chain, branch, worktree, base. Nothing is written. */
export async function showSession(repo: Repo, options: ShowOptions): Promise<ShowResult> {
  const tip = await findSession(repo, options.session)
  const [place, leases, events, prompt] = await Promise.all([
    findPlace(repo, tip),
    localLeases(repo),
    readEvents(repo.objects, tip.oid, tip.ref),
    goalOf(repo, tip),
  ])
  const iterations = iterationsOf(events)
  const status = place === null ? null : await readStatus(place.git)
  const branchHead = await repo.refs.read(branchRef(tip.snapshot.branch))
  const head = branchHead ?? tip.snapshot.heads[0] ?? null
  const base = tip.snapshot.base.ref === null ? null : await repo.refs.read(tip.snapshot.base.ref)
  const counts = head === null || base === null ? null : await aheadBehind(repo.git, head, base)
  return {
    tip,
    ...(await stateHere(repo, tip, leases)),
    prompt,
    worktree: place?.path ?? null,
    uncommitted: status === null ? null : status.changed.length + status.untracked.length + status.unmerged.length,
    nested: status?.nested ?? [],
    branchHead,
    base: head === null ? tip.snapshot.base.oid : await baseOf(repo, tip, head),
    isBaseGone: tip.snapshot.base.ref !== null && base === null,
    unfinished: place === null ? null : await unfinishedVerb(repo, place),
    isMerging: (await readMerge(repo, tip.id)) !== null,
    ahead: counts?.ahead ?? null,
    behind: counts?.behind ?? null,
    setup: place === null ? null : await readSetup(repo, tip.id),
    // What is wrong with the team's file is told when something is to run.
    test: await testCommand(repo, tip).catch(() => null),
    tested: await testedTree(repo, tip, { head, isDirty: status !== null && isDirty(status) }),
    changes: await changesOf(repo, tip, head),
    iterations,
    cost: costOf(iterations),
    detail:
      options.iteration === undefined ? null : await detailOf(repo, pickIteration(tip, iterations, options.iteration)),
  }
}

async function testedTree(
  repo: Repo,
  tip: ChainTip,
  { head, isDirty }: { head: Oid | null; isDirty: boolean },
): Promise<ShowResult['tested']> {
  const { tested } = tip.snapshot
  if (tested === undefined || head === null) return null
  const isOfHead = (await repo.treeOf(head)) === tested.tree
  if (isDirty) return isOfHead ? 'committed' : null
  return isOfHead ? 'current' : 'earlier'
}

/** The recorded size, unless the branch was moved by hand since. */
async function changesOf(repo: Repo, tip: ChainTip, head: Oid | null): Promise<ChangeSize> {
  const { changes, heads } = tip.snapshot
  if (head === null || heads.includes(head)) return changes
  return diffSize(repo.git, await baseOf(repo, tip, head), head)
}

/** The iteration with a number. Two clones may have given the same one: then the later counts. */
export function pickIteration(tip: ChainTip, iterations: readonly IterationView[], n: number): IterationView {
  const found = iterations.findLast((iteration) => iteration.n === n)
  if (found !== undefined) return found
  const known = iterations.length === 0 ? 'It has none yet.' : `It has iterations 1 to ${tip.snapshot.iterations}.`
  throw fatal(`session ${tip.snapshot.name} has no iteration ${n}`, known)
}

async function detailOf(repo: Repo, iteration: IterationView): Promise<ShowResult['detail']> {
  const { to, from } = iteration
  const files = to === null ? [] : await diffFiles(repo.git, [from, to])
  return { ...(await textsOf(repo, iteration)), files: files.map(({ path, status }) => ({ path, status })) }
}

/** An iteration with its long texts. */
export interface IterationTexts {
  iteration: IterationView
  prompt: string
  summary: string | null
  testOutput: string | null
}

/** Reads the long texts of an iteration. */
export async function textsOf(repo: Repo, iteration: IterationView): Promise<IterationTexts> {
  const { prompt, summary, tests } = iteration
  return {
    iteration,
    prompt: await longText(repo.objects, prompt),
    summary: summary === null ? null : await longText(repo.objects, summary),
    testOutput:
      tests?.output === null || tests?.output === undefined ? null : await longText(repo.objects, tests.output),
  }
}
