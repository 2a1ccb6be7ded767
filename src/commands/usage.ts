import { Command, Option } from 'clipanion'
import { sumUsage, type UsageKey, usageKeys } from '../actions/usage.js'
import { AmpCommand } from '../cli/command.js'
import { usage } from '../errors.js'
import { renderUsage, usageCsv, usageJson } from '../render/usage.js'
import { oneLine } from '../util/sanitize.js'

/** `git amp usage [<session>...]` */
export class UsageCommand extends AmpCommand {
  static override paths = [['usage']]
  static override kinds = { '--by': 'session|agent|model|day', '--format': 'csv|' }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Sum the tokens and the cost of iterations',
    details: `
      Adds up what the iterations of all sessions used, merged and closed ones too, or of those that are named. It is read from the sessions
      alone, so that every clone which has them answers the same.

      A cost is what the agent reported, or comes from the prices in the configuration when the iteration ran (\`amp.price.<model>\`).
      Iterations without a known cost are counted beside each sum: \`$1.23 + 4 unpriced\` is not the whole.

      An iteration counts at the time when it began. \`--since\` and \`--until\` take dates as git does; a day without a time is the whole day.
      Days are those of your local time, as in \`git log\`. An iteration that used several models counts in the line of each.

      \`--format csv\` prints a line for each key without the total, after a line of names; dates are ISO 8601 in UTC.
    `,
    examples: [
      ['What each session used', 'git amp usage'],
      ['What each model cost this month', 'git amp usage --by model --since "1 month ago"'],
      ['A table for a spreadsheet, by day', 'git amp usage --by day --format csv >usage.csv'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  by = Option.String('--by', { description: 'Sum by session, agent, model or day' })
  since = Option.String('--since', { description: 'Only iterations that began at this date or later' })
  until = Option.String('--until', { description: 'Only iterations that began at this date or earlier' })
  format = Option.String('--format', { description: 'Print the sums as csv' })
  json = Option.Boolean('--json', false, { description: 'Print the sums as JSON' })

  async run(): Promise<number | undefined> {
    const { ui } = this.context
    const by = this.by ?? 'session'
    if (!isKey(by)) throw usage(`cannot sum by '${by}'`, `Sum by ${usageKeys.join(', ')}.`)
    if (this.format !== undefined && this.format !== 'csv')
      throw usage(`unknown format '${this.format}'`, 'Known: csv.')
    if (this.format !== undefined && this.json) throw usage('--json and --format exclude each other')
    const repo = await this.open()
    const { sessions, since, until } = this
    const result = await sumUsage(repo, { sessions, by, since, until })
    for (const { ref, reason } of result.broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    if (this.json) ui.json(usageJson(result))
    else if (this.format === 'csv') ui.answer(usageCsv(result))
    else ui.answer(renderUsage(result, { paint: (slot, text) => ui.paint(slot, text), width: ui.width }))
    if (result.total.iterations === 0) ui.hint('There are no iterations to sum.', 'ampEmpty')
    return result.broken.length > 0 ? 1 : 0
  }
}

const isKey = (word: string): word is UsageKey => usageKeys.some((key) => key === word)
