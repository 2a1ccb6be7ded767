import { constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { type AmpError, fatal, usage } from '../errors.js'
import type { Env, Host, HostFs } from '../host.js'
import type { AgentAdapter } from './adapter.js'
import { amp } from './amp.js'
import { claude } from './claude.js'
import { codex } from './codex.js'
import { customAgent, withCommand } from './custom.js'
import { gemini } from './gemini.js'
import { opencode } from './opencode.js'
import { type AgentConfig, agentSettings, configuredAgents } from './settings.js'
import { shell } from './shell.js'
import { isModelName } from './values.js'

/** The agent of a user who has chosen none. */
export const defaultAgent = 'amp'

/** Every adapter, in the order in which they are named to the user. */
const adapters: readonly AgentAdapter[] = [amp, claude, codex, gemini, opencode, shell]

/** Names that `--agent` and `amp.agent` take everywhere. */
export const agentNames = (): string[] => adapters.map((adapter) => adapter.name)

/** The same, and those that the user has configured. */
export const allAgentNames = (config: AgentConfig): string[] => [
  ...new Set([...agentNames(), ...configuredAgents(config)]),
]

/** The adapter of that name; null when there is none. */
export const findAdapter = (name: string): AgentAdapter | null =>
  adapters.find((adapter) => adapter.name === name) ?? null

/** Absolute path of a program on PATH, found without starting anything; null when there is none. */
export async function locate(program: string, env: Env, fs: Pick<HostFs, 'stat' | 'access'>): Promise<string | null> {
  if (isAbsolute(program)) return (await isExecutable(program, fs)) ? program : null
  if (program === '' || program.includes('/')) return null
  // Relative entries are left out: in a worktree they would be what the repository, or the last agent, put there.
  const folders = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  for (const folder of folders) {
    const path = join(folder, program)
    if (await isExecutable(path, fs)) return path
  }
  return null
}

async function isExecutable(path: string, fs: Pick<HostFs, 'stat' | 'access'>): Promise<boolean> {
  try {
    if (!(await fs.stat(path)).isFile()) return false
    await fs.access(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Names of the known coding agents whose programs are installed here. */
export async function installedAgents(host: Pick<Host, 'env' | 'fs'>): Promise<string[]> {
  const known = adapters.filter((adapter) => adapter.install !== null)
  const paths = await Promise.all(known.map(({ program }) => locate(program, host.env, host.fs)))
  return known.filter((_, index) => paths[index] !== null).map(({ name }) => name)
}

/** An agent as this user has set it up. */
export interface ConfiguredAgent {
  adapter: AgentAdapter
  /** Added to the environment of the agent. */
  env: Readonly<Record<string, string>>
}

/** The agent of that name, whether its program is here or not. Throws when the name is unknown or its settings make no sense. */
export function findAgent(config: AgentConfig, name: string): ConfiguredAgent {
  const settings = agentSettings(config, name)
  const { command, env } = settings
  const known = findAdapter(name)
  if (known !== null) return { adapter: command === null ? known : withCommand(known, command), env }
  if (command === null) throw unknownAgent(name, allAgentNames(config))
  return { adapter: customAgent(name, command, settings), env }
}

/** Refuses what no agent takes for a model, before it is recorded: it would be left out, and another model would work. */
export function checkModel(model: string | undefined): void {
  if (model !== undefined && !isModelName(model)) throw usage(`'${model}' is no name of a model`)
}

/** An agent and its program: null when it is built in. Throws when it is unknown or the program is missing. */
export async function openAgent(
  host: Pick<Host, 'env' | 'fs'>,
  config: AgentConfig,
  name: string,
): Promise<ConfiguredAgent & { program: string | null }> {
  const agent = findAgent(config, name)
  if (agent.adapter.install === null) return { ...agent, program: null }
  const program = await locate(agent.adapter.program, host.env, host.fs)
  if (program === null) throw missingAgent(agent.adapter, await installedAgents(host))
  return { ...agent, program }
}

/** The error about a name that no agent has. */
export const unknownAgent = (name: string, known: readonly string[]): AmpError =>
  fatal(
    `unknown agent '${name}'`,
    `Known agents: ${known.join(', ')}.`,
    `Any other program that reads a prompt is one after "git config amp.agent.<name>.command <command>".`,
  )

/** The error about an agent whose program is not there: what is, how to choose it, how to get the missing one. */
export function missingAgent(adapter: AgentAdapter, installed: readonly string[]): AmpError {
  const usable = adapters.filter((one) => one.install === null || installed.includes(one.name))
  const names = usable.map((one) => (one.install === null ? `${one.name} (built in)` : one.name))
  const other = usable[0]?.name ?? shell.name
  return fatal(
    `the agent '${adapter.name}' is not installed (no '${adapter.program}' on PATH)`,
    `Installed here: ${names.join(', ')}.`,
    `Choose another agent with '--agent ${other}', or for good with 'git config amp.agent ${other}'.`,
    ...(adapter.install === null ? [] : [`To get it: ${adapter.install}.`]),
  )
}
