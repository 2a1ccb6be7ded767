import { commitTree } from '../../git/commit.js'
import type { Oid } from '../../git/run.js'
import { writeTree } from '../../git/stage.js'
import { changedPaths, setPaths } from '../../git/tree-change.js'
import type { Repo } from '../../repo.js'
import type { KeptWork } from '../../state/fold.js'
import { onEmptyIndex } from './index-copy.js'
import type { Place } from './place.js'
import { worktreeTree } from './testing.js'

/**
 * Writes what stands in a worktree as the commit that the agent's work would be, without moving anything: by it the agent's edits are told from the
 * user's later on, and nothing of them is lost when the worktree is.
 * @returns the commit; null when the files are those of `from`
 */
export async function keepWork(
  repo: Repo,
  place: Place,
  { from, message }: { from: Oid; message: string },
): Promise<Oid | null> {
  const tree = await worktreeTree(repo, place)
  if (tree === (await repo.treeOf(from))) return null
  // No branch gets it, so that it needs no signature.
  return commitTree(place.git, { tree, parents: [from], message, sign: false })
}

/** What of the uncommitted work in a worktree is whose. */
export interface Shares {
  /** Tree of the head with the agent's share; the tree of the head itself when nothing of it is left. */
  agent: Oid
  /** Tree of everything that stands there. */
  all: Oid
}

/**
 * Tells the edits that an agent left from what the user did since. A file that is still as the agent left it is the agent's; of one that the user edited
 * since, the agent's version is the agent's, and what was done to it the user's. A file that the user put back is nobody's any more.
 */
export async function sharesOf(
  repo: Repo,
  place: Place,
  { kept, head }: { kept: KeptWork; head: Oid },
): Promise<Shares> {
  const { git } = place
  const all = await worktreeTree(repo, place)
  const [left, since, uncommitted, committed, inHead] = await Promise.all([
    changedPaths(git, kept.from, kept.commit),
    changedPaths(git, kept.commit, all),
    changedPaths(git, head, all),
    changedPaths(git, kept.from, head),
    changedPaths(git, head, kept.commit),
  ])
  const isAgents = ([path]: readonly [string, unknown]): boolean =>
    left.has(path) && uncommitted.has(path) && (!since.has(path) || !committed.has(path))
  const own = [...inHead].filter(isAgents)
  const agent = await onEmptyIndex(repo, git, async (index) => {
    await index.run(['read-tree', head])
    await setPaths(index, own)
    return writeTree(index)
  })
  return { agent, all }
}
