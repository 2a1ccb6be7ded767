import { fatal, no } from '../errors.js'
import { commitSafely, isSigning } from '../git/commit.js'
import { diffSize } from '../git/diff.js'
import { type CommitInfo, commitsBetween, isAncestor, mergeBase } from '../git/history.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import { iterationsOf, noteLine } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { unique } from '../util/collections.js'
import { subjectOf, trailerValues, withTrailers } from '../util/message.js'
import { plural } from '../util/time.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { findSession } from './shared/find.js'
import { settleOrLook } from './shared/look.js'
import { checkMessage } from './shared/message-hooks.js'
import { beginMove, endMove } from './shared/pending.js'
import type { Place } from './shared/place.js'
import { record } from './shared/record.js'
import { refuseMoved, refuseRunning } from './shared/sessions.js'

export interface SquashOptions {
  session?: string | undefined
  /** Without it the session's prompt gives the message. */
  message?: string | undefined
  /** `keep` (default): manual commits stay their own. `include`: everything becomes one commit. */
  manual?: 'keep' | 'include' | undefined
  dryRun?: boolean | undefined
}

export interface SquashResult {
  tip: ChainTip
  from: Oid
  to: Oid
  /** What became of each commit, oldest first. */
  map: [Oid, Oid][]
  /** Commits now on the branch, oldest first. */
  commits: { oid: Oid; subject: string; isManual: boolean; replaced: number }[]
  /** Commits that lost their signature because they were written again. */
  unsigned: number
  /** It was squashed before, and no message was given: nothing is written again. */
  isUpToDate: boolean
  isDryRun: boolean
  /** In a dry run: an interrupted iteration, whose leftovers would be committed first. */
  pending: number | null
}

/** A run of commits that becomes one, or a manual commit that stays. */
interface Group {
  isManual: boolean
  commits: CommitInfo[]
}

/**
 * Squashes the session's `amp:` commits, from the merge base of session and base, so that nothing the base gained meanwhile is touched: each run of
 * them becomes one commit, and manual commits between them stay, with author, date and message. The tree at the end is the same to the byte.
 */
export async function squashSession(repo: Repo, options: SquashOptions): Promise<SquashResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const isDryRun = options.dryRun === true
  const { tip, head, place, pending } = await settleOrLook(repo, found, isDryRun)
  const start = await squashBase(repo, tip, head)
  const commits = await commitsBetween(repo.git, start, head)
  const prefix = (await repo.config()).get('amp.commitPrefix') ?? 'amp:'
  const groups = groupCommits(commits, { prefix, include: options.manual === 'include' })
  const agentRuns = groups.filter((group) => !group.isManual)
  if (agentRuns.length === 0) {
    const hints =
      pending === null ? [] : [`Iteration ${pending} was interrupted; what it left would be committed first.`]
    throw no(`session ${tip.snapshot.name} has no ${prefix} commits to squash`, ...hints)
  }
  if (options.message === undefined && isSquashed(groups, prefix))
    return nothingToDo({ tip, head, pending, isDryRun, groups })
  const message = await checkMessage(repo, options.message ?? earlierMessage(agentRuns, prefix) ?? tip.snapshot.title)
  const written = await writeGroups(repo, { groups, start, message, session: tip.id, place })
  const result = {
    from: head,
    to: written.tip,
    map: written.map,
    commits: written.commits,
    unsigned: written.unsigned,
    isUpToDate: false,
    isDryRun,
    pending,
  }
  // Looked up last: the hook and signing may have taken a while, and the user may have switched branches.
  await refuseCheckedOut(repo, tip, place)
  if (isDryRun || written.tip === head) return { ...result, tip }
  return { ...result, tip: await recordSquash(repo, tip, { from: head, to: written.tip, map: written.map, place }) }
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

/** An agent commit has an `Amp-Session` trailer or the prefix in its subject; all others are the human's. */
export const isAgentCommit = (commit: Pick<CommitInfo, 'message'>, prefix: string): boolean =>
  trailerValues(commit.message, 'Amp-Session').length > 0 ||
  (prefix !== '' && subjectOf(commit.message).startsWith(prefix))

function groupCommits(commits: readonly CommitInfo[], how: { prefix: string; include: boolean }): Group[] {
  if (commits.length === 0) return []
  if (how.include) return [{ isManual: false, commits: [...commits] }]
  if (commits.some((commit) => commit.parents.length > 1)) {
    throw no(
      'the branch contains a merge, so its commits cannot be kept apart',
      'With --manual=include everything becomes one commit, manual commits too.',
    )
  }
  const groups: Group[] = []
  for (const commit of commits) {
    const isManual = !isAgentCommit(commit, how.prefix)
    const last = groups.at(-1)
    if (last !== undefined && !isManual && !last.isManual) last.commits.push(commit)
    else groups.push({ isManual, commits: [commit] })
  }
  return groups
}

