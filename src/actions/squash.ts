import { fatal, no } from '../errors.js'
import { diffSize } from '../git/diff.js'
import { type CommitInfo, commitsBetween, isAncestor, mergeBase, resolveCommit } from '../git/history.js'
import type { Git, Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import { iterationsOf, noteLine } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { subjectOf, trailerValues } from '../util/message.js'
import { plural } from '../util/time.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { findSession } from './shared/find.js'
import { moveWithFiles, refuseDirty } from './shared/follow.js'
import { settleOrLook } from './shared/look.js'
import { checkMessage } from './shared/message-hooks.js'
import { beginMove, endMove } from './shared/pending.js'
import type { Place } from './shared/place.js'
import { record } from './shared/record.js'
import { refuseMoved, refuseRunning } from './shared/sessions.js'
import { layOnto } from './shared/squash-onto.js'
import {
  type Group,
  includeHint,
  isAgentCommit,
  ownLine,
  type Prevented,
  planOne,
  planSquash,
  type SquashPlan,
} from './shared/squash-plan.js'
import { isKept, isSame, mapOf, parentsOn, type Squashed, writeGroups } from './shared/squash-write.js'

export { isAgentCommit }

export interface SquashOptions {
  session?: string | undefined
  /** Without it the session's prompt gives the message. */
  message?: string | undefined
  /** `keep` (default): manual commits stay their own. `include`: everything becomes one commit. */
  manual?: 'keep' | 'include' | undefined
  /** A revision to put the result on; without it the session stays where it began. */
  onto?: string | undefined
  dryRun?: boolean | undefined
}

export interface SquashResult {
  tip: ChainTip
  from: Oid
  to: Oid
  /** Where the commits began, and where they begin now. */
  start: { from: Oid; to: Oid }
  /** What became of each commit, oldest first. */
  map: [Oid, Oid][]
  /** Commits now on the branch, oldest first. */
  commits: Squashed[]
  /** Why there is one commit for each run of the agent's, and not one for all. */
  prevented: Prevented | null
  /** Left out, because the revision of `onto` has their change already. */
  dropped: Oid[]
  /** Commits that could not be signed. */
  unsigned: number
  /** Commits that lost their signature because they were written again. */
  lost: number
  /** It was squashed before, and no message was given: nothing is written again. */
  isUpToDate: boolean
  isDryRun: boolean
  /** In a dry run: an interrupted iteration, whose leftovers would be committed first. */
  pending: number | null
}

/**
 * Squashes the session's `amp:` commits into one, from the merge base of session and base, so that nothing the base gained meanwhile is touched.
 * Manual commits stay, with author, date and message. The tree at the end is the same to the byte, unless it is put onto something else.
 */
export async function squashSession(repo: Repo, options: SquashOptions): Promise<SquashResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const isDryRun = options.dryRun === true
  const { tip, head, place, status, pending } = await settleOrLook(repo, found, isDryRun)
  const start = await squashBase(repo, tip, head)
  const prefix = (await repo.config()).get('amp.commitPrefix') ?? 'amp:'
  const git = place?.git ?? repo.git
  const here = { tip, start, pending, git, prefix, manual: options.manual ?? 'keep' }
  const commits = await commitsBetween(repo.git, start, head)
  const plan = await planOf(repo, here, commits)
  const plain = { tip, from: head, isDryRun, pending, prevented: plan.prevented }
  const onto = options.onto === undefined ? start : await ontoOf(repo, options.onto)
  const isMoving = onto !== start
  if (isMoving && pending === null) refuseDirty(tip, place, status)
  if (options.message === undefined && !isMoving && isAsItStands(plan, prefix))
    return { ...plain, ...untouched(plan, head) }
  const laid = isMoving ? await layOnto(repo, plan, { onto, git, name: options.onto ?? '' }) : { plan, dropped: [] }
  const words = options.message ?? earlierMessage(plan.groups, prefix) ?? tip.snapshot.title
  const message = await checkMessage(repo, words)
  const keep = options.message === undefined ? prefix : null
  const { places, ...written } = await writeGroups(repo, {
    ...laid.plan,
    message,
    keep,
    session: tip.id,
    git,
    isDryRun,
  })
  const map = mapOf(commits, places, onto)
  const result = {
    ...plain,
    ...written,
    map,
    dropped: laid.dropped,
    start: { from: start, to: onto },
    isUpToDate: false,
  }
  // Looked up last: the hook and signing may have taken a while, and the user may have switched branches.
  await refuseCheckedOut(repo, tip, place)
  if (isDryRun || written.to === head) return result
  const squash = { from: head, to: written.to, map, place, onto: isMoving ? onto : null }
  return { ...result, tip: await moveAndRecord(repo, tip, squash) }
}

/** What a dry run found, as `git range-diff` shows it; nothing when no commit is left. */
export async function squashDiff(repo: Repo, result: SquashResult, color: 'always' | 'never'): Promise<string> {
  const { start, from, to } = result
  if (to === start.to) return ''
  const ranges = [`${start.from}..${from}`, `${start.to}..${to}`]
  return repo.git.text(['range-diff', `--color=${color}`, '--no-notes', ...ranges])
}

interface Here {
  tip: ChainTip
  start: Oid
  pending: number | null
  git: Git
  prefix: string
  manual: 'keep' | 'include'
}

