import type { Repo } from '../../repo.js'

/** An agent that is still at work after this time is stopped, and one that says nothing for this long. */
const defaults = { timeoutMs: 2 * 3_600_000, idleTimeoutMs: 15 * 60_000 }

/**
 * The limits of one run: what the user said, else `amp.timeout` and `amp.idleTimeout`, else two hours in all and a quarter of an hour of
 * silence. 0 is no limit.
 * @throws AmpError when a value of the configuration is no length of time
 */
export async function limitsOf(
  repo: Repo,
  timeoutMs: number | undefined,
): Promise<{ timeoutMs: number; idleTimeoutMs: number }> {
  const config = await repo.config()
  return {
    timeoutMs: timeoutMs ?? config.duration('amp.timeout') ?? defaults.timeoutMs,
    idleTimeoutMs: config.duration('amp.idleTimeout') ?? defaults.idleTimeoutMs,
  }
}
