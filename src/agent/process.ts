import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type { Env } from '../host.js'

/** How the process ended; `error` says why it never began. */
export interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
  error: string | null
}

/** A running agent. */
export interface AgentProcess {
  pid: number
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** Settles when the agent itself has ended; its children may still live and hold its pipes. */
  exited: Promise<Exit>
}

/** What to start, and where. */
export interface Launch {
  file: string
  args: readonly string[]
  cwd: string
  env: Env
}

/** Starts an agent in a session and process group of its own, without a terminal. A failed start is a value, no throw. */
export async function launch({ file, args, cwd, env }: Launch): Promise<AgentProcess | { error: string }> {
  const child = start({ file, args, cwd, env })
  if (child instanceof Error) return { error: startError(child, file) }
  const { pid, stdin, stdout, stderr } = child
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal, error: null }))
  })
  if (pid !== undefined) return { pid, stdin, stdout, stderr, exited }
  return { error: await new Promise((resolve) => child.once('error', (error) => resolve(startError(error, file)))) }
}

/** Node throws some errors of a start (E2BIG) and tells others later (ENOENT). */
function start({ file, args, cwd, env }: Launch): ChildProcessWithoutNullStreams | Error {
  try {
    return spawn(file, args, { cwd, env: env as NodeJS.ProcessEnv, detached: true, stdio: 'pipe' })
  } catch (error) {
    return error as Error
  }
}

/** What the program prints for `args` (its help), on either output; empty when it does not answer. */
export async function askProgram({ file, args, cwd, env }: Launch, signal: AbortSignal): Promise<string> {
  const { execa } = await import('execa')
  const options = { cwd, env: defined(env), extendEnv: false, reject: false, stdin: 'ignore' } as const
  const limits = { timeout: 15_000, killSignal: 'SIGKILL', cancelSignal: signal, maxBuffer: 4 * 1024 * 1024 } as const
  const answer = execa(file, args, { ...options, ...limits }).then(({ stdout, stderr }) =>
    [stdout, stderr].filter(Boolean).join('\n'),
  )
  // A child that keeps the pipe open would make the answer wait beyond the timeout.
  return Promise.race([answer, setTimeout(20_000, '', { ref: false })])
}

function startError(result: NodeJS.ErrnoException, file: string): string {
  if (result.code === 'ENOENT') return `cannot start '${file}': it, or the worktree, is not there`
  if (result.code === 'EACCES') return `cannot start '${file}': permission denied`
  if (result.code === 'E2BIG') return `cannot start '${file}': the prompt and the environment are too long`
  return `cannot start '${file}': ${result.message}`
}

const defined = (env: Env): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined))
