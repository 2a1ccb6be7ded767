/** Durations and relative dates in git's words, without `Intl`, whose first use costs 10 ms. Pure. */

/** `5 minutes ago`, as `git log --date=relative` says it. */
export function relativeDate(iso: string, now: Date): string {
  const seconds = Math.floor((now.getTime() - Date.parse(iso)) / 1000)
  if (Number.isNaN(seconds)) return 'unknown'
  if (seconds < 0) return 'in the future'
  if (seconds < 90) return ago(seconds, 'second')
  const minutes = Math.round(seconds / 60)
  if (minutes < 90) return ago(minutes, 'minute')
  const hours = Math.round(minutes / 60)
  if (hours < 36) return ago(hours, 'hour')
  const days = Math.round(hours / 24)
  if (days < 14) return ago(days, 'day')
  if (days < 70) return ago(Math.round(days / 7), 'week')
  if (days < 365) return ago(Math.round(days / 30), 'month')
  const years = Math.floor(days / 365)
  const months = Math.round((days % 365) / 30)
  if (days >= 1825 || months === 0 || months === 12) return ago(Math.round(days / 365), 'year')
  return `${plural(years, 'year')}, ${ago(months, 'month')}`
}

/** `340 ms`, `12 s`, `3 min 20 s`, `1 h 5 min` */
export function duration(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}

/** `2026-11-22 10:10:10` in UTC, for tables. */
export const plainTime = (iso: string): string => iso.replace('T', ' ').replace(/(\.\d+)?Z$/, '')

/** `2026-11-22`, the day in local time. */
export function localDay(iso: string): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return 'unknown'
  const two = (n: number) => `${n}`.padStart(2, '0')
  return `${`${date.getFullYear()}`.padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}

/**
 * Reads a length of time: `90`, `90s`, `10m`, `2h`.
 * @returns milliseconds, or null when it is none
 */
export function parseDuration(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text)
  if (match === null) return null
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? 's'] ?? 1000
  return Number(match[1]) * unit
}

/** `1 commit`, `2 commits` */
export const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`

const ago = (count: number, word: string): string => `${plural(count, word)} ago`
