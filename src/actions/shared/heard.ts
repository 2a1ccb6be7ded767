import type { AgentEvent, AgentReader } from '../../agent/adapter.js'
import { AnyReader } from '../../agent/dialects.js'
import { findAgent } from '../../agent/registry.js'
import { Summary } from '../../agent/summary.js'
import type { Repo } from '../../repo.js'
import type { Snapshot } from '../../state/fold.js'
import type { TapeLine } from '../../state/tape.js'
import { readTranscript } from '../../state/transcripts.js'
import { parseLine } from '../../util/ndjson.js'
import { runUsage } from './ending.js'
import { type Kept, spoolLines } from './transcript.js'

/** Reads the lines of a run again, as they were read when the agent ran. */
export class Rereader {
  private reader: AgentReader

  private constructor(private readonly make: () => AgentReader) {
    this.reader = make()
  }

  /** Reads as the agent of that name, as it is set up here; one that is unknown here is read in whatever dialect it speaks. */
  static async of(repo: Repo, agent: string): Promise<Rereader> {
    const config = await repo.config()
    const make = (): AgentReader => {
      try {
        return findAgent(config, agent).adapter.reader()
      } catch {
        // No such agent here, or not any more.
        return new AnyReader({ name: agent, isCustom: true })
      }
    }
    return new Rereader(make)
  }

  /** What a line says; nothing when it is not the agent's. */
  read({ stream, data }: TapeLine): AgentEvent[] {
    // The agent was called again: in a new thread, when its own was lost.
    if (stream === 'call') this.reader = this.make()
    if (stream !== 'out') return []
    const line = parseLine(data)
    return line.kind === 'json' ? this.reader.json(line.value) : this.reader.text(line.text)
  }
}

/** What the transcript of a run tells that never came to its end. */
export interface Heard {
  usage: ReturnType<typeof runUsage>
  toolCalls: number
  /** From the start to its last sign of life; null without one. */
  durationMs: number | null
}

/** Adds up what a killed run had told of itself, from its transcript, or from the spool that could not be kept. */
export async function heardOf(
  repo: Repo,
  run: { iteration: string; agent: string; kept: Kept; thread: Snapshot['thread'] },
): Promise<Heard> {
  const { kept, thread } = run
  const lines =
    kept.transcript === null ? spoolLines(repo, run.iteration) : readTranscript(repo.objects, kept.transcript.oid)
  const reader = await Rereader.of(repo, run.agent)
  const summary = new Summary()
  let durationMs: number | null = null
  for await (const line of lines) {
    for (const event of reader.read(line)) summary.add(event)
    durationMs = line.ms
  }
  const before = thread !== undefined && thread.id === summary.thread ? thread.total : undefined
  return { usage: runUsage(summary.meter.read(before)), toolCalls: summary.toolCalls, durationMs }
}
