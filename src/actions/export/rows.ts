import type { ChainTip } from '../../state/chain.js'
import type { AmpEvent, EventData, Usage } from '../../state/events.js'
import { inOrder } from '../../state/fold.js'
import { costOf, type IterationView } from '../../state/iterations.js'
import { stateIn } from '../../state/sessions.js'
import { iterationsToPass, resultOf } from '../shared/result.js'
import { addUsage, noUsage, tokensOf } from '../shared/tally.js'
import type { BatchItem, BatchRun } from './batches.js'
import type { RowOf } from './columns.js'
import type { ToolCall } from './tool-calls.js'

/** What a chain does not hold itself: where it is, and its long texts. */
export interface SessionTexts {
  repository: string
  prompt: string
  batch: string | null
}

/** One session as a row. */
export function sessionRow(
  { id, snapshot }: ChainTip,
  iterations: readonly IterationView[],
  { repository, prompt, batch }: SessionTexts,
): RowOf<'sessions'> {
  const { base, changes, tested, merged } = snapshot
  const cost = costOf(iterations)
  return {
    repository,
    session: id,
    name: snapshot.name,
    state: stateIn(snapshot),
    result: resultOf(snapshot),
    agent: snapshot.agent,
    model: snapshot.model ?? null,
    prompt,
    branch: snapshot.branch,
    base_ref: base.ref,
    base: base.oid,
    head: snapshot.heads.join(' '),
    batch,
    labels: snapshot.labels.join(' '),
    created_by: snapshot.by,
    created_at: snapshot.createdAt,
    updated_at: snapshot.updatedAt,
    iterations: iterations.length,
    iterations_to_pass: iterationsToPass(iterations),
    tests: tested === undefined ? null : passWord(tested.exit),
    files: changes.files,
    insertions: changes.insertions,
    deletions: changes.deletions,
    tool_calls: iterations.reduce((sum, one) => sum + one.toolCalls, 0),
    duration_ms: iterations.reduce((sum, one) => sum + (one.durationMs ?? 0), 0),
    ...tokenCellsOf(iterations),
    cost_usd: cost.costUsd,
    unpriced: cost.unpriced,
    merged_into: merged?.into ?? null,
    merged_at: merged?.at ?? null,
  }
}

const passWord = (exit: number | null): string => (exit === 0 ? 'pass' : 'fail')

const tokenCells = (usage: Usage) => ({
  input: usage.input,
  output: usage.output,
  cache_read: usage.cacheRead,
  cache_write: usage.cacheWrite,
})

/** Nothing is known when no agent told anything: that is not zero. */
function tokenCellsOf(iterations: readonly IterationView[]) {
  const told = iterations.filter(({ usage, models }) => usage !== null || models.length > 0)
  if (told.length === 0) return { input: null, output: null, cache_read: null, cache_write: null }
  return tokenCells(told.map(tokensOf).reduce(addUsage, noUsage))
}

/** One iteration as a row. */
export function iterationRow(
  session: string,
  iteration: IterationView,
  { prompt, summary }: { prompt: string; summary: string | null },
): RowOf<'iterations'> {
  const { tests } = iteration
  return {
    session,
    iteration: iteration.id,
    n: iteration.n,
    agent: iteration.agent,
    model: iteration.model,
    models: iteration.models.map(({ model }) => model).join('; ') || null,
    host: iteration.host,
    started_at: iteration.startedAt,
    ended_at: iteration.endedAt,
    duration_ms: iteration.durationMs,
    outcome: iteration.outcome,
    reason: iteration.reason,
    exit: iteration.exit,
    prompt,
    summary,
    commit_before: iteration.from,
    commit: iteration.to,
    files: iteration.files,
    insertions: iteration.insertions,
    deletions: iteration.deletions,
    tool_calls: iteration.toolCalls,
    ...tokenCellsOf([iteration]),
    cost_usd: iteration.costUsd,
    cost_source: iteration.costSource,
    tests: tests === null ? null : passWord(tests.exit),
    test_exit: tests?.exit ?? null,
    test_duration_ms: tests?.durationMs ?? null,
    tested_at: tests?.at ?? null,
  }
}

type Merging = AmpEvent & { data: EventData['session.merged'] }

/** The merges of a session: its intent and its end are one row, and one that was taken back says so. */
export function mergeRows(session: string, events: readonly AmpEvent[]): RowOf<'merges'>[] {
  const rows: RowOf<'merges'>[] = []
  for (const event of inOrder(events)) {
    if (event.type === 'session.merged') {
      const open = rows.findLastIndex(({ result }) => result === 'open')
      if (open >= 0) rows.pop()
      rows.push(mergeRow(session, event as Merging))
    } else if (event.type === 'operation.undone' && event.data.merged !== undefined) {
      const at = rows.findLastIndex(({ result }) => result === 'done')
      const row = rows[at]
      if (row !== undefined) rows[at] = { ...row, result: 'undone' }
    }
  }
  return rows
}

function mergeRow(session: string, { at, by, data }: Merging): RowOf<'merges'> {
  const { into, before, after, via, result } = data
  return { session, at, by, into, before, after, via, result: result === 'intent' ? 'open' : result }
}

/** One call of a tool as a row. */
export function toolCallRow(session: string, call: ToolCall): RowOf<'tool_calls'> {
  const { iteration, input } = call
  return {
    session,
    iteration: iteration.id,
    n: iteration.n,
    call: call.call,
    at: call.at,
    tool: call.tool,
    input: typeof input === 'string' ? input : (JSON.stringify(input) ?? null),
    failed: call.failed,
    duration_ms: call.durationMs,
    output_bytes: call.outputBytes,
  }
}

/** One batch run as a row. */
export const batchRow = (run: BatchRun): RowOf<'batches'> => ({
  batch: run.id,
  name: run.name,
  state: run.state,
  created_by: run.by,
  created_at: run.createdAt,
  ended_at: run.endedAt,
  items: run.items.length,
  succeeded: run.items.filter(({ status }) => status === 'success').length,
  plan: run.plan,
})

/** One item of a batch run as a row. */
export const batchItemRow = (batch: string, item: BatchItem): RowOf<'batch_items'> => ({
  batch,
  n: item.n,
  key: item.key,
  repository: item.repo,
  prompt: item.prompt,
  agent: item.agent,
  model: item.model,
  attempt: item.attempt,
  status: item.status,
  session: item.session,
  error: item.error,
  iterations: item.iterations,
  duration_ms: item.durationMs,
  cost_usd: item.costUsd,
  updated_at: item.updatedAt,
})
