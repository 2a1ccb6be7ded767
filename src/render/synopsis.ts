import type { CommandSpec, OptionSpec, Value } from '../cli/spec.js'

/** `git amp squash`. */
export const commandName = (spec: CommandSpec): string => `git amp ${(spec.paths[0] ?? []).join(' ')}`

/** Name of the manual page: `git-amp-squash`. */
export const pageName = (spec: CommandSpec): string => `git-amp-${(spec.paths[0] ?? []).join('-')}`

/** All the words after the name: `[<options>] [<session>] [-- <path>...]`. */
export function synopsis(spec: CommandSpec): string {
  const parts = spec.options.some(({ isHidden }) => !isHidden) ? ['[<options>]'] : []
  for (const { value, isRequired, repeats } of spec.positionals) {
    const word = `<${value.label}>${repeats ? '...' : ''}`
    parts.push(isRequired ? word : `[${word}]`)
  }
  if (spec.rest !== null) {
    const word = `-- <${spec.rest.label}>...`
    // A program to run is the point of its command; paths only narrow an answer.
    parts.push(spec.rest.kind === 'program' ? word : `[${word}]`)
  }
  return parts.join(' ')
}

/** The first line of a short help. */
export const usageLine = (spec: CommandSpec): string => `usage: ${`${commandName(spec)} ${synopsis(spec)}`.trim()}\n`

/** `-m, --message <text>`. */
export function optionTerm(option: OptionSpec): string {
  const names = option.names.join(', ')
  if (option.value === null) return names
  const placeholder = valueTerm(option.value)
  return option.isOptional ? `${names}[=${placeholder}]` : `${names} ${placeholder}`
}

/** Options that are shown. */
export const visibleOptions = (spec: CommandSpec): OptionSpec[] => spec.options.filter(({ isHidden }) => !isHidden)

/** The names a command also answers to. */
export const aliases = (spec: CommandSpec): string[] => spec.paths.slice(1).map((path) => `git amp ${path.join(' ')}`)

/** An example's command line; `$0` stands for `git amp`. */
export const exampleLine = (command: string): string => command.replace(/^\$0\b|^\$0(?= )/, 'git amp')

function valueTerm({ kind, label, words }: Value): string {
  if (kind !== 'words') return `<${label}>`
  const choice = words.join('|')
  if (choice.length > 30) return `<${label}>`
  return words.length === 1 ? choice : `(${choice})`
}
