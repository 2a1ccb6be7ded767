import type { Git, Oid } from './run.js'

/** Whatever the user's configuration says, `git apply` reads it: whole ids, binary files as they are, renames and modes. */
const exact = [
  '--patch',
  '--binary',
  '--full-index',
  '--find-renames',
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--no-relative',
  '--submodule=short',
  '--ignore-submodules=none',
  '--src-prefix=a/',
  '--dst-prefix=b/',
  '--unified=3',
  '--inter-hunk-context=0',
]

/** What changed between two trees or commits as a patch for `git apply`, piece by piece. */
export const patchText = (git: Git, from: Oid, to: Oid): AsyncGenerator<Buffer> =>
  git.stream(['diff-tree', '-r', ...exact, '--end-of-options', from, to])

/** The patch of one commit against its first parent; a root commit against nothing. */
export const commitPatch = (git: Git, commit: Oid): Promise<Buffer> =>
  git.bytes(['diff-tree', '-r', '--root', '--no-commit-id', ...exact, '--end-of-options', commit])

/** The same for people: binary files are named, and not shown. */
export const readablePatch = (git: Git, from: Oid, to: Oid): AsyncGenerator<Buffer> => {
  const options = exact.filter((option) => option !== '--binary' && option !== '--full-index')
  return git.stream(['diff-tree', '-r', ...options, '--end-of-options', from, to])
}
