import type { Git, Oid } from './run.js'

/** What a path is in a tree: mode and object, or `absent`. */
export interface TreePath {
  mode: string
  oid: Oid
}

const absentMode = '000000'

/** The paths that differ between two trees or commits, each with what it is in the second one; a path that is not there has the mode 0. */
export async function changedPaths(git: Git, from: Oid, to: Oid): Promise<Map<string, TreePath>> {
  if (from === to) return new Map()
  const items = await git.items(['diff-tree', '-r', '-z', '--raw', '--no-renames', '--no-commit-id', from, to])
  const changed = new Map<string, TreePath>()
  for (let at = 0; at + 1 < items.length; at += 2) {
    const [, mode = absentMode, , oid = ''] = (items[at] ?? '').split(' ')
    changed.set(items[at + 1] ?? '', { mode, oid })
  }
  return changed
}

/**
 * Puts paths into the index of `git`, or takes them out.
 * @param paths as `changedPaths` tells them
 */
export async function setPaths(git: Git, paths: Iterable<readonly [string, TreePath]>): Promise<void> {
  const input = [...paths].map(([path, { mode, oid }]) => `${mode} ${oid}\t${path}\0`).join('')
  // --replace: what was a directory may be a file now.
  if (input !== '') await git.run(['update-index', '-z', '--replace', '--index-info'], { input })
}
