import type { ThreadTotal } from '../state/events.js'
import { oneLine, printable } from '../util/sanitize.js'
import type { AgentEvent, AgentRun } from './adapter.js'
import type { Limits, StopCause } from './alarms.js'
import { isPassing } from './faults.js'
import { Meter } from './meter.js'
import type { Exit } from './process.js'

/** Adds up the events of one run. */
export class Summary {
  thread: string | null = null
  toolCalls = 0
  readonly meter = new Meter()
  /** What went wrong, in the agent's words. A later end that is good takes it back: it was a retry. */
  error: { message: string; kind?: 'thread' | 'transient' | undefined } | null = null
  waiting: { for: 'login' | 'approval'; message: string } | null = null
  end: { ok: boolean; text: string | null } | null = null
  private said: string | null = null
  /** Tools without a result, by id. */
  private readonly pending = new Map<string, string>()

  add(event: AgentEvent): void {
    // An agent that goes on does not wait any more.
    if (event.type === 'text' || event.type === 'tool-result') this.waiting = null
    if (event.type === 'thread') this.thread = event.id
    else if (event.type === 'text' && event.text.trim() !== '') this.said = event.text
    else if (event.type === 'tool') this.began(event)
    else if (event.type === 'tool-result') this.pending.delete(event.id)
    else if (event.type === 'usage' || event.type === 'cost') this.meter.add(event)
    else if (event.type === 'waiting') this.waiting = { for: event.for, message: event.message }
    else if (event.type === 'error') this.error = { message: event.message, kind: event.kind }
    else if (event.type === 'again') this.end = null
    else if (event.type === 'end') {
      this.end = { ok: event.ok, text: event.text }
      if (event.ok) this.error = null
    }
  }

  private began(tool: { id: string; name: string }): void {
    this.toolCalls++
    this.pending.set(tool.id, tool.name)
  }

  /** The tool that was still at work, as the end of a sentence. */
  get lastTool(): string {
    const name = [...this.pending.values()].at(-1)
    return name === undefined ? '' : `, while ${name} was at work or waited for an approval`
  }

  /** The agent's last words. */
  get text(): string | null {
    const text = [this.end?.text, this.said].find((one) => one !== null && one !== undefined && one.trim() !== '')
    return text === undefined || text === null ? null : printable(text).trim()
  }
}

/** All that is known when nothing of the agent is left. */
export interface Ending {
  exit: Exit
  /** Why it was stopped; null when it ended by itself. */
  cause: StopCause | null
  /** The end of what it printed on stderr. */
  stderr: string
  limits: Limits
  announcesEnd: boolean
  durationMs: number
  /** The thread that was continued, and what its agent had reported for it before. */
  before?: { id: string; total?: ThreadTotal | undefined } | null | undefined
}

/** The result of a run. */
export function conclude(summary: Summary, ending: Ending): AgentRun {
  const reason = failure(summary, ending)
  const { thread, text, toolCalls, waiting, error } = summary
  const before = ending.before?.id === thread ? ending.before?.total : undefined
  return {
    ok: reason === null,
    exit: ending.exit.code,
    signal: ending.exit.signal,
    reason: reason === null ? null : oneLine(reason),
    thread,
    text,
    ...summary.meter.read(before),
    toolCalls,
    waiting: waiting !== null && reason !== null ? waiting.for : null,
    isThreadLost: reason !== null && error?.kind === 'thread',
    isTransient: reason !== null && (error === null ? isLastWord(ending, reason) : error.kind === 'transient'),
    isTimeout: reason !== null && (ending.cause === 'timeout' || ending.cause === 'idle'),
    durationMs: ending.durationMs,
  }
}

/** Whether a program that told of no error of its own ended with words about a fault that passes. */
const isLastWord = ({ exit, cause }: Ending, reason: string): boolean =>
  cause === null && exit.error === null && exit.code !== null && exit.code !== 0 && isPassing(reason)

/** Why the run failed; null when the end event, the error flag and the exit code all say that it did not. */
function failure(summary: Summary, ending: Ending): string | null {
  const { exit, cause, limits } = ending
  if (exit.error !== null) return exit.error
  if (cause === 'user') return 'stopped by the user'
  if (summary.waiting !== null) return summary.waiting.message
  if (cause === 'timeout') return `timed out after ${span(limits.timeoutMs ?? 0)}`
  if (cause === 'idle') return `no output for ${span(limits.idleTimeoutMs ?? 0)}${summary.lastTool}`
  if (summary.error !== null) return summary.error.message
  if (summary.end?.ok === false) return 'the agent reported a failure'
  if (cause === 'lingering') return 'it did not exit after its end'
  if (exit.signal !== null) return `ended by ${exit.signal}`
  if (exit.code !== 0) return [`exit code ${exit.code}`, ...lastWords(ending.stderr)].join(': ')
  return ending.announcesEnd && summary.end === null ? 'no end event' : null
}

/** The line that names the error, or else the last one: after it there is often only advice. */
function lastWords(stderr: string): string[] {
  const lines = printable(stderr)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const line = lines.findLast((one) => /^(error|fatal)\b/i.test(one)) ?? lines.at(-1)
  return line === undefined ? [] : [line.replace(/^((error|fatal): )+/i, '')]
}

function span(ms: number): string {
  const counted = (n: number, unit: string) => `${n} ${unit}${n === 1 ? '' : 's'}`
  if (ms < 1000) return `${ms} ms`
  return ms % 60_000 === 0 ? counted(ms / 60_000, 'minute') : counted(Math.round(ms / 1000), 'second')
}
