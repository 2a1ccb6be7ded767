import { Command, Option } from 'clipanion'
import { resumeBatch } from '../../actions/batch/resume.js'
import { BatchCommand, runOptions, showRun, tellEnd } from '../../cli/batch.js'
import { batchJson, itemWords } from '../../render/batch.js'

/** `git amp batch resume [<run>]` */
export class BatchResumeCommand extends BatchCommand {
  static override paths = [['batch', 'resume']]
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Go on with a batch run that was stopped or killed',
    details: `
      Does what has no result yet: what was interrupted is taken up in its session, with what its agent had left there, and what was not begun is
      begun. What has a result stays as it is, unless \`--failed\` asks for what failed to be tried again; an item keeps its session.

      Without a run it is the newest one that is not finished. Of two that resume a run at once, one is refused. A run that came from another
      clone is only shown here.
    `,
    examples: [
      ['Go on after a crash', 'git amp batch resume'],
      ['Try again what failed', 'git amp batch resume --failed nightly'],
    ],
  })

  batch = Option.String({ name: 'run', required: false })
  failed = Option.Boolean('--failed', false, { description: 'Also what has failed' })
  jobs = Option.String('-j,--jobs', { description: 'So many items at a time, whatever the plan says' })
  maxCost = Option.String('--max-cost', { description: 'Begin no item once the run has cost this, in US dollars' })
  timeout = Option.String('--timeout', { description: 'Stop after this time: 90s, 10m, 2h' })
  json = Option.Boolean('--json', false, { description: 'Print the run as JSON' })

  async run(): Promise<number | undefined> {
    const limits = runOptions(this)
    const home = await this.openHome({ writes: true })
    const { ui, signal } = this.context
    const { batch, failed } = this
    const result = await showRun(this, itemWords, (on) =>
      resumeBatch(home, { run: batch, failed, ...limits, signal, on }),
    )
    const shown = { view: result.view, state: result.view.tip.snapshot.status }
    if (this.json) ui.json(batchJson(shown))
    else ui.answer(result.view.tip.id)
    return tellEnd(ui, shown, itemWords)
  }
}
