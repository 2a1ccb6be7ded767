import { isAbsolute, resolve } from 'node:path'
import { AmpError } from '../errors.js'
import { type Git, GitError } from './run.js'

/** Where a repository is, as git says. All paths are absolute. */
export interface Location {
  /** Shared by all worktrees: refs, objects, `info/exclude`. */
  commonDir: string
  /** The current worktree's own git directory. */
  gitDir: string
  /** Top of the current worktree; null in a bare repository and inside `.git`. */
  topLevel: string | null
  /** Current directory below `topLevel`, empty or ending in `/`. */
  prefix: string
  /** `info/exclude`, shared by all worktrees. */
  excludeFile: string
  /** The object database. */
  objectsDir: string
  /** Where the git directories of linked worktrees are. */
  worktreesDir: string
  isBare: boolean
  hash: 'sha1' | 'sha256'
}

const questions = [
  '--git-common-dir',
  '--git-dir',
  '--git-path',
  'info/exclude',
  '--git-path',
  'worktrees',
  '--git-path',
  'objects',
  '--show-object-format',
  '--is-bare-repository',
  '--is-inside-work-tree',
]
/** So many lines they give; prefix and way up follow inside a worktree. */
const answers = 8

/**
 * Finds the repository of the git's directory and environment, by one `git rev-parse`.
 * @throws AmpError with what git says outside a repository, or in one that belongs to somebody else
 */
export async function locate(git: Git): Promise<Location> {
  const lines = await ask(git)
  const [
    commonDir = '',
    gitDir = '',
    excludeFile = '',
    worktreesDir = '',
    objectsDir = '',
    hash = '',
    bare = '',
    inside = '',
  ] = lines
  const [prefix = '', cdup = ''] = lines.slice(answers)
  if (lines.length < answers || !isAbsolute(commonDir) || !isAbsolute(gitDir) || !/^sha(1|256)$/.test(hash)) {
    throw new AmpError('fatal', 'the path of this repository contains a newline, which git-amp cannot work with', {
      hints: ['Rename the directory.'],
    })
  }
  return {
    commonDir,
    gitDir,
    excludeFile,
    worktreesDir,
    objectsDir,
    hash: hash as Location['hash'],
    isBare: bare === 'true',
    topLevel: inside === 'true' ? resolve(git.cwd, cdup) : null,
    prefix: inside === 'true' ? prefix : '',
  }
}

async function ask(git: Git): Promise<string[]> {
  try {
    const args = ['rev-parse', '--path-format=absolute', ...questions, '--show-prefix', '--show-cdup']
    return (await git.run(args)).stdout.split('\n')
  } catch (error) {
    const lost = error instanceof GitError ? /not a git repository: (.+)/.exec(error.stderr)?.[1] : undefined
    if (lost !== undefined) {
      throw new AmpError('fatal', `this worktree leads to '${lost}', where no repository is`, {
        cause: error,
        hints: ['If the repository was moved, run "git amp doctor --fix" at the top of its main worktree.'],
      })
    }
    if (error instanceof GitError && /not a git repository/.test(error.stderr)) {
      throw new AmpError('fatal', 'not a git repository (or any of the parent directories)', {
        cause: error,
        hints: ['Change to a repository, or name one with "git -C <dir> amp ..." or --repo <dir>.'],
      })
    }
    throw error
  }
}
