import { isKeyLine, keyOpens, redactKeys } from './secret-keys.js'
import { isSecretLiteral, redactPairs } from './secret-pairs.js'
import { mark, redactTokens } from './secret-tokens.js'
import { formsOf, nameKind, secretsInEnv } from './secret-values.js'

/** Takes secrets out of text before it is written to the object database. Pure. */

/** Gives the text back without its secrets. */
export type Redact = (text: string) => string

/**
 * A function that takes secrets out of text: the values of secret-looking variables, known token forms, private keys, passwords in URLs, and
 * values whose names say that they are secret. Text without secrets comes back as it is.
 * @param env the environment whose values the agent could see
 * @param values more values that are secrets: those of `.env` files
 */
export function redactor(env: Readonly<Record<string, string | undefined>>, values: readonly string[] = []): Redact {
  const redactKnown = valueRedactor([...secretsInEnv(env), ...values])
  return (text) => redactPairs(redactTokens(redactKeys(redactKnown(text))))
}

/** A function that takes only these values out of text, in whatever form they stand there. */
export function valueRedactor(values: readonly string[]): Redact {
  const pattern = patternOf(values)
  return pattern === null ? (text) => text : (text) => text.replace(pattern, mark)
}

/** Length of the longest form of these values: so much of a text that goes on must be looked at again. */
export const longestForm = (values: readonly string[]): number =>
  Math.max(0, ...values.flatMap(formsOf).map((form) => Buffer.byteLength(form)))

/** All forms of all values in one pattern, the longest first: the text is read once, however many there are. */
function patternOf(values: readonly string[]): RegExp | null {
  const forms = [...new Set(values.flatMap(formsOf))].sort((a, b) => b.length - a.length)
  return forms.length === 0 ? null : new RegExp(forms.map(literal).join('|'), 'g')
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/**
 * One line without its secrets. In a line of JSON only the strings that hold one are written anew, so that it stays JSON, and all else in it
 * stays as it is.
 */
export function redactLine(line: string, redact: Redact): string {
  if (!isJson(line)) return redact(line)
  const parts: string[] = []
  let [name, at] = ['', 0]
  for (let start = line.indexOf('"'); start >= 0; ) {
    const end = stringEnd(line, start)
    const literal = line.slice(start, end)
    const text = literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1)
    const isName = /^\s*:/.test(line.slice(end, end + 16))
    const kind = isName ? null : nameKind(name)
    const clean = kind !== null && isSecretLiteral(kind, text) ? mark : redactLine(text, redact)
    if (clean !== text) {
      parts.push(line.slice(at, start), JSON.stringify(clean))
      at = end
    }
    name = isName ? text : ''
    start = line.indexOf('"', end)
  }
  return parts.length === 0 ? line : parts.join('') + line.slice(at)
}

/** A function that takes secrets out of lines that follow each other: a private key may be printed on many of them. */
export function lineRedactor(redact: Redact): Redact {
  let inKey: 'no' | 'begun' | 'yes' = 'no'
  return (line) => {
    if (inKey !== 'no' && isKeyLine(line, inKey === 'begun')) {
      if (line.trim() === '') return line
      inKey = 'yes'
      return mark
    }
    inKey = keyOpens(line) ? 'begun' : 'no'
    return redactLine(line, redact)
  }
}

/** Where the string ends that begins at `start` of a JSON text. A pattern would need a stack as deep as the string is long. */
function stringEnd(line: string, start: number): number {
  for (let at = start + 1; at < line.length; at++) {
    const char = line.charCodeAt(at)
    if (char === 0x22) return at + 1
    if (char === 0x5c) at++
  }
  return line.length
}

/** A line of JSON, as far as it has strings: an object or a list. */
function isJson(line: string): boolean {
  if (!/^\s*[{[]/.test(line) || !/[}\]]\s*$/.test(line)) return false
  try {
    JSON.parse(line)
    return true
  } catch {
    // Somebody's text that begins with a bracket, or a line that was cut.
    return false
  }
}

/** Fields whose text people or programs wrote. All others hold names that must stay as they are: refs, branches, ids. */
const freeText: ReadonlySet<string> = new Set([
  'name',
  'prompt',
  'test',
  'command',
  'output',
  'summary',
  'reason',
  'hooks',
  'unsigned',
  'unstaged',
  'newThread',
  'untold',
])

/** An event's data with its free text redacted. */
export function redactText<T extends object>(data: T, redact: (text: string) => string): T {
  const entries = Object.entries(data).map(([key, value]) => [
    key,
    freeText.has(key) ? redactAll(value, redact) : value,
  ])
  return Object.fromEntries(entries) as T
}

/** The same value with every string in it redacted. */
export function redactAll<T>(value: T, redact: (text: string) => string): T {
  if (typeof value === 'string') return redact(value) as T
  if (Array.isArray(value)) return value.map((item) => redactAll(item, redact)) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactAll(item, redact)])) as T
}
