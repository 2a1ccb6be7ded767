import { Command, Option } from 'clipanion'
import { batchStatus, followBatch } from '../../actions/batch/status.js'
import { BatchCommand, lineOf } from '../../cli/batch.js'
import { batchJson, itemWords, renderBatch } from '../../render/batch.js'

/** `git amp batch status [<run>]` */
export class BatchStatusCommand extends BatchCommand {
  static override paths = [['batch', 'status']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Show a batch run and each of its items',
    details: `
      Of each item: its number, its state, its session, how long it took, the size of its change, repository and prompt, and why it did not
      succeed. \`git amp show <session>\` in the item's repository tells more. Without a run it is the newest one.

      With \`--follow\` what happens is printed as it happens, until nothing works on the run any more. Ctrl-C ends the watching, and not the run.
    `,
    examples: [
      ['The newest run', 'git amp batch status'],
      ['Watch a run from another terminal', 'git amp batch status --follow nightly'],
    ],
  })

  batch = Option.String({ name: 'run', required: false })
  follow = Option.Boolean('--follow', false, { description: 'Print what happens until the run has ended' })
  json = Option.Boolean('--json', false, { description: 'Print the run as JSON' })

  async run(): Promise<number | undefined> {
    const home = await this.openHome()
    const { ui, host, signal } = this.context
    let status = await batchStatus(home, this.batch)
    if (this.follow) {
      for await (const { view, changed } of followBatch(home, status, signal))
        for (const item of changed) ui.tell(lineOf(item, itemWords, view.items.length))
      status = await batchStatus(home, status.view.tip.id)
    }
    if (this.json) ui.json(batchJson(status))
    else
      ui.answer(renderBatch(status, { paint: (slot, text) => ui.paint(slot, text), now: host.now(), width: ui.width }))
    if (status.state === 'interrupted')
      ui.hint(`Its process is gone; "git amp batch resume ${status.view.tip.id.slice(0, 4)}" goes on.`, 'ampPending')
    return undefined
  }
}
