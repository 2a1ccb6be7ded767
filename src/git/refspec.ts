/** A configured fetch refspec: `+<from>:<to>`. */
export interface Refspec {
  isForced: boolean
  from: string
  /** Null when nothing is stored. */
  to: string | null
}

export function parseRefspec(text: string): Refspec {
  const [, plus, from = '', to] = /^(\+?)([^:]*)(?::(.*))?$/s.exec(text) ?? []
  return { isForced: plus === '+', from, to: to === undefined || to === '' ? null : to }
}

/** Whether a pattern or a name takes in some ref below a prefix. */
export function reachesInto(pattern: string, prefix: string): boolean {
  const star = pattern.indexOf('*')
  if (star < 0) return pattern === prefix || pattern.startsWith(`${prefix}/`)
  const start = pattern.slice(0, star)
  return start.startsWith(`${prefix}/`) || `${prefix}/`.startsWith(start)
}
