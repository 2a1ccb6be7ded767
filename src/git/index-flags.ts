import type { Git } from './run.js'

/** What an index says of its entries beside mode and content; paths from the top, each list in git's order. */
export interface IndexFlags {
  /** `git update-index --assume-unchanged` */
  assume: string[]
  /** `git update-index --skip-worktree`, as in a sparse checkout. */
  skip: string[]
  /** `git add --intent-to-add` */
  intent: string[]
}

/** Reads the flags of an index: `ls-files -v` writes skipped entries as `S` and assumed ones in lower case. */
export async function readFlags(git: Git): Promise<IndexFlags> {
  const [entries, intent] = await Promise.all([
    git.items(['ls-files', '-v', '-z']),
    git.items(['diff-files', '--diff-filter=A', '--name-only', '-z']),
  ])
  const paths = (pattern: RegExp) => entries.filter((entry) => pattern.test(entry)).map((entry) => entry.slice(2))
  return { assume: paths(/^[a-z] /), skip: paths(/^[sS] /), intent }
}

/** Sets flags on the entries of an index that has none. */
export async function setFlags(git: Git, flags: IndexFlags): Promise<void> {
  const names = ['--pathspec-from-file=-', '--pathspec-file-nul']
  const input = (paths: readonly string[]) => ({ input: paths.map((path) => `${path}\0`).join('') })
  if (flags.intent.length > 0) {
    const literal = flags.intent.map((path) => `:(top,literal)${path}`)
    await git.run(['add', '--intent-to-add', '--force', '--sparse', ...names], input(literal))
  }
  if (flags.assume.length > 0)
    await git.run(['update-index', '--assume-unchanged', '-z', '--stdin'], input(flags.assume))
  if (flags.skip.length > 0) await git.run(['update-index', '--skip-worktree', '-z', '--stdin'], input(flags.skip))
}

/** Takes flags away, so that git looks at the files. */
export async function clearFlags(git: Git, flags: Pick<IndexFlags, 'assume' | 'skip'>): Promise<void> {
  const input = (paths: readonly string[]) => ({ input: paths.map((path) => `${path}\0`).join('') })
  if (flags.assume.length > 0)
    await git.run(['update-index', '--no-assume-unchanged', '-z', '--stdin'], input(flags.assume))
  if (flags.skip.length > 0) await git.run(['update-index', '--no-skip-worktree', '-z', '--stdin'], input(flags.skip))
}

export const hasFlags = (flags: IndexFlags): boolean =>
  flags.assume.length + flags.skip.length + flags.intent.length > 0
