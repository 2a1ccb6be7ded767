import type { AgentAdapter, AgentEvent, AgentReader, Who } from './adapter.js'
import { amp } from './amp.js'
import { claude, claudeReader } from './claude.js'
import { codex } from './codex.js'
import { gemini } from './gemini.js'
import { type Json, object } from './messages.js'
import { opencode } from './opencode.js'

/** The agent whose dialect an event is in; null when it is in none that is known. */
export function dialectOf(value: unknown): AgentAdapter | null {
  const event = object(value)
  const type = typeof event.type === 'string' ? event.type : ''
  if (typeof event.sessionID === 'string' && isObject(event.part ?? event.error)) return opencode
  if (/^(thread|turn|item)\.\w+$/.test(type) || (type === 'error' && isFlatError(event))) return codex
  if (isGemini(type, event)) return gemini
  if (!isClaude(type, event)) return null
  return typeof event.session_id === 'string' && event.session_id.startsWith('T-') ? amp : claude
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null
const isFlatError = (event: Json): boolean => typeof event.message === 'string' && event.severity === undefined

function isGemini(type: string, event: Json): boolean {
  if (type === 'init') return typeof event.session_id === 'string'
  if (type === 'message') return typeof event.role === 'string'
  if (type === 'tool_use' || type === 'tool_result') return typeof event.tool_id === 'string'
  return (
    (type === 'result' && typeof event.status === 'string') || (type === 'error' && typeof event.severity === 'string')
  )
}

function isClaude(type: string, event: Json): boolean {
  if (type === 'system') return typeof event.subtype === 'string'
  if (type === 'assistant' || type === 'user') return isObject(event.message)
  return type === 'result' && (typeof event.is_error === 'boolean' || typeof event.subtype === 'string')
}

/** Reads an agent that is not known: in the dialect of its first event that is in one; everything else is text. */
export class AnyReader implements AgentReader {
  private adapter: AgentAdapter | null = null
  private reader: AgentReader | null = null

  /**
   * @param who the agent
   * @param asThread what a thread looks like, when it is another one that speaks like Claude
   */
  constructor(
    private readonly who: Who,
    private readonly asThread?: (id: unknown) => string | null,
  ) {}

  /** Without a dialect the exit code alone tells. */
  get announcesEnd(): boolean {
    return this.adapter?.announcesEnd ?? false
  }

  json(value: unknown): AgentEvent[] {
    if (this.reader === null) {
      this.adapter = dialectOf(value)
      this.reader = this.readerOf(this.adapter)
    }
    return this.reader?.json(value) ?? [{ type: 'text', text: JSON.stringify(value) }]
  }

  private readerOf(adapter: AgentAdapter | null): AgentReader | null {
    return adapter === claude && this.asThread !== undefined
      ? claudeReader(this.who, this.asThread)
      : (adapter?.reader(this.who) ?? null)
  }

  text(line: string): AgentEvent[] {
    return [{ type: 'text', text: line }]
  }

  close(stderr: string): AgentEvent[] {
    return this.reader?.close?.(stderr) ?? []
  }
}
