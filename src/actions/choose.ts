import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { findSession } from './shared/find.js'
import { here, localLeases } from './shared/lease.js'
import { allSessions, isOpenSession, stateOf } from './shared/sessions.js'

/** The sessions that the user names, each once; without a name the session of this worktree. */
export async function pickSessions(repo: Repo, names: readonly string[]): Promise<ChainTip[]> {
  const found: ChainTip[] = []
  for (const name of names.length === 0 ? [undefined] : names) {
    const tip = await findSession(repo, name)
    if (!found.some((one) => one.id === tip.id)) found.push(tip)
  }
  return found
}

/** Open sessions in which nothing runs and that have one head, by name. */
export async function idleSessions(repo: Repo): Promise<ChainTip[]> {
  const [{ sessions }, leases, self] = await Promise.all([allSessions(repo), localLeases(repo), here(repo)])
  return sessions
    .filter((tip) => isOpenSession(tip.snapshot))
    .filter((tip) => !['running', 'diverged'].includes(stateOf(tip, leases, self)))
    .sort((a, b) => (a.snapshot.slug < b.snapshot.slug ? -1 : 1))
}
