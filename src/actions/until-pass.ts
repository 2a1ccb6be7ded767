import { findAdapter } from '../agent/registry.js'
import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import { type IterateNews, type IterateOptions, type IterateResult, iterateSession } from './iterate.js'
import { findSession } from './shared/find.js'
import { testCommand } from './shared/testing.js'

/** So often the agent may try. */
export const defaultIterations = 10

/** Why the loop ended: only `pass` is what was wanted. `timeout`: no time was left for another iteration. */
export type LoopEnd = 'pass' | 'limit' | 'stuck' | 'failed' | 'stopped' | 'timeout'

export interface LoopResult {
  rounds: IterateResult[]
  end: LoopEnd
}

/**
 * Iterates until the tests pass: what they printed goes to the agent, again and again. Ends as well when the agent fails, or when it changes nothing
 * twice although the tests fail.
 * @param options with `until`, in milliseconds since 1970, all iterations together have this much time
 * @throws AmpError when the session has no test command
 */
export async function iterateUntilPass(
  repo: Repo,
  { maxIterations, until, ...options }: IterateOptions & { maxIterations: number; until?: number | undefined },
): Promise<LoopResult> {
  const tip = await findSession(repo, options.session)
  if ((await testCommand(repo, tip)) === null) {
    throw fatal(
      `session ${tip.snapshot.name} has no test command, so it cannot be iterated until its tests pass`,
      `Set one for all sessions with "git config amp.test '<command>'".`,
    )
  }
  // A script is no conversation: it is run again as it is.
  const isScript = findAdapter(options.agent ?? tip.snapshot.agent)?.continues === false
  const rounds: IterateResult[] = []
  const warned = new Set<string>()
  const on = (news: IterateNews) => {
    // What is true of the session is true in every round.
    if (news.type === 'warning' && warned.size === warned.add(news.message).size) return
    options.on?.(news)
  }
  for (;;) {
    const isFirst = rounds.length === 0
    const prompt = isFirst || isScript ? options.prompt : undefined
    const left = until === undefined ? undefined : until - repo.host.now().getTime()
    if (!isFirst && left !== undefined && left <= 0) return { rounds, end: 'timeout' }
    const timeoutMs = left === undefined ? options.timeoutMs : Math.max(1, left)
    const result = await iterateSession(repo, { ...options, timeoutMs, on, session: tip.id, prompt })
    rounds.push(result)
    const end = endOf(rounds, maxIterations)
    if (end !== null) return { rounds, end }
  }
}

function endOf(rounds: readonly IterateResult[], maxIterations: number): LoopEnd | null {
  const [last, before] = [rounds.at(-1), rounds.at(-2)]
  if (last === undefined) return null
  if (last.isStopped) return 'stopped'
  if (last.outcome === 'failed') return 'failed'
  if (last.passed) return 'pass'
  if (last.outcome === 'no-change' && before?.outcome === 'no-change') return 'stuck'
  return rounds.length >= maxIterations ? 'limit' : null
}
