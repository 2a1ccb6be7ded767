import { Command } from 'clipanion'
import type { CommandClass } from '../registry.js'
import type { AmpCommand } from './command.js'
import { optionValue, positionalValue, restValue } from './complete.js'
import type { AmpContext } from './context.js'
import type { CommandSpec, OptionSpec, PositionalSpec } from './spec.js'

/** What a command class declares, in the order of its fields. */
interface Declared {
  options: { key: string; names: string[]; arity: number; option: OptionFlags }[]
  positionals: { name: string; isRequired: boolean; repeats: boolean }[]
}

interface OptionFlags {
  names: string[]
  description?: string | undefined
  arity?: number | undefined
  hidden?: boolean | undefined
  required?: boolean | undefined
  allowBinding?: boolean | undefined
}

/** Fields of `AmpCommand` itself: the options that every command has. */
const commonFields: ReadonlySet<string> = new Set<keyof AmpCommand>(['repoDir', 'quiet'])

/**
 * The one place that knows clipanion's inside: a command's fields tell what they are and take their values. Its `Cli` is not used: it is 60 KB to
 * compile at every start, builds a state machine that takes longer than most commands, knows only the first path, drops options
 * without a description and hides positionals. A unit test holds the shape of the fields.
 */

/** One command class as data. */
export function specOf(command: CommandClass): CommandSpec {
  const own = command.kinds ?? {}
  const declared = record(fieldsOf(new command()))
  return {
    paths: command.paths ?? [],
    category: command.usage?.category ?? '',
    description: command.usage?.description ?? '',
    details: command.usage?.details ?? '',
    examples: command.usage?.examples ?? [],
    options: declared.options.map((one) => optionSpec(one, own)).sort(commonLast),
    positionals: declared.positionals.map(
      ({ name, ...rest }): PositionalSpec => ({ value: positionalValue(name, own), ...rest }),
    ),
    rest: typeof command.rest === 'string' ? restValue(command.rest, own) : null,
    passesOptions: command.passesOptions ?? false,
  }
}

/** Makes a command of words that `normalize` has put in order. */
export function build(
  commandClass: CommandClass,
  { spec, words, context }: { spec: CommandSpec; words: readonly string[]; context: AmpContext },
): AmpCommand {
  const command = new commandClass()
  const state = stateOf(spec, words)
  command.context = context
  command.path = state.path
  const values = command as unknown as Record<string, unknown>
  for (const [key, field] of fieldsOf(command)) values[key] = field.transformer(anyNumber, key, state, context)
  return command
}

/** A field that clipanion fills in. */
type Field = Definable & Transformable

function fieldsOf(command: AmpCommand): Map<string, Field> {
  const isField = (value: unknown): value is Field =>
    typeof value === 'object' && value !== null && Command.isOption in value
  return new Map(Object.entries(command).filter((entry): entry is [string, Field] => isField(entry[1])))
}

/** To clipanion a repeated positional is one of the leading ones; it takes all that are left. */
const anyNumber = { arity: { leading: { length: Number.POSITIVE_INFINITY } } }

/** What a field makes of a parsed command line, when clipanion asks it. */
interface Transformable {
  transformer(builder: unknown, key: string, state: ParsedState, context: AmpContext): unknown
}

/** The part of clipanion's parser state that fields read. `extra` is false for a positional that is required or repeats. */
interface ParsedState {
  path: string[]
  options: { name: string; value: string | boolean }[]
  positionals: { value: string; extra: boolean }[]
}

function stateOf(spec: CommandSpec, words: readonly string[]): ParsedState {
  const border = words.indexOf('--')
  const options = words.slice(0, border).map((word) => {
    const equals = word.indexOf('=')
    if (equals >= 0) return { name: word.slice(0, equals), value: word.slice(equals + 1) }
    const isKnown = spec.options.some(({ names }) => names.includes(word))
    return isKnown ? { name: word, value: true } : { name: word.replace(/^--no-/, '--'), value: false }
  })
  const positionals = words.slice(border + 1).map((value, at) => {
    const taker = spec.positionals[at] ?? spec.positionals.at(-1)
    return { value, extra: !(taker?.isRequired === true || taker?.repeats === true) }
  })
  return { path: [...(spec.paths[0] ?? [])], options, positionals }
}

const commonLast = (a: OptionSpec, b: OptionSpec): number => Number(a.isCommon) - Number(b.isCommon)

function optionSpec(
  { key, names, arity, option }: Declared['options'][number],
  own: Record<string, string>,
): OptionSpec {
  // A String option with `tolerateBoolean` has no arity but may be bound; a Boolean may not.
  const isOptional = arity === 0 && option.allowBinding !== false
  return {
    names,
    description: option.description ?? '',
    value: arity > 0 || isOptional ? optionValue(names, own) : null,
    isOptional,
    isRequired: option.required ?? false,
    isHidden: option.hidden ?? false,
    isCommon: commonFields.has(key),
  }
}

/** What a field says about itself when clipanion asks it. */
interface Definable {
  definition(builder: Recorder, key: string): void
}

/** The part of clipanion's CommandBuilder that fields talk to. */
interface Recorder {
  addOption(option: OptionFlags): void
  addPositional(positional?: { name?: string; required?: boolean }): void
  addRest(rest?: { name?: string; required?: number }): void
  addProxy(proxy?: { name?: string; required?: number }): void
}

/** Asks the fields once more: clipanion's builder forgets the name of a rest and which field an option belongs to. */
function record(specs: ReadonlyMap<string, Definable>): Declared {
  const { options, positionals }: Declared = { options: [], positionals: [] }
  for (const [field, spec] of specs) {
    const addRest: Recorder['addRest'] = ({ name = field, required = 0 } = {}) => {
      positionals.push({ name, isRequired: required > 0, repeats: true })
    }
    spec.definition(
      {
        addOption: (option) => {
          options.push({ key: field, names: option.names, arity: option.arity ?? 0, option })
        },
        addPositional: ({ name = field, required = true } = {}) => {
          positionals.push({ name, isRequired: required, repeats: false })
        },
        addRest,
        addProxy: addRest,
      },
      field,
    )
  }
  return { options, positionals }
}
