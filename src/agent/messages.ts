import type { Usage } from '../state/events.js'
import type { AgentEvent } from './adapter.js'

/** Any JSON object, before anything is known about it. */
export type Json = Record<string, unknown>

/** The value as an object; an empty one when it is something else, so that absent and broken read the same. */
export const object = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}

/** The value as a string, null when it is none. */
export const string = (value: unknown): string | null => (typeof value === 'string' ? value : null)

/** The value as a list, an empty one when it is something else. */
export const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

/** More than anything that is counted here: sums stay exact. */
const most = 1e12

/** The value as a number of something, 0 when it is none. */
export const count = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value > 0 && value <= most ? value : 0

/** The value as an amount, of dollars or milliseconds, null when it is none. */
export const amount = (value: unknown): number | null =>
  typeof value === 'number' && value >= 0 && value <= most ? value : null

/** The value as a number, null when it is none. */
export const number = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

/** What the content blocks of an assistant's message say (Anthropic's Messages format). */
export function assistantBlocks(content: unknown): AgentEvent[] {
  return list(content).flatMap((item): AgentEvent[] => {
    const block = object(item)
    if (block.type === 'text') return said('text', block.text)
    if (block.type === 'thinking') return said('thinking', block.thinking)
    if (block.type !== 'tool_use') return []
    return [{ type: 'tool', id: string(block.id) ?? '', name: string(block.name) ?? '', input: block.input }]
  })
}

/** Text as an event, unless it is none or empty. */
export function said(type: 'text' | 'thinking', value: unknown): AgentEvent[] {
  const text = string(value)
  return text === null || text === '' ? [] : [{ type, text }]
}

/** The tool results in a user's message; a shell command that failed counts as failed. */
export function toolResults(content: unknown): AgentEvent[] {
  return list(content)
    .map(object)
    .filter((block) => block.type === 'tool_result')
    .map((block) => {
      const text = contentText(block.content)
      const shell = shellResult(text)
      const failed = block.is_error === true || (shell !== null && shell.exitCode !== 0)
      return { type: 'tool-result', id: string(block.tool_use_id) ?? '', output: shell?.output ?? text, failed }
    })
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return list(content)
    .map((item) => string(object(item).text) ?? '')
    .join('')
}

/** Amp tells the end of a shell command inside the content, as `{"output","exitCode"}`, and leaves `is_error` false. */
function shellResult(text: string): { output: string | null; exitCode: number } | null {
  if (!text.startsWith('{')) return null
  try {
    const { output, exitCode } = object(JSON.parse(text))
    return typeof exitCode === 'number' ? { output: string(output), exitCode } : null
  } catch {
    return null
  }
}

/** Tokens of one message; null when it tells none. */
export function messageUsage(value: unknown): Usage | null {
  const usage = object(value)
  if (usage.input_tokens === undefined && usage.output_tokens === undefined) return null
  return {
    input: count(usage.input_tokens),
    output: count(usage.output_tokens),
    cacheRead: count(usage.cache_read_input_tokens),
    cacheWrite: count(usage.cache_creation_input_tokens),
  }
}
