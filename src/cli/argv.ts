import { usage } from '../errors.js'
import type { CommandSpec, OptionSpec } from './spec.js'

/** A command line in the form that clipanion reads without surprises. */
export interface Normalized {
  /** Options in long form joined with their values, `--`, then the positionals. */
  words: string[]
  /** The words after `--`, for commands that take some; null when there is no `--`. */
  rest: string[] | null
  /** Options that belong to git, in order. */
  passed: string[]
  /** Which help was asked for. */
  help: 'short' | 'full' | null
}

/** Options of `git log`, `git diff` and `git blame` that take the next word as their value; all others join it. */
const gitOptionsWithValue: ReadonlySet<string> = new Set(
  (
    '-n -l -S -G -O -I -L --max-count --skip --since --after --until --before --author --committer --grep --grep-reflog ' +
    '--output --word-diff-regex --diff-filter --anchored --ignore-matching-lines --rotate-to --skip-to --src-prefix ' +
    '--ignore-rev --ignore-revs-file --contents --dst-prefix --line-prefix --inter-hunk-context --diff-algorithm --find-object --output-indicator-new ' +
    '--output-indicator-old --output-indicator-context --date --exclude --glob --max-age --min-age'
  ).split(' '),
)

/**
 * Reads a command line with git's habits, which clipanion lacks: `-mfoo`, `-n5`, clusters (`-qF-`), unique abbreviations of
 * long options, values that begin with a dash, and `--` as a border.
 * @param argv the words after the command's name
 * @throws AmpError of kind `usage`
 */
export function normalize(spec: CommandSpec, argv: readonly string[]): Normalized {
  const reader = new Reader(spec, argv)
  reader.readAll()
  const { options, positionals, passed, help } = reader
  const after = reader.border === null ? null : argv.slice(reader.border + 1)
  const takesRest = spec.rest !== null
  const all = takesRest || after === null ? positionals : [...positionals, ...after]
  if (help === null) {
    checkOptions(spec, options)
    checkPositionals(spec, all, after !== null)
  }
  return { words: [...options, '--', ...all], rest: takesRest ? after : null, passed, help }
}

/** One pass over the words up to `--`. */
class Reader {
  readonly options: string[] = []
  readonly positionals: string[] = []
  readonly passed: string[] = []
  help: Normalized['help'] = null
  /** Index of `--`. */
  border: number | null = null
  private next = 0

  constructor(
    private readonly spec: CommandSpec,
    private readonly argv: readonly string[],
  ) {}

  readAll(): void {
    for (let word = this.take(); word !== undefined && this.help === null; word = this.take()) {
      if (word === '--') {
        this.border = this.next - 1
        return
      }
      if (word === '-' || !word.startsWith('-')) this.positionals.push(word)
      else if (word.startsWith('--')) this.readLong(word)
      else this.readCluster(word)
    }
  }

  private readLong(word: string): void {
    const equals = word.indexOf('=')
    const name = equals < 0 ? word : word.slice(0, equals)
    const bound = equals < 0 ? null : word.slice(equals + 1)
    const found = findLong(this.spec, name)
    if (found === null) this.pass(word)
    else if (found === 'help') this.help = 'full'
    else if (found.option.value === null) {
      if (bound !== null) throw usage(`option '${found.name.slice(2)}' takes no value`)
      this.options.push(found.name)
    } else this.push(found.option, bound ?? this.takeValue(found.option, found.name.slice(2)))
  }

  /** `-q`, `-qn`, `-mfoo`, `-qmfoo`; a value takes all that is left of the word. */
  private readCluster(word: string): void {
    const letters = [...word.slice(1)]
    for (const [index, letter] of letters.entries()) {
      const option = this.spec.options.find(({ names }) => names.includes(`-${letter}`))
      const left = letters.slice(index + 1).join('')
      if (option === undefined) {
        if (letter === 'h' && (!this.spec.passesOptions || word === '-h')) this.help = 'short'
        else if (this.spec.passesOptions) this.pass(`-${letter}${left}`)
        else throw usage(`unknown option '-${letter}'`)
        return
      }
      if (option.value !== null) {
        this.push(option, left === '' ? this.takeValue(option, letter) : left)
        return
      }
      this.options.push(`-${letter}`)
    }
  }

