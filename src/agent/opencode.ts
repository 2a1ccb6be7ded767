import type { AgentAdapter, AgentCall, AgentEvent, AgentReader, CallRequest, Who } from './adapter.js'
import { asksForLogin, faultEvents, stderrFaults, wantsLogin } from './faults.js'
import { amount, count, type Json, number, object, said, string } from './messages.js'
import { modelFlag } from './values.js'

const threadId = /^ses_[0-9A-Za-z]{8,64}$/

/** opencode (https://opencode.ai). */
export const opencode: AgentAdapter = {
  name: 'opencode',
  program: 'opencode',
  install: "install opencode with 'npm install -g opencode-ai', then run 'opencode auth login' once",
  login: "run 'opencode auth login' once",
  continues: true,
  announcesEnd: true,
  help: ['run', '--help'],
  call: opencodeCall,
  reader: (who = opencode) => new OpencodeReader(who),
}

function opencodeCall(request: CallRequest): AgentCall {
  const thread = request.thread !== null && threadId.test(request.thread) ? request.thread : null
  // Older versions allow everything that the user's configuration does not forbid, and have no such flag.
  const approval = ['--auto', '--dangerously-skip-permissions'].find((flag) => hasFlag(request.help, flag))
  return {
    argv: [
      'opencode',
      'run',
      '--format=json',
      ...(hasFlag(request.help, '--thinking') ? ['--thinking'] : []),
      ...(request.approve && approval !== undefined ? [approval] : []),
      ...modelFlag('--model', request.model),
      ...(thread === null ? [] : [`--session=${thread}`]),
    ],
    stdin: request.prompt,
  }
}

const hasFlag = (help: string, flag: string): boolean => new RegExp(`^\\s+(-\\w, )?${flag}\\b`, 'm').test(help)

/** opencode announces no end: its last step tells how it ended, and only the end of its output which one was the last. */
class OpencodeReader implements AgentReader {
  constructor(private readonly who: Who) {}

  private thread: string | null = null
  private spoke = false
  /** Why the last step ended; null while it runs, and after an error. */
  private finish: string | null = null
  private refusedLogin = false

  json(value: unknown): AgentEvent[] {
    this.spoke = true
    const event = object(value)
    return [...this.threadOf(event), ...this.event(event)]
  }

  text(line: string): AgentEvent[] {
    if (this.spoke || this.refusedLogin) return []
    if (!asksForLogin(line)) return said('text', line)
    this.refusedLogin = true
    return [wantsLogin(this.who), { type: 'end', ok: false, text: null }]
  }

  close(stderr: string): AgentEvent[] {
    if (this.finish === 'stop') return [{ type: 'end', ok: true, text: null }]
    const refused = /permission requested: (.*?); auto-rejecting/s.exec(stderr)?.[1]
    if (refused !== undefined) return [refusedApproval(this.who, refused)]
    if (!this.spoke && !this.refusedLogin) return stderrFaults(this.who, stderr)
    if (this.finish === null || this.finish === 'tool-calls') return []
    return [{ type: 'error', message: `the last step ended with '${this.finish}'` }]
  }

  private threadOf(event: Json): AgentEvent[] {
    const id = string(event.sessionID)
    if (id === null || id === this.thread || !threadId.test(id)) return []
    this.thread = id
    return [{ type: 'thread', id }]
  }

  private event(event: Json): AgentEvent[] {
    const part = object(event.part)
    switch (event.type) {
      case 'step_start':
        this.finish = null
        return []
      case 'text':
        return said('text', part.text)
      case 'reasoning':
        return said('thinking', part.text)
      case 'tool_use':
        return toolEvents(part)
      case 'step_finish':
        this.finish = string(part.reason) ?? 'unknown'
        return figures(part)
      case 'error':
        this.finish = null
        return faultsOf(this.who, object(event.error))
      default:
        return []
    }
  }
}

/** A tool is told when it is done. */
function toolEvents(part: Json): AgentEvent[] {
  const state = object(part.state)
  const id = string(part.callID) ?? string(part.id) ?? ''
  const { start, end } = object(state.time)
  const durationMs = typeof start === 'number' && typeof end === 'number' && end >= start ? end - start : null
  const exit = object(state.metadata).exit
  const failed = state.status === 'error' || (typeof exit === 'number' && exit !== 0)
  const output = string(state.output) ?? string(state.error) ?? ''
  const result: AgentEvent = { type: 'tool-result', id, output, failed }
  return [
    { type: 'tool', id, name: string(part.tool) ?? '', input: state.input },
    durationMs === null ? result : { ...result, durationMs },
  ]
}

/** Of one step. What it thought with is told beside the output, and costs the same. */
function figures(part: Json): AgentEvent[] {
  const tokens = object(part.tokens)
  const cache = object(tokens.cache)
  const usd = amount(part.cost)
  const usage = {
    input: count(tokens.input),
    output: count(tokens.output) + count(tokens.reasoning),
    cacheRead: count(cache.read),
    cacheWrite: count(cache.write),
  }
  return [
    ...(part.tokens === undefined ? [] : [{ type: 'usage', usage, scope: 'step' } as const]),
    ...(usd === null ? [] : [{ type: 'cost', usd, scope: 'step' } as const]),
  ]
}

function faultsOf(who: Who, error: Json): AgentEvent[] {
  const data = object(error.data)
  const name = string(error.name)
  const message = string(data.message) ?? name ?? 'unknown error'
  if (name === 'ProviderAuthError') return [wantsLogin(who)]
  const isRetryable = data.isRetryable === true ? { isTransient: true } : {}
  return faultEvents(who, message, { status: number(data.statusCode), ...isRetryable })
}

const refusedApproval = ({ name, isCustom }: Who, what: string): AgentEvent => ({
  type: 'waiting',
  for: 'approval',
  message: `${name} was not allowed to go on (${what}): allow it in opencode.json${isCustom === true ? '' : ', or set amp.agent.opencode.approve'}`,
})
