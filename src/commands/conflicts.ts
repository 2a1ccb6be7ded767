import { Command, Option } from 'clipanion'
import { findConflicts } from '../actions/conflicts.js'
import { AmpCommand } from '../cli/command.js'
import { page } from '../cli/pager.js'
import { conflictsJson, renderConflicts } from '../render/conflicts.js'
import { oneLine } from '../util/sanitize.js'
import { plural } from '../util/time.js'

/** `git amp conflicts [<session>...]` */
export class ConflictsCommand extends AmpCommand {
  static override paths = [['conflicts']]
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Tell which open sessions conflict, and the cheapest order to land them',
    details: `
      Merges every two open sessions in memory, and each with its base as it is now, and names the files and lines in conflict: those of the first side
      and those of the second. Edits that are not committed count as well. Nothing in a worktree or its index is touched, and nothing is left in the
      repository.

      Then it gives the order in which to land them so that as few as possible have to be resolved: those that go together first, and of the others
      those next whose conflicts are the smallest.

      What came of a merge is remembered for as long as both sides are the same, so that it is asked again at no cost. In \`git amp list\` the mark
      \`><\` stands behind the state of a session that was seen in a conflict, as long as neither side has moved.

      The exit code is 1 when there are conflicts.
    `,
    examples: [
      ['All open sessions', 'git amp conflicts'],
      ['Only these', 'git amp conflicts fix-parser docs-typos'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  json = Option.Boolean('--json', false, { description: 'Print the conflicts and the order as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host } = this.context
    const result = await findConflicts(await this.open(), { sessions: this.sessions })
    const { collisions, order, unknown, broken } = result
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    if (this.json) ui.json(conflictsJson(result))
    else {
      const screen = { paint: ui.paint.bind(ui), now: host.now(), width: ui.width }
      await page(this.context, renderConflicts(result, screen))
    }
    if (unknown > 0) ui.warn(`${plural(unknown, 'pair')} could not be merged: a commit of them is not here`)
    const ready = order.find(
      ({ hasUncommitted, after, withBase }) => !hasUncommitted && !withBase && after.length === 0,
    )
    if (order.length === 0) ui.hint('There are no open sessions.', 'ampEmpty')
    else if (collisions.length > 0 && ready !== undefined)
      ui.hint(`git amp merge ${ready.tip.id.slice(0, 4)}`, 'ampConflicts')
    return collisions.length > 0 || broken.length > 0 ? 1 : 0
  }
}
