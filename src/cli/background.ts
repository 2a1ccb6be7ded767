import { spawn } from 'node:child_process'
import type { Env, HostFs } from '../host.js'

/** A process that goes on when git-amp and its terminal are gone. */
export interface Background {
  pid: number
  /** Its exit code, once it has ended; null while it runs, 128 when a signal ended it. */
  exitCode(): number | null
}

/** What to run, and where its story goes. */
export interface BackgroundCall {
  argv: readonly string[]
  cwd: string
  env: Env
  stdin: string | null
  /** Receives stdout and stderr. */
  log: string
}

/**
 * Starts a process in a session of its own, so that no hang-up and no Ctrl-C of this terminal reaches it.
 * @throws Error when it cannot start
 */
export async function startInBackground(
  fs: Pick<HostFs, 'open'>,
  { argv, cwd, env, stdin, log }: BackgroundCall,
): Promise<Background> {
  const [program = '', ...args] = argv
  const file = await fs.open(log, 'a', 0o600)
  try {
    const child = spawn(program, args, {
      cwd,
      env: env as NodeJS.ProcessEnv,
      detached: true,
      stdio: [stdin === null ? 'ignore' : 'pipe', file.fd, file.fd],
    })
    const failed = new Promise<never>((_, reject) => child.once('error', reject))
    await Promise.race([failed, new Promise((resolve) => child.once('spawn', resolve))])
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin ?? '')
    child.unref()
    return {
      pid: child.pid ?? 0,
      exitCode: () => child.exitCode ?? (child.signalCode === null ? null : 128),
    }
  } finally {
    await file.close()
  }
}
