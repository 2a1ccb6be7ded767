import { isAbsolute, join, normalize, relative } from 'node:path'
import { type AmpError, fatal } from '../../errors.js'
import { type Blame, readBlame } from '../../git/blame.js'
import { resolveCommit } from '../../git/history.js'
import { type Git, GitError, type Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { plural } from '../../util/time.js'

/** A file whose lines are asked for. */
export interface Asked {
  /** As the user typed it, in the current directory. */
  file: string
  /** Null is the file as it stands, with what is not committed; a repository without files has its HEAD. */
  rev: string | null
  /** Options of `git blame`. */
  options: readonly string[]
}

/** A blame, and where it was made. */
export interface Blamed {
  git: Git
  /** From the top of the worktree. */
  path: string
  /** Null is what stands in the worktree. */
  rev: Oid | null
  blame: Blame
}

/** Blames a file. @throws AmpError that says what became of a file that is not there */
export async function blameFile(repo: Repo, { file, rev, options }: Asked): Promise<Blamed> {
  const { topLevel, gitDir } = repo.location
  const git = repo.in(topLevel ?? gitDir)
  const path = pathFromTop(repo, file)
  const wanted = rev ?? (topLevel === null ? 'HEAD' : null)
  const oid = wanted === null ? null : await resolveCommit(git, wanted)
  if (wanted !== null && oid === null) throw fatal(`'${wanted}' is no commit here`)
  try {
    const blame = await readBlame(git, [...options, ...(oid === null ? [] : [oid]), '--', path])
    return { git, path, rev: oid, blame }
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    throw await explained(git, error, { path, oid })
  }
}

/** The path that a user means, from the top of the worktree. @throws AmpError outside of it */
export function pathFromTop(repo: Repo, file: string): string {
  const { topLevel, prefix } = repo.location
  const inside =
    isAbsolute(file) && topLevel !== null ? relative(topLevel, file) : normalize(join(prefix, file)).replace(/\/$/, '')
  if (inside === '..' || inside.startsWith('../') || isAbsolute(inside))
    throw fatal(`'${file}' is outside of this worktree`)
  return inside
}

async function explained(
  git: Git,
  error: GitError,
  { path, oid }: { path: string; oid: Oid | null },
): Promise<AmpError> {
  const lines = /file .* has only (\d+) lines?/.exec(error.stderr)?.[1]
  if (lines !== undefined) return fatal(`'${path}' has only ${plural(Number(lines), 'line')}`)
  if (!/no such path|[Cc]annot l?stat|No such file/.test(error.stderr)) return error
  if ((await git.text(['cat-file', '-t', `${oid ?? 'HEAD'}:${path}`], { ok: [0, 128] })) === 'tree')
    return fatal(`'${path}' is a directory`, 'Name one of its files.')
  const args = ['log', '-1', '--diff-filter=D', '--no-renames', '--format=%H', oid ?? 'HEAD', '--', `:(literal)${path}`]
  const gone = await git.text(args, { ok: [0, 128] }) // 128: there is no commit yet
  if (gone === '')
    return fatal(`'${path}' is not known to git: no commit has it`, 'Look at its name with "git ls-files".')
  return fatal(
    `'${path}' is not here any more: ${gone.slice(0, 12)} deleted it`,
    `It can be asked for as it was before: --rev ${gone.slice(0, 12)}^`,
  )
}
