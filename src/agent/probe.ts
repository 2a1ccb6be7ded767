import type { Env, Host } from '../host.js'
import { oneLine } from '../util/sanitize.js'
import { type Login, loginOf } from './login.js'
import { askProgram } from './process.js'
import { type ConfiguredAgent, findAdapter, findAgent, locate } from './registry.js'
import { type AgentConfig, agentSettings } from './settings.js'

/** An agent that does not tell its version in this time has none. */
const versionMs = 10_000

/** What is known about an agent on this machine. */
export interface AgentStatus {
  name: string
  /** `builtin` needs no program, `known` has an adapter, `custom` is the user's own. */
  kind: 'builtin' | 'known' | 'custom'
  /** The program and its leading arguments, as configured or as the adapter has them. */
  command: string
  /** Absolute path of the program; null when it is not here, or built in. */
  path: string | null
  version: string | null
  /** Null when there is nothing to log in to. */
  login: Login | null
  /** It can be started; whether it then wants a login is another matter. */
  isUsable: boolean
  /** Why it cannot be used. */
  reason: string | null
  /** What to do before it can be used. */
  next: string | null
}

export interface ProbeOptions {
  /** Where programs are asked for their version. */
  cwd: string
  env: Env
  signal: AbortSignal
}

/** Finds out about one agent, without a network. */
export async function probeAgent(
  host: Pick<Host, 'fs'>,
  { config, name }: { config: AgentConfig; name: string },
  options: ProbeOptions,
): Promise<AgentStatus> {
  const unknown = { name, kind: kindOf(name), command: '', path: null, version: null, login: null }
  try {
    return await probe(host, { ...findAgent(config, name), command: agentSettings(config, name).command }, options)
  } catch (error) {
    // Settings that make no sense: the agent says so in its line, and the others are listed all the same.
    const next = `see "git config --get-regexp amp.agent.${name}"`
    return { ...unknown, isUsable: false, reason: error instanceof Error ? error.message : String(error), next }
  }
}

async function probe(
  host: Pick<Host, 'fs'>,
  agent: ConfiguredAgent & { command: readonly string[] | null },
  options: ProbeOptions,
): Promise<AgentStatus> {
  const { adapter, command } = agent
  const kind = kindOf(adapter.name)
  const common = { name: adapter.name, kind, command: (command ?? [adapter.program]).join(' ') }
  if (adapter.install === null)
    return { ...common, path: null, version: null, login: null, isUsable: true, reason: null, next: null }
  const env = { ...options.env, ...agent.env }
  const path = await locate(adapter.program, env, host.fs)
  if (path === null) {
    const reason = `no '${adapter.program}' on PATH`
    return { ...common, path, version: null, login: null, isUsable: false, reason, next: adapter.install }
  }
  const [version, login] = await Promise.all([
    // A program that nobody knows may take any argument for work to do.
    kind === 'custom' ? null : versionOf(path, command?.slice(1) ?? [], { ...options, env }),
    adapter.login === undefined ? null : loginOf(adapter.name, env, host.fs),
  ])
  // No trace of a login is no proof: the program may be somebody's wrapper that brings one.
  const next = login === 'no' ? (adapter.login ?? null) : null
  return { ...common, path, version, login, isUsable: true, reason: null, next }
}

function kindOf(name: string): AgentStatus['kind'] {
  const known = findAdapter(name)
  if (known === null) return 'custom'
  return known.install === null ? 'builtin' : 'known'
}

/** What a program says its version is: the first word with a dot between digits. */
async function versionOf(file: string, leading: readonly string[], options: ProbeOptions): Promise<string | null> {
  const { cwd, env } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(versionMs)])
  const answer = await askProgram({ file, args: [...leading, '--version'], cwd, env }, signal)
  return /\b\d+\.\d+[\w.+-]*/.exec(oneLine(answer))?.[0] ?? null
}
