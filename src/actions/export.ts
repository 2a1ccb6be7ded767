import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import { longText } from '../state/chain.js'
import { type EventData, headOf, type LongText } from '../state/events.js'
import type { IterationView } from '../state/iterations.js'
import { allBatches, type BatchRun, type BatchSource, findBatch, sourcesOf } from './export/batches.js'
import { type Row, type Table, tableNames } from './export/columns.js'
import { batchItemRow, batchRow, iterationRow, mergeRows, sessionRow, toolCallRow } from './export/rows.js'
import { toolCalls } from './export/tool-calls.js'
import { type ReadSession, readSessions } from './shared/selection.js'
import type { BrokenSession } from './shared/sessions.js'
import { isIn, readSpan, type Span, type SpanOptions } from './shared/span.js'

/** Which sessions are told of, and from when. */
export interface Selection extends SpanOptions {
  /** These alone; none means all of them, merged and closed ones too. */
  sessions: readonly string[]
  /** Sessions of this batch run alone, in whatever repository they are. */
  batch?: string | undefined
}

export interface TableRow {
  table: Table
  row: Row
}

/** What an export reads, piece by piece. */
export interface RowsRequest extends Selection {
  tables?: readonly Table[]
  /** Hears of sessions that cannot be read; the others are exported. */
  broken: BrokenSession[]
  signal?: AbortSignal
}

/**
 * The rows of tables, one session after the other, oldest first; each table is in the same order every time.
 *
 * A row is taken by its own time: an iteration, and its tool calls, when it began, a merge when it was recorded. A session is taken when it was
 * started in the span, or an iteration or a merge of it is in it, so that no other row lacks its session.
 */
export async function* exportRows(repo: Repo, request: RowsRequest): AsyncGenerator<TableRow> {
  const { tables = tableNames, broken, signal } = request
  const wants = (table: Table) => tables.includes(table)
  const span = await readSpan(repo, request)
  const run = request.batch === undefined ? null : await findBatch(repo, request.batch)
  if (run !== null && request.sessions.length > 0)
    throw fatal('sessions and --batch exclude each other', 'Name the sessions, or the run whose sessions are meant.')
  const sources = run === null ? [await ownSource(repo, request.sessions)] : await sourcesOf(repo, run, broken)
  try {
    for (const source of sources) {
      for await (const session of readSessions(source.repo, source.sessions, { broken })) {
        for await (const row of sessionRows(session, { source, span, wants, broken })) {
          signal?.throwIfAborted()
          yield row
        }
      }
    }
  } finally {
    for (const source of sources) if (source.repo !== repo) source.repo.close()
  }
  // Runs are told of where no session is named.
  if (request.sessions.length === 0) yield* batchRows(repo, { run, span, wants, broken })
}

const ownSource = async (repo: Repo, sessions: readonly string[]): Promise<BatchSource> => ({
  repo,
  sessions,
  path: await repo.home(),
})

interface How {
  source: BatchSource
  span: Span
  wants(table: Table): boolean
  broken: BrokenSession[]
}

async function* sessionRows(session: ReadSession, how: How): AsyncGenerator<TableRow> {
  const { source, span, wants } = how
  const { tip, events } = session
  const iterations = session.iterations.filter(({ startedAt }) => isIn(span, startedAt))
  const merges = mergeRows(tip.id, events).filter(({ at }) => isIn(span, `${at}`))
  if (!isIn(span, tip.snapshot.createdAt) && iterations.length === 0 && merges.length === 0) return
  const whole = (text: LongText) => wholeText(how, tip.ref, text)
  if (wants('sessions')) {
    const created = events.find(({ type }) => type === 'session.created')?.data as
      | EventData['session.created']
      | undefined
    const prompt = await whole(created?.prompt ?? tip.snapshot.title)
    const texts = { repository: source.path, prompt, batch: created?.batch ?? null }
    yield { table: 'sessions', row: sessionRow(tip, session.iterations, texts) }
  }
  if (wants('iterations')) for (const one of iterations) yield iterationOf(tip.id, one, await textsOf(one, whole))
  if (wants('tool_calls')) {
    for await (const call of toolCalls(source.repo, tip.id, iterations)) {
      yield { table: 'tool_calls', row: toolCallRow(tip.id, call) }
    }
  }
  if (wants('merges')) for (const row of merges) yield { table: 'merges', row }
}

const iterationOf = (...args: Parameters<typeof iterationRow>): TableRow => ({
  table: 'iterations',
  row: iterationRow(...args),
})

const textsOf = async ({ prompt, summary }: IterationView, whole: (text: LongText) => Promise<string>) => ({
  prompt: await whole(prompt),
  summary: summary === null ? null : await whole(summary),
})

/** A long text; when it is lost its beginning, which the chain holds. */
async function wholeText({ source, broken }: How, ref: string, text: LongText): Promise<string> {
  try {
    return await longText(source.repo.objects, text)
  } catch (error) {
    broken.push({ ref, reason: error instanceof Error ? error.message : String(error) })
    return headOf(text)
  }
}

async function* batchRows(
  repo: Repo,
  { run, span, wants, broken }: Omit<How, 'source'> & { run: BatchRun | null },
): AsyncGenerator<TableRow> {
  if (!wants('batches') && !wants('batch_items')) return
  const runs = run === null ? await allBatches(repo, broken) : [run]
  for (const one of runs.filter(({ createdAt }) => run !== null || isIn(span, createdAt))) {
    if (wants('batches')) yield { table: 'batches', row: batchRow(one) }
    if (wants('batch_items'))
      for (const item of one.items) yield { table: 'batch_items', row: batchItemRow(one.id, item) }
  }
}
