import { Command, Option } from 'clipanion'
import { type InstallResult, type InstallSyncOptions, installSync } from '../actions/install.js'
import { canAnswer, confirm } from '../cli/ask.js'
import { AmpCommand } from '../cli/command.js'
import { no, usage } from '../errors.js'
import { renderInstall } from '../render/install.js'
import type { Repo } from '../repo.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp install --sync [<remote>]` */
export class InstallCommand extends AmpCommand {
  static override paths = [['install']]
  static override usage = Command.Usage({
    category: 'Set up and learn',
    description: 'Let plain git fetch and git push carry sessions',
    details: `
      With \`--sync\` plain \`git fetch\` takes copies of a remote's sessions, and plain \`git push\` sends sessions along. Without it only \`git amp sync\` does. The
      remote is the one named, else \`amp.remote\`, else \`origin\`. Every line that is written is shown, and \`--uninstall\` takes all of it away again.

      - \`git fetch\`: refspecs in \`remote.<name>.fetch\` fetch into \`refs/amp-local/remotes/<name>/\`, where nothing of yours is overwritten or pruned.
        \`git amp sync\` joins what came with what is here.
      - \`git push\`: a \`pre-push\` hook runs \`git amp sync --push\` for remotes with \`amp.remote.<name>.push\`. What you push, and whether it succeeds, stays as it
        was: that is why no \`remote.<name>.push\` is set, with which \`push.default\` would count no more. A hook of your own is left alone.

      Transcripts and uncommitted work of paused sessions go with it only where a setting or an earlier yes says so. It asks on a terminal.
    `,
    examples: [
      ['See what would be written', 'git amp install --sync -n'],
      ['Fetch sessions with "git fetch" only', 'git amp install --sync --fetch origin'],
      ['As it was before', 'git amp install --sync --uninstall'],
    ],
  })

  remote = Option.String({ name: 'remote', required: false })
  sync = Option.Boolean('--sync', false, { description: 'Let git fetch and git push carry sessions' })
  fetchOnly = Option.Boolean('--fetch', false, { description: 'Only git fetch' })
  pushOnly = Option.Boolean('--push', false, { description: 'Only git push' })
  uninstall = Option.Boolean('--uninstall', false, { description: 'Take away what was written' })
  force = Option.Boolean('-f,--force', false, { description: 'Do not ask' })
  dryRun = Option.Boolean('-n,--dry-run', false, { description: 'Only show what would be written' })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    if (!this.sync) throw usage('say what to install: --sync')
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
