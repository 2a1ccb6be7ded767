import { type AmpError, fatal } from '../errors.js'
import { parseDollars } from '../util/amounts.js'
import { parseDuration } from '../util/time.js'
import type { Git } from './run.js'

/** All of git's configuration, read once, with git's own precedence, includes and `-c`. */
export class Config {
  private constructor(private readonly values: ReadonlyMap<string, readonly (string | true)[]>) {}

  /** Reads it by one `git config --list -z`. */
  static async read(git: Git): Promise<Config> {
    const values = new Map<string, (string | true)[]>()
    for (const record of await git.items(['config', '--list', '-z'])) {
      const newline = record.indexOf('\n')
      // A key without `=` has no newline and means true.
      const [key, value] = newline < 0 ? [record, true as const] : [record.slice(0, newline), record.slice(newline + 1)]
      const list = values.get(key)
      if (list === undefined) values.set(key, [value])
      else list.push(value)
    }
    return new Config(values)
  }

  /** The last value of a key, or null. Section and name in lower case, the subsection as it is. */
  get(key: string): string | null {
    const value = this.values.get(normalize(key))?.at(-1)
    return value === undefined ? null : value === true ? '' : value
  }

  /** All values of a key, in order. */
  all(key: string): string[] {
    return (this.values.get(normalize(key)) ?? []).map((value) => (value === true ? '' : value))
  }

  /** Keys below a section (`amp.agent`), as git writes them. */
  keysBelow(section: string): string[] {
    return [...this.values.keys()].filter((key) => key.startsWith(`${section}.`))
  }

  /** Whether a worktree or branch of the same repository may have other settings. */
  get isConditional(): boolean {
    return this.keysBelow('includeif').length > 0 || this.bool('extensions.worktreeConfig', false)
  }

  /** One of some words; null when the key is not set. */
  choice<T extends string>(key: string, words: readonly T[]): T | null {
    const value = this.get(key)
    const word = words.find((one) => one === value)
    if (value === null || word !== undefined) return word ?? null
    throw badValue(key, value, `It can be ${words.slice(0, -1).join(', ')} or ${words.at(-1)}.`)
  }

  /** A length of time in milliseconds; null when the key is not set. */
  duration(key: string): number | null {
    const value = this.get(key)
    const ms = value === null ? null : parseDuration(value)
    if (value !== null && ms === null) throw badValue(key, value, 'Write a length of time: 90s, 10m, 2h or 0.')
    return ms
  }

  /** An amount of US dollars; null when the key is not set. */
  dollars(key: string): number | null {
    const value = this.get(key)
    const usd = value === null ? null : parseDollars(value)
    if (value !== null && usd === null) throw badValue(key, value, 'Write an amount of US dollars: 5 or 2.50.')
    return usd
  }

  /** A number from 1 on; null when the key is not set. */
  count(key: string): number | null {
    const value = this.get(key)
    if (value === null) return null
    if (/^[1-9]\d{0,5}$/.test(value)) return Number(value)
    throw badValue(key, value, 'Write a number from 1 on.')
  }

  /** `auto`, `always` or `never`, which a boolean can say as well; null when the key is not set. */
  when(key: string): 'auto' | 'always' | 'never' | null {
    const value = this.values.get(normalize(key))?.at(-1)
    if (value === undefined) return null
    const word = (['auto', 'always', 'never'] as const).find((one) => value !== true && one === value.toLowerCase())
    if (word !== undefined) return word
    const isOn = booleanOf(value)
    if (isOn === null) throw badValue(key, String(value), 'It can be auto, always or never.')
    return isOn ? 'always' : 'never'
  }

  /** A boolean as git reads it; `otherwise` when the key is not set. */
  bool(key: string, otherwise: boolean): boolean {
    const value = this.values.get(normalize(key))?.at(-1)
    if (value === undefined) return otherwise
    const isOn = booleanOf(value)
    if (isOn === null) throw badValue(key, String(value), 'It can be true or false.')
    return isOn
  }
}

/** The error about a setting that means nothing, in git's words. */
export const badValue = (key: string, value: string, ...hints: string[]): AmpError =>
  fatal(`bad config value '${value}' for '${key}'`, ...hints)

/** Null when the value is no boolean. */
function booleanOf(value: string | true): boolean | null {
  if (value === true || /^(true|yes|on|[1-9]\d*)$/i.test(value)) return true
  return /^(false|no|off|0|)$/i.test(value) ? false : null
}

/** Git compares section and variable name without case, and the subsection with it. */
function normalize(key: string): string {
  const first = key.indexOf('.')
  const last = key.lastIndexOf('.')
  return key.slice(0, first).toLowerCase() + key.slice(first, last) + key.slice(last).toLowerCase()
}
