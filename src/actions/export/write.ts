import { join } from 'node:path'
import type { Host } from '../../host.js'
import type { TableRow } from '../export.js'
import { type Draft, writeFiles } from '../shared/draft.js'
import { SpoolFile } from '../shared/spool-file.js'
import type { Row, Table } from './columns.js'
import type { Target } from './target.js'

/** The text that rows become. */
export interface TableFormat {
  /** What files of it end in, without a dot. */
  extension: string
  /** Before the first table, and behind the last one. */
  begin: string
  end: string
  /** @param at number of the table in its file, from 0 */
  head(table: Table, at: number): string
  /** @param at number of the row in its table, from 0 */
  row(table: Table, row: Row, at: number): string
  foot(table: Table): string
}

/** A file that was written, and the tables in it. */
export interface WrittenFile {
  path: string
  tables: readonly Table[]
}

/** How many rows each table has. */
export type Counts = Map<Table, number>

/** The same rows; `counts` tells afterwards how many there were. */
async function* counted(rows: AsyncIterable<TableRow>, counts: Counts): AsyncGenerator<TableRow> {
  for await (const row of rows) {
    counts.set(row.table, (counts.get(row.table) ?? 0) + 1)
    yield row
  }
}

interface Tables {
  tables: readonly Table[]
  format: TableFormat
}

/** What was written. */
export interface Written {
  /** Empty for standard output. */
  files: WrittenFile[]
  counts: Counts
}

/** Writes rows to what `--out` names, else to standard output. */
export async function writeRows(
  host: Host,
  rows: AsyncIterable<TableRow>,
  { target, sink, ...what }: Tables & { target: Target; sink: Sink },
): Promise<Written> {
  const counts: Counts = new Map()
  const all = counted(rows, counts)
  if (target.kind !== 'stdout') return { files: await writeTables(host, all, { target, ...what }), counts }
  await sink(gathered(tablesText(host, all, what)))
  return { files: [], counts }
}

/** Writes the tables into one file, or each into a file of its own in a directory, which is made when it is not there. */
async function writeTables(
  host: Host,
  rows: AsyncIterable<TableRow>,
  { target, ...what }: Tables & { target: Exclude<Target, { kind: 'stdout' }> },
): Promise<WrittenFile[]> {
  if (target.kind === 'file') {
    await writeText(host, target.path, tablesText(host, rows, what))
    return [{ path: target.path, tables: what.tables }]
  }
  await host.fs.mkdir(target.path, { recursive: true })
  const { format } = what
  const files = what.tables.map((table) => ({ table, path: join(target.path, `${table}.${format.extension}`) }))
  const paths = files.map(({ path }) => path)
  await writeFiles(host, paths, async (drafts) => {
    const places = new Map<Table, { draft: Draft; rows: number }>()
    for (const [at, draft] of drafts.entries()) {
      const table = what.tables[at]
      if (table !== undefined) places.set(table, { draft, rows: 0 })
    }
    for (const [table, { draft }] of places) await draft.write(format.begin + format.head(table, 0))
    for await (const { table, row } of rows) {
      const place = places.get(table)
      if (place !== undefined) await place.draft.write(format.row(table, row, place.rows++))
    }
    for (const [table, { draft }] of places) await draft.write(format.foot(table) + format.end)
  })
  return files.map(({ path, table }) => ({ path, tables: [table] }))
}

/**
 * All tables as one text, one after the other. They are read in one pass: the first one goes on at once, and the others wait in temporary
 * files.
 */
async function* tablesText(
  host: Host,
  rows: AsyncIterable<TableRow>,
  { tables, format }: Tables,
): AsyncGenerator<string | Uint8Array> {
  const [first, ...others] = tables
  if (first === undefined) return
  const spools = new Map(others.map((table) => [table, { spool: new SpoolFile(host), rows: 0 }]))
  let count = 0
  try {
    yield format.begin + format.head(first, 0)
    for await (const { table, row } of rows) {
      if (table === first) yield format.row(table, row, count++)
      const other = spools.get(table)
      if (other !== undefined) await other.spool.write(format.row(table, row, other.rows++))
    }
    yield format.foot(first)
    for (const [at, table] of others.entries()) {
      yield format.head(table, at + 1)
      yield* spools.get(table)?.spool.read() ?? []
      yield format.foot(table)
    }
    yield format.end
  } finally {
    for (const { spool } of spools.values()) await spool.remove()
  }
}

/** Where what goes to standard output goes. */
export type Sink = (pieces: AsyncIterable<Uint8Array>) => Promise<void>

/**
 * Writes one document to what `--out` names, in a directory under a name of its own, else to standard output.
 * @returns the path; null for standard output
 */
export async function writeDocument(
  host: Host,
  { target, name, pieces }: { target: Target; name: string; pieces: AsyncIterable<string | Uint8Array> },
  sink: Sink,
): Promise<string | null> {
  if (target.kind === 'stdout') {
    await sink(gathered(pieces))
    return null
  }
  if (target.kind === 'dir') await host.fs.mkdir(target.path, { recursive: true })
  const path = target.kind === 'dir' ? join(target.path, name) : target.path
  await writeText(host, path, pieces)
  return path
}

/** Small pieces joined to larger ones. */
async function* gathered(pieces: AsyncIterable<string | Uint8Array>): AsyncGenerator<Uint8Array> {
  let chunks: Buffer[] = []
  let length = 0
  for await (const piece of pieces) {
    const chunk = Buffer.from(piece)
    chunks.push(chunk)
    length += chunk.length
    if (length < 64 * 1024) continue
    yield Buffer.concat(chunks)
    chunks = []
    length = 0
  }
  if (length > 0) yield Buffer.concat(chunks)
}

/** Writes one file of pieces. */
const writeText = (host: Host, path: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> =>
  writeFiles(host, [path], async ([draft]) => {
    for await (const piece of pieces) await draft?.write(piece)
  })
