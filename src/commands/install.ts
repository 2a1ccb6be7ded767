import { Command, Option } from 'clipanion'
import { applyHome } from '../actions/install/apply.js'
import { type HomeChange, type HomePlan, type Part, planHome, stepsAfter } from '../actions/install/home.js'
import { type InstallResult, type InstallSyncOptions, installSync } from '../actions/install.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { fatal, no, usage } from '../errors.js'
import { renderHome, renderInstall } from '../render/install.js'
import type { Repo } from '../repo.js'
import { tilde } from '../util/path.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp install --completions --man --shell`, and `git amp install --sync [<remote>]` */
export class InstallCommand extends AmpCommand {
  static override paths = [['install']]
  static override usage = Command.Usage({
    category: 'Set up and learn',
    description: 'Install completions, manual pages and a cd function; let plain git carry sessions',
    details: `
      For you, in your home directory and in any place, once:

      - \`--completions\`: bash, zsh and fish complete commands, options, sessions, branches and agents.
      - \`--man\`: the manual pages, so that \`man git-amp\` and \`git amp --help\` find them. Newer versions of npm do not install them.
      - \`--shell\`: \`amp-cd <session>\` goes into the worktree of a session; without one, you choose. \`cd -\` goes back.

      Files go into the folders that XDG_DATA_HOME and XDG_CONFIG_HOME name, for the shells that are installed here. bash and fish find completions there by themselves.
      What zsh needs, and the function in bash and zsh, takes a few lines in \`.zshrc\` or \`.bashrc\`: they are shown, and written after a yes or with \`-f\`,
      between two lines that say whose they are. Do it again after an update of git-amp. \`--uninstall\` takes away exactly what was written; a file that you changed stays.

      For a repository, \`--sync\`: plain \`git fetch\` takes copies of a remote's sessions, and plain \`git push\` sends sessions along. Without it only \`git amp sync\` does. The
      remote is the one named, else \`amp.remote\`, else \`origin\`. Every line that is written is shown, and \`--uninstall\` takes all of it away again.

      - \`git fetch\`: refspecs in \`remote.<name>.fetch\` fetch into \`refs/amp-local/remotes/<name>/\`, where nothing of yours is overwritten or pruned.
        \`git amp sync\` joins what came with what is here.
      - \`git push\`: a \`pre-push\` hook runs \`git amp sync --push\` for remotes with \`amp.remote.<name>.push\`. What you push, and whether it succeeds, stays as it
        was: that is why no \`remote.<name>.push\` is set, with which \`push.default\` would count no more. A hook of your own is left alone.

      Transcripts and uncommitted work of paused sessions go with it only where a setting or an earlier yes says so. It asks on a terminal.
    `,
    examples: [
      ['All that makes a shell know git-amp', 'git amp install --completions --man --shell'],
      ['See what would be written', 'git amp install --completions --man --shell -n'],
      ['Fetch sessions with "git fetch" only', 'git amp install --sync --fetch origin'],
      ['As it was before', 'git amp install --sync --uninstall'],
    ],
  })

