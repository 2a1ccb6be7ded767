import { Cli, type CommandClass as ClipanionClass, type Command } from 'clipanion'
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
 * The one place that knows clipanion's inside. Its public `definitions()` knows only the first path, drops options without
 * a description and hides positionals; the protected registrations know all of it. A unit test holds their shape.
 */
export class AmpCli extends Cli<AmpContext> {
  constructor() {
    super({ binaryName: 'git amp', enableColors: false })
  }

  /** Every registered command as data. */
  describe(): CommandSpec[] {
    return [...this.registrations].map(([registered, { specs }]) => {
      const command = registered as ClipanionClass<AmpContext> & Partial<CommandClass>
      const own = command.kinds ?? {}
      const declared = record(specs as unknown as Map<string, Definable>)
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
    })
  }

  /**
   * Makes a command of words that `normalize` has put in order. Clipanion's own parser compiles a state machine first, which takes longer
   * than most commands; it is asked only where a positional repeats.
   */
  build(spec: CommandSpec, words: readonly string[], context: AmpContext): Command<AmpContext> {
    const [entry] = this.registrations
    if (entry === undefined || spec.positionals.some(({ repeats }) => repeats)) {
      return this.process([...(spec.paths[0] ?? []), ...words], context)
    }
    const [commandClass, { specs, builder }] = entry
    const state = stateOf(spec, words)
    const command = new commandClass() as Command<AmpContext> & Record<string, unknown>
    command.context = context
    command.path = state.path
    for (const [key, { transformer }] of specs as unknown as Map<string, Transformable>) {
      command[key] = transformer(builder, key, state, context)
    }
    return command
  }
}

/** What a field makes of a parsed command line, when clipanion asks it. */
interface Transformable {
  transformer(builder: unknown, key: string, state: ParsedState, context: AmpContext): unknown
}

/** The part of clipanion's parser state that fields read. `extra` is false for a positional that is required. */
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
  const positionals = words
    .slice(border + 1)
    .map((value, at) => ({ value, extra: spec.positionals[at]?.isRequired !== true }))
  return { path: [...(spec.paths[0] ?? [])], options, positionals }
}

/** One command class as data. */
export function specOf(command: CommandClass): CommandSpec {
  const cli = new AmpCli()
  cli.register(command)
  const [spec] = cli.describe()
  if (spec === undefined) throw new Error('clipanion registered nothing')
  return spec
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
