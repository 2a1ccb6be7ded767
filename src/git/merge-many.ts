import { type Git, GitError, type Oid } from './run.js'

/** A path in conflict, and how git calls the conflict: `contents`, `modify/delete`, `rename/rename`. */
export interface MergeConflict {
  path: string
  type: string
}

/** A merge in memory: the tree it made, with conflict markers in its files where there are conflicts. */
export interface TriedMerge {
  tree: Oid
  conflicts: MergeConflict[]
}

const common = ['-c', 'merge.conflictStyle=merge', 'merge-tree', '--write-tree', '-z', '--messages']
const options = ['--allow-unrelated-histories']

/** Merges pairs of commits in memory, all of them in one process (git 2.39), else in one for each. Null for a pair that git cannot merge. */
export async function tryMerges(git: Git, pairs: readonly (readonly [Oid, Oid])[]): Promise<(TriedMerge | null)[]> {
  if (pairs.length === 0) return []
  const input = pairs.map(([ours, theirs]) => `${ours} ${theirs}\n`).join('')
  const { code, stdout } = await git.run([...common, '--stdin', ...options], { input, ok: [0, 1, 128, 129] })
  // 128: one of them cannot be merged; 129: an older git.
  const all = code < 2 ? readMerges(stdout.split('\0')) : null
  if (all?.length === pairs.length) return all
  const single: (TriedMerge | null)[] = []
  for (const pair of pairs) single.push(await tryMerge(git, pair))
  return single
}

async function tryMerge(git: Git, pair: readonly [Oid, Oid]): Promise<TriedMerge | null> {
  try {
    const { code, stdout } = await git.run([...common, ...options, ...pair], { ok: [0, 1] }) // 1: there are conflicts
    // Nothing was printed when there is nothing to merge; that is exit code 1 as well.
    return stdout === '' ? null : (readMerges([`${1 - code}`, ...stdout.split('\0')])[0] ?? null)
  } catch (error) {
    if (error instanceof GitError && error.exit.code !== null) return null
    throw error
  }
}

/** Reads `<status> <tree> <path>... "" (<count> <path>... <type> <text>)... ""` for each merge, all of them words that end in NUL. */
function readMerges(words: readonly string[]): TriedMerge[] {
  const merges: TriedMerge[] = []
  for (let at = 0; at + 1 < words.length; ) {
    const isClean = words[at] === '1'
    const tree = words[at + 1] ?? ''
    at += 2
    while (at < words.length && words[at] !== '') at++
    at++
    const conflicts = new Map<string, string>()
    while (at < words.length && words[at] !== '') {
      const count = Number(words[at])
      const paths = words.slice(at + 1, at + 1 + count)
      const type = /^CONFLICT \((.*)\)$/.exec(words[at + 1 + count] ?? '')?.[1]
      const [path] = paths
      if (type !== undefined && path !== undefined && !conflicts.has(path)) conflicts.set(path, type)
      at += count + 3
    }
    at++
    merges.push({ tree, conflicts: isClean ? [] : [...conflicts].map(([path, type]) => ({ path, type })) })
  }
  return merges
}
