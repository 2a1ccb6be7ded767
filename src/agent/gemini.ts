import type { AgentAdapter, AgentCall, AgentEvent, AgentReader, CallRequest, Who } from './adapter.js'
import { asksForLogin, faultEvents, stderrFaults, wantsLogin } from './faults.js'
import { count, type Json, object, said, string } from './messages.js'
import { asUuid, modelFlag } from './values.js'

/** Google's Gemini CLI (https://github.com/google-gemini/gemini-cli). */
export const gemini: AgentAdapter = {
  name: 'gemini',
  program: 'gemini',
  install: "install Gemini CLI with 'npm install -g @google/gemini-cli', then run 'gemini' once and log in",
  login: "run 'gemini' once and log in, or set GEMINI_API_KEY",
  continues: true,
  announcesEnd: true,
  call: geminiCall,
  reader: (who = gemini) => new GeminiReader(who),
}

function geminiCall(request: CallRequest): AgentCall {
  const thread = asUuid(request.thread)
  return {
    argv: [
      'gemini',
      '--output-format=stream-json',
      ...(request.approve ? ['--yolo'] : []),
      ...modelFlag('--model', request.model),
      ...(thread === null ? [] : [`--resume=${thread}`]),
    ],
    stdin: request.prompt,
    // Without it newer versions refuse to work in a folder they were never asked about, and every worktree is one.
    ...(request.approve ? { env: { GEMINI_CLI_TRUST_WORKSPACE: 'true' } } : {}),
  }
}

class GeminiReader implements AgentReader {
  constructor(private readonly who: Who) {}

  private thread: string | null = null
  private spoke = false
  private ended = false
  /** The answer comes in pieces, and is whole when something else follows. */
  private pieces = ''

  json(value: unknown): AgentEvent[] {
    this.spoke = true
    const event = object(value)
    if (event.type === 'message') return this.message(event)
    return [...this.flush(), ...this.event(event)]
  }

  text(line: string): AgentEvent[] {
    if (this.spoke || this.ended) return []
    if (!asksForLogin(line)) return said('text', line)
    this.ended = true
    return [wantsLogin(this.who), { type: 'end', ok: false, text: null }]
  }

  close(stderr: string): AgentEvent[] {
    return [...this.flush(), ...(this.spoke || this.ended ? [] : stderrFaults(this.who, stderr))]
  }

  private message(event: Json): AgentEvent[] {
    if (event.role !== 'assistant') return []
    const before = event.delta === true ? [] : this.flush()
    this.pieces += string(event.content) ?? ''
    return event.delta === true ? before : [...before, ...this.flush()]
  }

  private flush(): AgentEvent[] {
    const text = this.pieces
    this.pieces = ''
    return said('text', text)
  }

  private event(event: Json): AgentEvent[] {
    const id = string(event.tool_id) ?? ''
    switch (event.type) {
      case 'init':
        return this.init(event)
      case 'tool_use':
        return [{ type: 'tool', id, name: string(event.tool_name) ?? '', input: event.parameters }]
      case 'tool_result':
        return [{ type: 'tool-result', id, output: outputOf(event), failed: event.status !== 'success' }]
      case 'error':
        return event.severity === 'warning' ? [] : faultsOf(this.who, event)
      case 'result':
        return this.result(event)
      default:
        return []
    }
  }

  private init(event: Json): AgentEvent[] {
    const [id, name] = [asUuid(event.session_id), string(event.model)]
    const isNew = id !== null && id !== this.thread
    if (isNew) this.thread = id
    const isAgain = this.ended
    this.ended = false
    return [
      ...(isAgain ? [{ type: 'again' } as const] : []),
      ...(isNew ? [{ type: 'thread', id } as const] : []),
      ...(name === null || name === '' ? [] : [{ type: 'model', name } as const]),
    ]
  }

  private result(event: Json): AgentEvent[] {
    this.ended = true
    const stats = object(event.stats)
    const models = Object.entries(object(stats.models))
    const figures = [...usageOf(stats), ...models.flatMap(([model, used]) => usageOf(object(used), model))]
    if (event.status === 'success') return [...figures, { type: 'end', ok: true, text: null }]
    return [...figures, ...faultsOf(this.who, object(event.error)), { type: 'end', ok: false, text: null }]
  }
}

const outputOf = (event: Json): string => string(event.output) ?? string(object(event.error).message) ?? ''

/** Of this run. Its total holds the tokens it thought with, which are paid for as output. */
function usageOf(stats: Json, model?: string): AgentEvent[] {
  if (stats.input_tokens === undefined && stats.output_tokens === undefined) return []
  const [prompt, cacheRead] = [count(stats.input_tokens), count(stats.cached)]
  const output = Math.max(count(stats.output_tokens), count(stats.total_tokens) - prompt)
  const usage = { input: Math.max(0, prompt - cacheRead), output, cacheRead, cacheWrite: 0 }
  return [{ type: 'usage', usage, scope: 'run', ...(model === undefined ? {} : { model }) }]
}

function faultsOf(who: Who, error: Json): AgentEvent[] {
  const message = string(error.message) ?? 'unknown error'
  return faultEvents(who, message.replace(/^\[API Error: ([\s\S]*)\]$/, '$1'))
}
