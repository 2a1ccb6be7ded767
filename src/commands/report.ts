import { Command, Option } from 'clipanion'
import { formatOf, targetOf } from '../actions/export/target.js'
import { writeDocument } from '../actions/export/write.js'
import { buildReport } from '../actions/report.js'
import type { BrokenSession } from '../actions/shared/sessions.js'
import { AmpCommand } from '../cli/command.js'
import { pour } from '../cli/pager.js'
import { usage } from '../errors.js'
import { reportHtml } from '../render/report-html.js'
import { reportMarkdown } from '../render/report-md.js'
import { oneLine, printable } from '../util/sanitize.js'

/** `git amp report [<session>...]` */
export class ReportCommand extends AmpCommand {
  static override paths = [['report']]
  static override kinds = { '--format': 'md|html' }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Write a page about sessions: results, cost, tools',
    details: `
      Writes what all sessions came to, merged and closed ones too, or those that are named, or those of a batch run: how many succeeded, after how many
      iterations their tests passed, tokens and cost by model, agent and day, which tools were used and failed, the slowest steps, and every batch run as a
      matrix of repositories and prompts.

      The format is \`--format\`, else what the name of \`--out\` ends in, else \`md\`. \`html\` is one file that needs nothing else: no script, no font and no
      picture from elsewhere. It follows the reader's light or dark colours, fits a phone, and can be printed.

      A session is a success when it was merged or its tests pass, and a failure when its tests or its last iteration failed; the rate is that of successes
      among both. Iterations count at the time when they began, as in \`git amp usage\`, whose sums are the same. A cost that is not known is never counted
      as 0: it is told beside the sum.
    `,
    examples: [
      ['A page of the last month', 'git amp report --since "1 month ago" --out report.html'],
      ['What a batch run came to', 'git amp report --batch nightly'],
      ['The figures for another program', 'git amp report --json'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  batch = Option.String('--batch', {
    description: 'Only the sessions of this batch run, in whatever repository they are',
  })
  since = Option.String('--since', { description: 'Only iterations that began at this date or later' })
  until = Option.String('--until', { description: 'Only iterations that began at this date or earlier' })
  format = Option.String('--format', { description: 'Write md or html' })
  out = Option.String('--out', { description: 'Write to this file or directory; - is standard output' })
  json = Option.Boolean('--json', false, { description: 'Print the figures as JSON' })

  async run(): Promise<number | undefined> {
    const { ui, host, stdout, signal } = this.context
    const format = formatOf(this.format, this.out, ['md', 'html'])
    if (this.json && (this.format ?? this.out) !== undefined)
      throw usage('--json prints the figures, and excludes --format and --out')
    const target = await targetOf(host, this.out, false)
    const { sessions, batch, since, until } = this
    const broken: BrokenSession[] = []
    const report = await buildReport(await this.open(), { sessions, batch, since, until, broken, signal })
    const pieces = async function* () {
      yield* format === 'md' ? reportMarkdown(report) : reportHtml(report)
    }
    if (this.json) ui.json({ schema: 'git-amp/report@1', ...report })
    else {
      const file = { target, name: `report.${format}`, pieces: pieces() }
      const path = await writeDocument(host, file, (text) => pour(stdout, text))
      if (path !== null) ui.answer(printable(path))
    }
    if (report.sessions.length === 0) ui.hint('There are no sessions to report.', 'ampEmpty')
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    return broken.length > 0 ? 1 : 0
  }
}
