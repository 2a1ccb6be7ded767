import { usage } from '../errors.js'
import { splitWords } from '../util/words.js'

/** The part of git's configuration that agents are set up with. */
export interface AgentConfig {
  get(key: string): string | null
  all(key: string): string[]
  keysBelow(section: string): string[]
}

/** What the user has set for one agent. */
export interface AgentSettings {
  /** Program and leading arguments. */
  command: readonly [string, ...string[]] | null
  /** The same for continuing, with `{thread}` in it. */
  resume: readonly [string, ...string[]] | null
  env: Readonly<Record<string, string>>
}

/** Where the thread goes in `amp.agent.<name>.resume`. */
export const threadMark = '{thread}'

/** Reads `amp.agent.<name>.command`, `.resume` and `.env`. @throws AmpError when one of them makes no sense */
export function agentSettings(config: AgentConfig, name: string): AgentSettings {
  const key = (variable: string) => `amp.agent.${name}.${variable}`
  const resume = vector(config, key('resume'))
  if (resume !== null && !resume.some((word) => word.includes(threadMark)))
    throw usage(`'${key('resume')}' does not say where the thread goes`, `Put ${threadMark} into it.`)
  return { command: vector(config, key('command')), resume, env: variables(config, key('env')) }
}

/** Names that have a command of their own. */
export function configuredAgents(config: AgentConfig): string[] {
  const names = config
    .keysBelow('amp.agent')
    .map((key) => /^amp\.agent\.(.+)\.command$/s.exec(key)?.[1])
    .filter((name) => name !== undefined)
  return [...new Set(names)].sort()
}

/** One value is split into words; of several values each is one word. */
function vector(config: AgentConfig, key: string): [string, ...string[]] | null {
  const values = sinceReset(config.all(key))
  const words = values.length === 1 ? splitWords(values[0] ?? '') : values
  if (words === null) throw usage(`'${key}' has a quote that is not closed`, `It is: ${values[0]}`)
  const [program, ...rest] = words
  return program === undefined ? null : [program, ...rest]
}

function variables(config: AgentConfig, key: string): Record<string, string> {
  const entries = sinceReset(config.all(key)).map((value) => {
    const [, name, text] = /^([A-Za-z_][A-Za-z0-9_]*)=([\s\S]*)$/.exec(value) ?? []
    if (name === undefined || text === undefined)
      throw usage(`'${key}' holds something that is not NAME=value`, `See it with "git config --get-all ${key}".`)
    return [name, text] as const
  })
  return Object.fromEntries(entries)
}

/** As with git's own lists, an empty value takes back those before it. */
const sinceReset = (values: readonly string[]): string[] => values.slice(values.lastIndexOf('') + 1)
