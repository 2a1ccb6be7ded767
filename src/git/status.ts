import type { Git, Oid } from './run.js'

/** What stands in a worktree beside its HEAD commit, by `git status --porcelain=v2 -z --untracked-files=all`. */
export interface Status {
  /** HEAD's commit; null on an unborn branch. */
  head: Oid | null
  /** Checked-out branch; null when detached. */
  branch: string | null
  /** Paths of tracked files that differ, staged or not, from HEAD. */
  changed: string[]
  /** Paths with conflicts. */
  unmerged: string[]
  untracked: string[]
  /** Submodules with uncommitted changes inside. */
  submodules: string[]
  /** Untracked repositories inside the worktree, each with its final `/`. */
  nested: string[]
}

/** Reads the status. Nested repositories are told apart: git does not look into them and prints them with a final `/`. */
export async function readStatus(git: Git): Promise<Status> {
  const args = ['status', '--porcelain=v2', '-z', '--branch', '--untracked-files=all', '--no-renames']
  const status: Status = {
    head: null,
    branch: null,
    changed: [],
    unmerged: [],
    untracked: [],
    nested: [],
    submodules: [],
  }
  for (const field of await git.items(args)) {
    const [kind = '', ...words] = field.split(' ')
    if (kind === '#' && words[0] === 'branch.oid' && words[1] !== '(initial)') status.head = words[1] ?? null
    if (kind === '#' && words[0] === 'branch.head' && words[1] !== '(detached)')
      status.branch = words.slice(1).join(' ')
    if (kind === '1') {
      // `S<c><m><u>`: a submodule whose commit is the same has changes that only it can commit.
      const isInside = /^S\.(M|\.U)/.test(words[1] ?? '')
      const list = isInside && words[0] === '.M' ? status.submodules : status.changed
      list.push(words.slice(7).join(' '))
    }
    if (kind === 'u') status.unmerged.push(words.slice(9).join(' '))
    if (kind === '?') {
      const path = words.join(' ')
      if (path.endsWith('/')) status.nested.push(path)
      else status.untracked.push(path)
    }
  }
  return status
}

/** Whether there is anything that a commit of everything would take up. */
export const isDirty = (status: Status): boolean =>
  status.changed.length + status.unmerged.length + status.untracked.length > 0
