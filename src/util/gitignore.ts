/** Patterns in the syntax of gitignore(5), as a list of what is wanted. The last pattern that matches a path decides. */
export class Patterns {
  private readonly rules: Rule[]

  constructor(text: string) {
    this.rules = bytes(text.replace(/^\uFEFF/, ''))
      .split('\n')
      .flatMap((line) => ruleOf(line.replace(/\r$/, '')) ?? [])
  }

  get isEmpty(): boolean {
    return !this.rules.some(({ isNegative }) => !isNegative)
  }

  /** Whether a path, or a directory that it is in, is wanted. What is below a wanted directory cannot be left out. */
  has(path: string, isDirectory: boolean): boolean {
    const parts = bytes(path).split('/')
    for (let length = 1; length < parts.length; length++)
      if (this.decide(parts.slice(0, length).join('/'), true)) return true
    return this.decide(bytes(path), isDirectory)
  }

  /** Whether something inside a directory that is not wanted itself can be: a pattern with a slash in it names a path there. */
  reachesInto(directory: string): boolean {
    const parts = bytes(directory).split('/')
    return this.rules.some(({ isNegative, parts: wanted }) => {
      if (isNegative || wanted === null) return false
      const upTo = wanted.indexOf('**')
      const known = upTo < 0 ? wanted : wanted.slice(0, upTo)
      if (known.length === 0 || (upTo < 0 && known.length <= parts.length)) return false
      return parts.every((part, at) => at >= known.length || regex(known[at] ?? '')?.test(part) === true)
    })
  }

  private decide(path: string, isDirectory: boolean): boolean {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const rule = this.rules.findLast(
      (one) => (isDirectory || !one.isDirectory) && one.regex.test(one.parts === null ? name : path),
    )
    return rule !== undefined && !rule.isNegative
  }
}

/** A character for each byte: to git `?` is one byte. */
const bytes = (text: string): string => Buffer.from(text).toString('latin1')

interface Rule {
  isNegative: boolean
  /** It is for directories alone. */
  isDirectory: boolean
  /** Components of a pattern for a path from the top; null for one that is for a name anywhere. */
  parts: string[] | null
  regex: RegExp
}

function ruleOf(line: string): Rule | null {
  if (line === '' || line.startsWith('#')) return null
  const isNegative = line.startsWith('!')
  // Spaces at the end count when they are escaped.
  const text = (isNegative ? line.slice(1) : line).replace(/(?<!\\)((?:\\\\)*) +$/, '$1')
  const isDirectory = text.endsWith('/')
  const whole = isDirectory ? text.slice(0, -1) : text
  const isAnchored = whole.includes('/')
  const pattern = whole.replace(/^\//, '')
  const found = pattern === '' ? null : regex(pattern)
  if (found === null) return null
  return { isNegative, isDirectory, parts: isAnchored ? pattern.split('/') : null, regex: found }
}

/** A pattern as a regular expression for a whole path; null for one that can match nothing. */
function regex(pattern: string): RegExp | null {
  let source = ''
  for (let at = 0; at < pattern.length; ) {
    const piece = pieceAt(pattern, at)
    if (piece === null) return null
    source += piece.source
    at = piece.end
  }
  try {
    return new RegExp(`^${source}$`, 's')
  } catch {
    // A range that runs backwards.
    return null
  }
}

interface Piece {
  source: string
  end: number
}

function pieceAt(pattern: string, at: number): Piece | null {
  const char = pattern[at] ?? ''
  if (char === '*') return stars(pattern, at)
  if (char === '?') return { source: '[^/]', end: at + 1 }
  if (char === '[') return bracket(pattern, at)
  if (char !== '\\') return { source: quoted(char), end: at + 1 }
  return at + 1 < pattern.length ? { source: quoted(pattern[at + 1] ?? ''), end: at + 2 } : null
}

const quoted = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')

/** `**` between slashes stands for any number of directories; elsewhere stars stay within a name. */
function stars(pattern: string, at: number): Piece {
  let end = at
  while (pattern[end] === '*') end++
  const isWhole = end - at >= 2 && (at === 0 || pattern[at - 1] === '/')
  if (isWhole && pattern[end] === '/') return { source: '(?:.*\\/)?', end: end + 1 }
  if (isWhole && end === pattern.length) return { source: '.+', end }
  return { source: '[^/]*', end }
}

/** `[a-z]`, `[!a-z]`, `[[:alpha:]]`; never a slash. */
function bracket(pattern: string, at: number): Piece | null {
  let from = at + 1
  const isNot = pattern[from] === '!' || pattern[from] === '^'
  if (isNot) from++
  let inside = ''
  for (let end = from; end < pattern.length; end++) {
    const char = pattern[end] ?? ''
    if (char === ']' && end > from) return { source: `(?!\\/)[${isNot ? '^' : ''}${inside}]`, end: end + 1 }
    const named = /^\[:(\w+):\]/.exec(pattern.slice(end))
    if (named !== null) {
      const set = classes[named[1] ?? '']
      if (set === undefined) return null
      inside += set
      end += named[0].length - 1
    } else if (char === '\\') inside += quoted(pattern[++end] ?? '')
    else inside += char === '-' ? (end === from || pattern[end + 1] === ']' ? '\\-' : '-') : quoted(char)
  }
  return null
}

const classes: Readonly<Record<string, string>> = {
  alnum: 'a-zA-Z0-9',
  alpha: 'a-zA-Z',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  xdigit: '0-9a-fA-F',
}
