import { basename, dirname, join, resolve } from 'node:path'
import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'

/**
 * The worktree's `.git` file, which an agent may have deleted, overwritten, or replaced by a repository of its own: that one is moved beside
 * the worktree, and the file is written again.
 * @returns where the agent's repository is now; null when there was none
 * @throws AmpError when the whole worktree is gone
 */
export async function restoreGitFile(repo: Repo, where: { path: string; gitDir: string }): Promise<string | null> {
  const file = join(where.path, '.git')
  const { fs } = repo.host
  if ((await fs.lstat(where.path).catch(() => null)) === null) {
    const hint = 'Run "git amp iterate" again: it makes the worktree again, with all that was committed there.'
    throw fatal(`the agent removed the worktree '${where.path}'`, hint)
  }
  const stat = await fs.lstat(file).catch(() => null)
  // A main worktree has its git directory here, not a file.
  if (where.gitDir === repo.location.commonDir) return null
  if (stat?.isFile() && leadsTo(await fs.readFile(file, 'utf8'), where)) return null
  // Beside the worktree, because that may be on a file system of its own.
  const aside = stat === null || stat.isFile() ? null : `${where.path}.git-${repo.newId()}`
  if (aside !== null) await fs.rename(file, aside)
  await fs.writeFile(file, `gitdir: ${where.gitDir}\n`)
  return aside
}

/** Whether the text of a worktree's `.git` file names its git directory. */
export const leadsTo = (text: string, where: { path: string; gitDir: string }): boolean =>
  gitDirIn(text, where.path) === where.gitDir

/** The git directory that the text of a worktree's `.git` file names. */
function gitDirIn(text: string, path: string): string | null {
  const named = /^gitdir: (.+?)[\r\n]*$/s.exec(text)?.[1]
  return named === undefined ? null : resolve(path, named)
}

/** The git directory that the `.git` file of a worktree names; null when there is no such file. */
export const namedGitDir = async (repo: Repo, path: string): Promise<string | null> =>
  gitDirIn(await repo.host.fs.readFile(join(path, '.git'), 'utf8').catch(() => ''), path)

/** The worktree that a linked worktree's git directory names; null when there is none. */
async function namedWorktree(repo: Repo, gitDir: string): Promise<string | null> {
  const file = (await repo.host.fs.readFile(join(gitDir, 'gitdir'), 'utf8').catch(() => '')).trim()
  return file === '' ? null : dirname(resolve(gitDir, file))
}

/**
 * The repository that a worktree belongs to, when that is another one: of a copy of a repository (`cp -r`) the registrations still name the
 * worktrees of the first one, which nothing here may touch.
 */
export async function ownerOf(repo: Repo, { path, gitDir }: { path: string; gitDir: string }): Promise<string | null> {
  const named = await namedGitDir(repo, path)
  if (named === null || named === gitDir || (await namedWorktree(repo, named)) !== path) return null
  const common = await repo.host.fs.readFile(join(named, 'commondir'), 'utf8').catch(() => null)
  return common === null ? null : resolve(named, common.trim())
}

/**
 * The registration of a worktree that came here with the whole repository, by `mv` or `cp -r`: directory and registration still name each
 * other's old places.
 */
export async function cameAlong(repo: Repo, path: string): Promise<string | null> {
  const named = await namedGitDir(repo, path)
  if (named === null) return null
  const gitDir = join(repo.location.commonDir, 'worktrees', basename(named))
  const registered = gitDir === named ? null : await namedWorktree(repo, gitDir)
  if (registered === null || registered === path || (await ownerOf(repo, { path, gitDir })) !== null) return null
  // The registration may be that of another worktree, which is in its place.
  return (await namedGitDir(repo, registered)) === gitDir ? null : gitDir
}

/** Tells a worktree and its git directory of each other, and no others as `git worktree repair` does. */
export async function rejoin(repo: Repo, { path, gitDir }: { path: string; gitDir: string }): Promise<void> {
  await repo.host.fs.writeFile(join(gitDir, 'gitdir'), `${join(path, '.git')}\n`)
  await repo.host.fs.writeFile(join(path, '.git'), `gitdir: ${gitDir}\n`)
  repo.forgetWorktrees()
}

/** The git directories of all linked worktrees, and where git believes their worktrees to be. */
export async function linkedGitDirs(repo: Repo): Promise<{ gitDir: string; path: string }[]> {
  const { fs } = repo.host
  const home = repo.location.worktreesDir
  const found: { gitDir: string; path: string }[] = []
  for (const name of await fs.readdir(home).catch(() => [])) {
    const gitDir = join(home, name)
    const path = await namedWorktree(repo, gitDir)
    if (path !== null) found.push({ gitDir, path })
  }
  return found
}