  remote = Option.String({ name: 'remote', required: false })
  completions = Option.Boolean('--completions', false, { description: 'Completions for bash, zsh and fish' })
  man = Option.Boolean('--man', false, { description: 'The manual pages' })
  shell = Option.Boolean('--shell', false, { description: 'The function amp-cd for bash, zsh and fish' })
  sync = Option.Boolean('--sync', false, { description: 'Let git fetch and git push carry sessions' })
  fetchOnly = Option.Boolean('--fetch', false, { description: 'Of --sync, only git fetch' })
  pushOnly = Option.Boolean('--push', false, { description: 'Of --sync, only git push' })
  uninstall = Option.Boolean('--uninstall', false, { description: 'Take away what was written' })
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be written' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<undefined> {
    const all: readonly (Part | false)[] = [this.completions && 'completions', this.man && 'man', this.shell && 'shell']
    const parts = all.filter((part) => part !== false)
    if (parts.length === 0 && !this.sync) throw usage('say what to install: --completions, --man, --shell or --sync')
    if (parts.length > 0 && (this.sync || this.fetchOnly || this.pushOnly || this.remote !== undefined))
      throw usage('--sync is for a repository, and goes by itself')
    return parts.length > 0 ? this.runHome(parts) : this.runSync()
  }

  /** No repository is needed, and none is asked. */
  private async runHome(parts: readonly Part[]): Promise<undefined> {
    const { ui, host, packageDir } = this.context
    if (packageDir === undefined) throw fatal('this git-amp has no folder with completions and manual pages')
    const plan = await planHome(host, { parts, packageDir, uninstall: this.uninstall })
    const made = this.dryRun ? plan.changes : await this.consented(plan)
    if (!this.dryRun) await applyHome(host, made)
    const declined = plan.changes.filter((change) => !made.includes(change))
    const steps = this.dryRun ? [] : await stepsAfter(host, plan, { declined })
    if (this.json) {
      const { shells, isUninstall, edited, foundByMan } = plan
      const changes = made.map(({ part, kind, does, path }) => ({ part, kind, does, path }))
      ui.json({
        schema: 'git-amp/install@1',
        isUninstall,
        isDryRun: this.dryRun,
        shells,
        changes,
        edited,
        foundByMan,
        steps,
      })
    } else ui.answer(renderHome(made, { isDryRun: this.dryRun, home: host.env.HOME }))
    this.tellHome(plan, { steps, parts })
  }

  /** Files of git-amp's own need no question; lines in a file of the user's do. */
  private async consented({ changes, isUninstall }: HomePlan): Promise<HomeChange[]> {
    const blocks = changes.filter(({ kind }) => kind === 'block')
    if (this.force || blocks.length === 0) return changes
    const others = changes.filter(({ kind }) => kind !== 'block')
    // Our own lines, between our own marks: whoever says --uninstall wants them away.
    if (!canAnswer(this.context)) return isUninstall ? changes : others
    const text = renderHome(blocks, { isDryRun: true, home: this.context.host.env.HOME })
    this.context.stderr.write(`${text}\n`)
    return (await confirm(this.context, isUninstall ? 'Remove this?' : 'Write this?')) ? changes : others
  }

  private tellHome(plan: HomePlan, { steps, parts }: { steps: readonly string[]; parts: readonly Part[] }): void {
    const { ui, host } = this.context
    const { changes, edited, foundByMan, isUninstall } = plan
    const short = (path: string) => oneLine(tilde(path, host.env.HOME), 400)
    if (foundByMan !== null) ui.tell(`The manual pages are found in ${short(foundByMan)} already.`)
    for (const path of edited) ui.warn(`${short(path)} was changed since it was written, and stays`)
    if (changes.length === 0 && edited.length === 0)
      ui.tell(isUninstall ? 'Nothing is installed.' : 'All of it is installed already.')
    for (const step of steps) ui.hint(step, 'ampInstall')
    const flags = parts.map((part) => `--${part}`).join(' ')
    if (changes.length > 0 && !isUninstall && !this.dryRun)
      ui.hint(`Taken back by: git amp install ${flags} --uninstall`, 'ampInstall')
  }

  private async runSync(): Promise<undefined> {
    const { ui } = this.context
    if (this.fetchOnly && this.pushOnly) throw usage('--fetch and --push cannot be used together')
    const repo = await this.open({ writes: true })
    const options: InstallSyncOptions = {
      remote: this.remote,
      only: this.fetchOnly ? 'fetch' : this.pushOnly ? 'push' : undefined,
      uninstall: this.uninstall,
      dryRun: this.dryRun,
    }
    if (!this.dryRun && !this.force && canAnswer(this.context)) await this.ask(repo, options)
    const result = await installSync(repo, options)
    if (this.json) ui.json({ schema: 'git-amp/install@1', ...result })
    else ui.answer(renderInstall(result))
    if (result.changes.length === 0)
      ui.tell(this.uninstall ? 'Nothing is installed.' : 'All of it is installed already.')
    else this.tellNext(result)
    return undefined
  }

  private async ask(repo: Repo, options: InstallSyncOptions): Promise<void> {
    const plan = await installSync(repo, { ...options, dryRun: true })
    if (plan.changes.length === 0) return
    this.context.stderr.write(`${renderInstall(plan)}\n`)
    if (!(await confirm(this.context, plan.isUninstall ? 'Remove this?' : 'Write this?')))
      throw no('nothing was changed')
  }

  private tellNext({ remote, isUninstall }: InstallResult): void {
    if (isUninstall) return
    const name = oneLine(remote)
    this.context.ui.hint(`"git amp sync ${name}" still joins what came with what is here.`, 'ampInstall')
    this.context.ui.hint(`Taken back by: git amp install --sync --uninstall ${name}`, 'ampInstall')
  }
}
