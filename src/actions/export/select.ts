import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import type { IterationView } from '../../state/iterations.js'
import { type ReadSession, readSessions } from '../shared/selection.js'
import type { BrokenSession } from '../shared/sessions.js'
import { type AskedSpan, isIn, readSpan, type SpanOptions } from '../shared/span.js'
import { allBatches, type BatchRun, type BatchSource, findBatch, sourcesOf } from './batches.js'
import type { RowOf } from './columns.js'
import { mergeRows } from './rows.js'

/** Which sessions are told of, and from when. */
export interface Selection extends SpanOptions {
  /** These alone; none means all of them, merged and closed ones too. */
  sessions: readonly string[]
  /** Sessions of this batch run alone, in whatever repository they are. */
  batch?: string | undefined
}

/** A selection, and what is told while it is read. */
export interface SelectionRequest extends Selection {
  /** Hears of sessions that cannot be read; the others are told of. */
  broken: BrokenSession[]
  signal?: AbortSignal
}

/** A selection that was looked up. */
export interface Selected {
  span: AskedSpan
  /** The batch run that was asked for. */
  run: BatchRun | null
  sources: readonly BatchSource[]
}

/** A session with what of it is in the span. */
export interface SelectedSession extends ReadSession {
  source: BatchSource
  /** Those that began in the span. */
  inSpan: readonly IterationView[]
  merges: readonly RowOf<'merges'>[]
}

/** Looks a selection up. @throws AmpError when it names what there is not */
export async function openSelection(repo: Repo, request: SelectionRequest): Promise<Selected> {
  const { sessions, batch, broken } = request
  if (batch !== undefined && sessions.length > 0)
    throw fatal('sessions and --batch exclude each other', 'Name the sessions, or the run whose sessions are meant.')
  const span = await readSpan(repo, request)
  const run = batch === undefined ? null : await findBatch(repo, batch)
  if (run !== null) return { span, run, sources: await sourcesOf(repo, run, broken) }
  return { span, run, sources: [{ repo, sessions, path: await repo.home() }] }
}

/**
 * The sessions of a selection, oldest first in each repository: those that were started in the span, and those with an iteration or a merge in
 * it.
 */
export async function* selectedSessions(
  { span, sources }: Selected,
  { broken, signal }: SelectionRequest,
): AsyncGenerator<SelectedSession> {
  for (const source of sources) {
    for await (const session of readSessions(source.repo, source.sessions, { broken })) {
      signal?.throwIfAborted()
      const { tip, events, iterations } = session
      const inSpan = iterations.filter(({ startedAt }) => isIn(span, startedAt))
      const merges = mergeRows(tip.id, events).filter(({ at }) => isIn(span, `${at}`))
      const isWanted = isIn(span, tip.snapshot.createdAt) || inSpan.length > 0 || merges.length > 0
      if (isWanted) yield { ...session, source, inSpan, merges }
    }
  }
}

/** Ends what was opened for a selection beside the repository itself. */
export function closeSelection(repo: Repo, { sources }: Selected): void {
  for (const source of sources) if (source.repo !== repo) source.repo.close()
}

/** The batch runs of a selection: the one that was asked for, else those that were started in the span, where no session is named. */
export async function selectedRuns(
  repo: Repo,
  { run, span }: Selected,
  { sessions, broken }: SelectionRequest,
): Promise<BatchRun[]> {
  if (run !== null) return [run]
  if (sessions.length > 0) return []
  return (await allBatches(repo, broken)).filter(({ createdAt }) => isIn(span, createdAt))
}
