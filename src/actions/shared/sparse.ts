import { join } from 'node:path'
import type { Repo } from '../../repo.js'
import type { Place } from './place.js'

const sparseFile = (repo: Repo, id: string): string => repo.local('sparse', id)

/** The directories that alone are checked out for a session, here; null when it is what the main worktree has. */
export async function readSparse(repo: Repo, id: string): Promise<string[] | null> {
  const text = await repo.host.fs.readFile(sparseFile(repo, id), 'utf8').catch(() => '')
  return text === '' ? null : text.split('\n').filter((line) => line !== '')
}

/** Writes them down, before the worktree is made. */
export async function rememberSparse(repo: Repo, id: string, dirs: readonly string[]): Promise<void> {
  await repo.host.fs.mkdir(repo.local('sparse'), { recursive: true })
  await repo.host.fs.writeFile(sparseFile(repo, id), `${dirs.join('\n')}\n`)
}

/** Checks out a worktree that has no files yet. */
export async function fillSparse(repo: Repo, place: Place, dirs: readonly string[]): Promise<void> {
  const git = repo.asUser(place.path)
  await git.run(['sparse-checkout', 'set', '--cone', '--end-of-options', ...dirs])
  // The checkout, with the user's post-checkout hook.
  await git.run(['checkout', '--quiet', '--force'])
  await repo.host.fs.rm(join(place.gitDir, 'locked'), { force: true })
}
