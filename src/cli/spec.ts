/** A command as data: what the parser, the man pages, the help and the completions are made of. */

/** What can stand in a place, as far as a shell can offer it. `unknown` is a mistake that a guard test finds. */
export type ValueKind =
  | 'session'
  | 'ref'
  | 'branch'
  | 'remote'
  | 'agent'
  | 'batch'
  | 'dir'
  | 'file'
  | 'command'
  | 'program'
  | 'words'
  | 'none'
  | 'unknown'

/** A value: what the synopsis calls it, and what a shell offers for it. */
export interface Value {
  /** `<label>` in the synopsis. */
  label: string
  kind: ValueKind
  /** The words to choose from when the kind is `words`. */
  words: readonly string[]
}

export interface OptionSpec {
  /** As typed, with dashes: `-m`, `--message`. */
  names: readonly string[]
  description: string
  /** Null for a switch. */
  value: Value | null
  /** The value may be left out, and then has to be joined with `=`. */
  isOptional: boolean
  isRequired: boolean
  isHidden: boolean
  /** Whether every command has it. */
  isCommon: boolean
}

export interface PositionalSpec {
  value: Value
  isRequired: boolean
  /** It takes all words that are left. */
  repeats: boolean
}

export interface CommandSpec {
  /** As typed, the canonical name first. */
  paths: readonly (readonly string[])[]
  category: string
  /** One line. */
  description: string
  /** Prose in the small Markdown that `render/prose.ts` knows. */
  details: string
  /** What an example does, and the command line. */
  examples: readonly (readonly [string, string])[]
  options: readonly OptionSpec[]
  positionals: readonly PositionalSpec[]
  /** Words after `--`; null when `--` only ends the options. */
  rest: Value | null
  /** Whether unknown options belong to git. */
  passesOptions: boolean
}
