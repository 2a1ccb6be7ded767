import { Command, Option } from 'clipanion'
import { reportBatch } from '../../actions/batch/report.js'
import { formatOf, targetOf } from '../../actions/export/target.js'
import { writeDocument } from '../../actions/export/write.js'
import type { BrokenSession } from '../../actions/shared/sessions.js'
import { BatchCommand } from '../../cli/batch.js'
import { pour } from '../../cli/pager.js'
import { usage } from '../../errors.js'
import { reportHtml } from '../../render/report-html.js'
import { reportMarkdown } from '../../render/report-md.js'
import { oneLine, printable } from '../../util/sanitize.js'

/** `git amp batch report [<run>]` */
export class BatchReportCommand extends BatchCommand {
  static override paths = [['batch', 'report']]
  static override kinds = { '--format': 'md|html' }
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Write a page about a batch run',
    details: `
      Writes what the run came to, as \`git amp report --batch\` does: results, iterations, tokens and cost, tools, the slowest steps, and the run as a matrix
      of repositories and prompts. The format is \`--format\`, else what the name of \`--out\` ends in, else \`md\`.
    `,
    examples: [['As a page', 'git amp batch report nightly --out report.html']],
  })

  batch = Option.String({ name: 'run', required: false })
  format = Option.String('--format', { description: 'Write md or html' })
  out = Option.String('--out', { description: 'Write to this file or directory; - is standard output' })
  json = Option.Boolean('--json', false, { description: 'Print the figures as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host, stdout, signal } = this.context
    const format = formatOf(this.format, this.out, ['md', 'html'])
    if (this.json && (this.format ?? this.out) !== undefined)
      throw usage('--json prints the figures, and excludes --format and --out')
    const target = await targetOf(host, this.out, false)
    const broken: BrokenSession[] = []
    const report = await reportBatch(await this.openHome(), { run: this.batch, broken, signal })
    if (this.json) ui.json({ schema: 'git-amp/report@1', ...report })
    else {
      const pieces = async function* () {
        yield* format === 'md' ? reportMarkdown(report) : reportHtml(report)
      }
      const file = { target, name: `report.${format}`, pieces: pieces() }
      const path = await writeDocument(host, file, (text) => pour(stdout, text))
      if (path !== null) ui.answer(printable(path))
    }
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    return broken.length > 0 ? 1 : 0
  }
}
