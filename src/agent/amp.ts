import type { AgentAdapter, AgentCall, AgentEvent, AgentReader, CallRequest, Who } from './adapter.js'
import { asksForLogin, faultEvents, stderrFaults, wantsLogin } from './faults.js'
import { assistantBlocks, type Json, messageUsage, object, said, string, toolResults } from './messages.js'
import { modelFlag } from './values.js'

const threadId = /^T-[0-9a-f-]{8,}$/

/** Amp (https://ampcode.com), from the JavaScript versions of early 2026 to the native ones. */
export const amp: AgentAdapter = {
  name: 'amp',
  program: 'amp',
  install: "install Amp as https://ampcode.com/manual describes, then run 'amp login' once",
  login: "run 'amp login' once, or set AMP_API_KEY",
  continues: true,
  announcesEnd: true,
  help: ['--help'],
  // The JavaScript versions go on in the directory that the thread began in, whatever the current one is.
  threadMoves: (help) => help.includes('--no-archive-after-execute'),
  call: ampCall,
  reader: (who = amp) => new AmpReader(who),
}

function ampCall(request: CallRequest): AgentCall {
  // A thread comes out of a recorded stream: what does not look like one must not become an argument.
  const known = request.thread !== null && threadId.test(request.thread) ? request.thread : null
  const argv: [string, ...string[]] = ['amp', ...(known === null ? [] : ['threads', 'continue', known])]
  argv.push('-x', '--stream-json')
  if (request.approve && hasApproval(request.help)) argv.push('--dangerously-allow-all')
  // Native Amp archives a thread after -x and then refuses to continue it; older versions do not know the flag.
  if (request.help.includes('--no-archive-after-execute')) argv.push('--no-archive-after-execute')
  // Amp does not offer models by name: its mode (`low` to `ultra`) decides about the model.
  argv.push(...modelFlag('--mode', request.model))
  return { argv, stdin: request.prompt }
}

/** Native Amp hides the flag from its help and still takes it; the setting of the same name is there in all versions. */
const hasApproval = (help: string): boolean => help === '' || /dangerously-?allow-?all/i.test(help)

/** A key is tried, and the folder of a thread looked for, after the first event. */
const isStartFault = (one: AgentEvent): boolean =>
  one.type === 'waiting' ? one.for === 'login' : one.type === 'error' && one.kind === 'thread'

class AmpReader implements AgentReader {
  constructor(private readonly who: Who) {}

  private thread: string | null = null
  private spoke = false
  private ended = false
  private worked = false

  json(value: unknown): AgentEvent[] {
    this.spoke = true
    const event = object(value)
    // A subagent's messages lie between those of the agent that called it.
    const own = event.parent_tool_use_id === null || event.parent_tool_use_id === undefined
    const isAgain = this.ended && event.type === 'system' && event.subtype === 'init'
    if (isAgain) this.ended = false
    const events: AgentEvent[] = [
      ...(isAgain ? [{ type: 'again' } as const] : []),
      ...(own ? this.threadOf(event) : []),
      ...messageEvents(this.who, event, { own, isStart: !this.worked }),
    ]
    this.worked ||= events.some((one) => one.type === 'text' || one.type === 'tool')
    this.ended ||= events.some((one) => one.type === 'end')
    return events
  }

  text(line: string): AgentEvent[] {
    if (this.spoke || this.ended) return []
    // Without a key Amp prints a login URL as plain text, before any event, and waits for ever.
    if (!asksForLogin(line) && !/https?:\/\/\S*\/cli-login\b/.test(line)) return said('text', line)
    this.ended = true
    // Nothing can come after this: it is Amp's end, even if it never says so.
    return [wantsLogin(this.who), { type: 'end', ok: false, text: null }]
  }

  close(stderr: string): AgentEvent[] {
    if (this.ended || this.worked) return []
    return stderrFaults(this.who, stderr, { isStart: true }).filter((one) => !this.spoke || isStartFault(one))
  }

  private threadOf(event: Json): AgentEvent[] {
    const id = string(event.session_id)
    if (id === null || id === this.thread || !threadId.test(id)) return []
    this.thread = id
    return [{ type: 'thread', id }]
  }
}

function messageEvents(who: Who, event: Json, { own, isStart }: { own: boolean; isStart: boolean }): AgentEvent[] {
  const message = object(event.message)
  if (event.type === 'assistant') {
    const usage = messageUsage(message.usage)
    // What a subagent says is for its agent, not for the user; what it does and uses counts.
    const blocks = assistantBlocks(message.content).filter((block) => own || block.type === 'tool')
    return usage === null ? blocks : [...blocks, { type: 'usage', usage, scope: 'step' }]
  }
  if (event.type === 'user') return toolResults(message.content)
  return event.type === 'result' && own ? resultEvents(who, event, isStart) : []
}

function resultEvents(who: Who, event: Json, isStart: boolean): AgentEvent[] {
  const ok = event.is_error !== true && (event.subtype ?? (event.is_error === false ? 'success' : '')) === 'success'
  const text = string(event.result)
  if (ok) return [{ type: 'end', ok, text }]
  const message = string(event.error) ?? text ?? string(event.subtype) ?? 'unknown error'
  return [...faultEvents(who, message, { isStart }), { type: 'end', ok: false, text: null }]
}
