import type { Repo } from '../repo.js'
import { leaseOf, localLeases } from './shared/lease.js'

const pollMs = 50

/** Where a background run of a session tells its story: local, for its user alone. */
export const logFile = (repo: Repo, id: string): string => repo.local('logs', `${id}.log`)

/** Makes the place for the log, and empties an earlier one. @returns its path */
export async function openLog(repo: Repo, id: string): Promise<string> {
  await repo.host.fs.mkdir(repo.local('logs'), { recursive: true, mode: 0o700 })
  await repo.host.fs.writeFile(logFile(repo, id), '', { mode: 0o600 })
  return logFile(repo, id)
}

/**
 * Waits until a process in the background has recorded the start of an iteration.
 * @param hasEnded whether that process is gone already
 * @returns false when it ended first
 */
export async function hasStarted(repo: Repo, pid: number, hasEnded: () => boolean): Promise<boolean> {
  for (;;) {
    const ended = hasEnded()
    for (const { iteration } of await localLeases(repo)) {
      if ((await leaseOf(repo, iteration))?.pid === pid) return true
    }
    if (ended) return false
    await repo.host.sleep(pollMs)
  }
}
