import type { Report } from '../actions/report.js'
import type { SessionResult } from '../actions/shared/result.js'
import type { UsageRow, UsageSum } from '../actions/shared/tally.js'
import { dollars, grouped, shortCount } from '../util/amounts.js'
import { plainTime, plural } from '../util/time.js'

/** What a report says in figures and words, whatever it is written in. Pure. */

/** What is not known is said, and is never 0. */
export const unknown = 'unknown'
/** There is nothing that could be known. */
export const nothing = '\u2013'

type Cost = Pick<UsageSum, 'costUsd' | 'unpriced'>

/** `$1.23`, and `≥ $1.23` where the cost of something is not known. */
export const costWord = ({ costUsd, unpriced }: Cost): string =>
  costUsd === null ? (unpriced > 0 ? unknown : nothing) : `${unpriced > 0 ? '\u2265 ' : ''}${dollars(costUsd)}`

/** `and 3 iterations without a known cost`; empty when there are none. */
export const lackWords = ({ costUsd, unpriced }: Cost): string =>
  unpriced === 0
    ? ''
    : `${costUsd === null ? '' : 'and '}${grouped(unpriced)} ${unpriced === 1 ? 'iteration' : 'iterations'} without a known cost`

export const tokenCount = ({ usage }: Pick<UsageSum, 'usage'>): number =>
  usage.input + usage.output + usage.cacheRead + usage.cacheWrite

export const tokenWord = (count: number): string => (count === 0 ? nothing : shortCount(count))

/** How results are told: in words and by a look. */
export const resultLooks: Readonly<
  Record<SessionResult, { word: string; look: string; tag: string; meaning: string }>
> = {
  merged: { word: 'merged', look: 'good', tag: 'good', meaning: 'merged into its base' },
  passed: { word: 'passed', look: 'mild', tag: 'good', meaning: 'its tests pass' },
  failed: { word: 'failed', look: 'bad', tag: 'bad', meaning: 'its tests or its last iteration failed' },
  untested: { word: 'untested', look: 'warn', tag: 'warn', meaning: 'it ran, without tests' },
  running: { word: 'running', look: 'idle', tag: 'idle', meaning: 'an iteration has not ended' },
  new: { word: 'new', look: 'idle', tag: 'idle', meaning: 'no iteration yet' },
}

/** The same for the items of a batch run. */
export const itemLooks: Readonly<Record<string, { word: string; look: string }>> = {
  success: { word: 'pass', look: 'good' },
  fail: { word: 'fail', look: 'bad' },
  error: { word: 'error', look: 'bad' },
  timeout: { word: 'time', look: 'warn' },
  aborted: { word: 'stop', look: 'warn' },
  running: { word: 'runs', look: 'idle' },
  queued: { word: 'waits', look: 'idle' },
}

/** `75%` */
export const rateWord = (part: number | null): string => (part === null ? nothing : `${Math.round(100 * part)}%`)

/** The middle one; of two the mean. */
export function median(values: readonly number[]): number | null {
  const sorted = [...values].sort((a, b) => a - b)
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]]
  return low === undefined || high === undefined ? null : (low + high) / 2
}

/** The time that a report is of, in words. */
export function spanWords({ since, until, sessions }: Report): string {
  const first = sessions[0]?.createdAt
  const day = (iso: string) => plainTime(iso).slice(0, 16)
  if (since !== null && until !== null) return `${day(since)} to ${day(until)} UTC`
  if (since !== null) return `since ${day(since)} UTC`
  if (until !== null) return `until ${day(until)} UTC`
  return first === undefined ? '' : `since ${day(first)} UTC`
}

/** `12 sessions in parser, since 2026-01-01` */
export const titleOf = ({ repository, batch, runs }: Report): string =>
  batch === null ? `Sessions in ${repository}` : `Batch run ${runs[0]?.name || batch}`

/** How many sessions needed how many iterations until their tests passed: 1, 2, ... and more. */
export function passCounts({ sessions }: Report): { label: string; count: number }[] {
  const most = 6
  const counts = Array.from({ length: most }, (_, at) => ({
    label: at + 1 < most ? `${at + 1}` : `${most}+`,
    count: 0,
  }))
  for (const { toPass } of sessions) {
    const place = toPass === null ? undefined : counts[Math.min(toPass, most) - 1]
    if (place !== undefined) place.count++
  }
  return counts
}

export const passTimes = ({ sessions }: Report): number[] =>
  sessions.flatMap(({ toPass }) => (toPass === null ? [] : [toPass]))

/** A name of a row that may be empty. */
export const keyWord = ({ key }: UsageRow): string => (key === '' ? '(not told)' : key)

/** A stretch of days that is one column of a chart. */
export interface Period {
  label: string
  costUsd: number | null
  unpriced: number
  tokens: number
  iterations: number
}

const dayMs = 86_400_000
/** More columns than these are no columns any more. */
const mostColumns = 92

/** The days of a report without gaps; of many days, weeks or longer stretches. */
export function periodsOf(rows: readonly UsageRow[]): { days: number; periods: Period[] } {
  const times = rows.map(({ key }) => Date.parse(`${key}T00:00:00Z`)).filter((time) => !Number.isNaN(time))
  const [first, last] = [Math.min(...times), Math.max(...times)]
  if (times.length === 0) return { days: 1, periods: [] }
  const count = Math.round((last - first) / dayMs) + 1
  const days = count <= mostColumns ? 1 : count <= 7 * mostColumns ? 7 : Math.ceil(count / mostColumns)
  const periods = Array.from({ length: Math.ceil(count / days) }, (_, at) => ({
    label: new Date(first + at * days * dayMs).toISOString().slice(0, 10),
    costUsd: null as number | null,
    unpriced: 0,
    tokens: 0,
    iterations: 0,
  }))
  for (const row of rows) {
    const period = periods[Math.floor((Date.parse(`${row.key}T00:00:00Z`) - first) / dayMs / days)]
    if (period === undefined) continue
    period.iterations += row.iterations
    period.unpriced += row.unpriced
    period.tokens += tokenCount(row)
    if (row.costUsd !== null) period.costUsd = (period.costUsd ?? 0) + row.costUsd
  }
  return { days, periods }
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `2026-09-01` as `1 Sep`, or with its year. */
export function shortDay(day: string, withYear: boolean): string {
  const [year = '', month = '', date = ''] = day.split('-')
  return `${Number(date)} ${months[Number(month) - 1] ?? month}${withYear ? ` ${year}` : ''}`
}

/** The directory that all paths share, with its slash. */
export function sharedDir(paths: readonly string[]): string {
  const [first = '', ...others] = paths
  let end = first.lastIndexOf('/') + 1
  while (end > 0 && !others.every((path) => path.startsWith(first.slice(0, end))))
    end = first.lastIndexOf('/', end - 2) + 1
  return first.slice(0, end)
}

/** `12 iterations, 3.4M tokens, $1.20` */
export const periodWords = (period: Period): string =>
  [plural(period.iterations, 'iteration'), `${tokenWord(period.tokens)} tokens`, costWord(period)].join(', ')

/** `2,000 sessions` */
export const sessionCount = (count: number): string => `${grouped(count)} ${count === 1 ? 'session' : 'sessions'}`

/** A name without its address. */
export const nameOf = (by: string): string => by.replace(/\s*<[^>]*>\s*$/, '') || by
