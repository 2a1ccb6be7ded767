import { Command, Option } from 'clipanion'
import { exportBatch } from '../../actions/batch/export.js'
import { columnsOf, tableNames } from '../../actions/export/columns.js'
import { formatOf, targetOf } from '../../actions/export/target.js'
import { writeRows } from '../../actions/export/write.js'
import type { BrokenSession } from '../../actions/shared/sessions.js'
import { BatchCommand } from '../../cli/batch.js'
import { pour } from '../../cli/pager.js'
import { usage } from '../../errors.js'
import { tableFormat, tableFormats, writtenJson } from '../../render/export-tables.js'
import { oneLine, printable } from '../../util/sanitize.js'

/** `git amp batch export [<run>]` */
export class BatchExportCommand extends BatchCommand {
  static override paths = [['batch', 'export']]
  static override kinds = { '--format': tableFormats.join('|') }
  static override usage = Command.Usage({
    category: 'Batches',
    description: 'Write a batch run and its sessions as data',
    details: `
      Writes the tables of \`git amp export\` for one run: its items, and its sessions in whatever repository they are, with their iterations, tool calls
      and merges. Without \`--out\` everything goes to standard output; a directory gets a file for each table, and csv with its several tables needs one.
      \`git amp export --batch\` does the same and chooses tables and times.
    `,
    examples: [['A csv file for each table', 'git amp batch export nightly --format csv --out ./data']],
  })

  batch = Option.String({ name: 'run', required: false })
  format = Option.String('--format', { description: `Write ${tableFormats.join(', ')}` })
  out = Option.String('--out', { description: 'Write to this file or directory; - is standard output' })
  json = Option.Boolean('--json', false, {
    description: 'Print what was written as JSON; without --out the data itself',
  })

  async run(): Promise<number | undefined> {
    const { ui, host, stdout, signal } = this.context
    const format = formatOf(this.format, this.out, tableFormats)
    const target = await targetOf(host, this.out, true)
    if (this.json && target.kind === 'stdout' && format !== 'json')
      throw usage(`--json and --format ${format} exclude each other on standard output`)
    if (format === 'csv' && target.kind !== 'dir')
      throw usage('a csv file holds one table', 'Name a directory with --out.')
    const broken: BrokenSession[] = []
    const rows = await exportBatch(await this.openHome(), { run: this.batch, tables: tableNames, broken, signal })
    const { files, counts } = await writeRows(host, rows, {
      tables: [...tableNames],
      format: tableFormat(format, columnsOf),
      target,
      sink: (pieces) => pour(stdout, pieces),
    })
    if (target.kind !== 'stdout' && this.json) ui.json(writtenJson(files, counts))
    else if (target.kind !== 'stdout') ui.answer(files.map(({ path }) => `${printable(path)}\n`).join(''))
    for (const { ref, reason } of broken) ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    return broken.length > 0 ? 1 : 0
  }
}