async function planOf(repo: Repo, here: Here, commits: readonly CommitInfo[]): Promise<SquashPlan> {
  const { tip, start, pending, prefix, git } = here
  if (here.manual === 'include' && commits.length > 0) return planOne(start, commits)
  const line = await ownLine(repo, commits, prefix)
  if (line?.every(({ isManual }) => isManual)) {
    const hints =
      pending === null ? [] : [`Iteration ${pending} was interrupted; what it left would be committed first.`]
    throw no(`session ${tip.snapshot.name} has no ${prefix} commits to squash`, ...hints)
  }
  if (line === null) throw no('the branch contains a merge, so its commits cannot be kept apart', includeHint)
  const plan = await planSquash(repo, { start, commits: line, git })
  const config = await repo.config()
  if (plan.prevented !== null && config.choice('amp.squash', ['runs', 'stop']) === 'stop')
    throw no(preventedWords(plan.prevented), includeHint)
  return plan
}

/** Which commit is in the way, and why. */
export function preventedWords({ commit, subject, paths, why }: Prevented): string {
  const files = paths.join(', ')
  const what = why === 'conflict' ? `it conflicts in ${files}` : `the order decides what ends up in ${files}`
  return `'${subject}' (${commit.slice(0, 12)}) and the commits around it cannot change places: ${what}`
}

async function ontoOf(repo: Repo, revision: string): Promise<Oid> {
  const oid = await resolveCommit(repo.in(repo.location.topLevel ?? repo.location.gitDir), revision)
  if (oid === null) throw fatal(`'${revision}' is no commit here`)
  return oid
}

/**
 * Where the session's own commits begin: the merge base of session and base, or the recorded base when that is later, as in a session that was
 * started from another session's branch which was squashed meanwhile. A base that is gone is the one recorded at the start.
 */
export async function squashBase(repo: Repo, tip: ChainTip, head: Oid): Promise<Oid> {
  const { base } = tip.snapshot
  const current = base.ref === null ? null : await repo.refs.read(base.ref)
  const start = await mergeBase(repo.git, head, current ?? base.oid)
  if (start === null) throw fatal(`session ${tip.snapshot.name} has no commit in common with its base any more`)
  const isRecordedLater = (await isAncestor(repo.git, start, base.oid)) && (await isAncestor(repo.git, base.oid, head))
  return isRecordedLater ? base.oid : start
}

/** What the user said when these commits were squashed before: an agent's commit without the prefix. */
function earlierMessage(groups: readonly Group[], prefix: string): string | null {
  const commits = groups.filter(({ isManual }) => !isManual).flatMap((group) => group.commits)
  const squashed = commits.findLast(
    ({ message }) => trailerValues(message, 'Amp-Session').length > 0 && !subjectOf(message).startsWith(prefix),
  )
  return squashed?.message.replace(/^Amp-(Session|Iteration): .*\n?/gm, '') ?? null
}

/** Every run of agent commits is one commit already, none of them has the name of an iteration, and all stand in their order. */
function isAsItStands({ start, groups }: SquashPlan, prefix: string): boolean {
  let before = start
  for (const group of groups) {
    const [commit] = group.commits
    if (commit === undefined || !isKept(group, prefix) || !isSame(parentsOn(group, before), commit.parents))
      return false
    before = commit.oid
  }
  return true
}

function untouched({ groups, start }: SquashPlan, head: Oid) {
  const commits = groups.flatMap(({ isManual, commits: [commit] }) =>
    commit === undefined ? [] : [{ oid: commit.oid, subject: subjectOf(commit.message), isManual, replaced: 1 }],
  )
  const none = { map: [], dropped: [], unsigned: 0, lost: 0 }
  return { ...none, to: head, start: { from: start, to: start }, commits, isUpToDate: true }
}

interface Squash {
  from: Oid
  to: Oid
  map: [Oid, Oid][]
  place: Place | null
  /** Another commit that the result stands on, and then other files. */
  onto: Oid | null
}

/** The files are the same, so that only the branch moves; on another commit they follow it. */
async function moveAndRecord(repo: Repo, tip: ChainTip, squash: Squash): Promise<ChainTip> {
  const { from, to, place, onto } = squash
  if (place === null) return recordSquash(repo, tip, squash)
  if (onto !== null) return moveWithFiles(repo, { place, from, to }, () => recordSquash(repo, tip, squash))
  await beginMove(repo, place, { kind: 'commit', from, to })
  const recorded = await recordSquash(repo, tip, squash)
  await endMove(repo, place)
  return recorded
}

async function recordSquash(repo: Repo, tip: ChainTip, { from, to, map, onto }: Squash): Promise<ChainTip> {
  const total = await diffSize(repo.git, onto ?? tip.snapshot.base.oid, to)
  const views = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const moved = new Map(map)
  const notes = views.flatMap((view) => {
    const commit = view.to === null ? undefined : moved.get(view.to)
    // On another commit the tests were run on another tree: the line says nothing of them.
    const told = onto === null ? view : { ...view, tests: null }
    return commit === undefined || commit === onto
      ? []
      : [{ commit, line: noteLine({ id: tip.id, slug: tip.snapshot.slug }, told) }]
  })
  const branch = branchRef(tip.snapshot.branch)
  // A branch that the user deleted is made again.
  const old = await repo.refs.read(branch)
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseMoved(repo, latest, from)
    return {
      subject: `amp(${latest.snapshot.slug}): squashed ${plural(map.length, 'commit')}`,
      events: [{ type: 'session.squashed', data: { from, to, map, total, ...(onto === null ? {} : { onto }) } }],
      code: [from, to, ...(onto === null ? [] : [onto])],
      moves: [{ ref: branch, old: old === null ? null : from, new: to }],
      notes,
      operation: { id: repo.newId(), command: 'squash' },
    }
  })
  return recorded?.tip ?? tip
}
