import type { AgentAdapter, AgentCall, CallRequest } from './adapter.js'
import { AnyReader } from './dialects.js'
import { type AgentSettings, threadMark } from './settings.js'
import { asWord } from './values.js'

type Command = readonly [string, ...string[]]

/** The id when it is a plain word that is no option and no path; null otherwise. */
const asThread = (id: unknown): string | null => (typeof id === 'string' && /^\w[\w.:-]{0,127}$/.test(id) ? id : null)

/** An agent of the user's own: any program that takes its prompt on stdin. */
export function customAgent(name: string, command: Command, { resume }: AgentSettings): AgentAdapter {
  return {
    name,
    program: command[0],
    install: `put it on PATH, or set amp.agent.${name}.command to its absolute path`,
    continues: resume !== null,
    announcesEnd: false,
    call: (request) => customCall(command, resume, request),
    reader: (who = { name, isCustom: true }) => new AnyReader(who, resume === null ? undefined : asThread),
  }
}

function customCall(command: Command, resume: Command | null, request: CallRequest): AgentCall {
  const thread = asWord(request.thread) ?? asThread(request.thread)
  const isContinued = resume !== null && thread !== null
  const [program, ...words] = isContinued ? resume : command
  const args = isContinued ? words.map((word) => word.replaceAll(threadMark, thread)) : words
  return {
    argv: [program, ...args],
    stdin: request.prompt,
    env: request.model === null ? {} : { GIT_AMP_MODEL: request.model },
  }
}

/** A known agent that is called through another program: its own arguments follow. */
export function withCommand(adapter: AgentAdapter, command: Command): AgentAdapter {
  const [program, ...leading] = command
  return {
    ...adapter,
    program,
    install: `put it on PATH, or set amp.agent.${adapter.name}.command to its absolute path`,
    ...(adapter.help === undefined ? {} : { help: [...leading, ...adapter.help] }),
    call: (request) => {
      const call = adapter.call(request)
      return { ...call, argv: [program, ...leading, ...call.argv.slice(1)] }
    },
  }
}
