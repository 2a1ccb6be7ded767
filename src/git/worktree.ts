import type { Git, Oid } from './run.js'

/** One worktree as `git worktree list` tells. */
export interface Worktree {
  path: string
  /** Null in a bare repository and before the first commit. */
  head: Oid | null
  /** Without `refs/heads/`; null when detached or bare. */
  branch: string | null
  isBare: boolean
  /** The reason, empty when none was given; null when it is not locked. */
  locked: string | null
  /** Why git would prune it (its directory is gone); null when it would not. */
  prunable: string | null
}

/** All worktrees, the main one first. `git` is any place in the repository. */
export async function listWorktrees(git: Git): Promise<Worktree[]> {
  const fields = (await git.run(['worktree', 'list', '--porcelain', '-z'])).stdout.split('\0')
  const worktrees: Worktree[] = []
  for (const field of fields) {
    const space = field.indexOf(' ')
    const [key, value] = space < 0 ? [field, ''] : [field.slice(0, space), field.slice(space + 1)]
    if (key === 'worktree') {
      worktrees.push({ path: value, head: null, branch: null, isBare: false, locked: null, prunable: null })
      continue
    }
    const current = worktrees.at(-1)
    if (current === undefined) continue
    if (key === 'HEAD') current.head = /^0+$/.test(value) ? null : value
    if (key === 'branch') current.branch = value.replace(/^refs\/heads\//, '')
    if (key === 'bare') current.isBare = true
    if (key === 'locked') current.locked = value
    if (key === 'prunable') current.prunable = value
  }
  return worktrees
}
