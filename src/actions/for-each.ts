import type { Repo } from '../repo.js'
import { type ListedSession, type ListOptions, type ListResult, listSessions } from './list.js'
import { worktreesOf } from './shared/worktrees.js'

/** Every session, merged, closed and archived ones too, with its worktree here. */
export async function eachSessionHere(
  repo: Repo,
  options: Omit<ListOptions, 'all'>,
): Promise<{ sessions: { session: ListedSession; worktree: string | null }[]; broken: ListResult['broken'] }> {
  const { sessions, broken } = await listSessions(repo, { ...options, all: true })
  const worktreeOf = await worktreesOf(repo)
  return { sessions: sessions.map((session) => ({ session, worktree: worktreeOf(session) })), broken }
}
