import { Command, Option } from 'clipanion'
import { abortBatch } from '../../actions/batch/abort.js'
import { BatchCommand } from '../../cli/batch.js'
import { batchJson, countWords } from '../../render/batch.js'
import { oneLine } from '../../util/sanitize.js'

/** `git amp batch abort [<run>]` */
export class BatchAbortCommand extends BatchCommand {
  static override paths = [['batch', 'abort']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Stop a batch run; keep what its agents did',
    details: `
      Stops the agents of a run that goes on in another terminal, and waits until what they did is recorded. Nothing of the run begins any more;
      \`git amp batch resume\` goes on with it. Of a run whose process was killed, what it left is taken up.
    `,
    examples: [['Stop the newest run', 'git amp batch abort']],
  })

  batch = Option.String({ name: 'run', required: false })
  json = Option.Boolean('--json', false, { description: 'Print the run as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const { view, isKilled } = await abortBatch(await this.openHome({ writes: true }), this.batch)
    const { tip } = view
    if (isKilled) ui.warn('its process did not answer and was killed')
    if (this.json) ui.json(batchJson({ view, state: tip.snapshot.status }))
    else ui.answer(`${tip.snapshot.status} ${tip.id.slice(0, 4)} ${oneLine(tip.snapshot.name)}: ${countWords(view)}`)
    ui.hint(`"git amp batch resume ${tip.id.slice(0, 4)}" goes on with it.`, 'ampBatch')
    return undefined
  }
}
