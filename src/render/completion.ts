import type { CommandSpec, OptionSpec, Value } from '../cli/spec.js'
import { groupBy } from '../util/collections.js'

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

/** What is offered as the first word: a command, or the word that several commands begin with. */
export interface FirstWord {
  word: string
  description: string
  /** The commands of two words that begin with it. */
  members: readonly CommandSpec[]
}

/** All first words, in the order of the commands. */
export function firstWords(specs: readonly CommandSpec[]): FirstWord[] {
  const found = groupBy(specs, (spec) => spec.paths[0]?.[0] ?? '')
  return [...found].map(([word, [first, ...others]]) => {
    const isGroup = (first?.paths[0]?.length ?? 0) > 1
    const description = oneLine(first?.description ?? '')
    return { word, description, members: isGroup && first !== undefined ? [first, ...others] : [] }
  })
}

/** The last word of a command. */
export const lastWord = (spec: CommandSpec): string => spec.paths[0]?.at(-1) ?? ''

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
