import { Command, Option } from 'clipanion'
import { type Stopped, stopSessions } from '../actions/stop.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { iterationJson, sessionJson } from '../render/json.js'
import { renderStopped } from '../render/session.js'

/** `git amp stop [<session>...]` */
export class StopCommand extends AmpCommand {
  static override paths = [['stop']]
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Stop the agent that runs in a session; keep what it did',
    details: `
      Asks the git-amp that runs the agent, in whatever terminal or in the background, to stop it, and waits until it has. The agent and every
      tool it started are gone then, and what it did so far is committed as an interrupted iteration. A git-amp that does not answer within 20
      seconds is killed, and its iteration taken up here.
    `,
    examples: [
      ['Stop the agent of a session', 'git amp stop fix-parser'],
      ['Stop all that runs in this repository', 'git amp stop --all'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  all = Option.Boolean('--all', false, { description: 'Every running session of this repository' })
  json = Option.Boolean('--json', false, { description: 'Print the iterations as JSON' })

  async run(): Promise<number | undefined> {
    if (this.all && this.sessions.length > 0) throw usage('--all takes no session')
    const repo = await this.open()
    const { ui } = this.context
    const names = this.sessions.length === 0 ? [undefined] : this.sessions
    const stopped = await stopSessions(repo, { names, all: this.all })
    if (this.json) ui.json({ schema: 'git-amp/stop@1', stopped: stopped.map(stoppedJson) })
    else ui.answer(stopped.map(renderStopped).join('\n'))
    if (stopped.length === 0) ui.hint('Nothing is running in this repository.', 'ampEmpty')
    return undefined
  }
}

const stoppedJson = ({ tip, iteration, isKilled }: Stopped) => ({
  session: sessionJson(tip, null),
  iteration: iteration === null ? null : iterationJson(iteration),
  isKilled,
})
