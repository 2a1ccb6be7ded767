import { resolve } from 'node:path'
import { Command, Option } from 'clipanion'
import { AmpError } from '../errors.js'
import { localVariables } from '../git/env.js'
import { type Notice, openRepo, type Repo } from '../repo.js'
import { oneLine } from '../util/sanitize.js'
import { canChoose } from './ask.js'
import type { AmpContext } from './context.js'
import { checkSettings } from './settings.js'
import { warmingOf } from './warming.js'

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
    } catch (error) {
      this.answerNo(error)
      throw error
    } finally {
      this.opened?.close()
      for (const repo of this.others) repo.close()
    }
  }

  /** A plain "no" is an answer: with `--json` it goes to standard output as well. Fatal errors do not. */
  private answerNo(error: unknown): void {
    const { json, path } = this as { json?: unknown; path?: readonly string[] }
    if (json !== true || !(error instanceof AmpError) || error.kind !== 'no') return
    const { message, hints, details } = error
    this.context.ui.json({ schema: 'git-amp/no@1', command: path?.join(' ') ?? '', message, hints, ...details })
  }

  /** Opens the repository once more, for work that goes on beside other work. */
  protected async openBeside(): Promise<Repo> {
    const repo = await openRepo((await this.open()).host)
    repo.warming = warmingOf(this.context, repo)
    this.others.push(repo)
    return repo
  }

  /**
   * Opens the repository and takes colours and advice from its configuration.
   * @param wanted `writes`: the settings must be right before anything begins
   */
  protected async open(wanted: { writes?: boolean } = {}): Promise<Repo> {
    if (this.opened !== null) return this.opened
    const { host, ui, early } = this.context
    this.opened =
      this.repoDir === undefined
        ? await openRepo(host, early ?? undefined)
        : await openRepo(elsewhere(host, this.repoDir))
    const config = await this.opened.config()
    ui.configure(config)
    if (wanted.writes === true) checkSettings(config)
    this.opened.warming = warmingOf(this.context, this.opened)
    this.opened.onNotice = (notice) => ui.hint(noticeLine(notice), 'ampName')
    if (canChoose(this.context)) {
      // Loaded when it is needed, with the library that draws it.
      this.opened.onChoice = async (sessions) => (await import('./choose.js')).chooseSession(this.context, sessions)
    }
    return this.opened
  }
}

/** What a word stood for, when it could have been something else. */
function noticeLine(notice: Notice): string {
  const short = notice.chosen.slice(0, 4)
  if (notice.type === 'previous') return `"${notice.asked}" is ${short}, ${oneLine(notice.name)}.`
  const others = `${notice.count}${notice.isOpen ? ' open' : ''} sessions`
  return `${others} are called ${oneLine(notice.name)}; this is ${short}, made last.`
}

/** `--repo` names the repository; one that the environment names is forgotten. */
function elsewhere(host: AmpContext['host'], dir: string): AmpContext['host'] {
  const env = { ...host.env }
  for (const name of localVariables) delete env[name]
  return { ...host, env, cwd: resolve(host.cwd, dir) }
}
