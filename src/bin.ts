import { writeSync } from 'node:fs'
import type { AmpContext } from './cli/context.js'
import type { Host } from './host.js'

// The only file, beside `processes.ts`, that knows `process` and `node:fs`: the real machine, the exit code, the signals.

const { argv, env } = process

/** The exit code that a broken output decides, whatever the command says. */
let brokenOutput: number | null = null

if (argv[2] === '--version' || argv[2] === 'version') tellVersion()
else void start()

/** Without a stream: to load that takes longer than all the rest. */
function tellVersion(): void {
  const text = `git-amp version ${__VERSION__}\n`
  try {
    writeSync(1, text)
  } catch {
    // A reader that went away or is slow, a full disk: the stream knows what to do.
    watchOutput(() => {})
    process.stdout.write(text)
  }
}

async function start(): Promise<void> {
  const { stdout, stderr } = process
  const home = new URL('..', import.meta.url)
  const stop = new AbortController()
  watchOutput((reason) => stop.abort(reason))
  process.on('uncaughtException', (error) => {
    fail(128, `fatal: internal error: ${env.GIT_AMP_DEBUG === undefined ? error.message : error.stack}\n`)
    stop.abort(error)
  })
  // node 22 and newer keep compiled code; node 20 does not know the function, and to find that out takes a millisecond.
  if (!/^20\./.test(process.versions.node)) {
    const nodeModule = (await import('node:module')) as { enableCompileCache?: () => unknown }
    nodeModule.enableCompileCache?.()
  }
  const cwd = currentDirectory()
  if (cwd === null) return
  const [{ main }, { Ui }, { watchSignals }, { realProcesses, watchFolder }] = await Promise.all([
    import('./main.js'),
    import('./cli/ui.js'),
    import('./cli/interrupt.js'),
    import('./processes.js'),
  ])
  watchSignals(
    {
      on: (name, listener) => process.on(name, listener),
      off: (name, listener) => process.off(name, listener),
      raise: (name) => process.kill(process.pid, name),
      elapsed: () => performance.now(),
    },
    stop,
  )
  // Whoever waits for standard input is told as well; a stream that nobody reads may be a child's.
  stop.signal.addEventListener('abort', () => {
    if (process.stdin.listenerCount('readable') > 0) process.stdin.destroy(stop.signal.reason)
  })
  const context: AmpContext = {
    host: { ...(await machine(cwd)), processes: realProcesses(), watch: watchFolder },
    ui: new Ui(stdout, stderr, env),
    env,
    stdin: process.stdin,
    stdout,
    stderr,
    colorDepth: 1,
    signal: stop.signal,
    self: [process.execPath, ...argv.slice(1, 2)],
    rest: null,
    passed: [],
    ...(home.protocol === 'file:' ? { packageDir: decodeURIComponent(home.pathname) } : {}),
  }
  const code = await main(argv.slice(2), context)
  process.exitCode = brokenOutput ?? code
}

/** The doors to this machine. */
async function machine(cwd: string): Promise<Omit<Host, 'processes' | 'watch'>> {
  // Not at the top: `--version` needs none of them.
  const [fs, { hostname, tmpdir, uptime }] = await Promise.all([import('node:fs/promises'), import('node:os')])
  return {
    cwd,
    env: { ...env },
    fs,
    hostname: hostname(),
    tmpdir: tmpdir(),
    // Only Linux tells; elsewhere an empty id says that this boot looks like any other.
    bootId: async () => {
      const boot = await fs.readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')
      return `${boot.trim()} ${await fs.readlink('/proc/self/ns/pid').catch(() => '')}`
    },
    bootedAt: () => Date.now() - uptime() * 1000,
    now: () => new Date(),
    random: (n) => crypto.getRandomValues(new Uint8Array(n)),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    isFreePort: async (port) => (await import('./processes.js')).isFreePort(port),
  }
}

function currentDirectory(): string | null {
  try {
    return process.cwd()
  } catch {
    fail(
      128,
      'fatal: the current directory no longer exists\nhint: Change to a directory that exists and run it again.\n',
    )
    return null
  }
}

/** A reader that went away ends us quietly, as it ends git; an answer that could not be written is a failure. */
function watchOutput(abort: (reason: Error) => void): void {
  const { stdout, stderr } = process
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (brokenOutput !== null) return
    if (error.code === 'EPIPE') fail(141, '')
    else {
      fail(128, '')
      // Not at the top: `--version` loads nothing.
      void import('./util/system.js').then(({ systemWords }) =>
        stderr.write(`fatal: cannot write the output: ${systemWords(error)}\n${answerLost}`),
      )
    }
    abort(error)
  })
  stderr.on('error', () => {})
}

/** A session, say, that was made before its id could be printed. */
const answerLost =
  'hint: What the command did stays done; only its answer is lost. "git amp list" shows the sessions.\n'

/** Never `process.exit`: it would cut what is still on its way to a pipe. */
function fail(code: number, message: string): void {
  brokenOutput = code
  process.exitCode = code
  if (message !== '') process.stderr.write(message)
}
