import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { localVariables } from '../git/env.js'
import { openRepo, type Repo } from '../repo.js'
import type { AmpContext } from './context.js'

/**
 * What all commands have in common. A command file has one order: paths, usage, options, run. `run` reads options, asks what
 * must be asked, calls one action and gives its result to one renderer.
 */
export abstract class AmpCommand extends Command<AmpContext> {
  /** Completion kind of positionals and of options with a value, where it is not the positional's own name. */
  static kinds: Readonly<Record<string, string>> = {}
  /** Words after `--`, as the synopsis shows them (`<path>...`); null when the command takes none. */
  static rest: string | null = null
  /** Whether unknown options belong to git and are passed on. */
  static passesOptions = false

  repoDir = Option.String('--repo', { description: 'Work in this repository, as "git -C <dir>" does' })
  quiet = Option.Boolean('-q,--quiet', false, { description: 'Print only the answer, no progress and no hints' })

  private opened: Repo | null = null
  private readonly others: Repo[] = []

  /** @returns the exit code; nothing means 0 */
  abstract run(): Promise<number | undefined>

  override async execute(): Promise<number> {
    this.context.ui.isQuiet = this.quiet
    try {
      return (await this.run()) ?? 0
    } finally {
      this.opened?.close()
      for (const repo of this.others) repo.close()
    }
  }

  /** Opens the repository once more, for work that goes on beside other work. */
  protected async openBeside(): Promise<Repo> {
    const repo = await openRepo((await this.open()).host)
    this.others.push(repo)
    return repo
  }

  /** Opens the repository and takes colours and advice from its configuration. */
  protected async open(wanted: { sessions?: boolean } = {}): Promise<Repo> {
    if (this.opened !== null) return this.opened
    const { host, ui } = this.context
    this.opened = await openRepo(this.repoDir === undefined ? host : elsewhere(host, this.repoDir), wanted)
    ui.configure(await this.opened.config())
    return this.opened
  }
}

/** `--repo` names the repository; one that the environment names is forgotten. */
function elsewhere(host: AmpContext['host'], dir: string): AmpContext['host'] {
  const env = { ...host.env }
  for (const name of localVariables) delete env[name]
  return { ...host, env, cwd: resolve(host.cwd, dir) }
}
