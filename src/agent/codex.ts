import type { AgentAdapter, AgentCall, AgentEvent, AgentReader, CallRequest, Who } from './adapter.js'
import { asksForLogin, faultEvents, stderrFaults, wantsApproval, wantsLogin } from './faults.js'
import { count, type Json, list, object, said, string } from './messages.js'
import { asUuid, modelFlag } from './values.js'

/** OpenAI's Codex CLI (https://github.com/openai/codex). */
export const codex: AgentAdapter = {
  name: 'codex',
  program: 'codex',
  install: "install Codex with 'npm install -g @openai/codex', then run 'codex login' once",
  login: "run 'codex login' once",
  continues: true,
  announcesEnd: true,
  call: codexCall,
  reader: (who = codex) => new CodexReader(who),
}

function codexCall(request: CallRequest): AgentCall {
  const thread = asUuid(request.thread)
  return {
    argv: [
      'codex',
      'exec',
      '--json',
      // Its own default lets it read only, refuses every write without a word, and ends well.
      ...(request.approve ? ['--sandbox=workspace-write'] : []),
      ...modelFlag('--model', request.model),
      ...(thread === null ? [] : ['resume', thread]),
      '-',
    ],
    stdin: request.prompt,
  }
}

/** Items that are tools, by the name under which people know them. */
const tools: Readonly<Record<string, string>> = {
  command_execution: 'shell',
  file_change: 'edit',
  mcp_tool_call: 'mcp',
  collab_tool_call: 'agent',
  web_search: 'web_search',
}

/** Only the end of the turn, or the exit code, is final. */
const isRetry = (error: Json): boolean => /^reconnecting\b/i.test(string(error.message) ?? '')

const isRefusal = (stderr: string): boolean => /\brejected: writing is blocked by read-only sandbox/.test(stderr)

class CodexReader implements AgentReader {
  constructor(private readonly who: Who) {}

  private readonly started = new Set<string>()
  private thread: string | null = null
  private spoke = false
  private ended = false
  /** The turn's failure repeats the error before it. */
  private lastFault: string | null = null
  /** It tries again, and has not told yet how that went. */
  private retry: string | null = null
  private wantsLogin = false
  private endedWell = false
  private hasEdited = false

  json(value: unknown): AgentEvent[] {
    this.spoke = true
    const event = object(value)
    if (event.type === 'error' && isRetry(event)) {
      this.retry = string(event.message)
      return []
    }
    this.retry = null
    switch (event.type) {
      case 'thread.started':
        return this.threadOf(event)
      case 'turn.started':
        return this.again()
      case 'item.started':
      case 'item.updated':
      case 'item.completed':
        return this.item(object(event.item), event.type === 'item.completed')
      case 'turn.completed':
        this.ended = true
        this.endedWell = true
        return [...usageOf(object(event.usage)), { type: 'end', ok: true, text: null }]
      case 'turn.failed':
        this.ended = true
        this.endedWell = false
        return [...this.faults(object(event.error)), { type: 'end', ok: false, text: null }]
      case 'error':
        return this.faults(event)
      default:
        return []
    }
  }

  text(line: string): AgentEvent[] {
    if (this.spoke || this.ended) return []
    if (!asksForLogin(line)) return said('text', line)
    this.ended = true
    return [wantsLogin(this.who), { type: 'end', ok: false, text: null }]
  }

  close(stderr: string): AgentEvent[] {
    // It was stopped, or gave up, while it tried.
    if (!this.ended && this.retry !== null) return faultEvents(this.who, this.retry)
    // A refused patch is told on stderr only, and the turn ends well.
    if (this.endedWell && !this.hasEdited && isRefusal(stderr)) return [wantsApproval(this.who, 'write files')]
    return this.spoke || this.ended ? [] : stderrFaults(this.who, stderr)
  }

  private again(): AgentEvent[] {
    if (!this.ended) return []
    this.ended = false
    this.endedWell = false
    return [{ type: 'again' }]
  }

  private threadOf(event: Json): AgentEvent[] {
    const id = asUuid(event.thread_id)
    if (id === null || id === this.thread) return []
    this.thread = id
    return [{ type: 'thread', id }]
  }

  private item(item: Json, isDone: boolean): AgentEvent[] {
    const type = string(item.type) ?? ''
    if (Object.hasOwn(tools, type)) return this.tool(type, item, isDone)
    if (!isDone) return []
    // Who speaks does not wait: the next fault is one of its own.
    if (type === 'agent_message') {
      this.forget()
      return said('text', item.text)
    }
    if (type === 'reasoning') return said('thinking', item.text)
    return type === 'error' ? this.faults(item) : []
  }

  private faults(error: Json): AgentEvent[] {
    const message = string(error.message) ?? 'unknown error'
    if (message === this.lastFault) return []
    this.lastFault = message
    const faults = faultEvents(this.who, message)
    const isLogin = faults.some((one) => one.type === 'waiting' && one.for === 'login')
    // The same in other words.
    if (isLogin && this.wantsLogin) return []
    this.wantsLogin ||= isLogin
    return faults
  }

  private forget(): void {
    this.lastFault = null
    this.wantsLogin = false
  }

  private tool(type: string, item: Json, isDone: boolean): AgentEvent[] {
    const id = string(item.id) ?? ''
    const begin: AgentEvent[] = this.started.has(id)
      ? []
      : [{ type: 'tool', id, name: toolName(type, item), input: inputOf(item) }]
    this.started.add(id)
    if (isDone) this.forget()
    if (isDone && type === 'file_change' && !hasFailed(item)) this.hasEdited = true
    return isDone ? [...begin, { type: 'tool-result', id, output: outputOf(item), failed: hasFailed(item) }] : begin
  }
}

function toolName(type: string, item: Json): string {
  const [server, tool] = [string(item.server), string(item.tool)]
  const inner = [server, tool].filter((part) => part !== null).join('.')
  return inner === '' ? (tools[type] ?? type) : inner
}

/** What the tool is used on, without what it answered. */
function inputOf(item: Json): Json {
  const { command, changes, query, arguments: given, prompt } = item
  const path = string(object(list(changes)[0]).path)
  const input = { command, path: path ?? undefined, changes, query, arguments: given, prompt }
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
}

function outputOf(item: Json): string {
  const said = string(item.aggregated_output) ?? string(object(item.error).message)
  if (said !== null) return said
  return list(object(item.result).content)
    .map((part) => string(object(part).text) ?? '')
    .join('')
}

const hasFailed = (item: Json): boolean =>
  item.status === 'failed' || item.status === 'declined' || (typeof item.exit_code === 'number' && item.exit_code !== 0)

/** A running total of the thread. What came from the cache is part of the input that it tells. */
function usageOf(used: Json): AgentEvent[] {
  if (used.input_tokens === undefined && used.output_tokens === undefined) return []
  const [cacheRead, cacheWrite] = [count(used.cached_input_tokens), count(used.cache_write_input_tokens)]
  const input = Math.max(0, count(used.input_tokens) - cacheRead - cacheWrite)
  const usage = { input, output: count(used.output_tokens), cacheRead, cacheWrite }
  return [{ type: 'usage', usage, scope: 'thread' }]
}
