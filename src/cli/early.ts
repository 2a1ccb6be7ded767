import { type Inquiry, inquire } from '../git/inquiry.js'
import type { Entry } from '../registry.js'
import type { AmpContext } from './context.js'

/**
 * Asks git about the repository while the command is being loaded. Null for a command that needs no repository, and when the words may name another
 * one (`--repo`, by any abbreviation) or ask for help.
 */
export function askEarly(entry: Entry, argv: readonly string[], context: AmpContext): Inquiry | null {
  const isOther = argv.some((word) => /^(-h$|--h|--r)/.test(word))
  return entry.asks === undefined || isOther ? null : inquire(context.host, entry.asks)
}
