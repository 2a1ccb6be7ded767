import type { AgentEvent } from '../agent/adapter.js'
import type { Repo } from '../repo.js'
import { type ChainTip, longText, readEvents } from '../state/chain.js'
import { type IterationView, iterationsOf } from '../state/iterations.js'
import { type TapeLine, textOf } from '../state/tape.js'
import { readTranscript, transcriptTrees } from '../state/transcripts.js'
import { parseLine } from '../util/ndjson.js'
import { findSession } from './shared/find.js'
import { Rereader } from './shared/heard.js'
import { findPlace } from './shared/place.js'
import { redactedLines, spoolLines } from './shared/transcript.js'
import { pickIteration } from './show.js'

export interface TranscriptOptions {
  session?: string | undefined
  /** Number of the one iteration to read. */
  iteration?: number | undefined
}

/** One thing in a transcript, in order. `ms` counts from the start of the iteration. */
export type TranscriptItem =
  | { type: 'iteration'; iteration: IterationView }
  | { type: 'prompt'; text: string }
  | { type: 'call'; argv: string[] }
  | { type: 'agent'; ms: number; event: AgentEvent; durationMs: number | null }
  | { type: 'stderr'; ms: number; text: string }
  | { type: 'end'; iteration: IterationView }

/** One iteration's transcript. */
export interface TranscriptPart {
  iteration: IterationView
  /** The recorded lines: stored ones, or those of the iteration that runs here now. */
  lines(): AsyncIterable<TapeLine>
}

export interface TranscriptResult {
  tip: ChainTip
  /** Iterations with a transcript. */
  parts: TranscriptPart[]
  /** Iterations without one here. */
  missing: IterationView[]
  /** The session's worktree here; null when there is none. */
  worktree: string | null
}

/** Finds the transcripts of a session. Nothing of them is read yet: they may be large. */
export async function findTranscripts(repo: Repo, options: TranscriptOptions): Promise<TranscriptResult> {
  const tip = await findSession(repo, options.session)
  const [events, trees] = await Promise.all([readEvents(repo.objects, tip.oid, tip.ref), transcriptTrees(repo, tip.id)])
  const all = iterationsOf(events)
  const wanted = options.iteration === undefined ? all : [pickIteration(tip, all, options.iteration)]
  const worktree = (await findPlace(repo, tip))?.path ?? null
  const result: TranscriptResult = { tip, parts: [], missing: [], worktree }
  for (const iteration of wanted) {
    const tree = trees.get(iteration.id)
    if (tree !== undefined) result.parts.push({ iteration, lines: () => readTranscript(repo.objects, tree) })
    else if (await hasSpool(repo, iteration.id))
      result.parts.push({ iteration, lines: () => spooled(repo, iteration.id) })
    else result.missing.push(iteration)
  }
  return result
}

async function hasSpool(repo: Repo, iteration: string): Promise<boolean> {
  for await (const _ of spoolLines(repo, iteration)) return true
  return false
}

async function* spooled(repo: Repo, iteration: string): AsyncGenerator<TapeLine> {
  yield* redactedLines(spoolLines(repo, iteration), await repo.redactor())
}

/** What happened, in the words all agents share: each line is read as it was read when the agent ran. */
export async function* transcriptItems(repo: Repo, parts: readonly TranscriptPart[]): AsyncGenerator<TranscriptItem> {
  for (const { iteration, lines } of parts) {
    yield { type: 'iteration', iteration }
    const reader = await Rereader.of(repo, iteration.agent)
    const begun = new Map<string, number>()
    let isPrompted = false
    for await (const line of lines()) {
      if (line.stream === 'prompt') isPrompted = true
      else if (!isPrompted && line.stream !== 'head') {
        // The spool was cut before it: the chain knows it too.
        isPrompted = true
        yield { type: 'prompt', text: await longText(repo.objects, iteration.prompt) }
      }
      yield* itemsOf(line, reader, begun)
    }
    if (iteration.endedAt !== null) yield { type: 'end', iteration }
  }
}

function* itemsOf(line: TapeLine, reader: Rereader, begun: Map<string, number>): Generator<TranscriptItem> {
  const { ms, stream, data } = line
  const events = reader.read(line)
  if (stream === 'prompt') yield { type: 'prompt', text: textOf(data) ?? data.toString('latin1') }
  if (stream === 'call') yield { type: 'call', argv: argvOf(data) }
  if (stream === 'err') yield { type: 'stderr', ms, text: parseText(data) }
  if (stream !== 'out') return
  const parsed = events.length === 0 ? parseLine(data) : null
  // Noise says something to whoever reads it, if not to the adapter.
  if (parsed?.kind === 'text' && parsed.text.trim() !== '')
    yield { type: 'agent', ms, event: { type: 'text', text: parsed.text }, durationMs: null }
  for (const event of events) {
    if (event.type === 'tool') begun.set(event.id, ms)
    yield { type: 'agent', ms, event, durationMs: durationOf(event, ms, begun) }
  }
}

const parseText = (data: Buffer): string => data.toString('utf8').replace(/\r$/, '')

function durationOf(event: AgentEvent, ms: number, begun: ReadonlyMap<string, number>): number | null {
  if (event.type !== 'tool-result') return null
  const start = begun.get(event.id)
  return event.durationMs ?? (start === undefined ? null : ms - start)
}

function argvOf(data: Buffer): string[] {
  try {
    const { argv } = JSON.parse(data.toString('utf8')) as { argv?: unknown }
    return Array.isArray(argv) ? argv.map(String) : []
  } catch {
    // Cut, or from a newer git-amp.
    return []
  }
}
