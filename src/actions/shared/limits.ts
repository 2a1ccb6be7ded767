import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { parseDuration } from '../../util/time.js'

/** An agent that is still at work after this time is stopped, and one that says nothing for this long. */
const defaults = { timeout: '2h', idleTimeout: '15m' }

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
  const read = (key: 'timeout' | 'idleTimeout') => {
    const text = config.get(`amp.${key}`) ?? defaults[key]
    const ms = parseDuration(text)
    if (ms === null)
      throw fatal(`bad config value '${text}' for 'amp.${key}'`, 'Write 90s, 10m, 2h, or 0 for no limit.')
    return ms
  }
  return { timeoutMs: timeoutMs ?? read('timeout'), idleTimeoutMs: read('idleTimeout') }
}
