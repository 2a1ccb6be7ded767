import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { findSession } from './shared/find.js'
import { findPlace } from './shared/place.js'

/** Absolute path of a session's worktree. @throws AmpError when there is none on this machine */
export async function pathOfSession(
  repo: Repo,
  options: { session?: string | undefined },
): Promise<{ tip: ChainTip; path: string }> {
  const tip = await findSession(repo, options.session)
  const place = await findPlace(repo, tip)
  if (place !== null) return { tip, path: place.path }
  throw fatal(
    `session ${tip.snapshot.name} has no worktree here`,
    `"git amp iterate ${tip.id}" and "git amp exec ${tip.id} -- <command>" make it again from the branch.`,
  )
}
