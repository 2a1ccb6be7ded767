import { Command, Option } from 'clipanion'
import { pauseSession } from '../actions/pause.js'
import { AmpCommand } from '../cli/command.js'
import { sessionJson } from '../render/json.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp pause [<session>]` */
export class PauseCommand extends AmpCommand {
  static override paths = [['pause']]
  static override usage = Command.Usage({
    category: 'Put aside',
    description: 'Put a session aside with its uncommitted work',
    details: `
      Takes a snapshot of everything uncommitted, staged, unstaged and untracked apart, and drops the worktree. \`git amp resume\` brings it back as
      it was, here or in a clone that has the session and \`refs/amp-private/snapshots/*\`.

      Ignored files are in no snapshot; in this clone they come back from the trash as long as they are there. Nested repositories, and submodules with work of their
      own, are refused, and so is a worktree that is locked or in the middle of a merge or rebase.
    `,
    examples: [['Free the disk space of a session', 'git amp pause fix-parser']],
  })

  session = Option.String({ name: 'session', required: false })
  json = Option.Boolean('--json', false, { description: 'Print the result as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const { tip, path, snapshot } = await pauseSession(await this.open(), { session: this.session })
    if (this.json) ui.json({ schema: 'git-amp/pause@1', session: sessionJson(tip, 'paused'), path, snapshot })
    else ui.answer(`paused ${oneLine(tip.snapshot.slug)}: ${snapshot.slice(0, 12)}`)
    ui.hint(`git amp resume ${tip.id.slice(0, 4)} brings it back`, 'ampPaused')
    return undefined
  }
}
