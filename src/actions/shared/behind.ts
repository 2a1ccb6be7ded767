import { AmpError, no } from '../../errors.js'
import { isAncestor } from '../../git/history.js'
import { switchFiles } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchRef, isId, isOid } from '../../state/names.js'
import { refuseCheckedOut } from './checkout.js'
import { exchange } from './exchange.js'
import { beginMove, endMove, pendingMove } from './pending.js'
import { findPlace, type Place } from './place.js'
import { headNow, oneHead, refuseRunning } from './sessions.js'
import { unfinishedVerb } from './unfinished.js'

/**
 * A session that another clone went on with stands on a later commit than its branch here. Where the branch stood when that arrived is kept in a
 * file: without it, a branch that has not followed yet looks like one that the user set back.
 */
const behindFile = (repo: Repo, id: string): string => repo.local('behind', id)

/** Remembers where the branch stands, before the news of the session are recorded. */
export async function rememberBehind(repo: Repo, before: ChainTip, after: { heads: readonly Oid[] }): Promise<void> {
  const { heads, branch } = before.snapshot
  if (heads.join() === after.heads.join() || (await behindOf(repo, before)) !== null) return
  const here = await repo.refs.read(branchRef(branch))
  const stood = here !== null && heads.includes(here) ? here : heads[0]
  if (here === null || stood === undefined) return
  await repo.host.fs.mkdir(repo.local('behind'), { recursive: true })
  await repo.host.fs.writeFile(behindFile(repo, before.id), `${stood}\n`)
}

/** The head that the branch of a session stood for when news arrived that it has not followed; null when there are none. */
export async function behindOf(repo: Repo, { id }: Pick<ChainTip, 'id'>): Promise<Oid | null> {
  const text = await repo.host.fs.readFile(behindFile(repo, id), 'utf8').catch(() => '')
  return isOid(text.trim()) ? text.trim() : null
}

/** The branch has followed, or went its own way. */
export const endBehind = (repo: Repo, { id }: Pick<ChainTip, 'id'>): Promise<void> =>
  repo.host.fs.rm(behindFile(repo, id), { force: true })

/** The head that work on `from` replaces: `from` itself while the branch has not followed news from elsewhere, for then it is not part of them. */
export async function headFor(repo: Repo, latest: ChainTip, from: Oid): Promise<Oid> {
  return (await behindOf(repo, latest)) === null ? headNow(latest, from) : from
}

/**
 * Brings the branch of a session, and its worktree, to where another clone took it. Commits of the user's that are not part of it stay where they
 * are, and so does everything uncommitted.
 * @returns whether the branch moved
 * @throws AmpError when the worktree is in the way
 */
export async function catchUp(repo: Repo, tip: ChainTip): Promise<boolean> {
  const stood = await behindOf(repo, tip)
  const [head, ...others] = tip.snapshot.heads
  if (stood === null || head === undefined || others.length > 0) return false
  const ref = branchRef(tip.snapshot.branch)
  const here = await repo.refs.read(ref)
  if (here === null || here === head || (await isAncestor(repo.git, head, here))) {
    await endBehind(repo, tip)
    return false
  }
  // Work of the user's on top of what was: the session has diverged, as recording it will say.
  if (here !== stood) return false
  const place = await findPlace(repo, tip)
  // What a killed git-amp left is finished first.
  if (place !== null && (await pendingMove(repo, place)) !== null) return false
  await refuseRunning(repo, tip)
  await refuseCheckedOut(repo, tip, place)
  const move = { kind: 'rebase' as const, from: here, to: head }
  if (place !== null) await refuseInTheWay(repo, tip, { place, move })
  if (place !== null) await beginMove(repo, place, move)
  await repo.refs.update([{ ref, old: here, new: head }], 'amp: went on elsewhere')
  if (place !== null) {
    await exchange(repo, place, move)
    await endMove(repo, place)
  }
  await endBehind(repo, tip)
  return true
}

async function refuseInTheWay(
  repo: Repo,
  tip: ChainTip,
  { place, move }: { place: Place; move: { from: Oid; to: Oid } },
): Promise<void> {
  const verb = await unfinishedVerb(repo, place)
  if (verb !== null)
    throw no(
      `session ${tip.snapshot.name} went on elsewhere, and a ${verb} is in progress in ${place.path}`,
      'Finish or abort it first.',
    )
  const refusal = await switchFiles(place.git, move, { dryRun: true })
  if (refusal === null) return
  throw no(
    `session ${tip.snapshot.name} went on elsewhere, and your changes in ${place.path} are in the way: ${refusal}`,
    'Commit, stash or move them, then run the command again.',
  )
}

/**
 * The commit that the branch here counts from: the session's head, or what it was when news arrived that the branch has not followed.
 * @throws AmpError when the session has diverged
 */
export async function headHere(repo: Repo, tip: ChainTip): Promise<Oid> {
  const head = oneHead(tip)
  return (await behindOf(repo, tip)) ?? head
}

/** Catches up in a sync, which goes on with other sessions: what is in the way is told, and the next command meets it again. */
export async function tryCatchUp(repo: Repo, tip: ChainTip): Promise<{ moved: boolean; problem: string | null }> {
  try {
    return { moved: await catchUp(repo, tip), problem: null }
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    return { moved: false, problem: error.message }
  }
}

/** Sessions whose branch here may not have followed what came. */
export async function behindIds(repo: Repo): Promise<string[]> {
  const names = await repo.host.fs.readdir(repo.local('behind')).catch((): string[] => [])
  return names.filter(isId)
}