/** What the user said when these commits were squashed before: an agent's commit without the prefix. */
function earlierMessage(groups: readonly Group[], prefix: string): string | null {
  const commits = groups.flatMap((group) => group.commits)
  const squashed = commits.findLast(
    ({ message }) => trailerValues(message, 'Amp-Session').length > 0 && !subjectOf(message).startsWith(prefix),
  )
  return squashed?.message.replace(/^Amp-(Session|Iteration): .*\n?/gm, '') ?? null
}

/** Every run of agent commits is one commit already, and none of them has the name of an iteration. */
const isSquashed = (groups: readonly Group[], prefix: string): boolean =>
  groups.every(
    ({ isManual, commits: [first, ...others] }) =>
      isManual || (others.length === 0 && !subjectOf(first?.message ?? '').startsWith(prefix)),
  )

function nothingToDo(as: {
  tip: ChainTip
  head: Oid
  pending: number | null
  isDryRun: boolean
  groups: readonly Group[]
}): SquashResult {
  const { tip, head, pending, isDryRun, groups } = as
  const commits = groups.flatMap(({ isManual, commits: [commit] }) =>
    commit === undefined ? [] : [{ oid: commit.oid, subject: subjectOf(commit.message), isManual, replaced: 1 }],
  )
  return { tip, from: head, to: head, map: [], commits, unsigned: 0, isUpToDate: true, isDryRun, pending }
}

interface Plan {
  groups: readonly Group[]
  start: Oid
  message: string
  session: string
  place: Place | null
}

async function writeGroups(repo: Repo, plan: Plan) {
  const git = plan.place?.git ?? repo.git
  const sign = await isSigning(git)
  const map: [Oid, Oid][] = []
  const commits: SquashResult['commits'] = []
  let [tip, unsigned] = [plan.start, 0]
  for (const group of plan.groups) {
    const last = group.commits.at(-1) as CommitInfo
    const isUntouched = group.commits.length === 1 && last.parents[0] === tip && group.isManual
    if (!isUntouched) {
      const message = group.isManual ? last.message : squashMessage(plan, group)
      const author = group.isManual ? { author: last.author } : {}
      const made = await commitSafely(git, { tree: last.tree, parents: [tip], message, sign, ...author })
      if (made.unsigned !== null) unsigned++
      tip = made.oid
    } else tip = last.oid
    for (const commit of group.commits) map.push([commit.oid, tip])
    const subject = group.isManual ? subjectOf(last.message) : subjectOf(plan.message)
    commits.push({ oid: tip, subject, isManual: group.isManual, replaced: group.commits.length })
  }
  return { tip, map, commits, unsigned }
}

/** The user's message with the trailers of all iterations in it, so that blame still leads to them. */
function squashMessage(plan: Plan, group: Group): string {
  const iterations = unique(group.commits.flatMap((commit) => trailerValues(commit.message, 'Amp-Iteration')))
  const trailers: [string, string][] = [
    ['Amp-Session', plan.session],
    ...iterations.map((id): [string, string] => ['Amp-Iteration', id]),
  ]
  return withTrailers(plan.message, trailers)
}

async function recordSquash(
  repo: Repo,
  tip: ChainTip,
  squash: { from: Oid; to: Oid; map: [Oid, Oid][]; place: Place | null },
): Promise<ChainTip> {
  const { from, to, map, place } = squash
  const total = await diffSize(repo.git, tip.snapshot.base.oid, to)
  const views = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const moved = new Map(map)
  const notes = views.flatMap((view) => {
    const commit = view.to === null ? undefined : moved.get(view.to)
    return commit === undefined ? [] : [{ commit, line: noteLine({ id: tip.id, slug: tip.snapshot.slug }, view) }]
  })
  if (place !== null) await beginMove(repo, place, { kind: 'commit', from, to })
  const branch = branchRef(tip.snapshot.branch)
  // A branch that the user deleted is made again.
  const old = await repo.refs.read(branch)
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseMoved(repo, latest, from)
    return {
      subject: `amp(${latest.snapshot.slug}): squashed ${plural(map.length, 'commit')}`,
      events: [{ type: 'session.squashed', data: { from, to, map, total } }],
      code: [from, to],
      moves: [{ ref: branch, old: old === null ? null : from, new: to }],
      notes,
      operation: { id: repo.newId(), command: 'squash' },
    }
  })
  if (place !== null) await endMove(repo, place)
  return recorded?.tip ?? tip
}
