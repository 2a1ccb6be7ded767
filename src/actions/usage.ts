import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { readSessions } from './shared/selection.js'
import type { BrokenSession } from './shared/sessions.js'
import { isIn, readSpan, type SpanOptions } from './shared/span.js'
import { Tally, type UsageKey, type UsageRow, type UsageSum, usageKeys } from './shared/tally.js'

export { type UsageKey, type UsageRow, type UsageSum, usageKeys }

export interface UsageOptions extends SpanOptions {
  /** These alone; without it all of them, merged and closed ones too. */
  sessions: readonly string[]
  by: UsageKey
}

export interface UsageResult {
  by: UsageKey
  since: string | null
  until: string | null
  rows: UsageRow[]
  total: UsageSum
  broken: BrokenSession[]
}

/** Sums what the iterations used and cost, from the chains alone. */
export async function sumUsage(repo: Repo, options: UsageOptions): Promise<UsageResult> {
  const span = await readSpan(repo, options)
  const broken: BrokenSession[] = []
  const tally = new Tally(options.by)
  const isWanted = ({ snapshot }: ChainTip) => snapshot.iterations > 0 && isIn({ from: span.from }, snapshot.updatedAt)
  for await (const { tip, iterations } of readSessions(repo, options.sessions, { isWanted, broken })) {
    for (const iteration of iterations) if (isIn(span, iteration.startedAt)) tally.add(iteration, tip)
  }
  const { since, until } = span
  return { by: options.by, since, until, rows: tally.rows(), total: tally.total, broken }
}
