import { oneLine } from '../util/sanitize.js'
import type { AgentEvent, Who } from './adapter.js'
import { type Json, object, string } from './messages.js'

/** What is known of a fault beside its message. */
interface Known {
  /** HTTP status of the provider's answer. */
  status?: number | null
  /** The agent itself says that it may be gone next time. */
  isTransient?: boolean
  /** Nothing had been done before it. */
  isStart?: boolean
}

const lostThread =
  /no conversation found|no rollout found|session not found|thread .*(does not exist|not found)|no previous sessions|invalid session (id|number|uuid)|error resuming session|(thread|session|conversation) is archived|cannot be continued/i
/** The folder of the thread, from Amp in JavaScript: later it is any file that a tool looked for. */
const lostFolder = /^file not found: file:\/\//i
const login =
  /not logged in|please (run|use) \S*\/?login|\brun [`'"]?\w+ (auth )?login|log ?in again|sign in again|no api key found|invalid api key|incorrect api key|api key not (valid|found)|missing (bearer|environment variable: `?\w*(api_?key|token))|must specify the \w*api_key|set an auth method|authentication (required|failed)|check your access token|(oauth|access) token (has )?expired|token .*expired.*(log|sign)/i
const approval = /\brequires? (user )?approval\b|not running in a trusted directory/i
const transient =
  /rate.?limit|too many requests|overload|high demand|temporary error|temporarily|usually temporary|usage limit|hit your .*limit|econnre|econnaborted|enotfound|eai_again|etimedout|epipe|fetch failed|socket hang up|connection (error|refused|reset|closed|failed)|(unable|couldn't|could not|cannot|failed) to connect|cannot connect|couldn't connect|network error|waiting for network|reconnecting|error sending request|stream disconnected|request timed out|\b5\d\d (internal|bad gateway|service|gateway)/i

/** The events for a message that says why an agent failed: who must log in or approve, which thread is lost, what may be gone next time. */
export function faultEvents(agent: Who, said: string, known: Known = {}): AgentEvent[] {
  const status = known.status ?? statusIn(said)
  const message = providerMessage(said)
  if (lostThread.test(message) || (known.isStart === true && lostFolder.test(message)))
    return [{ type: 'error', message, kind: 'thread' }]
  if (approval.test(message)) return [{ type: 'waiting', for: 'approval', message }]
  if (status === 401 || login.test(message)) return [wantsLogin(agent)]
  const isTransient = known.isTransient ?? isPassing(message, status)
  return [isTransient ? { type: 'error', message, kind: 'transient' } : { type: 'error', message }]
}

/** Whether a message tells of a fault that may be gone next time. */
export const isPassing = (message: string, status: number | null = statusIn(message)): boolean =>
  isTransientStatus(status) || transient.test(message)

/** The agent will not work before somebody has logged in. What it printed about it may hold a token and is not repeated. */
export const wantsLogin = ({ name, login: how }: Who): AgentEvent => ({
  type: 'waiting',
  for: 'login',
  message: `${name} wants a login: ${how ?? 'start it by hand and log in'}`,
})

/** The agent was refused what nobody could be asked about. `what` is what it may not do. */
export const wantsApproval = ({ name, isCustom }: Who, what: string): AgentEvent => ({
  type: 'waiting',
  for: 'approval',
  message: `${name} may not ${what} without an approval: allow it ${isCustom === true ? 'in its own settings' : `with "git config amp.agent.${name}.approve true"`}`,
})

/** Whether a line asks for a login. */
export const asksForLogin = (line: string): boolean => login.test(line)

/**
 * What the end of stderr says of an agent that told nothing else. An ordinary error is left to the exit code, which names it as well.
 */
export function stderrFaults(agent: Who, stderr: string, known: Known = {}): AgentEvent[] {
  const events = stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .flatMap((line) => faultEvents(agent, sentence(line), known))
  return events
    .filter((event) => event.type === 'waiting' || (event.type === 'error' && event.kind !== undefined))
    .slice(-1)
}

/** A line of stderr without the program's own `Error:`. */
const sentence = (line: string): string => oneLine(line).replace(/^((error|fatal): )+/i, '')

const isTransientStatus = (status: number | null): boolean =>
  status !== null && (status === 408 || status === 429 || status >= 500)

/** The HTTP status that a message names. */
function statusIn(message: string): number | null {
  const [, status] = /(?:^|\bHTTP |\bstatus:? |\bAPI Error: |"code": ?)([45]\d\d)\b/i.exec(message) ?? []
  return status === undefined ? null : Number(status)
}

/** `500 {"type":"error","error":{"message":"..."}}`, with or without the status, as people would say it. */
function providerMessage(message: string): string {
  const [, before = '', body = ''] = /^([^{]*)(\{[\s\S]*\})\]?$/.exec(message.trim()) ?? []
  const said = messageOf(body)
  if (said === null) return message
  const status = /\b(\d{3}) $/.exec(before)?.[1] ?? codeOf(body)
  return status === null ? said : `HTTP ${status}: ${said}`
}

const parsed = (text: string): Json => {
  try {
    return object(JSON.parse(text))
  } catch {
    return {}
  }
}

function messageOf(body: string): string | null {
  const value = parsed(body)
  return string(object(value.error).message) ?? string(value.message)
}

function codeOf(body: string): string | null {
  const { code } = object(parsed(body).error)
  return typeof code === 'number' && code >= 400 && code < 600 ? `${code}` : null
}
