import { readDate } from '../../git/date.js'
import type { Repo } from '../../repo.js'

/** A span of time in milliseconds since 1970; without a limit it is open on that side. */
export interface Span {
  from?: number | undefined
  to?: number | undefined
}

/** A span as the user gives it: dates as git reads them. */
export interface SpanOptions {
  since?: string | undefined
  until?: string | undefined
}

/** The span that is asked for, in numbers and as ISO 8601 in UTC. */
export interface AskedSpan extends Span {
  since: string | null
  until: string | null
}

/** Reads the span that is asked for. */
export async function readSpan(repo: Repo, { since, until }: SpanOptions): Promise<AskedSpan> {
  const git = repo.in(repo.location.topLevel ?? repo.location.gitDir)
  const [from, to] = await Promise.all([
    since === undefined ? undefined : readDate(git, since, 'since'),
    until === undefined ? undefined : readDate(git, until, 'until'),
  ])
  return { from: from?.getTime(), to: to?.getTime(), since: isoSeconds(from), until: isoSeconds(to) }
}

/** Whether a time (ISO 8601) is in the span. */
export function isIn({ from, to }: Span, iso: string): boolean {
  const at = Date.parse(iso)
  return (from === undefined || at >= from) && (to === undefined || at <= to)
}

const isoSeconds = (date: Date | undefined): string | null =>
  date === undefined ? null : `${date.toISOString().slice(0, 19)}Z`
