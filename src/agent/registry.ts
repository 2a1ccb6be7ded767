import { constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { type AmpError, fatal } from '../errors.js'
import type { Env, Host, HostFs } from '../host.js'
import type { AgentAdapter } from './adapter.js'
import { amp } from './amp.js'
import { shell } from './shell.js'

/** Every adapter, in the order in which they are named to the user. */
const adapters: readonly AgentAdapter[] = [amp, shell]

/** Programs of coding agents that are worth naming when they are found. */
const programs = ['amp', 'claude', 'codex', 'gemini', 'opencode'] as const

/** Names that `--agent` and `amp.agent` take. */
export const agentNames = (): string[] => adapters.map((adapter) => adapter.name)

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

/** Names of the known coding agents whose programs are installed here, whether git-amp can drive them or not. */
export async function installedAgents(host: Pick<Host, 'env' | 'fs'>): Promise<string[]> {
  const paths = await Promise.all(programs.map((program) => locate(program, host.env, host.fs)))
  return programs.filter((_, index) => paths[index] !== null)
}

/** An adapter and its program: null when it is built in. Throws when the name is unknown or the program is missing. */
export async function openAgent(
  host: Pick<Host, 'env' | 'fs'>,
  name: string,
): Promise<{ adapter: AgentAdapter; program: string | null }> {
  const adapter = findAdapter(name)
  if (adapter === null) throw unknownAgent(name)
  if (adapter.install === null) return { adapter, program: null }
  const program = await locate(adapter.program, host.env, host.fs)
  if (program === null) throw missingAgent(adapter, await installedAgents(host))
  return { adapter, program }
}

/** The error about a name that no adapter has. */
export const unknownAgent = (name: string): AmpError =>
  fatal(`unknown agent '${name}'`, `Known agents: ${agentNames().join(', ')}.`)

/** The error about an agent whose program is not there: what is, how to choose it, how to get the missing one. */
export function missingAgent(adapter: AgentAdapter, installed: readonly string[]): AmpError {
  const usable = adapters.filter((one) => one.install === null || installed.includes(one.name))
  const names = usable.map((one) => (one.install === null ? `${one.name} (built in)` : one.name))
  const other = usable[0]?.name ?? shell.name
  const others = installed.filter((name) => findAdapter(name) === null)
  return fatal(
    `the agent '${adapter.name}' is not installed (no '${adapter.program}' on PATH)`,
    `Installed here: ${names.join(', ')}.`,
    ...(others.length === 0 ? [] : [`Found as well, but this git-amp cannot drive it: ${others.join(', ')}.`]),
    `Choose another agent with '--agent ${other}', or for good with 'git config amp.agent ${other}'.`,
    ...(adapter.install === null ? [] : [`To get it: ${adapter.install}.`]),
  )
}
