import { Command, Option } from 'clipanion'
import { columnsOf, type Table, tableNames } from '../actions/export/columns.js'
import { openSession, sessionMails, sessionPatch } from '../actions/export/patch.js'
import { sessionDocument } from '../actions/export/session.js'
import { formatOf, targetOf } from '../actions/export/target.js'
import { type Counts, type Sink, type WrittenFile, writeDocument, writeRows } from '../actions/export/write.js'
import { exportRows } from '../actions/export.js'
import type { BrokenSession } from '../actions/shared/sessions.js'
import { AmpCommand } from '../cli/command.js'
import { pour } from '../cli/pager.js'
import { usage } from '../errors.js'
import { columnsText, type TableFormatName, tableFormat, tableFormats, writtenJson } from '../render/export-tables.js'
import { sessionHtml } from '../render/session-html.js'
import { sessionMarkdown } from '../render/session-md.js'
import type { Repo } from '../repo.js'
import { unique } from '../util/collections.js'
import { oneLine, printable } from '../util/sanitize.js'

const exportFormats = [...tableFormats, 'md', 'html', 'patch', 'mbox'] as const

type SessionFormat = Exclude<(typeof exportFormats)[number], TableFormatName>

const isTableFormat = (format: TableFormatName | SessionFormat): format is TableFormatName =>
  tableFormats.some((one) => one === format)

/** `git amp export [<session>...]` */
export class ExportCommand extends AmpCommand {
  static override paths = [['export']]
  static override kinds = {
    '--format': `${exportFormats.join('|')}`,
    '--tables': tableNames.join('|'),
    '--out': 'file:path',
  }
  static override usage = Command.Usage({
    category: 'Look at sessions',
    description: 'Write sessions as data, as a page or as patches',
    details: `
      Writes all sessions, merged and closed ones too, or those that are named, or those of a batch run, as tables for other programs: \`json\` (one
      value), \`ndjson\` (a value a line) or \`csv\`. The format is \`--format\`, else what the name of \`--out\` ends in, else \`json\`.

      Without \`--out\`, and with \`--out -\`, everything goes to standard output. A directory gets a file for each table; a new name without an extension
      is one. A file is complete when it appears: it is written beside its place and renamed. A csv file holds one table.

      \`--since\` and \`--until\` take dates as git does; a day without a time is the whole day. A row is taken by its own time: an iteration and its tool
      calls when it began, a merge when it was recorded, a batch run when it was started. A session is taken when it was started in that time, or when an
      iteration or a merge of it was; its own figures are those of all its iterations.

      Rows are in a stable order: sessions by when they were started, and what belongs to one in the order in which it happened. What is not known is
      empty in csv and \`null\` elsewhere, never 0. Dates are ISO 8601 in UTC. Tool calls come from transcripts, as far as they are here.

      Values of json and ndjson are exact. In csv, which is for spreadsheets, control characters are written as \`\\x1b\`, and a text that a
      spreadsheet would take for a formula (it begins with \`=\`, \`+\`, \`-\`, \`@\`, a tab or a carriage return) begins with an apostrophe. Lines end in CR LF, as RFC 4180 says.

      ## One session

      \`md\` and \`html\` write one session for people: its prompt, each iteration with its tests and its diff, and the conversation, which
      \`--no-conversation\` leaves out. Control characters are made visible there. \`patch\` writes all that it committed for \`git apply\`, and \`mbox\` a mail for each commit for
      \`git am\`; both are exact, byte for byte. Of a message, a line that \`git am\` would take for the beginning of the patch is indented by a
      space. Uncommitted changes are in none of them; \`git amp diff\` shows those.

      ## Tables

      ${columnsText(tableNames, columnsOf).replaceAll('\n', '\n      ')}
    `,
    examples: [
      ['All tables as JSON', 'git amp export --out sessions.json'],
      ['A csv file for each table', 'git amp export --format csv --out ./data'],
      ['One session as a page', 'git amp export fix-parser --out fix-parser.html'],
      [
        'The commits of a session, for a colleague',
        'git amp export fix-parser --format mbox | ssh host "cd repo && git am"',
      ],
      ['What was run last week, for jq', 'git amp export --since "1 week ago" --tables iterations --format ndjson'],
    ],
  })

  sessions = Option.Rest({ name: 'session' })
  batch = Option.String('--batch', {
    description: 'Only the sessions of this batch run, in whatever repository they are',
  })
  since = Option.String('--since', { description: 'Only what happened at this date or later' })
  until = Option.String('--until', { description: 'Only what happened at this date or earlier' })
  tables = Option.Array('--tables', { description: 'These tables alone, separated by commas' })
  format = Option.String('--format', { description: `Write ${exportFormats.join(', ')}` })
  conversation = Option.Boolean('--conversation', true, {
    description: 'In md and html: tell what the agent said and did (default)',
  })
  out = Option.String('--out', { description: 'Write to this file or directory; - is standard output' })
  json = Option.Boolean('--json', false, {
    description: 'Print what was written as JSON; without --out the data itself',
  })

