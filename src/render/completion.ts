import type { CommandSpec, OptionSpec, Value } from '../cli/spec.js'

/** What the three completion scripts are made from. None of them starts node: all but refs and configuration is written into them. */
export interface Completable {
  specs: readonly CommandSpec[]
  /** Names that `--agent` takes without any configuration. */
  agents: readonly string[]
}

/** Format of the one git call that lists sessions: id, and the subject of the chain's newest commit. */
export const sessionFormat = '%(refname:lstrip=3) %(contents:subject)'

/** Said once at the top of each script. */
export const header = (comment: string): string[] => [
  `${comment} Completion of "git amp". Made from the commands themselves by "npx vitest run tests/generated -u": do not edit.`,
]

/** The word a command is typed as. */
export function commandWord(spec: CommandSpec): string {
  const [word, ...others] = spec.paths[0] ?? []
  if (word === undefined || others.length > 0) throw new Error('the completions know commands of one word only')
  return word
}

/** All words a command answers to. */
export const commandWords = (spec: CommandSpec): string[] => spec.paths.map((path) => path.join(' '))

/** Options whose next word is their value. */
export const takesNextWord = (option: OptionSpec): boolean => option.value !== null && !option.isOptional

/** A description on one line, without Markdown. */
export const oneLine = (text: string): string => text.replace(/[`*]/g, '').replace(/\s+/g, ' ').trim()

/** Text as one word of a shell, in single quotes. */
export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** A value's kind as one word: `session`, or `words:open,merged`. */
export const kindWord = (value: Value): string =>
  value.kind === 'words' ? `words:${value.words.join(',')}` : value.kind
