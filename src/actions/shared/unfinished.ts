import { join } from 'node:path'
import type { Repo } from '../../repo.js'
import type { Place } from './place.js'

/** What git leaves in a worktree while an operation is in progress, and the command that it belongs to. */
const unfinished = [
  ['MERGE_HEAD', 'merge'],
  ['CHERRY_PICK_HEAD', 'cherry-pick'],
  ['REVERT_HEAD', 'revert'],
] as const

/** The command of git that is in progress in a worktree; null when there is none. */
export async function unfinishedVerb(repo: Repo, place: { gitDir: string }): Promise<string | null> {
  const { fs } = repo.host
  const [isMail, isMerge, isApply, todo, ...heads] = await Promise.all([
    hasFile(repo, place, 'rebase-apply/applying'),
    hasFile(repo, place, 'rebase-merge'),
    hasFile(repo, place, 'rebase-apply'),
    fs.readFile(join(place.gitDir, 'sequencer/todo'), 'utf8').catch(() => null),
    ...unfinished.map(([ref]) => repo.worktreeRef(place.gitDir, ref)),
  ])
  if (isMail) return 'am'
  // REBASE_HEAD tells nothing: `git rebase --quit` leaves it.
  if (isMerge || isApply) return 'rebase'
  const verb = unfinished.find((_, index) => heads[index] !== null)?.[1]
  if (verb !== undefined) return verb
  // Of several commits some are still to come, and the one at hand was committed by "git commit".
  return todo === null ? null : /^revert\b/.test(todo) ? 'revert' : 'cherry-pick'
}

const hasFile = (repo: Repo, place: { gitDir: string }, name: string): Promise<boolean> =>
  repo.host.fs.lstat(join(place.gitDir, name)).then(
    () => true,
    () => false,
  )

/** Forgets a merge, cherry-pick, revert, rebase or am that was left half done; its files stay as they are. */
export async function quitUnfinished(repo: Repo, place: Pick<Place, 'gitDir' | 'git'>): Promise<void> {
  const has = (name: string) => hasFile(repo, place, name)
  // Nearly always there is nothing: that is found out by one look at everything.
  if ((await unfinishedVerb(repo, place)) === null && !(await has('sequencer'))) return
  if ((await has('rebase-merge')) || (await has('rebase-apply'))) {
    const isMail = await has(join('rebase-apply', 'applying'))
    await place.git.run([isMail ? 'am' : 'rebase', '--quit'], { ok: [0, 1, 128] }) // 128: not in progress after all
    if (!isMail) await place.git.run(['update-ref', '-d', 'REBASE_HEAD']) // which --quit leaves
  }
  for (const [ref, verb] of unfinished) {
    // 128: nothing of that kind is in progress after all.
    if ((await repo.worktreeRef(place.gitDir, ref)) !== null) await place.git.run([verb, '--quit'], { ok: [0, 128] })
  }
  // Of several commits some were still to come: it forgets those to be reverted as well.
  if (await has('sequencer')) await place.git.run(['cherry-pick', '--quit'], { ok: [0, 128] })
}
