import { spawn } from 'node:child_process'
import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { systemWords } from '../util/system.js'
import { findSession } from './shared/find.js'
import { ensurePlace } from './shared/place.js'
import { sessionEnv } from './shared/session-env.js'

export interface ExecOptions {
  session?: string | undefined
  argv: readonly string[]
  /** Keep what the command prints instead of passing it through. */
  capture?: boolean | undefined
  signal: AbortSignal
}

export interface ExecResult {
  tip: ChainTip
  worktree: string
  exit: number | null
  signal: NodeJS.Signals | null
  /** With `capture`. */
  stdout: string | null
  stderr: string | null
}

/** Runs any command in a session's worktree, with the user's terminal. */
export async function execInSession(repo: Repo, options: ExecOptions): Promise<ExecResult> {
  const [file, ...args] = options.argv
  if (file === undefined) throw fatal('no command given', 'Write "git amp exec <session> -- <command>".')
  const tip = await findSession(repo, options.session)
  const { place } = await ensurePlace(repo, tip)
  const env = { ...repo.childEnv, PWD: place.path, ...(await sessionEnv(repo, tip, place.path)) } as NodeJS.ProcessEnv
  const stdio = options.capture === true ? (['inherit', 'pipe', 'pipe'] as const) : 'inherit'
  const child = spawn(file, args, { cwd: place.path, env, stdio: typeof stdio === 'string' ? stdio : [...stdio] })
  // The terminal sends Ctrl-C to the command as well: it decides, and git-amp waits for it. Other signals reach git-amp alone.
  const pass = () => {
    const name = (options.signal.reason as { signal?: NodeJS.Signals } | undefined)?.signal
    if (name !== 'SIGINT') child.kill(name ?? 'SIGTERM')
  }
  options.signal.addEventListener('abort', pass, { once: true })
  const [stdout, stderr, exit] = await Promise.all([
    collect(child.stdout),
    collect(child.stderr),
    new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(cannotStart(file, error)))
      child.once('close', (code, signal) => resolve({ code, signal }))
    }),
  ])
  return { tip, worktree: place.path, exit: exit.code, signal: exit.signal, stdout, stderr }
}

const cannotStart = (file: string, error: NodeJS.ErrnoException) =>
  fatal(`cannot run '${file}': ${error.code === 'ENOENT' ? 'no such command' : systemWords(error)}`)

async function collect(stream: NodeJS.ReadableStream | null): Promise<string | null> {
  if (stream === null) return null
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString('utf8')
}
