import type { Git, Oid } from './run.js'

/** Size of a change, and the files it touches. */
export interface DiffSize {
  files: number
  insertions: number
  deletions: number
}

/** Counts what changed between two trees or commits, renames detected as `git diff` does; a binary file counts as a file. */
export async function diffSize(git: Git, from: Oid, to: Oid): Promise<DiffSize> {
  if (from === to) return { files: 0, insertions: 0, deletions: 0 }
  const text = await git.text(['diff-tree', '-r', '-M', '--numstat', '--no-commit-id', '--end-of-options', from, to])
  return sumNumstat(text)
}

/** The same for several pairs of trees (not commits), by one process. */
export async function treeSizes(git: Git, pairs: readonly (readonly [from: Oid, to: Oid])[]): Promise<DiffSize[]> {
  const input = pairs.map((pair) => `${pair.join(' ')}\n`).join('')
  const text = await git.text(['diff-tree', '-r', '-M', '--numstat', '--stdin'], { input })
  const lists: string[][] = []
  // Each pair begins with a line of its own, which is the only kind without a tab.
  for (const line of text.split('\n')) {
    if (line.includes('\t')) lists.at(-1)?.push(line)
    else lists.push([])
  }
  return lists.map((lines) => sumNumstat(lines.join('\n')))
}

/** Sums the lines of `--numstat`; `-` stands for a binary file. */
export function sumNumstat(text: string): DiffSize {
  const lines = text === '' ? [] : text.split('\n')
  const counts = lines.map((line) => line.split('\t', 2).map((word) => Number(word) || 0))
  const sum = (index: number) => counts.reduce((total, pair) => total + (pair[index] ?? 0), 0)
  return { files: lines.length, insertions: sum(0), deletions: sum(1) }
}

/** One changed file. */
export interface FileChange {
  path: string
  /** `A M D T` as in `git diff --name-status` */
  status: string
  insertions: number | null
  deletions: number | null
}

/** The changed files between two trees, or between a tree and the worktree when `to` is null. */
export async function diffFiles(
  git: Git,
  range: readonly string[],
  paths: readonly string[] = [],
): Promise<FileChange[]> {
  // `diff.relative` of the user would leave out what is not below the current directory.
  const common = ['--no-renames', '--no-relative', '--no-ext-diff', '-z', ...range, '--', ...paths]
  const [names, counts] = await Promise.all([
    git.items(['diff', '--name-status', ...common]),
    git.items(['diff', '--numstat', ...common]),
  ])
  const sizes = new Map(
    counts.map((record) => {
      const [insertions = '', deletions = '', ...path] = record.split('\t')
      return [path.join('\t'), { insertions: count(insertions), deletions: count(deletions) }] as const
    }),
  )
  const files: FileChange[] = []
  for (let at = 0; at + 1 < names.length; at += 2) {
    const path = names[at + 1] ?? ''
    files.push({ path, status: names[at] ?? '', ...(sizes.get(path) ?? { insertions: null, deletions: null }) })
  }
  return files
}

const count = (word: string): number | null => (word === '-' ? null : Number(word))