  async run(): Promise<number | undefined> {
    const format = formatOf(this.format, this.out, exportFormats)
    return isTableFormat(format) ? this.writeTables(format) : this.writeSession(format)
  }

  private async writeTables(format: TableFormatName): Promise<number | undefined> {
    const { host, stdout, signal } = this.context
    const tables = readTables(this.tables)
    const target = await targetOf(host, this.out, true)
    if (this.json && target.kind === 'stdout' && format !== 'json')
      throw usage(`--json and --format ${format} exclude each other on standard output`)
    if (format === 'csv' && tables.length > 1 && target.kind !== 'dir')
      throw usage('a csv file holds one table', 'Name one with --tables, or a directory with --out.')
    const { sessions, batch, since, until } = this
    const broken: BrokenSession[] = []
    const repo = await this.open()
    const rows = exportRows(repo, { sessions, batch, since, until, tables, broken, signal })
    const sink: Sink = (pieces) => pour(stdout, pieces)
    const { files, counts } = await writeRows(host, rows, {
      tables,
      format: tableFormat(format, columnsOf),
      target,
      sink,
    })
    if (target.kind !== 'stdout') this.tell(files, counts)
    return this.endWith(broken)
  }

  private async writeSession(format: SessionFormat): Promise<number> {
    const { ui, host, stdout } = this.context
    const [name, ...others] = this.sessions
    if (others.length > 0) throw usage(`${format} holds one session`, 'Export them one after the other.')
    for (const option of ['batch', 'since', 'until', 'tables'] as const)
      if (this[option] !== undefined) throw usage(`--${option} goes with ${tableFormats.join(', ')}`)
    const target = await targetOf(host, this.out, false)
    if (this.json && target.kind === 'stdout')
      throw usage(`--json and --format ${format} exclude each other on standard output`)
    const repo = await this.open()
    const document = await openDocument(repo, name, { format, conversation: this.conversation })
    const file = { target, name: `${document.slug}.${format}`, pieces: document.pieces }
    const path = await writeDocument(host, file, (pieces) => pour(stdout, pieces))
    if (path !== null) this.tell([{ path, tables: [] }], null)
    if (document.isDirty) ui.hint('The uncommitted changes in its worktree are not in it.', 'ampExport')
    return 0
  }

  private tell(files: readonly WrittenFile[], counts: Counts | null): void {
    const { ui } = this.context
    if (this.json) ui.json(writtenJson(files, counts))
    else ui.answer(files.map(({ path }) => `${printable(path)}\n`).join(''))
    if (counts?.size === 0) ui.hint('There is nothing to export.', 'ampEmpty')
  }

  private endWith(broken: readonly BrokenSession[]): number {
    for (const { ref, reason } of broken) this.context.ui.warn(`${ref} cannot be read: ${oneLine(reason)}`)
    return broken.length > 0 ? 1 : 0
  }
}

/** A session as a document. Nothing of it is read yet: it may be large. */
interface Document {
  slug: string
  isDirty: boolean
  pieces: AsyncIterable<string | Uint8Array>
}

async function openDocument(
  repo: Repo,
  name: string | undefined,
  how: { format: SessionFormat; conversation: boolean },
): Promise<Document> {
  const { tip, committed } = await openSession(repo, name)
  const { base, head, isDirty } = committed
  const opened = { slug: tip.snapshot.slug, isDirty }
  if (how.format === 'patch') return { ...opened, pieces: sessionPatch(repo, committed) }
  if (how.format === 'mbox') return { ...opened, pieces: sessionMails(repo, tip, committed) }
  const document = await sessionDocument(repo, { session: tip.id, base, head }, how)
  return { ...opened, pieces: how.format === 'md' ? sessionMarkdown(document) : sessionHtml(document) }
}

function readTables(given: readonly string[] | undefined): Table[] {
  const words = (given ?? []).flatMap((text) => text.split(',')).map((word) => word.trim())
  const isTable = (word: string): word is Table => tableNames.some((name) => name === word)
  const wrong = words.find((word) => !isTable(word))
  if (wrong !== undefined) throw usage(`unknown table '${wrong}'`, `Known: ${tableNames.join(', ')}.`)
  return given === undefined ? [...tableNames] : unique(words.filter(isTable))
}
