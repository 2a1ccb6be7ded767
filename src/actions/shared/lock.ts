import { join } from 'node:path'
import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { shellWord } from '../../util/quote.js'
import type { Place } from './place.js'

type Where = Pick<Place, 'path' | 'gitDir'>

/** Locks of the worktree itself; those of shared refs are named, and not touched here. */
const names = ['index.lock', 'HEAD.lock'] as const
/** A lock younger than this may have a living owner that is no git program (an IDE, an agent in a container). */
const youngMs = 2000
/** A git command that is at work gets this long, in steps, to finish. */
const tries = 20
const step = 100

/**
 * Moves aside a lock that a killed git left in the session's own worktree. A git that still works there keeps it.
 * @returns the names of the locks moved aside
 * @throws AmpError when a live git holds one for longer than two seconds
 */
export async function clearStaleLocks(repo: Repo, place: Where): Promise<string[]> {
  const moved: string[] = []
  for (const name of names) {
    const file = join(place.gitDir, name)
    for (let left = tries + youngMs / step; await exists(repo, file); left--) {
      const git = await holderOf(repo, place, file)
      // A clock that runs behind the file system's must not make it wait for ever.
      if (git === undefined && left > 0 && ((await ageOf(repo, file)) ?? youngMs) < youngMs) {
        await repo.host.sleep(step)
        continue
      }
      if (git === undefined) {
        await moveAside(repo, file, name)
        moved.push(name)
        break
      }
      if (left === 0) throw held(git, file)
      await repo.host.sleep(step)
    }
  }
  return moved
}

/**
 * Refuses to work in a checkout of the user's while its index is locked. A git that is at work gets a moment to end; a lock that one left is the
 * user's to remove.
 */
export async function refuseLocked(repo: Repo, place: Where): Promise<void> {
  const file = join(place.gitDir, 'index.lock')
  for (let left = tries; await exists(repo, file); left--) {
    const git = await holderOf(repo, place, file)
    const age = await ageOf(repo, file)
    // It went meanwhile.
    if (age === null) continue
    const isYoung = age < youngMs
    if (left === 0 && (git !== undefined || isYoung)) throw held(git, file)
    if (git === undefined && !isYoung)
      throw fatal(
        `the index of the checkout in ${place.path} is locked, and no git is at work there`,
        `A git that was killed has left '${file}'.`,
        `Make sure that no other program works there, then remove it: rm ${shellWord(file)}`,
      )
    await repo.host.sleep(step)
  }
}

const held = (git: { pid: number } | undefined, file: string) =>
  fatal(
    git === undefined ? `'${file}' is held` : `git (process ${git.pid}) holds '${file}'`,
    'Wait for it to end, then run the command again.',
  )

/** A git in the worktree that holds the lock; the one that started git-amp there waits for us, and holds nothing. */
async function holderOf(repo: Repo, place: Where, file: string): Promise<{ pid: number; name: string } | undefined> {
  const { processes } = repo.host
  for (const holder of await processes.workingIn(place.path)) {
    const isGit = /^git/.test(holder.name)
    if (
      isGit &&
      (await mayHold(repo, holder.pid, file)) &&
      !(await processes.tree(holder.pid)).includes(processes.self)
    )
      return holder
  }
  return undefined
}

/**
 * Whether a git may hold a lock: it has the file open, or is a commit, which closes it and keeps it while hooks and the editor run. A pager, or a
 * reader of objects, never does. Where the system does not tell, any git may.
 */
async function mayHold(repo: Repo, pid: number, file: string): Promise<boolean> {
  const inside = await repo.host.processes.insideOf(pid)
  return inside === null || inside.files.includes(file) || inside.words.includes('commit')
}

/** Milliseconds since a file was written; null for one that is gone. */
async function ageOf(repo: Repo, file: string): Promise<number | null> {
  const stat = await repo.host.fs.stat(file).catch(() => null)
  return stat === null ? null : repo.host.now().getTime() - stat.mtimeMs
}

async function moveAside(repo: Repo, file: string, name: string): Promise<void> {
  await repo.host.fs.mkdir(repo.local('trash'), { recursive: true })
  await repo.host.fs.rename(file, repo.local('trash', `${name}-${repo.newId()}`)).catch((error) => {
    // Gone by itself meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

async function exists(repo: Repo, file: string): Promise<boolean> {
  try {
    await repo.host.fs.lstat(file)
    return true
  } catch {
    return false
  }
}
