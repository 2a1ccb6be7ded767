import { Readable, Writable } from 'node:stream'
import { Command, Option } from 'clipanion'
import { AmpCommand } from '../../../src/cli/command.js'
import type { AmpContext } from '../../../src/cli/context.js'
import { specOf } from '../../../src/cli/describe.js'
import type { CommandSpec } from '../../../src/cli/spec.js'
import { Ui } from '../../../src/cli/ui.js'
import type { Env, Host } from '../../../src/host.js'
import { runWith } from '../../../src/main.js'
import type { CommandClass, Entry, Registry } from '../../../src/registry.js'

/** What the commands below were called with. */
export interface Seen {
  name: string
  values: Record<string, unknown>
}

const seen: Seen[] = []
/** What a command does instead of only being seen. */
let act: (command: AmpCommand) => Promise<number | undefined> = async () => undefined

abstract class Toy extends AmpCommand {
  run(): Promise<number | undefined> {
    const { context, path, help: _help, cli: _cli, ...values } = this as unknown as Record<string, unknown>
    const { rest, passed } = context as AmpContext
    seen.push({ name: String(path), values: { ...values, rest, passed } })
    return act(this)
  }
}

/** Options of every sort. */
export class MakeToy extends Toy {
  static override paths = [['make'], ['mk']]
  static override usage = Command.Usage({
    category: 'Toys',
    description: 'Make a toy',
    details: 'Makes a `toy` from *wood*.',
    examples: [['Make one quickly', '$0 make -n2 car']],
  })
  static override kinds = { state: 'open|done', wood: 'none', path: 'file', count: 'none:n' }
  message = Option.Array('-m,--message', { description: 'Words painted on it' })
  file = Option.String('-F,--file', { description: 'Read the words from a file' })
  count = Option.String('-n,--count', { description: 'How many' })
  messy = Option.Boolean('--messy', false, { description: 'Leave the shavings' })
  noPaint = Option.Boolean('--no-paint', false, { description: 'Leave it plain' })
  edit = Option.Boolean('-e,--edit', { description: 'Open the editor' })
  state = Option.String('--state', { description: "Only toys in this state, the maker's word" })
  onto = Option.String('--onto', { description: 'Put it on that shelf' })
  push = Option.String('-p,--push', false, { tolerateBoolean: true, description: 'Give it away' })
  secret = Option.String('--secret', { hidden: true })
  wood = Option.String({ name: 'wood', required: false })
}

/** Paths after `--`, and options that belong to git. */
export class LookToy extends Toy {
  static override paths = [['look']]
  static override usage = Command.Usage({ category: 'Toys', description: 'Look at toys' })
  static override rest = '<path>...'
  static override passesOptions = true
  iteration = Option.String('--iteration', { description: 'Which one' })
  stat = Option.Boolean('-s,--short', { description: 'A short look' })
  sessions = Option.Rest({ name: 'session' })
}

/** A program after `--`. */
export class PlayToy extends Toy {
  static override paths = [['play']]
  static override usage = Command.Usage({ category: 'Toys', description: 'Play with a toy' })
  static override rest = '<cmd>...'
  agent = Option.String('--agent', { description: 'Who plays' })
  session = Option.String({ name: 'session' })
}

/** The command that no command means. */
export class ListToy extends Toy {
  static override paths = [['list'], ['ls']]
  static override usage = Command.Usage({ category: 'Toys', description: 'List the toys' })
  all = Option.Boolean('-a,--all', { description: 'Old ones too' })
}

const entry = (command: CommandClass): Entry => ({
  names: (command.paths ?? []).map((path) => path.join(' ')) as [string],
  summary: command.usage?.description ?? '',
  load: async () => command,
})

const classes: CommandClass[] = [ListToy, LookToy, MakeToy, PlayToy]
export const toys: Registry = { Toys: classes.map(entry) }
export const toySpecs: CommandSpec[] = classes.map(specOf)

/** A terminal's two sides, in memory. */
class Sink extends Writable {
  text = ''
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

interface Setting {
  act?: (command: AmpCommand) => Promise<number | undefined>
  env?: Env
  abort?: AbortController
}

/** Runs `git amp <argv>` with the toys. */
export async function play(argv: readonly string[], setting: Setting = {}) {
  seen.length = 0
  act = setting.act ?? (async () => undefined)
  const [stdout, stderr] = [new Sink(), new Sink()]
  const env = setting.env ?? {}
  const context: AmpContext = {
    host: { cwd: '/', env } as Host,
    ui: new Ui(stdout, stderr, env),
    env,
    stdin: Readable.from([]),
    stdout,
    stderr,
    colorDepth: 1,
    signal: (setting.abort ?? new AbortController()).signal,
    rest: null,
    passed: [],
    self: [],
  }
  const code = await runWith(toys, argv, context)
  return { code, stdout: stdout.text, stderr: stderr.text, seen: seen.map(({ values }) => values) }
}
