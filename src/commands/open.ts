import { Command, Option } from 'clipanion'
import { openSession } from '../actions/open.js'
import { AmpCommand } from '../cli/command.js'

/** `git amp open [<session>]` */
export class OpenCommand extends AmpCommand {
  static override paths = [['open']]
  static override kinds = { '--with': 'program:command' }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: "Open a session's worktree in your editor",
    details: `
      Starts the editor with the worktree as its argument: \`--with\`, \`amp.editor\`, \`VISUAL\`, \`EDITOR\`, or the one that git uses. A worktree that is not there
      is made again from the branch. The exit code is the editor's.
    `,
    examples: [
      ['Look at a session', 'git amp open fix-parser'],
      ['In another editor', 'git amp open fix-parser --with "code --new-window"'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  with = Option.String('--with', { description: 'Start this command instead of an editor' })

  async run(): Promise<number | undefined> {
    const { worktree, exit } = await openSession(await this.open({ writes: true }), {
      session: this.session,
      with: this.with,
    })
    this.context.ui.tell(worktree)
    return exit ?? 1
  }
}
