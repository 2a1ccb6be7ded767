import { Command, Option } from 'clipanion'
import { renameSession } from '../actions/rename.js'
import { AmpCommand } from '../cli/command.js'
import { sessionJson } from '../render/json.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp rename <session> <name>` */
export class RenameCommand extends AmpCommand {
  static override paths = [['rename']]
  static override kinds = { name: 'none:name' }
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Give a session another name',
    details: `
      The name changes, and with it the short name that commands take. The id, the branch and the worktree stay; \`git branch -m\` renames the branch, and
      the session follows it. \`git amp undo\` takes a rename back.
    `,
    examples: [
      ['Rename a session', 'git amp rename fix-parser "Parse nested quotes"'],
      ['The session of this worktree', 'git amp rename @ "Parse nested quotes"'],
    ],
  })

  session = Option.String({ name: 'session' })
  name = Option.String({ name: 'name' })
  json = Option.Boolean('--json', false, { description: 'Print the session as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const { tip, before } = await renameSession(await this.open(), { session: this.session, name: this.name })
    if (this.json) ui.json({ schema: 'git-amp/session@1', session: sessionJson(tip, null) })
    else ui.answer(`${tip.id.slice(0, 4)} ${oneLine(before)} is called ${oneLine(tip.snapshot.name)} now`)
    return undefined
  }
}
