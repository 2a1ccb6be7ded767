import { Command, Option } from 'clipanion'
import { reopenSession } from '../actions/reopen.js'
import { AmpCommand } from '../cli/command.js'
import { sessionJson } from '../render/json.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp reopen [<session>]` */
export class ReopenCommand extends AmpCommand {
  static override paths = [['reopen']]
  static override usage = Command.Usage({
    category: 'Put aside',
    description: 'Open a removed or merged session again',
    details: `
      The session is listed and worked on again. A branch that was deleted is made again where it stood; the next iteration makes the worktree. To take a removal back
      with the worktree as it was, use \`git amp undo\`.
    `,
    examples: [['Go on with a removed session', 'git amp reopen fix-parser']],
  })

  session = Option.String({ name: 'session', required: false })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const { tip, madeBranch, snapshot } = await reopenSession(await this.open(), { session: this.session })
    const branch = oneLine(tip.snapshot.branch)
    if (this.json) ui.json({ schema: 'git-amp/reopen@1', session: sessionJson(tip, null), madeBranch, snapshot })
    else ui.answer(`reopened ${oneLine(tip.snapshot.slug)} on ${branch}${madeBranch ? ', which was made again' : ''}`)
    if (snapshot !== null)
      ui.hint(`It was removed with uncommitted work: git stash apply ${snapshot.slice(0, 12)}`, 'ampRemoved')
    return undefined
  }
}
