import { join } from 'node:path'
import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import type { Place } from './place.js'

/** Locks of the worktree itself; those of shared refs are named, and not touched here. */
const names = ['index.lock', 'HEAD.lock'] as const
/** A git command that is at work gets this long, in steps, to finish. */
const tries = 20
const step = 100

/**
 * Moves aside a lock that a killed git left in the session's own worktree. A git that still works there keeps it.
 * @returns the names of the locks moved aside
 * @throws AmpError when a live git holds one for longer than two seconds
 */
export async function clearStaleLocks(repo: Repo, place: Place): Promise<string[]> {
  const moved: string[] = []
  for (const name of names) {
    const file = join(place.gitDir, name)
    for (let left = tries; await exists(repo, file); left--) {
      const holders = await repo.host.processes.workingIn(place.path)
      const git = holders.find((holder) => /^git/.test(holder.name))
      if (git === undefined) {
        await moveAside(repo, file, name)
        moved.push(name)
        break
      }
      if (left === 0)
        throw fatal(`git (process ${git.pid}) holds '${file}'`, 'Wait for it to end, then run the command again.')
      await repo.host.sleep(step)
    }
  }
  return moved
}

async function moveAside(repo: Repo, file: string, name: string): Promise<void> {
  await repo.host.fs.mkdir(repo.local('trash'), { recursive: true })
  await repo.host.fs.rename(file, repo.local('trash', `${name}-${repo.newId()}`))
}

async function exists(repo: Repo, file: string): Promise<boolean> {
  try {
    await repo.host.fs.lstat(file)
    return true
  } catch {
    return false
  }
}
