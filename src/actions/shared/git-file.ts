import { join, resolve } from 'node:path'
import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'

/**
 * The worktree's `.git` file, which an agent may have deleted, overwritten, or replaced by a repository of its own: that one is moved aside,
 * and the file is written again.
 * @throws AmpError when the whole worktree is gone
 */
export async function restoreGitFile(repo: Repo, where: { path: string; gitDir: string }): Promise<void> {
  const file = join(where.path, '.git')
  const { fs } = repo.host
  if ((await fs.lstat(where.path).catch(() => null)) === null) {
    const hint = 'Run "git amp iterate" again: it makes the worktree again, with all that was committed there.'
    throw fatal(`the agent removed the worktree '${where.path}'`, hint)
  }
  const stat = await fs.lstat(file).catch(() => null)
  if (stat?.isFile() && leadsTo(await fs.readFile(file, 'utf8'), where)) return
  if (stat !== null) {
    await fs.mkdir(repo.local('trash'), { recursive: true })
    await fs.rename(file, repo.local('trash', `git-${repo.newId()}`))
  }
  await fs.writeFile(file, `gitdir: ${where.gitDir}\n`)
}

function leadsTo(text: string, where: { path: string; gitDir: string }): boolean {
  const path = /^gitdir: (.+?)[\r\n]*$/s.exec(text)?.[1]
  return path !== undefined && resolve(where.path, path) === where.gitDir
}

/**
 * The git directory that was made for a worktree at `path`, for when the worktree itself no longer tells.
 * @returns null when this repository has none for that path
 */
export async function gitDirFor(repo: Repo, path: string): Promise<string | null> {
  const { fs } = repo.host
  const home = await repo.git.text(['rev-parse', '--path-format=absolute', '--git-path', 'worktrees'])
  for (const name of await fs.readdir(home).catch(() => [])) {
    const gitDir = join(home, name)
    const file = await fs.readFile(join(gitDir, 'gitdir'), 'utf8').catch(() => '')
    if (file.trim() === join(path, '.git')) return gitDir
  }
  return null
}
