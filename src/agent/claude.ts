import type { Usage } from '../state/events.js'
import type { AgentAdapter, AgentCall, AgentEvent, AgentReader, CallRequest, Who } from './adapter.js'
import { asksForLogin, faultEvents, stderrFaults, wantsApproval, wantsLogin } from './faults.js'
import {
  amount,
  assistantBlocks,
  count,
  type Json,
  list,
  messageUsage,
  number,
  object,
  said,
  string,
  toolResults,
} from './messages.js'
import { tokenKinds } from './prices.js'
import { asUuid, modelFlag } from './values.js'

/** Claude Code (https://claude.com/claude-code). */
export const claude: AgentAdapter = {
  name: 'claude',
  program: 'claude',
  install: "install Claude Code with 'npm install -g @anthropic-ai/claude-code', then run 'claude' once and log in",
  login: "run 'claude' and type /login once, or set ANTHROPIC_API_KEY",
  continues: true,
  announcesEnd: true,
  call: claudeCall,
  reader: (who = claude) => new ClaudeReader(who),
}

/** Reads Claude's dialect in the stream of an agent whose threads have other names. */
export const claudeReader = (who: Who, asThread: (id: unknown) => string | null): AgentReader =>
  new ClaudeReader(who, asThread)

function claudeCall(request: CallRequest): AgentCall {
  const thread = asUuid(request.thread)
  return {
    argv: [
      'claude',
      '-p',
      '--output-format=stream-json',
      '--verbose',
      ...(request.approve ? ['--dangerously-skip-permissions'] : []),
      ...modelFlag('--model', request.model),
      ...(thread === null ? [] : [`--resume=${thread}`]),
    ],
    stdin: request.prompt,
  }
}

const noUsage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

const eachToken = (count: (kind: keyof Usage) => number): Usage => ({
  input: count('input'),
  output: count('output'),
  cacheRead: count('cacheRead'),
  cacheWrite: count('cacheWrite'),
})

/** Words for its own diagnostics, which are not for people. */
const isDiagnostic = (text: string): boolean => text.startsWith('[ede_diagnostic]')

/** Nobody is there who could grant it. */
const isRefusal = (output: string): boolean =>
  /^Claude requested permissions? to .*haven't granted it yet/s.test(output)

/** The first of some names. */
const someOf = (names: readonly string[]): string =>
  `${names.slice(0, 3).join(', ')}${names.length > 3 ? ` and ${names.length - 3} more` : ''}`

class ClaudeReader implements AgentReader {
  constructor(
    private readonly who: Who,
    private readonly asThread: (id: unknown) => string | null = asUuid,
  ) {}

  private thread: string | null = null
  private model: string | null = null
  private spoke = false
  private ended = false
  /** The kind of the last failed request, in a word. */
  private fault: string | null = null
  /** Refused tools by call, since the last one that worked: older versions do not list them in their result. */
  private readonly refused = new Map<string, string>()
  private readonly tools = new Map<string, string>()
  /** What the message that comes now has counted so far: each of its blocks tells its tokens. */
  private counted: { message: string; usage: Usage } = { message: '', usage: noUsage }

  json(value: unknown): AgentEvent[] {
    this.spoke = true
    const event = object(value)
    // A subagent's messages lie between those of the agent that called it.
    const own = event.parent_tool_use_id === null || event.parent_tool_use_id === undefined
    if (event.type === 'result') return own ? this.result(event) : []
    return [...this.threadOf(event), ...this.message(event, own)]
  }

  text(line: string): AgentEvent[] {
    if (this.spoke || this.ended) return []
    if (!asksForLogin(line)) return said('text', line)
    this.ended = true
    return [wantsLogin(this.who), { type: 'end', ok: false, text: null }]
  }

  close(stderr: string): AgentEvent[] {
    return this.spoke || this.ended ? [] : stderrFaults(this.who, stderr)
  }

  private threadOf(event: Json): AgentEvent[] {
    const id = this.asThread(event.session_id)
    if (id === null || id === this.thread) return []
    this.thread = id
    return [{ type: 'thread', id }]
  }

  private message(event: Json, own: boolean): AgentEvent[] {
    const message = object(event.message)
    if (event.type === 'system') return event.subtype === 'init' ? [...this.again(), ...this.modelOf(event.model)] : []
    if (event.type === 'user') return this.results(event)
    if (event.type !== 'assistant') return []
    // A failed request comes as a message of a model that does not exist; the result repeats it.
    const fault = string(event.error)
    if (fault !== null || event.is_api_error_message === true || message.model === '<synthetic>') {
      this.fault = fault
      return []
    }
    // What a subagent says is for its agent, not for the user; what it does counts.
    const blocks = assistantBlocks(message.content).filter((block) => own || block.type === 'tool')
    for (const block of blocks) if (block.type === 'tool') this.tools.set(block.id, block.name)
    return [...(own ? this.modelOf(message.model) : []), ...blocks, ...this.step(message)]
  }

