import { constants } from 'node:os'
import { Command, Option } from 'clipanion'
import { execInSession } from '../actions/exec.js'
import { AmpCommand } from '../cli/command.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp exec [<session>] -- <command>...` */
export class ExecCommand extends AmpCommand {
  static override paths = [['exec']]
  static override rest = '<command>...'
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: "Run any command in a session's worktree",
    details: `
      Runs the command in the worktree with the terminal as it is; \`GIT_AMP_SESSION\` holds the id of the session, \`GIT_AMP_PORT\` the first of its
      ports, and \`git amp help setup\` tells the others. In the worktree of a session its
      name is not needed. The exit code is that of the command, and 128 with the number of the signal that ended it.
    `,
    examples: [
      ['Look around', 'git amp exec fix-parser -- git log --oneline'],
      ['In the worktree of a session', 'git amp exec -- make'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  json = Option.Boolean('--json', false, { description: 'Print exit code and output as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, signal, rest } = this.context
    const result = await execInSession(await this.open(), {
      session: this.session,
      argv: rest ?? [],
      capture: this.json,
      signal,
    })
    const { tip, worktree, exit, signal: killed, stdout, stderr } = result
    if (this.json)
      ui.json({ schema: 'git-amp/exec@1', session: tip.id, worktree, exit, signal: killed, stdout, stderr })
    else if (killed !== null) ui.error('error', `'${oneLine(rest?.[0] ?? '')}' was ended by ${killed}`, [])
    return exit ?? 128 + (killed === null ? 0 : constants.signals[killed])
  }
}
