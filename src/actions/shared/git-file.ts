import { dirname, join, resolve } from 'node:path'
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
export function leadsTo(text: string, where: { path: string; gitDir: string }): boolean {
  const path = /^gitdir: (.+?)[\r\n]*$/s.exec(text)?.[1]
  return path !== undefined && resolve(where.path, path) === where.gitDir
}

/** The git directories of all linked worktrees, and where git believes their worktrees to be. */
export async function linkedGitDirs(repo: Repo): Promise<{ gitDir: string; path: string }[]> {
  const { fs } = repo.host
  const home = await repo.git.text(['rev-parse', '--path-format=absolute', '--git-path', 'worktrees'])
  const found: { gitDir: string; path: string }[] = []
  for (const name of await fs.readdir(home).catch(() => [])) {
    const gitDir = join(home, name)
    const file = (await fs.readFile(join(gitDir, 'gitdir'), 'utf8').catch(() => '')).trim()
    if (file !== '') found.push({ gitDir, path: dirname(resolve(gitDir, file)) })
  }
  return found
}
