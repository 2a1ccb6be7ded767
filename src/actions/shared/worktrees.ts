import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'

/** Finds the worktrees of sessions by one look at git's list: by their names, else by the branch that is checked out. */
export async function worktreesOf(repo: Repo): Promise<(session: Pick<ChainTip, 'id' | 'snapshot'>) => string | null> {
  const worktrees = (await repo.worktrees()).filter((one) => one.prunable === null)
  return ({ id, snapshot }) =>
    worktrees.find((one) => one.path.endsWith(`/${id}`) || one.branch === snapshot.branch)?.path ?? null
}
