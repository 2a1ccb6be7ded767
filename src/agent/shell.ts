import type { AgentAdapter, AgentCall, AgentEvent, AgentReader, CallRequest } from './adapter.js'

/** Linux takes no argument of 128 KiB or more (MAX_ARG_STRLEN), however much room there is in total. */
const longestArgument = 120 * 1024

/** The built-in agent: the prompt is a POSIX shell script. */
export const shell: AgentAdapter = {
  name: 'shell',
  program: 'sh',
  install: null,
  continues: false,
  announcesEnd: false,
  call: shellCall,
  reader: () => new ShellReader(),
}

function shellCall({ prompt }: CallRequest): AgentCall {
  // As an argument, so that commands in the script find stdin empty. From stdin they would read the script's own rest:
  // that is only for a script that fits nowhere else.
  if (Buffer.byteLength(prompt) > longestArgument || prompt.includes('\0')) return { argv: ['sh', '-s'], stdin: prompt }
  return { argv: ['sh', '-c', '--', prompt], stdin: '' }
}

/** Everything a script prints is text, even when it looks like JSON. */
class ShellReader implements AgentReader {
  json(value: unknown): AgentEvent[] {
    return [{ type: 'text', text: JSON.stringify(value) }]
  }

  text(line: string): AgentEvent[] {
    return [{ type: 'text', text: line }]
  }
}
