import { usage } from '../errors.js'

/** What is searched for. */
export interface Pattern {
  text: string
  /** A regular expression instead of the text itself. */
  isRegex?: boolean | undefined
  ignoreCase?: boolean | undefined
}

/** Where a match begins and ends. */
export type Span = readonly [number, number]

/**
 * What JSON encoders write as it is, whatever their habits: none escapes these characters, and all others some do. Characters beyond ASCII are either
 * written raw or as `\uXXXX`.
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what JSON escapes
const raw = /[^"\\/<>&'+\u0000-\u001f\u007f]+/gu
const ascii = /^[\x20-\x7e]*$/

/** A pattern in two forms: an exact one for text, and a quick one for bytes of JSON in which the text may stand, escaped once or more often. */
export class Needle {
  private readonly exact: RegExp
  /** One of these is in every JSON text that holds a match; null when nothing can be said. */
  private readonly hints: readonly Buffer[] | RegExp | null

  /** @throws AmpError when the expression is none */
  constructor(readonly pattern: Pattern) {
    const { isRegex = false, ignoreCase = false } = pattern
    const text = isRegex ? inJavaScript(pattern.text) : pattern.text
    try {
      this.exact = new RegExp(isRegex ? text : escaped(text), `gmu${ignoreCase ? 'i' : ''}`)
    } catch (error) {
      const why = error instanceof Error ? error.message.replace(/^.*: /, '') : ''
      throw usage(`'${text}' is no regular expression: ${why}`, 'Without -E it is searched for as it stands.')
    }
    this.hints = hintsOf(isRegex ? literalIn(text) : text, ignoreCase)
  }

  /** Every place of the text that matches. */
  find(text: string): Span[] {
    const spans: Span[] = []
    for (const { index, 0: match } of text.matchAll(this.exact))
      if (match !== '') spans.push([index, index + match.length])
    return spans
  }

  /** Whether JSON may hold a match. */
  mayBeIn(bytes: Buffer): boolean {
    const { hints } = this
    if (hints === null) return true
    return hints instanceof RegExp ? hints.test(bytes.toString('latin1')) : hints.some((hint) => bytes.includes(hint))
  }
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Words of grep that JavaScript does not know. */
const classes: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  digit: '0-9',
  lower: 'a-z',
  punct: '!-\\/:-@\\[-`\\{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9a-fA-F',
}

const inJavaScript = (source: string): string =>
  source
    .replace(/(?<!\\)((?:\\\\)*)\\[<>]/g, '$1\\b')
    .replace(/\[:([a-z]+):\]/g, (whole, name: string) => classes[name] ?? whole)

/** The longest part that stands in JSON as it is, or escaped in one of a few ways. */
function hintsOf(text: string, ignoreCase: boolean): readonly Buffer[] | RegExp | null {
  // Letters beyond ASCII have other forms in other bytes.
  const runs = (text.match(raw) ?? []).flatMap((run) => (ignoreCase ? run.split(/[^\x20-\x7e]+/) : [run]))
  const [best] = runs.filter((run) => run !== '').sort((a, b) => worth(b) - worth(a))
  if (best === undefined) return null
  if (ignoreCase) return new RegExp(escaped(best), 'i')
  if (ascii.test(best)) return [Buffer.from(best)]
  const unit = (best.match(/[^\x20-\x7e]/)?.[0] ?? '').charCodeAt(0).toString(16).padStart(4, '0')
  return [best, `u${unit}`, `u${unit.toUpperCase()}`].map((form) => Buffer.from(form))
}

/** Plain text is looked for once, other text in three forms. */
const worth = (run: string): number => (ascii.test(run) ? run.length : run.length / 4)

/** The longest text that every match of a regular expression contains, as far as it is easily told. */
function literalIn(source: string): string {
  // What is in groups, classes and alternatives may be left out of a match.
  if (/[|()]/.test(source.replace(/\\./g, ''))) return ''
  const plain = source.replace(/\[(?:\\.|[^\]\\])*\](?:[*+?]|\{[^}]*\})?\??/g, '\n')
  const parts = plain.replace(/(?:\\.|.)(?:[*?]|\{[^}]*\})\??/gsu, '\n').replace(/\\[^\w]/g, (two) => two.slice(1))
  return parts
    .split(/\n|\\[a-zA-Z0-9](?:\{[^}]*\}|[0-9a-fA-F]+)?|[.^$+]/)
    .reduce((longest, part) => (part.length > longest.length ? part : longest), '')
}