  /** Tokens of a message, for a run that never comes to its result: that one counts them all, and takes their place. */
  private step(message: Json): AgentEvent[] {
    const [id, model, usage] = [string(message.id), string(message.model), messageUsage(message.usage)]
    if (id === null || usage === null) return []
    const before = this.counted.message === id ? this.counted.usage : noUsage
    const step = eachToken((kind) => Math.max(0, usage[kind] - before[kind]))
    this.counted = { message: id, usage: eachToken((kind) => Math.max(usage[kind], before[kind])) }
    if (tokenKinds.every((kind) => step[kind] === 0)) return []
    return [{ type: 'usage', usage: step, scope: 'step', ...(model === null ? {} : { model }) }]
  }

  private results(event: Json): AgentEvent[] {
    const results = toolResults(object(event.message).content).map((result) => timed(result, event.tool_use_result))
    for (const result of results) {
      if (result.type !== 'tool-result') continue
      if (!result.failed) this.refused.clear()
      else if (isRefusal(result.output)) this.refused.set(result.id, this.tools.get(result.id) ?? 'a tool')
    }
    return results
  }

  /** Tools that it wanted to use up to its end and was not allowed to. */
  private denied(event: Json): string[] {
    const names = Array.isArray(event.permission_denials)
      ? event.permission_denials.map((one) => string(object(one).tool_name) ?? 'a tool')
      : [...this.refused.values()]
    return [...new Set(names)]
  }

  private again(): AgentEvent[] {
    if (!this.ended) return []
    this.ended = false
    return [{ type: 'again' }]
  }

  private modelOf(value: unknown): AgentEvent[] {
    const name = string(value)
    if (name === null || name === '' || name === this.model) return []
    this.model = name
    return [{ type: 'model', name }]
  }

  private result(event: Json): AgentEvent[] {
    this.ended = true
    // Older versions leave the error flag away when they come to a limit, and only the subtype tells.
    const ok = event.is_error !== true && (event.subtype ?? (event.is_error === false ? 'success' : '')) === 'success'
    const text = string(event.result)
    const faults = ok ? [] : this.faults(event)
    // The result about a thread that is not there names it all the same, and counts nothing.
    const isLost = this.thread === null && faults.some((one) => one.type === 'error' && one.kind === 'thread')
    const told = isLost ? [] : [...this.threadOf(event), ...figures(event)]
    const denied = this.denied(event)
    if (ok && denied.length > 0)
      return [...told, wantsApproval(this.who, `use ${someOf(denied)}`), { type: 'end', ok: false, text }]
    if (ok) return [...told, { type: 'end', ok: true, text }]
    return [...told, ...faults, { type: 'end', ok: false, text: null }]
  }

  private faults(event: Json): AgentEvent[] {
    if (this.fault === 'authentication_failed') return [wantsLogin(this.who)]
    const reasons = list(event.errors).flatMap((one) => string(one) ?? string(object(one).message) ?? [])
    const reason = [string(event.result), ...reasons].find((one) => one !== null && one !== '' && !isDiagnostic(one))
    const words = string(event.terminal_reason) ?? string(event.subtype) ?? 'unknown error'
    const message = reason ?? words.replaceAll('_', ' ')
    const status = number(event.api_error_status)
    const isTransient = this.fault === 'rate_limit' || this.fault === 'server_error' || this.fault === 'overloaded'
    return faultEvents(this.who, message, { status, ...(isTransient ? { isTransient } : {}) })
  }
}

/** Some tools tell how long they took. */
function timed(result: AgentEvent, details: unknown): AgentEvent {
  const { durationMs, totalDurationMs } = object(details)
  const took = amount(durationMs) ?? amount(totalDurationMs)
  return result.type === 'tool-result' && took !== null ? { ...result, durationMs: took } : result
}

/** Tokens are those of this run; cost and what each model used are of the whole thread, when one was continued. */
function figures(event: Json): AgentEvent[] {
  const usage = messageUsage(event.usage)
  const usd = amount(event.total_cost_usd)
  return [
    ...(usage === null ? [] : [{ type: 'usage', usage, scope: 'run' } as const]),
    ...(usd === null ? [] : [{ type: 'cost', usd, scope: 'thread' } as const]),
    ...Object.entries(object(event.modelUsage)).flatMap(([model, value]) => modelFigures(model, object(value))),
  ]
}

function modelFigures(model: string, used: Json): AgentEvent[] {
  const usage = {
    input: count(used.inputTokens),
    output: count(used.outputTokens),
    cacheRead: count(used.cacheReadInputTokens),
    cacheWrite: count(used.cacheCreationInputTokens),
  }
  const usd = amount(used.costUSD)
  return [
    { type: 'usage', usage, scope: 'thread', model },
    ...(usd === null ? [] : [{ type: 'cost', usd, scope: 'thread', model } as const]),
  ]
}
