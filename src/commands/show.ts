import { Command, Option } from 'clipanion'
import { showSession } from '../actions/show.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { iterationJson, sessionJson } from '../render/json.js'
import { renderShow } from '../render/session.js'

/** `git amp show [<session>]` */
export class ShowCommand extends AmpCommand {
  static override paths = [['show'], ['status']]
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Show one session: goal, branch, iterations, tests',
    details: `
      Shows what the session is for and where it stands: its state, branch, base and worktree, the prompt, and its iterations as a table. With
      \`--iteration\` one of them is shown with its prompt, what the agent said, the files it changed and what the tests printed.
    `,
    examples: [
      ['The session of this worktree', 'git amp show'],
      ['The second iteration of a session', 'git amp show fix-parser --iteration 2'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  iteration = Option.String('--iteration', { description: 'Show this iteration' })
  json = Option.Boolean('--json', false, { description: 'Print the session as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host } = this.context
    const iteration = this.iteration === undefined ? undefined : Number(this.iteration)
    if (iteration !== undefined && !(Number.isInteger(iteration) && iteration > 0))
      throw usage(`'${this.iteration}' is no iteration number`)
    const repo = await this.open()
    const result = await showSession(repo, { session: this.session, iteration })
    if (this.json) {
      const { tip, state, worktree, iterations, cost, detail } = result
      const { prompt, uncommitted, nested, branchHead, unfinished, isMerging, ahead, behind, changes, setup } = result
      ui.json({
        schema: 'git-amp/show@1',
        session: {
          ...sessionJson(tip, state, worktree),
          ...cost,
          prompt,
          uncommitted,
          nested,
          branchHead,
          unfinished,
          isMerging,
          ahead,
          behind,
          changes,
          setup,
        },
        iterations: iterations.map(iterationJson),
        ...(detail === null ? {} : { detail }),
      })
    } else
      ui.answer(renderShow(result, { paint: (slot, text) => ui.paint(slot, text), now: host.now(), width: ui.width }))
    return undefined
  }
}
