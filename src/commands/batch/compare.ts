import { Command, Option } from 'clipanion'
import { compareBatch } from '../../actions/batch/compare.js'
import { BatchItemsCommand, refusedJson, tellRefusals } from '../../cli/batch.js'
import { itemJson, itemWords, renderContest } from '../../render/batch.js'

/** `git amp batch compare [<run>]` */
export class BatchCompareCommand extends BatchItemsCommand {
  static override paths = [['batch', 'compare']]
  static override kinds = { ...BatchItemsCommand.kinds, '--pick': 'none:session' }
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Compare the attempts at the same prompt; pick a winner',
    details: `
      Puts the attempts at one prompt in one repository side by side: agent and model, tests, size of the diff, tokens, cost and time. What passes
      stands first, then what costs less, then what changes less.

      \`--pick\` keeps a session and removes the other attempts at the same, as \`git amp remove -D -f\` does: their history stays. In each
      repository it is one operation: \`git amp undo\` there brings them back. The winner is merged by \`git amp merge\` as any other session.
    `,
    examples: [
      ['All attempts', 'git amp batch compare nightly'],
      ['Keep one of them', 'git amp batch compare nightly --pick 7f3a'],
    ],
  })

  pick = Option.Array('--pick', { description: 'Keep this session and remove the other attempts; may be repeated' })
  json = Option.Boolean('--json', false, { description: 'Print the attempts as JSON' })

  async run(): Promise<number | undefined> {
    const home = await this.openHome({ writes: this.pick !== undefined })
    const { ui, host } = this.context
    const { choice, pick } = this
    const { contests, dropped, view } = await compareBatch(home, { ...choice, pick })
    if (this.json) {
      const shown = contests.map(({ attempts, ...rest }) => ({ ...rest, attempts: attempts.map(itemJson) }))
      const gone = dropped.flatMap((one) => ('value' in one && one.value !== null ? [one.item.session] : []))
      ui.json({
        schema: 'git-amp/batch-compare@1',
        run: view.tip.id,
        contests: shown,
        dropped: gone,
        refused: refusedJson(dropped),
      })
    } else {
      const show = { paint: ui.paint.bind(ui), now: host.now(), width: ui.width }
      ui.answer(contests.map((contest) => renderContest(contest, show)).join('\n\n'))
      for (const one of dropped)
        if ('value' in one && one.value !== null)
          ui.tell(`removed ${one.item.session.slice(0, 4)} ${itemWords(one.item)}`)
    }
    return tellRefusals(ui, dropped, itemWords)
  }
}
