import { Command, Option } from 'clipanion'
import { execInSession } from '../actions/exec.js'
import { AmpCommand } from '../cli/command.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp exec <session> -- <command>...` */
export class ExecCommand extends AmpCommand {
  static override paths = [['exec']]
  static override rest = '<command>...'
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: "Run any command in a session's worktree",
    details: `
      Runs the command in the worktree with the terminal as it is; \`GIT_AMP_SESSION\` holds the id of the session. The exit code is 1 when the
      command fails, whatever its own one was; \`--json\` tells that.
    `,
    examples: [['Look around', 'git amp exec fix-parser -- git log --oneline']],
  })

  session = Option.String({ name: 'session', required: true })
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
    return exit === 0 ? 0 : 1
  }
}
