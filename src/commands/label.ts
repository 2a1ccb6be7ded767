import { Command, Option } from 'clipanion'
import { labelSession } from '../actions/label.js'
import { inColumns } from '../cli/columns.js'
import { AmpCommand } from '../cli/command.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp label [<session>] [<label>...]` */
export class LabelCommand extends AmpCommand {
  static override paths = [['label']]
  static override kinds = { label: 'none:label', '--delete': 'none:label' }
  static override usage = Command.Usage({
    category: 'Work in a session',
    description: 'Put labels on a session, or list them',
    details: `
      Labels are words of your own, \`urgent\` or \`try 2\`. They travel with the session, \`git amp show\` shows them, and
      \`git amp list --label\` lists only the sessions that have one.
      The session comes first; \`@\` is the one of this worktree. Without labels its labels are listed.
    `,
    examples: [
      ['Label a session', 'git amp label fix-parser urgent parser'],
      ['Label the session of this worktree', 'git amp label @ urgent'],
      ['Take a label off', 'git amp label fix-parser -d urgent'],
      ['List the labels of a session', 'git amp label fix-parser'],
    ],
  })

  session = Option.String({ name: 'session', required: false })
  labels = Option.Rest({ name: 'label' })
  removed = Option.Array('-d,--delete', { description: 'Take this label off; may be repeated' })
  json = Option.Boolean('--json', false, { description: 'Print the labels as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const what = { session: this.session, add: this.labels, remove: this.removed ?? [] }
    const repo = await this.open()
    const tip = await labelSession(repo, what)
    const { labels } = tip.snapshot
    if (this.json) ui.json({ schema: 'git-amp/label@1', session: tip.id, labels })
    else if (labels.length > 0)
      ui.answer(
        await inColumns(
          repo,
          ui,
          labels.map((label) => oneLine(label)),
        ),
      )
    else ui.tell('No labels.')
    return undefined
  }
}