  private push(option: OptionSpec, value: string | null): void {
    const name = canonical(option)
    this.options.push(value === null ? name : `${name}=${value}`)
  }

  private takeValue(option: OptionSpec, shown: string): string | null {
    if (option.isOptional) return null
    const value = this.take()
    if (value === undefined) throw usage(`option '${shown}' requires a value`)
    return value
  }

  private pass(word: string): void {
    if (!this.spec.passesOptions) throw usage(`unknown option '${word}'`)
    this.passed.push(word)
    const value = gitOptionsWithValue.has(word) ? this.take() : undefined
    if (value !== undefined) this.passed.push(value)
  }

  private take(): string | undefined {
    return this.argv[this.next++]
  }
}

interface Found {
  option: OptionSpec
  /** As clipanion knows it: `--name`, or `--no-name` for a switch that is turned off. */
  name: string
}

/** The option that a word names in full or, when no other begins so, in part; null when it is git's. */
function findLong(spec: CommandSpec, typed: string): Found | 'help' | null {
  const known = longNames(spec)
  const exact = known.find(({ name }) => name === typed)
  if (exact !== undefined) return exact
  if (typed === '--help') return 'help'
  if (spec.passesOptions) return null
  const fits = known.filter(({ name, option }) => name.startsWith(typed) && !option.isHidden)
  // A negation is only meant when it is begun.
  const meant = fits.filter(({ isNegation }) => !isNegation || typed.startsWith('--no-'))
  const isHelp = '--help'.startsWith(typed)
  const distinct = new Map(meant.map((found) => [found.isNegation ? found.name : found.option, found]))
  const [first] = distinct.values()
  if (distinct.size + Number(isHelp) > 1) {
    const names = [...[...distinct.values()].map(({ name }) => name), ...(isHelp ? ['--help'] : [])]
    throw usage(`option '${typed.slice(2)}' is ambiguous (could be ${names.join(' or ')})`)
  }
  if (isHelp) return 'help'
  if (first === undefined) throw usage(`unknown option '${typed}'`)
  return first
}

/** All long names, and the `--no-` form of switches, which every switch has as in git. */
function longNames(spec: CommandSpec): (Found & { isNegation: boolean })[] {
  return spec.options.flatMap((option) =>
    option.names
      .filter((name) => name.startsWith('--'))
      .flatMap((name) => [
        { option, name, isNegation: false },
        ...(option.value === null && !name.startsWith('--no-')
          ? [{ option, name: `--no-${name.slice(2)}`, isNegation: true }]
          : []),
      ]),
  )
}

const canonical = (option: OptionSpec): string =>
  option.names.find((name) => name.startsWith('--')) ?? option.names[0] ?? ''

function checkOptions(spec: CommandSpec, options: readonly string[]): void {
  for (const option of spec.options) {
    const isGiven = options.some((word) => option.names.includes(word.split('=')[0] ?? ''))
    if (option.isRequired && !isGiven) throw usage(`missing option ${canonical(option)}`)
  }
}

function checkPositionals(spec: CommandSpec, given: readonly string[], hasBorder: boolean): void {
  const required = spec.positionals.filter(({ isRequired }) => isRequired)
  const missing = required[given.length]
  if (missing !== undefined) throw usage(`missing argument <${missing.value.label}>`)
  const extra = given[spec.positionals.length]
  if (extra === undefined || spec.positionals.some(({ repeats }) => repeats)) return
  const hint = spec.rest === null || hasBorder ? [] : [`Put <${spec.rest.label}>... after "--".`]
  throw usage(`too many arguments: '${extra}'`, ...hint)
}
