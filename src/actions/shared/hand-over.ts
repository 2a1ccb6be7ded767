import { type AmpError, conflict, fatal, no } from '../../errors.js'
import { putBackCommand, type Rebased, readRebase, rebaseComplaint, startRebase, stepRebase } from '../../git/rebase.js'
import type { Oid } from '../../git/run.js'
import { readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { subjectOf } from '../../util/message.js'
import { oneLine } from '../../util/sanitize.js'
import { clearStaleLocks } from './lock.js'
import type { Place } from './place.js'
import {
  gitAt,
  keepWorktree,
  mark,
  type Outcome,
  type Rebasing,
  rebaseHints,
  recordConflict,
  recordOutcome,
  standingOf,
} from './rebasing.js'
import { hooksOf } from './work.js'

/** A rebase that is to be done by git itself in the session's worktree. */
export interface HandOver {
  place: Place
  from: Oid
  onto: Oid
  start: Oid
  /** Where it will stop, as far as it was seen in memory. */
  commit: Oid
  paths: string[]
}

/** A session in its worktree. */
export interface Here {
  tip: ChainTip
  place: Place
}

/** Where git stopped. */
export interface Stop extends Here {
  /** The commit that cannot be applied; null when git does not say. */
  commit: Oid | null
  paths: string[]
  /** What git said. */
  complaint: string
}

/** A rebase that came to its end, or stands still. */
export type Driven = { stop: null; outcome: Outcome } | { stop: Stop }

/** Hands a rebase to git, recorded first: whatever happens, the next command knows of it. */
export async function handOver(repo: Repo, tip: ChainTip, what: HandOver): Promise<Driven> {
  const { place, from, onto, start, commit, paths } = what
  await mark(repo, tip.id, { from, onto, gitDir: place.gitDir })
  const recorded = await recordConflict(repo, tip, { from, onto, start, commit, paths })
  return drive(repo, { tip: recorded, place }, (git) => startRebase(git, { onto, start }))
}

/** Goes on with a rebase: the next step of git's own. Works also when git or git-amp was killed in it. */
export async function goOn(repo: Repo, here: Here, how: 'continue' | 'skip'): Promise<Driven> {
  const { tip, place } = here
  await refuseAtWork(repo, tip, place)
  await clearStaleLocks(repo, place)
  const { rebasing } = tip.snapshot
  if (rebasing !== undefined && !(await hasBegun(repo, place))) {
    await takeBack(repo, tip, place)
    return drive(repo, here, (git) => startRebase(git, rebasing))
  }
  await putBackLost(repo, tip, place)
  const { unmerged } = await readStatus(place.git)
  if (how === 'continue' && unmerged.length > 0) return { stop: await stopAt(repo, here) }
  // Git resets the worktree when it skips: what the user has resolved there stays reachable.
  const known = how === 'skip' ? (await keepStanding(repo, here)).tip : tip
  return drive(repo, { tip: known, place }, (git) => stepRebase(git, [`--${how}`]))
}

/** Keeps what stands in the worktree reachable from the session, while git still has the rebase. */
async function keepStanding(repo: Repo, { tip, place }: Here): Promise<{ tip: ChainTip; kept: Oid | null }> {
  const kept = await keepWorktree(repo, tip, place)
  const { rebasing } = tip.snapshot
  if (kept === null || rebasing === undefined) return { tip, kept }
  return { tip: await recordAgain(repo, tip, { place, kept, rebasing }), kept }
}

/** Gives a rebase up. What stood in the worktree stays reachable from the session. */
export async function giveUp(repo: Repo, { tip, place }: Here): Promise<Outcome> {
  await refuseAtWork(repo, tip, place)
  await clearStaleLocks(repo, place)
  // A git that is killed now leaves what the next command finishes.
  const { tip: known, kept } = await keepStanding(repo, { tip, place })
  await takeBack(repo, known, place)
  return recordOutcome(repo, known, kept)
}

/** Lets git end the rebase and put branch, index and files back. */
export async function takeBack(repo: Repo, tip: ChainTip, place: Place): Promise<void> {
  const git = (await hooksOf(repo, place)).git
  const state = await readRebase(repo.host.fs, place.gitDir)
  if (state === null) return
  const { rebasing } = tip.snapshot
  // Git keeps what is not in its index; what it writes again as it is need not be kept.
  if (rebasing !== undefined) await removeLeftovers(place, rebasing.from)
  // Without its first files git cannot abort; it has touched nothing yet then.
  const { code, stderr } = await stepRebase(git, [state.origHead === null ? '--quit' : '--abort'])
  if (code !== 0) throw fatal(`git cannot abort the rebase: ${rebaseComplaint(stderr)}`)
  for (const commit of [rebasing?.onto, state.killedIn?.commit])
    if (commit !== undefined) await removeLeftovers(place, commit)
}

/** Runs a step of git's rebase, and looks where it stands afterwards. */
async function drive(repo: Repo, here: Here, run: (git: Place['git']) => Promise<Rebased>): Promise<Driven> {
  const { tip, place } = here
  const { code, stderr } = await run((await hooksOf(repo, place)).git)
  if ((await standingOf(repo, tip, place)) === 'open') return { stop: await stopAt(repo, here, stderr) }
  const outcome = await recordOutcome(repo, tip)
  if (outcome.kind === 'aborted' && code !== 0) throw no(`git did not rebase: ${rebaseComplaint(stderr)}`)
  return { stop: null, outcome }
}

export async function stopAt(repo: Repo, { tip, place }: Here, stderr = ''): Promise<Stop> {
  const [status, commit] = await Promise.all([readStatus(place.git), repo.worktreeRef(place.gitDir, 'REBASE_HEAD')])
  return { tip, place, commit, paths: status.unmerged, complaint: rebaseComplaint(stderr) }
}

/** What the user is told of a stop. */
export async function stopError(repo: Repo, stop: Stop): Promise<AmpError> {
  const { tip, place, commit, paths, complaint } = stop
  const { rebasing, name } = tip.snapshot
  const hints = rebaseHints(tip.id, place.path)
  const message = commit === null ? null : ((await repo.objects.readCommit(commit))?.message ?? null)
  const what = message === null || commit === null ? name : `'${oneLine(subjectOf(message))}' (${commit.slice(0, 12)})`
  if (paths.length === 0)
    return no(
      `the rebase of session ${name} stands still at ${what}${complaint === '' ? '' : `: ${complaint}`}`,
      ...hints,
    )
  return conflict(
    `${what} conflicts with the base in ${paths.map((path) => oneLine(path)).join(', ')}`,
    { onto: rebasing?.onto ?? null, commit, paths, worktree: place.path },
    ...hints,
  )
}

/** Git detaches HEAD when it begins: before that it was killed, and nothing is to be gone on with. */
async function hasBegun(repo: Repo, place: Place): Promise<boolean> {
  if ((await readRebase(repo.host.fs, place.gitDir)) === null) return false
  return (await place.git.text(['symbolic-ref', '--quiet', 'HEAD'], { ok: [0, 1] })) === '' // 1: detached
}

async function refuseAtWork(repo: Repo, tip: ChainTip, place: Place): Promise<void> {
  const pid = await gitAt(repo, place)
  if (pid === null) return
  throw fatal(
    `git (process ${pid}) is at the rebase of session ${tip.snapshot.name}`,
    'Wait for it to end, then run the command again.',
  )
}

/** A git that is killed in the middle of a commit forgets it: that one is done again, from where the one before ended. */
async function putBackLost(repo: Repo, tip: ChainTip, place: Place): Promise<void> {
  const killedIn = (await readRebase(repo.host.fs, place.gitDir))?.killedIn ?? null
  if (killedIn === null) return
  const [lost, head] = await Promise.all([formOf(place, killedIn.commit), formOf(place, 'HEAD')])
  if (lost === head) return
  await keepStanding(repo, { tip, place })
  await place.git.run(['reset', '--hard', '--quiet'])
  await removeLeftovers(place, killedIn.commit)
  await putBackCommand(repo.host.fs, place.gitDir, killedIn.line)
}

/** What a commit keeps when it is written again. */
const formOf = (place: Place, commit: string): Promise<string> =>
  place.git.text(['log', '-1', '--no-show-signature', '--date=raw', '--format=%an%x00%ae%x00%ad%x00%B', commit])

async function recordAgain(
  repo: Repo,
  tip: ChainTip,
  { place, kept, rebasing }: { place: Place; kept: Oid; rebasing: Rebasing },
): Promise<ChainTip> {
  const { from, onto, start } = rebasing
  const stop = await stopAt(repo, { tip, place })
  return recordConflict(repo, tip, { from, onto, start, commit: stop.commit ?? from, paths: stop.paths, kept })
}

/** Files that a killed git had written and not yet listed in the index; only those that are as in the commit. */
async function removeLeftovers(place: Place, commit: string): Promise<void> {
  const { untracked } = await readStatus(place.git)
  if (untracked.length === 0) return
  const entries = new Map(
    (await place.git.items(['ls-tree', '-r', '-z', '--full-tree', commit])).map((entry) => {
      const [info = '', path = ''] = entry.split('\t')
      return [path, info.split(' ')[2]] as const
    }),
  )
  for (const path of untracked.filter((one) => entries.has(one))) {
    const oid = await place.git.text(['hash-object', '--', path])
    if (oid === entries.get(path)) await place.git.run(['clean', '--force', '--quiet', '--', `:(top,literal)${path}`])
  }
}
