import { Command, Option } from 'clipanion'
import { pathOfSession } from '../actions/path.js'
import { AmpCommand } from '../cli/command.js'

/** `git amp path [<session>]` */
export class PathCommand extends AmpCommand {
  static override paths = [['path']]
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: "Print the path of a session's worktree",
    details: 'Prints the absolute path of the worktree, wherever it was moved.',
    examples: [['Change to a session', 'cd "$(git amp path fix-parser)"']],
  })

  session = Option.String({ name: 'session', required: false })
  nul = Option.Boolean('-z', false, { description: 'End the path with NUL instead of newline' })
  json = Option.Boolean('--json', false, { description: 'Print the path as JSON' })

  async run(): Promise<number | undefined> {
    const { tip, path } = await pathOfSession(await this.open(), { session: this.session })
    const { ui } = this.context
    if (this.json) ui.json({ schema: 'git-amp/path@1', session: tip.id, path })
    else ui.answer(`${path}${this.nul ? '\0' : '\n'}`)
    return undefined
  }
}
