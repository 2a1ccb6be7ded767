import { join } from 'node:path'
import type { Repo } from '../../repo.js'

/** What git leaves in a worktree while an operation is in progress, and the command that it belongs to. */
const unfinished = [
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
] as const

/** The command of git that is in progress in a worktree; null when there is none. */
export async function unfinishedVerb(repo: Repo, place: { gitDir: string }): Promise<string | null> {
  if (await hasFile(repo, place, 'rebase-apply/applying')) return 'am'
  // REBASE_HEAD tells nothing: `git rebase --quit` leaves it.
  if ((await hasFile(repo, place, 'rebase-merge')) || (await hasFile(repo, place, 'rebase-apply'))) return 'rebase'
  const found = await Promise.all(unfinished.map(([ref]) => repo.worktreeRef(place.gitDir, ref)))
  const verb = unfinished.find((_, index) => found[index] !== null)?.[1]
  if (verb !== undefined) return verb
  // Of several commits some are still to come, and the one at hand was committed by "git commit".
  const todo = await repo.host.fs.readFile(join(place.gitDir, 'sequencer/todo'), 'utf8').catch(() => null)
  return todo === null ? null : /^revert\b/.test(todo) ? 'revert' : 'cherry-pick'
}

const hasFile = (repo: Repo, place: { gitDir: string }, name: string): Promise<boolean> =>
  repo.host.fs.lstat(join(place.gitDir, name)).then(
    () => true,
    () => false,
  )
