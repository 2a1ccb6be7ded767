import { join } from 'node:path'
import { type AmpError, fatal } from '../../errors.js'
import { commitTree } from '../../git/commit.js'
import { diffSize } from '../../git/diff.js'
import { commitsBetween, isAncestor } from '../../git/history.js'
import { clearFlags, readFlags } from '../../git/index-flags.js'
import { matchCommits, readRebase } from '../../git/rebase.js'
import type { Oid } from '../../git/run.js'
import { stageAll, writeTree } from '../../git/stage.js'
import { isDirty, readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { Snapshot } from '../../state/fold.js'
import { iterationsOf, noteLine } from '../../state/iterations.js'
import { branchRef } from '../../state/names.js'
import { oneLine } from '../../util/sanitize.js'
import { plural } from '../../util/time.js'
import { onIndexCopy } from './index-copy.js'
import { here, type KnownLease } from './lease.js'
import type { Place } from './place.js'
import { record } from './record.js'
import { refuseMoved, refuseRunning, type SessionState, stateOf } from './sessions.js'
import { absentIn } from './snapshot.js'

export type Rebasing = NonNullable<Snapshot['rebasing']>

/** Says that a recorded conflict stands in this clone. Local: two clones may be on one machine, and a host's name may change. */
interface Marker {
  from: Oid
  onto: Oid
  /** Git directory of the worktree that it stands in. */
  gitDir: string
}

const markerFile = (repo: Repo, session: string): string => repo.local('rebases', `${session}.json`)

/** Remembers that a rebase is about to be handed to git in a worktree; before the chain says so. */
export async function mark(repo: Repo, session: string, marker: Marker): Promise<void> {
  await repo.host.fs.mkdir(repo.local('rebases'), { recursive: true })
  await repo.host.fs.writeFile(markerFile(repo, session), `${JSON.stringify(marker)}\n`)
  // Found by that name while git has detached its HEAD, also when the user made the worktree.
  await repo.host.fs.writeFile(join(marker.gitDir, 'amp-session'), `${session}\n`)
}

const unmark = (repo: Repo, session: string): Promise<void> =>
  repo.host.fs.rm(markerFile(repo, session), { force: true })

async function readMarker(repo: Repo, session: string, { from, onto }: Rebasing): Promise<Marker | null> {
  try {
    const marker = JSON.parse(await repo.host.fs.readFile(markerFile(repo, session), 'utf8')) as Marker
    return marker.from === from && marker.onto === onto ? marker : null
  } catch {
    // Another clone's, or cut by a crash before the chain knew of it.
    return null
  }
}

/** Where a recorded conflict stands: git is still at it in the worktree here, has come to an end there, or it is another clone's. */
export type Standing = 'none' | 'open' | 'ended' | 'elsewhere'

/**
 * Nothing is written.
 * @param place the session's worktree, null when it has none; left out, the one that is remembered counts
 */
export async function standingOf(
  repo: Repo,
  tip: Pick<ChainTip, 'id' | 'snapshot'>,
  place?: Place | null,
): Promise<Standing> {
  const { rebasing } = tip.snapshot
  if (rebasing === undefined) return 'none'
  const marker = await readMarker(repo, tip.id, rebasing)
  // A worktree that is gone has taken its rebase with it.
  const gitDir = place === null ? undefined : (place?.gitDir ?? marker?.gitDir)
  const git = gitDir === undefined ? null : await readRebase(repo.host.fs, gitDir)
  if (git !== null && (git.origHead === rebasing.from || (git.origHead === null && marker !== null))) return 'open'
  if (marker === null) return 'elsewhere'
  const isAtWork = place !== null && place !== undefined && (await gitAt(repo, place)) !== null
  return isAtWork ? 'open' : 'ended'
}

/** The state of a session as it stands in this clone: a conflict that the user ended with plain git is none, though nobody has recorded that. */
export async function stateHere(
  repo: Repo,
  tip: Pick<ChainTip, 'id' | 'snapshot'>,
  leases: readonly KnownLease[],
): Promise<{ state: SessionState; conflictOn: string | null }> {
  const self = await here(repo)
  const state = stateOf(tip, leases, self)
  const standing = state === 'conflict' ? await standingOf(repo, tip) : 'none'
  if (standing === 'ended') {
    const { rebasing: _, ...snapshot } = tip.snapshot
    return { state: stateOf({ id: tip.id, snapshot }, leases, self), conflictOn: null }
  }
  return { state, conflictOn: standing === 'elsewhere' ? (tip.snapshot.rebasing?.host ?? null) : null }
}

/** The process of a `git rebase` that is at work in a worktree, such as one that outlived a killed git-amp; null when there is none. */
export async function gitAt(repo: Repo, place: Place): Promise<number | null> {
  const { processes } = repo.host
  for (const { pid, name } of await processes.workingIn(place.path)) {
    if (!/^git/.test(name)) continue
    const inside = await processes.insideOf(pid)
    if (inside?.words.includes('rebase') && !(await processes.tree(pid)).includes(processes.self)) return pid
  }
  return null
}

/**
 * Records how a conflict ended that the user finished or aborted with plain git, or that a killed git-amp could not record.
 * @throws AmpError while it stands
 */
export async function settleRebase(repo: Repo, tip: ChainTip, place: Place | null): Promise<ChainTip> {
  await refuseConflict(repo, tip, place)
  return tip.snapshot.rebasing === undefined ? tip : (await recordOutcome(repo, tip)).tip
}

/** Refuses what cannot be done while a rebase of the session stands in a conflict. Nothing is written. */
export async function refuseConflict(repo: Repo, tip: ChainTip, place: Place | null): Promise<void> {
  const standing = await standingOf(repo, tip, place)
  if (standing === 'elsewhere') throw conflictElsewhere(tip)
  if (standing !== 'open') return
  const files = place === null ? [] : (await readStatus(place.git)).unmerged
  throw fatal(
    `session ${tip.snapshot.name} is being rebased${files.length === 0 ? '' : `, with conflicts in ${files.map((file) => oneLine(file)).join(', ')}`}`,
    ...rebaseHints(tip.id, place?.path ?? null),
  )
}

/** How a conflict is left. */
export const rebaseHints = (session: string, path: string | null): string[] => [
  `Resolve it${path === null ? '' : ` in ${path}`} and "git add" the files, then run "git amp rebase --continue ${session}".`,
  `"git amp rebase --skip ${session}" leaves the commit out, "git amp rebase --abort ${session}" goes back.`,
]

export const conflictElsewhere = (tip: ChainTip): AmpError =>
  fatal(
    `session ${tip.snapshot.name} is in the middle of a rebase: conflict on ${oneLine(tip.snapshot.rebasing?.host ?? '')}`,
    'Finish it there, then sync.',
    `If that clone is gone, give the rebase up with "git amp rebase --abort -f ${tip.id}".`,
  )

/** How a rebase ended. */
export type Outcome =
  | { kind: 'rebased'; tip: ChainTip; from: Oid; to: Oid; onto: Oid; map: [Oid, Oid][] }
  | { kind: 'aborted'; tip: ChainTip; from: Oid; onto: Oid }

/**
 * Records where the branch stands now that git has ended the rebase: on the new base, or where it was. Anything else the user did after it is
 * taken up by itself.
 * @param kept a commit of what stood in the worktree before it was taken back
 */
export async function recordOutcome(repo: Repo, tip: ChainTip, kept: Oid | null = null): Promise<Outcome> {
  const { rebasing } = tip.snapshot
  if (rebasing === undefined) throw fatal(`session ${tip.snapshot.name} is not being rebased`)
  const { from, onto, start } = rebasing
  const to = (await repo.refs.read(branchRef(tip.snapshot.branch))) ?? from
  // With both in it somebody merged the base after having given the rebase up.
  const isRebased = (await isAncestor(repo.git, onto, to)) && !(await isAncestor(repo.git, from, to))
  if (!isRebased) {
    const left = kept ?? (await leftBehind(repo, tip.id, rebasing))
    return { kind: 'aborted', from, onto, tip: await recordAbort(repo, tip, left) }
  }
  const plain = (await commitsBetween(repo.git, start, from)).filter((commit) => commit.parents.length < 2)
  const map = matchCommits(plain, await commitsBetween(repo.git, onto, to), onto)
  const recorded = await recordRebase(repo, tip, { from, to, onto, map, isDone: true })
  await unmark(repo, tip.id)
  return { kind: 'rebased', tip: recorded, from, to, onto, map }
}

/** What a rebase had come to in a worktree that is gone now. */
async function leftBehind(repo: Repo, session: string, rebasing: Rebasing): Promise<Oid | null> {
  const marker = await readMarker(repo, session, rebasing)
  const head = marker === null ? null : await repo.worktreeRef(marker.gitDir, 'HEAD')
  return head === rebasing.from ? null : head
}

/** The session is where it was. */
export async function recordAbort(repo: Repo, tip: ChainTip, kept: Oid | null): Promise<ChainTip> {
  const recorded = await record(repo, tip.id, (latest) => {
    if (latest.snapshot.rebasing === undefined) return null
    const { from, onto } = latest.snapshot.rebasing
    return {
      subject: `amp(${latest.snapshot.slug}): rebase onto ${onto.slice(0, 12)} aborted`,
      events: [{ type: 'session.rebase-aborted', data: { from, onto, ...(kept === null ? {} : { at: kept }) } }],
      code: [from, onto, ...(kept === null ? [] : [kept])],
    }
  })
  await unmark(repo, tip.id)
  return recorded?.tip ?? (await latestOf(repo, tip))
}

const latestOf = async (repo: Repo, tip: ChainTip): Promise<ChainTip> => {
  const { rebasing: _, ...snapshot } = tip.snapshot
  return { ...tip, oid: (await repo.refs.read(tip.ref)) ?? tip.oid, snapshot }
}

/** A rebase to be recorded. */
export interface RebaseStep {
  from: Oid
  to: Oid
  onto: Oid
  map: [Oid, Oid][]
  /** Git has moved the branch already. */
  isDone?: boolean
}

/** Event, branch and notes of a rebase, in one transaction. */
export async function recordRebase(repo: Repo, tip: ChainTip, rebase: RebaseStep): Promise<ChainTip> {
  const { from, to, onto, map, isDone = false } = rebase
  const total = await diffSize(repo.git, onto, to)
  const notes = await notesOf(repo, tip, { map, onto })
  const branch = branchRef(tip.snapshot.branch)
  // A branch that the user deleted is made again.
  const old = isDone ? from : await repo.refs.read(branch)
  const move = { ref: branch, old: old === null ? null : from, new: to }
  const recorded = await record(repo, tip.id, async (latest) => {
    if (!isDone) await refuseMoved(repo, latest, from)
    else if (latest.snapshot.rebasing === undefined) return null
    return {
      subject: `amp(${latest.snapshot.slug}): rebased ${plural(map.length, 'commit')} onto ${onto.slice(0, 12)}`,
      events: [{ type: 'session.rebased', data: { from, to, onto, map, total } }],
      code: [from, to, onto],
      ...(isDone ? { moved: [move] } : { moves: [move] }),
      notes,
      operation: { id: repo.newId(), command: 'rebase' },
    }
  })
  return recorded?.tip ?? (isDone ? latestOf(repo, tip) : tip)
}

/** The notes of iterations whose commits were written again. */
async function notesOf(repo: Repo, tip: ChainTip, { map, onto }: { map: [Oid, Oid][]; onto: Oid }) {
  const views = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const moved = new Map(map)
  const session = { id: tip.id, slug: tip.snapshot.slug }
  return views.flatMap((view) => {
    const commit = view.to === null ? undefined : moved.get(view.to)
    // The tests were run on another tree: the line says nothing of them.
    const isGone = commit === undefined || commit === onto
    return isGone ? [] : [{ commit, line: noteLine(session, { ...view, tests: null }) }]
  })
}

/**
 * A commit of all that stands in the worktree, so that nothing is lost when a rebase is taken back: HEAD itself when nothing else does.
 * @returns null when that is the session's own commit
 */
export async function keepWorktree(repo: Repo, tip: ChainTip, place: Place): Promise<Oid | null> {
  const status = await readStatus(place.git)
  if (status.head === null) return null
  const flags = await readFlags(place.git)
  const nothing = tip.snapshot.heads.includes(status.head) ? null : status.head
  const isHiding = flags.assume.length + flags.skip.length > 0
  if (!isDirty(status) && !isHiding) return nothing
  const absent = await absentIn(repo, place, flags.skip)
  const tree = await onIndexCopy(repo, { place, git: place.git }, async (git) => {
    // What flags hide from git is overwritten all the same when it resets.
    if (isHiding)
      await clearFlags(git, { assume: flags.assume, skip: flags.skip.filter((path) => !absent.includes(path)) })
    await stageAll(git, status.nested)
    return writeTree(git)
  })
  if (!isDirty(status) && tree === (await repo.treeOf(status.head))) return nothing
  const message = 'In the middle of a rebase\n'
  return commitTree(place.git, { tree, parents: [status.head], message, sign: false })
}

/** Records that the rebase stands in a conflict, or stands in another one now. */
export async function recordConflict(
  repo: Repo,
  tip: ChainTip,
  what: Omit<Rebasing, 'host' | 'at'> & { commit: Oid; paths: string[]; kept?: Oid | null },
): Promise<ChainTip> {
  const { kept = null, ...data } = what
  const recorded = await record(repo, tip.id, async (latest) => {
    if (latest.snapshot.rebasing === undefined) await refuseMoved(repo, latest, data.from)
    else await refuseRunning(repo, latest)
    return {
      subject: `amp(${latest.snapshot.slug}): rebase onto ${data.onto.slice(0, 12)} stands in a conflict`,
      events: [{ type: 'session.conflicted', data: { ...data, host: repo.host.hostname } }],
      code: [data.from, data.onto, ...(kept === null ? [] : [kept])],
    }
  })
  return recorded?.tip ?? tip
}
