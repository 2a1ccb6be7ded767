import { type Git, GitError, type Oid } from './run.js'
import { readStatus } from './status.js'

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
    if (isHopeless(error)) throw error
    const { code } = await git.run([...common, ...add, '--ignore-errors'], { input: pathspecs, ok: [0, 1, 128] })
    // 1: something could not be added, the rest was. 128: git gave up, and each path has to be tried.
    if (code === 128) await stageEach(git, nested)
    return (error as GitError).message
  }
}

/** Not a matter of one file: a full disk, a lock, a git that was killed. */
const isHopeless = (error: unknown): boolean =>
  !(error instanceof GitError) ||
  error.exit.code === null ||
  /No space left|quota exceeded|index\.lock/i.test(error.stderr)

/** Stages path by path; what fails is left out. */
async function stageEach(git: Git, nested: readonly string[]): Promise<void> {
  const status = await readStatus(git)
  for (const path of [...status.changed, ...status.unmerged, ...status.untracked].filter(
    (one) => !nested.includes(one),
  )) {
    const input = `:(top,literal)${path}`
    const args = [
      '-c',
      'core.safecrlf=false',
      'add',
      '--all',
      '--sparse',
      '--pathspec-from-file=-',
      '--pathspec-file-nul',
    ]
    await git.run(args, { input, ok: [0, 1, 128] }) // 1, 128: this path cannot be added
  }
}

/** The tree of the index. */
export const writeTree = (git: Git): Promise<Oid> => git.text(['write-tree'])
