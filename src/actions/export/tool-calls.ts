import type { Repo } from '../../repo.js'
import type { IterationView } from '../../state/iterations.js'
import { transcriptsPrefix } from '../../state/names.js'
import { readTranscript, transcriptTrees } from '../../state/transcripts.js'
import { type TranscriptPart, transcriptItems } from '../transcript.js'

/** One call of a tool, as the transcript of its iteration tells it. */
export interface ToolCall {
  iteration: IterationView
  /** Number in the iteration, from 1. */
  call: number
  /** ISO 8601 in UTC with milliseconds. */
  at: string
  tool: string
  input: unknown
  /** Null when no result is known. */
  failed: boolean | null
  durationMs: number | null
  outputBytes: number | null
}

/** Reads the tool calls of many sessions. */
export class ToolCalls {
  private readonly known = new Map<Repo, Promise<ReadonlySet<string>>>()

  /** The tool calls of iterations whose transcript is here, in order, an iteration at a time. */
  async *of(repo: Repo, session: string, iterations: readonly IterationView[]): AsyncGenerator<ToolCall> {
    const known = this.known.get(repo) ?? sessionsWithTranscripts(repo)
    this.known.set(repo, known)
    // To ask git for the ref of each of many sessions would take longer than all the rest.
    if (!(await known).has(session)) return
    const trees = await transcriptTrees(repo, session)
    for (const iteration of iterations) {
      const tree = trees.get(iteration.id)
      if (tree === undefined) continue
      yield* await callsOf(repo, { iteration, lines: () => readTranscript(repo.objects, tree) })
    }
  }
}

async function sessionsWithTranscripts(repo: Repo): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  for await (const { ref } of repo.refs.tips(transcriptsPrefix)) ids.add(ref.slice(transcriptsPrefix.length + 1))
  return ids
}

/** The result of a call comes later than the call, and others between them. */
async function callsOf(repo: Repo, part: TranscriptPart): Promise<ToolCall[]> {
  const { iteration } = part
  const calls: ToolCall[] = []
  const open = new Map<string, ToolCall>()
  for await (const item of transcriptItems(repo, [part])) {
    if (item.type !== 'agent') continue
    const { event, ms, durationMs } = item
    if (event.type === 'tool') {
      const { id, name: tool, input } = event
      const at = timeAt(iteration.startedAt, ms)
      const call = {
        iteration,
        call: calls.length + 1,
        at,
        tool,
        input,
        failed: null,
        durationMs: null,
        outputBytes: null,
      }
      calls.push(call)
      open.set(id, call)
    } else if (event.type === 'tool-result') {
      const call = open.get(event.id)
      if (call === undefined) continue
      open.delete(event.id)
      Object.assign(call, { failed: event.failed, durationMs, outputBytes: Buffer.byteLength(event.output) })
    }
  }
  return calls
}

/** A clock that was written down wrongly is told as it is. */
function timeAt(start: string, ms: number): string {
  const date = new Date(Date.parse(start) + ms)
  return Number.isNaN(date.getTime()) ? start : date.toISOString()
}
