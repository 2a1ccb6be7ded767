import type { Repo } from '../repo.js'
import { longText } from '../state/chain.js'
import { type EventData, headOf, type LongText } from '../state/events.js'
import type { IterationView } from '../state/iterations.js'
import type { BatchRun } from './export/batches.js'
import { type Row, type Table, tableNames } from './export/columns.js'
import { batchItemRow, batchRow, iterationRow, sessionRow, toolCallRow } from './export/rows.js'
import {
  closeSelection,
  openSelection,
  type SelectedSession,
  type SelectionRequest,
  selectedRuns,
  selectedSessions,
} from './export/select.js'
import { ToolCalls } from './export/tool-calls.js'
import type { BrokenSession } from './shared/sessions.js'

export interface TableRow {
  table: Table
  row: Row
}

/** What an export reads, piece by piece. */
export interface RowsRequest extends SelectionRequest {
  tables?: readonly Table[]
}

/**
 * The rows of tables, one session after the other, oldest first; each table is in the same order every time.
 *
 * A row is taken by its own time: an iteration, and its tool calls, when it began, a merge when it was recorded. No other row lacks its
 * session.
 */
export async function* exportRows(repo: Repo, request: RowsRequest): AsyncGenerator<TableRow> {
  const { tables = tableNames, broken, signal } = request
  const wants = (table: Table) => tables.includes(table)
  const selected = await openSelection(repo, request)
  try {
    if (tables.some((table) => table !== 'batches' && table !== 'batch_items')) {
      const calls = new ToolCalls()
      for await (const session of selectedSessions(selected, request)) {
        for await (const row of sessionRows(session, { wants, calls, broken })) {
          signal?.throwIfAborted()
          yield row
        }
      }
    }
    if (wants('batches') || wants('batch_items')) yield* runRows(await selectedRuns(repo, selected, request), wants)
  } finally {
    closeSelection(repo, selected)
  }
}

function* runRows(runs: readonly BatchRun[], wants: How['wants']): Generator<TableRow> {
  for (const run of runs) {
    if (wants('batches')) yield { table: 'batches', row: batchRow(run) }
    if (wants('batch_items'))
      for (const item of run.items) yield { table: 'batch_items', row: batchItemRow(run.id, item) }
  }
}

interface How {
  wants(table: Table): boolean
  calls: ToolCalls
  broken: BrokenSession[]
}

async function* sessionRows(session: SelectedSession, { wants, calls, broken }: How): AsyncGenerator<TableRow> {
  const { source, tip, events, inSpan } = session
  const whole = (text: LongText) => wholeText(session, text, broken)
  if (wants('sessions')) {
    const created = events.find(({ type }) => type === 'session.created')?.data as
      | EventData['session.created']
      | undefined
    const prompt = await whole(created?.prompt ?? tip.snapshot.title)
    const texts = { repository: source.path, prompt, batch: created?.batch ?? null }
    yield { table: 'sessions', row: sessionRow(tip, session.iterations, texts) }
  }
  if (wants('iterations')) for (const one of inSpan) yield iterationOf(tip.id, one, await textsOf(one, whole))
  if (wants('tool_calls')) {
    for await (const call of calls.of(source.repo, tip.id, inSpan)) {
      yield { table: 'tool_calls', row: toolCallRow(tip.id, call) }
    }
  }
  if (wants('merges')) for (const row of session.merges) yield { table: 'merges', row }
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
async function wholeText({ source, tip }: SelectedSession, text: LongText, broken: BrokenSession[]): Promise<string> {
  try {
    return await longText(source.repo.objects, text)
  } catch (error) {
    broken.push({ ref: tip.ref, reason: error instanceof Error ? error.message : String(error) })
    return headOf(text)
  }
}
