import type { Repo } from '../../repo.js'
import { stopFile } from './lease.js'

/** `git amp stop` waits about this long before the agent is asked to end. */
const pollMs = 250

/** What ends an iteration from outside: the user here, or `git amp stop` elsewhere. */
export interface StopWatch {
  signal: AbortSignal
  /** Stops looking. */
  end(): void
}

/** Looks for `git amp stop`, by a file and not by a signal: one process may run many sessions. */
export function watchForStop(repo: Repo, iteration: string, signal: AbortSignal): StopWatch {
  const asked = new AbortController()
  const timer = setInterval(() => {
    repo.host.fs.access(stopFile(repo, iteration)).then(
      () => asked.abort(),
      () => {},
    )
  }, pollMs)
  return { signal: AbortSignal.any([signal, asked.signal]), end: () => clearInterval(timer) }
}

/** Asks the process that runs the iteration to stop it. */
export async function askToStop(repo: Repo, iteration: string): Promise<void> {
  await repo.host.fs.writeFile(stopFile(repo, iteration), '')
}
