import type { Snapshot } from '../../state/fold.js'
import type { IterationView } from '../../state/iterations.js'

/** What became of a session, as its chain tells: every clone that has it says the same. */
export const sessionResults = ['merged', 'passed', 'failed', 'untested', 'running', 'new'] as const
export type SessionResult = (typeof sessionResults)[number]

/** What a session came to: its merge, else its last run, else the last tests of it. */
export function resultOf({ status, open, last, tested }: Snapshot): SessionResult {
  if (status === 'merged') return 'merged'
  if (open.length > 0) return 'running'
  if (last === undefined) return 'new'
  if (last.outcome === 'failed' || last.outcome === 'interrupted') return 'failed'
  return tested === undefined ? 'untested' : tested.exit === 0 ? 'passed' : 'failed'
}

/** How many came to which result. */
export type Results = Record<SessionResult, number>

/** The share of sessions that were merged or pass their tests, among those of which that is known; null when it is of none. */
export function successRate({ merged, passed, failed }: Results): number | null {
  const known = merged + passed + failed
  return known === 0 ? null : (merged + passed) / known
}

/** Which iteration was the first one whose tests passed, counted from 1; null when none was. */
export function iterationsToPass(iterations: readonly IterationView[]): number | null {
  const at = iterations.findIndex(({ tests }) => tests?.exit === 0)
  return at < 0 ? null : at + 1
}
