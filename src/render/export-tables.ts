import type { Cell, ColumnSpec, Row, Table } from '../actions/export/columns.js'
import type { Counts, TableFormat, WrittenFile } from '../actions/export/write.js'
import { csv } from '../util/csv.js'
import { escapeControls } from '../util/escape.js'

export const exportSchema = 'git-amp/export@1'

/** The formats of tables. */
export const tableFormats = ['json', 'ndjson', 'csv'] as const
export type TableFormatName = (typeof tableFormats)[number]

/** @param columnsOf the columns of a table, in order */
export function tableFormat(name: TableFormatName, columnsOf: (table: Table) => readonly ColumnSpec[]): TableFormat {
  return name === 'csv' ? csvFormat(columnsOf) : name === 'json' ? jsonFormat : ndjsonFormat
}

/** One JSON value: an object of tables, each a list of rows, a row a line. */
const jsonFormat: TableFormat = {
  extension: 'json',
  begin: `{\n"schema": ${JSON.stringify(exportSchema)},\n"tables": {`,
  end: '\n}\n}\n',
  head: (table, at) => `${at === 0 ? '' : ','}\n${JSON.stringify(table)}: [`,
  row: (...[, row, at]) => `${at === 0 ? '' : ','}\n${safeJson(row)}`,
  foot: () => '\n]',
}

/** One JSON value a line. */
const ndjsonFormat: TableFormat = {
  extension: 'ndjson',
  begin: '',
  end: '',
  head: () => '',
  row: (table, row) => `${safeJson({ schema: exportSchema, table, ...row })}\n`,
  foot: () => '',
}

const csvFormat = (columnsOf: (table: Table) => readonly ColumnSpec[]): TableFormat => ({
  extension: 'csv',
  begin: '',
  end: '',
  head: (table) => csv([columnsOf(table).map(({ name }) => name)]),
  row: (table, row) => csv([columnsOf(table).map(({ name, kind }) => csvCell(row[name] ?? null, kind === 'text'))]),
  foot: () => '',
})

/** A spreadsheet takes a text that begins so for a formula, which may run a program or send the sheet somewhere. */
const formula = /^[=+\-@\t\r]/

/** Of foreign text the control characters are made visible, and what looks like a formula begins with an apostrophe. */
function csvCell(cell: Cell, isText: boolean): string {
  if (cell === null) return ''
  if (!isText || typeof cell !== 'string') return `${cell}`
  const text = escapeControls(cell, '\n\t\r')
  return formula.test(text) ? `'${text}` : text
}

const invisible = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** JSON whose strings hold no control character and no mark that reorders what a reader sees; they are escaped, and nothing is lost. */
function safeJson(row: Row): string {
  return JSON.stringify(row).replace(invisible, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** What was written, for `--json`. */
export const writtenJson = (files: readonly WrittenFile[], counts: Counts | null) => ({
  schema: 'git-amp/exported@1',
  files: files.map(({ path, tables }) => ({
    path,
    tables: tables.map((table) => ({ table, rows: counts?.get(table) ?? 0 })),
  })),
})

/** The tables and their columns as prose for the manual. */
export const columnsText = (names: readonly Table[], columnsOf: (table: Table) => readonly ColumnSpec[]): string =>
  names
    .map((table) => {
      const items = columnsOf(table).map(({ name, kind, meaning }) => `- \`${name}\` (${kind}): ${meaning}`)
      return [`**${table}**`, items.join('\n')].join('\n\n')
    })
    .join('\n\n')
