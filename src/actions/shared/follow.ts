import { fatal, no } from '../../errors.js'
import { switchFiles } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import { isDirty, type Status } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { shellWord } from '../../util/quote.js'
import { beginMove, endMove } from './pending.js'
import type { Place } from './place.js'

/** Other files are about to come into the worktree. @throws AmpError when something there is not committed */
export function refuseDirty(tip: ChainTip, place: Place | null, status: Status | null): void {
  if (status === null || !isDirty(status)) return
  throw no(
    `the worktree of session ${tip.snapshot.name} has uncommitted changes`,
    `Commit them there first: ${shellWord(place?.path ?? '')}`,
  )
}

/** Asks whether the files of a worktree can go from one commit to another. @throws AmpError when something is in the way */
export async function refuseFollowing(place: Place, move: { from: Oid; to: Oid }): Promise<void> {
  const refusal = await switchFiles(place.git, move, { dryRun: true })
  if (refusal !== null)
    throw no(`the worktree cannot follow: ${refusal}`, 'Move the file in the way, then run the command again.')
}

/**
 * Moves a session's branch, and the files of its worktree with it. Whether they can follow is asked before anything is recorded.
 * @param recordMove moves the refs
 */
export async function moveWithFiles<T>(
  repo: Repo,
  { place, ...move }: { place: Place; from: Oid; to: Oid },
  recordMove: () => Promise<T>,
): Promise<T> {
  await refuseFollowing(place, move)
  await beginMove(repo, place, { kind: 'rebase', ...move })
  const recorded = await recordMove()
  const late = await switchFiles(place.git, move)
  if (late !== null)
    throw fatal(`the branch has moved, but the worktree could not follow: ${late}`, 'Run the command again.')
  await endMove(repo, place)
  return recorded
}
