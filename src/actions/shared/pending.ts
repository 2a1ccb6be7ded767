import { join } from 'node:path'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { Place } from './place.js'

/** A move of a session's branch that is under way. */
export interface PendingMove {
  /** `commit`: the index holds what the branch moves to. `rebase`: index and files follow when the refs have moved. */
  kind: 'commit' | 'rebase'
  from: Oid
  to: Oid
  /** Uncommitted work that stood there before the move, and was taken out for it. */
  clear?: Oid
  /** Uncommitted work that is put there after the move. */
  restore?: Oid
}

const pendingFile = (place: Place): string => join(place.gitDir, 'amp-pending')

/**
 * Says in the worktree's own git directory that the branch is about to move. It stands there until refs and files agree: what a killed git-amp
 * left half done is then known, and not guessed from what the user's own commands leave as well.
 */
export const beginMove = (repo: Repo, place: Place, move: PendingMove): Promise<void> =>
  repo.host.fs.writeFile(pendingFile(place), `${JSON.stringify(move)}\n`)

/** The move is done, or was never begun. */
export const endMove = (repo: Repo, place: Place): Promise<void> => repo.host.fs.rm(pendingFile(place), { force: true })

/** The move that was not ended; null when there is none. A file that is cut was written before anything moved. */
export async function pendingMove(repo: Repo, place: Place): Promise<PendingMove | null> {
  try {
    const move = JSON.parse(await repo.host.fs.readFile(pendingFile(place), 'utf8')) as PendingMove
    return typeof move.from === 'string' && typeof move.to === 'string' ? move : null
  } catch {
    return null
  }
}
