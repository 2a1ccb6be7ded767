import { type Git, GitError, type Oid } from './run.js'

/**
 * Stages everything in a worktree: edits, deletions, untracked files. Repositories that the agent left inside the worktree are kept
 * out: `git add` fails on those without a commit and makes gitlinks of the others.
 * @param nested their paths, each with its final `/`
 * @returns what git could not stage (unreadable files), in git's words; empty when all went well
 */
export async function stageAll(git: Git, nested: readonly string[]): Promise<string> {
  const pathspecs = [':/', ...nested.map((path) => `:(top,exclude,literal)${path}`)].join('\0')
  const common = ['-c', 'core.safecrlf=false', '-c', 'advice.addEmbeddedRepo=false']
  const add = ['add', '--all', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul']
  try {
    await git.run([...common, ...add], { input: pathspecs })
    return ''
  } catch (error) {
    const isFull = error instanceof GitError && /No space left|quota exceeded|index\.lock/i.test(error.stderr)
    if (!(error instanceof GitError) || error.exit.code === null || isFull) throw error
    // 1: something could not be added, the rest was.
    await git.run([...common, ...add, '--ignore-errors'], { input: pathspecs, ok: [0, 1] })
    return error.message
  }
}

/** The tree of the index. */
export const writeTree = (git: Git): Promise<Oid> => git.text(['write-tree'])
