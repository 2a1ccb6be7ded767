import { join } from 'node:path'
import type { Repo } from '../../repo.js'
import { isId } from '../../state/names.js'

/** Id of the session whose worktree this is; null elsewhere. */
export async function currentSession(repo: Repo): Promise<string | null> {
  return readSessionFile(repo, repo.location.gitDir)
}

/** Reads `amp-session` in a worktree's own git directory. */
export async function readSessionFile(repo: Repo, gitDir: string): Promise<string | null> {
  try {
    const id = (await repo.host.fs.readFile(join(gitDir, 'amp-session'), 'utf8')).trim()
    return isId(id) ? id : null
  } catch {
    // Not a session's worktree.
    return null
  }
}
