import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentAdapter, AgentEvent, AgentRun } from '../../../src/agent/adapter.js'
import { conclude, type Ending, Summary } from '../../../src/agent/summary.js'
import { parseLine, splitLines } from '../../../src/util/ndjson.js'

const streams = join(import.meta.dirname, '../../fixtures/agent-streams')

/** How a recorded run ended. */
interface Meta {
  exitCode: number | null
  signal: NodeJS.Signals | null
  stderrTail: string
}

/** Names of all recordings. */
export const recordings = (): string[] =>
  readdirSync(streams)
    .filter((file) => file.endsWith('.ndjson'))
    .map((file) => file.replace(/\.ndjson$/, ''))
    .sort()

/** What a recording printed, and how it ended. */
export const recorded = (name: string): { bytes: Buffer; meta: Meta } => ({
  bytes: readFileSync(join(streams, `${name}.ndjson`)),
  meta: JSON.parse(readFileSync(join(streams, `${name}.meta`), 'utf8')) as Meta,
})

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

/** Sends bytes through the reader of an agent, to the result that a run would have had. */
export async function replay(
  adapter: AgentAdapter,
  bytes: Buffer,
  meta: Partial<Meta> & Pick<Ending, 'before'> = {},
): Promise<{ events: AgentEvent[]; run: AgentRun }> {
  const reader = adapter.reader()
  const summary = new Summary()
  const events: AgentEvent[] = []
  for await (const bytesOfLine of splitLines(inPieces(bytes, 333))) {
    const line = parseLine(bytesOfLine)
    events.push(...(line.kind === 'json' ? reader.json(line.value) : reader.text(line.text)))
  }
  const stderr = meta.stderrTail ?? ''
  events.push(...(reader.close?.(stderr) ?? []))
  for (const event of events) summary.add(event)
  const run = conclude(summary, {
    exit: { code: meta.exitCode === undefined ? 0 : meta.exitCode, signal: meta.signal ?? null, error: null },
    cause: null,
    stderr,
    limits: {},
    announcesEnd: reader.announcesEnd ?? adapter.announcesEnd,
    durationMs: 0,
    before: meta.before,
  })
  return { events, run }
}

/** Sends events through the reader of an agent that exits with 0. */
export const spoken = (adapter: AgentAdapter, ...values: unknown[]) =>
  replay(
    adapter,
    Buffer.from(values.map((value) => `${typeof value === 'string' ? value : JSON.stringify(value)}\n`).join('')),
  )
