import { mark } from './secret-tokens.js'
import { isPlaceholder, looksRandom, nameKind } from './secret-values.js'

/** `key=value`, `"key": "value"` and their like: secrets by the name they stand under. Pure, and linear in the length of the text. */

/** A name's last word, the quote that ends it, and what stands between it and its value. */
const sign =
  /(?:passw(?:or)?d|passphrase|pwd|pass|secret|token|credentials?|(?:api|access|account|secret|private|signing|encryption|master|auth|shared)[-_]?key|auth)((?:\\*["'`])?\]?)([ \t]{0,4}(?:=>|:=|[:=])[ \t]{0,4}|[ \t]{1,4}(?=[^\s=:]))/gi

/** Longest name and longest value that are looked at. */
const longestName = 64
const longestValue = 1024

/** Text without the values of names that say they are secret. Code that computes such a value stays as it is. */
export function redactPairs(text: string): string {
  let result = ''
  let at = 0
  for (const match of text.matchAll(sign)) {
    if (match.index < at) continue
    const found = secretAt(text, match)
    if (found === null) continue
    result += text.slice(at, found.start) + mark
    at = found.end
  }
  return at === 0 ? text : result + text.slice(at)
}

interface Place {
  start: number
  end: number
}

function secretAt(text: string, match: RegExpExecArray): Place | null {
  const [all, closing = '', between = ''] = match
  const nameEnd = match.index + all.length - between.length - closing.length
  const name = nameBefore(text, nameEnd)
  const kind = nameKind(name)
  if (kind === null) return null
  const start = match.index + all.length
  const isFlag = name.startsWith('--')
  if (between.trim() === '' && !isFlag) return null
  const quoted = quotedAt(text, start)
  if (quoted !== null) {
    const value = text.slice(quoted.start, quoted.end)
    return isSecretLiteral(kind, value) ? quoted : null
  }
  return closing === '' ? bareAt(text, { start, name, nameStart: nameEnd - name.length, between, kind }) : null
}

/** The whole name that ends at `end`. */
function nameBefore(text: string, end: number): string {
  const before = text.slice(Math.max(0, end - longestName), end)
  return /[\w.-]*$/.exec(before)?.[0] ?? ''
}

/** The inside of a string that begins at `start`; null when none does, or it holds a space. */
function quotedAt(text: string, start: number): Place | null {
  const opening = /^(\\*)(["'`])/.exec(text.slice(start, start + 16))
  if (opening === null) return null
  const [delimiter, slashes = ''] = opening
  const first = start + delimiter.length
  const limit = Math.min(text.length, first + longestValue)
  for (let at = first; at < limit; at++) {
    if (text.startsWith(delimiter, at)) return { start: first, end: at }
    const char = text[at] as string
    if (/\s/.test(char)) return null
    if (char === '\\' && slashes === '') at++
  }
  return null
}

/** Whether a string is the secret itself, and not the name of one, a text about one, or a reference. */
export function isSecretLiteral(kind: 'password' | 'secret', value: string): boolean {
  if (/\s/.test(value) || isPlaceholder(value) || /^(?:https?:\/\/|\.{0,2}\/|@[\w-]+\/)/.test(value)) return false
  const hasBoth = /\d/.test(value) && /[A-Za-z]/.test(value)
  if (looksRandom(value)) return true
  // `auth.login.token2` and `oauth2-token` are names.
  const isName = /^[A-Za-z]+\d?(?:[._:/-][A-Za-z]+\d?)*$/.test(value)
  if (kind === 'secret') return hasBoth && !isName && value.length >= 12
  if (value.length < 6) return false
  if (hasBoth) return !/^[a-z]+(?:[._:/-][a-z]+)+\d?$/i.test(value)
  if (/^[A-Za-z]{20,}$/.test(value)) return /^[a-z]+$/.test(value)
  return (
    value.length >= 8 &&
    /[A-Za-z]/.test(value) &&
    /[!@#$%^&*?]/.test(value) &&
    !/^[!@#$%^&*?]|[()[\]{}<>|\\]/.test(value)
  )
}

interface Bare {
  start: number
  name: string
  nameStart: number
  between: string
  kind: 'password' | 'secret'
}

/** A value without quotes, where a configuration, a URL or a command line has one; in code none stands there. */
function bareAt(text: string, { start, name, nameStart, between, kind }: Bare): Place | null {
  const piece = text.slice(start, start + longestValue)
  const previous = nameStart === 0 ? '\n' : (text[nameStart - 1] as string)
  const tight = between === '='
  const word = (pattern: RegExp): { value: string; place: Place } => {
    const value = pattern.exec(piece)?.[0] ?? ''
    return { value, place: { start, end: start + value.length } }
  }
  if (tight && /[?&]/.test(previous)) {
    const { value, place } = word(/^[^\s&#"'`<>\\)\]}]+/)
    return value.length >= 8 && isLiteral(value) && /\d/.test(value) ? place : null
  }
  if (previous === ';' && tight && /;|^[A-Za-z ]+=/.test(text.slice(Math.max(0, nameStart - 80), nameStart))) {
    const { value, place } = word(/^[^\s;"'`<>]+/)
    return value.length >= 6 && isLiteral(value) && /;\s*[A-Za-z ]+=|=[^=;]*;$/.test(around(text, nameStart))
      ? place
      : null
  }
  if (name.startsWith('--')) {
    const { value, place } = word(/^[^\s"'`;|&<>()]+/)
    return isLiteral(value) && isSecretLiteral(kind, value) ? place : null
  }
  if (tight && /^[A-Z][A-Z0-9_]*$/.test(name) && /[\s"'`;&|(:]/.test(previous)) {
    const { value, place } = word(/^[^\s"'`;&|<>()\\,]+/)
    return isLiteral(value) && isAssigned(kind, value) ? place : null
  }
  return atLineStart(text, nameStart) ? restOfLine(piece, { start, kind, name }) : null
}

const around = (text: string, at: number): string => text.slice(Math.max(0, at - 80), at)

/** No reference, call, index or member. */
const isLiteral = (value: string): boolean => !isPlaceholder(value) && !/[$`(){}[\]<>]/.test(value)

/** `NAME=value` without spaces belongs to a shell or a configuration, where no name stands for a value. */
const isAssigned = (kind: 'password' | 'secret', value: string): boolean =>
  isSecretLiteral(kind, value) ||
  (value.length >= 8 && /\d/.test(value) && /[A-Za-z]/.test(value) && !/^(?:[~.]{0,2}\/|https?:)/.test(value)) ||
  (kind === 'password' && /^[a-z]{8,}$/.test(value))

/** Before it stands nothing but space, the dash of a list, a word that exports, or what ends another line. */
const atLineStart = (text: string, at: number): boolean =>
  /(?:^|[\r\n]|\\n)[ \t]*(?:\d+[→\t:|][ \t]*|[+>-][ \t]*)?(?:export[ \t]+|set[ \t]+)?$/.test(
    text.slice(Math.max(0, at - 48), at),
  )

/** A value that fills its line: YAML, properties, INI, HTTP headers. Types and calls look otherwise. */
function restOfLine(
  piece: string,
  { start, kind, name }: { start: number; kind: 'password' | 'secret'; name: string },
) {
  const line = /^[^\r\n\\]*/.exec(piece)?.[0].trimEnd() ?? ''
  const value = line.replace(/[ \t]+#.*$/, '')
  if (value === '' || /\s/.test(value) || !isLiteral(value) || /[,;:]$|=[^=]/.test(value)) return null
  const isIdentifier = /^[A-Za-z_$][\w$.]*$/.test(value) && value.replace(/\D/g, '').length < 3
  const isStrong = looksRandom(value) || (!isIdentifier && isSecretLiteral(kind, value) && !/[.]/.test(value))
  const isWeak = kind === 'password' && /^[a-z][a-z0-9_-]*$/.test(name) && /^[a-z]{3,}\d+$/.test(value)
  return isStrong || isWeak ? { start, end: start + value.length } : null
}
