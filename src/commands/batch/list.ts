import { Command, Option } from 'clipanion'
import { listBatches } from '../../actions/batch/list.js'
import { BatchCommand } from '../../cli/batch.js'
import { usage } from '../../errors.js'
import { renderBatchList, runJson } from '../../render/batch.js'
import { oneLine } from '../../util/sanitize.js'

/** `git amp batch list` */
export class BatchListCommand extends BatchCommand {
  static override paths = [['batch', 'list']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'List the batch runs of this repository',
    details: `
      Shows the runs, the newest first: id, state, how many items have a result, how many of them failed, what the run has cost, and its name.

      - \`running\`: a process works on it, here or on another machine
      - \`interrupted\`: its process is gone; \`git amp batch resume\` goes on
      - \`aborted\`: it was stopped before all was done
      - \`finished\`: every item has a result
    `,
    examples: [['All runs', 'git amp batch list']],
  })

  maxCount = Option.String('--max-count', { description: 'Show at most this many' })
  json = Option.Boolean('--json', false, { description: 'Print the runs as JSON' })

  async run(): Promise<number | undefined> {
    const maxCount = this.maxCount === undefined ? undefined : Number(this.maxCount)
    if (maxCount !== undefined && !(Number.isInteger(maxCount) && maxCount >= 0))
      throw usage(`--max-count takes a number, not '${this.maxCount}'`)
    const { ui, host } = this.context
    const { batches, broken } = await listBatches(await this.openHome(), { maxCount })
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    if (this.json) ui.json({ schema: 'git-amp/batches@1', runs: batches.map(({ tip, state }) => runJson(tip, state)) })
    else
      ui.answer(
        renderBatchList(batches, { paint: (slot, text) => ui.paint(slot, text), now: host.now(), width: ui.width }),
      )
    if (batches.length === 0)
      ui.hint('There are no batch runs. Start one with "git amp batch start --file <plan>".', 'ampEmpty')
    return broken.length > 0 ? 1 : 0
  }
}
