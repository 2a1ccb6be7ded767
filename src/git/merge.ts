import { type Git, GitError, type Oid } from './run.js'

/** What a merge in memory gives: a tree, or the paths in conflict. */
export type Merged = { kind: 'clean'; tree: Oid } | { kind: 'conflict'; paths: string[] }

/**
 * Merges two commits in memory, by `git merge-tree --write-tree` (git 2.38). Merge attributes and drivers are those of the worktree it runs in.
 */
export async function mergeTrees(git: Git, ours: Oid, theirs: Oid): Promise<Merged> {
  const args = [
    'merge-tree',
    '--write-tree',
    '--name-only',
    '--no-messages',
    '-z',
    '--allow-unrelated-histories',
    ours,
    theirs,
  ]
  const result = await git.run(args, { ok: [0, 1] }) // 1: there are conflicts
  const [tree = '', ...paths] = result.stdout.split('\0').filter((word) => word !== '')
  return result.code === 0 ? { kind: 'clean', tree: tree.trim() } : { kind: 'conflict', paths: [...new Set(paths)] }
}

/** Merges that are said to be clean, and what comes of them. */
interface Said {
  commits: readonly [Oid, Oid]
  tree: Oid
}

/** Whether git makes the same trees of all of them, in one process (`merge-tree --stdin`, git 2.39); an older git says nothing of it. */
export async function areMerged(git: Git, merges: readonly Said[]): Promise<boolean> {
  const input = merges.map(({ commits: [ours, theirs] }) => `${ours} ${theirs}\n`).join('')
  const args = ['merge-tree', '--write-tree', '--stdin', '--no-messages']
  const { code, stdout } = await git.run(args, { input, ok: [0, 1, 128, 129] }) // 1: conflicts; 128, 129: cannot do it
  return code === 0 && stdout === merges.map(({ tree }) => `1\0${tree}\0\0`).join('')
}

/**
 * Moves a checkout from one commit's files to another's, keeping what is not committed; index and files only, no ref.
 * @param options `dryRun` only asks whether it would work; what git overwrites without a word, because it is ignored, is then in the way as well
 * @returns git's refusal, or null when it worked
 */
export async function switchFiles(
  git: Git,
  move: { from: Oid; to: Oid },
  options: { dryRun?: boolean } = {},
): Promise<string | null> {
  try {
    await unlocked(() => git.run(['update-index', '-q', '--refresh'], { ok: [0, 1] })) // 1: some files differ, which is fine
    const dry = options.dryRun === true ? ['--dry-run'] : []
    await unlocked(() => git.run(['read-tree', '-m', '-u', ...dry, move.from, move.to]))
    const ignored = options.dryRun === true ? await ignoredInTheWay(git, move) : []
    return ignored.length === 0 ? null : `ignored files would be overwritten: ${ignored.join(', ')}`
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    return error.message
  }
}

/** A lock of the index is held for a moment by whoever else looks at the same checkout: so often, and so many milliseconds apart, it is tried again. */
const lockTries = 20
const lockPauseMs = 100

/** Runs a git that does nothing at all while the index is locked. */
async function unlocked<T>(run: () => Promise<T>): Promise<T> {
  for (let left = lockTries; ; left--) {
    try {
      return await run()
    } catch (error) {
      // `update-index -q` says nothing of it.
      const isLocked =
        error instanceof GitError &&
        error.exit.code === 128 &&
        (error.stderr === '' || /index\.lock': File exists/.test(error.stderr))
      if (!isLocked || left === 0) throw error
      await new Promise((resolve) => setTimeout(resolve, lockPauseMs))
    }
  }
}

/** Ignored files that stand where a commit has files of its own. */
async function ignoredInTheWay(git: Git, { from, to }: { from: Oid; to: Oid }): Promise<string[]> {
  const added = await git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--diff-filter=A', from, to])
  if (added.length === 0) return []
  const list = ['ls-files', '--others', '--ignored', '--exclude-standard', '-z', '--full-name']
  // A directory of which everything is ignored is one entry, with a slash: what is in there is asked for by name.
  const entries = new Set(await git.items([...list, '--directory', ':/']))
  const way = added.flatMap((path) => [path, `${path}/`, ...parentsOf(path)].filter((entry) => entries.has(entry)))
  const inside = added.filter((path) => parentsOf(path).some((parent) => entries.has(`${parent}/`)))
  for (let at = 0; at < inside.length; at += 500)
    way.push(
      ...(await git.items([...list, '--', ...inside.slice(at, at + 500).map((path) => `:(top,literal)${path}`)])),
    )
  return [...new Set(way)]
}

const parentsOf = (path: string): string[] => {
  const names = path.split('/')
  return names.slice(1).map((_, at) => names.slice(0, at + 1).join('/'))
}
