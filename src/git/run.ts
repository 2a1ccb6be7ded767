import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process'
import { AmpError } from '../errors.js'
import type { Env } from '../host.js'

/** A full object id, in whatever hash the repository uses. */
export type Oid = string

/** How one git call differs from the plain one. */
export interface GitOptions {
  /** Written to stdin, which is then closed; without it stdin is empty. */
  input?: string | Uint8Array
  /** Exit codes that are normal for this call; any other one throws. Default: 0 only. */
  ok?: readonly number[]
  /** Added to (or, with `undefined`, removed from) the environment. */
  env?: Env
}

/** What a git call answered. */
export interface GitResult {
  code: number
  stdout: string
  stderr: string
}

/** A git call that ended with an exit code its caller does not call normal, or by a signal. */
export class GitError extends AmpError {
  override readonly name = 'GitError'
  constructor(
    readonly args: readonly string[],
    readonly exit: { code: number | null; signal: NodeJS.Signals | null },
    readonly stderr: string,
  ) {
    super('fatal', gitSentence(args, exit, stderr), { hints: gitHints(stderr) })
  }
}

/**
 * The one door to the git program. A value of this class is a place (working directory, global arguments) and an
 * environment; `at` gives another place. A call that fails throws `GitError`; a call ended by a signal always fails.
 */
export class Git {
  constructor(
    readonly cwd: string,
    private readonly env: Env,
    private readonly globals: readonly string[] = [],
  ) {}

  /** The same environment in another directory, with other global arguments (`-c`, `--git-dir`). */
  at(cwd: string, globals: readonly string[] = []): Git {
    return new Git(cwd, this.env, globals)
  }

  /** The same place with more in the environment; `undefined` removes a variable. */
  with(env: Env, globals: readonly string[] = []): Git {
    return new Git(this.cwd, { ...this.env, ...env }, [...this.globals, ...globals])
  }

  /** Runs git and returns its whole output as text. */
  async run(args: readonly string[], options: GitOptions = {}): Promise<GitResult> {
    const { stdout, ...rest } = await this.collect(args, options)
    return { ...rest, stdout: stdout.toString('utf8') }
  }

  /** Runs git and returns stdout without its last newline. */
  async text(args: readonly string[], options: GitOptions = {}): Promise<string> {
    return (await this.run(args, options)).stdout.replace(/\r?\n$/, '')
  }

  /** Runs git and returns the NUL-terminated items of stdout. */
  async items(args: readonly string[], options: GitOptions = {}): Promise<string[]> {
    return (await this.run(args, options)).stdout.split('\0').slice(0, -1)
  }

  /** Runs git and returns stdout as it is. */
  async bytes(args: readonly string[], options: GitOptions = {}): Promise<Buffer> {
    return (await this.collect(args, options)).stdout
  }

  /** Runs git and hands its output on piece by piece, however long it is. */
  async *stream(args: readonly string[]): AsyncGenerator<Buffer> {
    const child = this.start(args, ['ignore', 'pipe', 'pipe'], {})
    const end = this.endOf(child, args)
    // Whoever stops reading hears no more of it.
    end.catch(() => {})
    let isWhole = false
    try {
      for await (const chunk of child.stdout ?? []) yield chunk as Buffer
      isWhole = true
    } finally {
      // Without a reader git ends by itself.
      if (!isWhole) child.stdout?.destroy()
    }
    await end
  }

  /** Starts two git commands at once, the second one reading what the first one prints, and hands over the second one's output. */
  pipe(first: readonly string[], second: readonly string[]): GitAnswer {
    const source = this.start(first, ['ignore', 'pipe', 'pipe'], {})
    // What could not be started has no output to hand on, and says so itself.
    const stdin = source.pid === undefined ? 'ignore' : source.stdout
    const child = this.start(second, [stdin, 'pipe', 'pipe'], {})
    source.stdout?.destroy()
    const end = Promise.all([this.endOf(source, first), this.endOf(child, second)])
    // Whoever cancels it hears no more of it.
    end.catch(() => {})
    const chunks: AsyncIterator<Buffer> | undefined = child.stdout?.[Symbol.asyncIterator]()
    // Asked for at once: what nobody waits for is thrown away by node when the child ends.
    const begin = chunks?.next()
    begin?.catch(() => {})
    // Without a reader git ends by itself.
    const cancel = () => void child.stdout?.destroy()
    return { cancel, [Symbol.asyncIterator]: () => readAll({ begin, chunks, end }) }
  }

  private async endOf(child: ChildProcess, args: readonly string[]): Promise<void> {
    const [stderr, exit] = await Promise.all([gather(child.stderr), exitOf(child)])
    this.check(args, exit, { options: {}, stderr: stderr.toString('utf8') })
  }

  /**
   * Runs git with the caller's own standard streams (a pager, an editor and colours then work as in git).
   * Returns the exit code, 141 when the reader went away; throws when git was ended by another signal or could not start.
   */
  async inherit(args: readonly string[], options: GitOptions & { stdio?: StdioOptions } = {}): Promise<number> {
    const child = this.start(args, options.stdio ?? 'inherit', options)
    const { code, signal } = await exitOf(child)
    if (signal === 'SIGPIPE') return brokenPipe
    if (code === null) throw new GitError(args, { code, signal }, '')
    return code
  }

  /** Starts git with pipes and leaves it to the caller, for `cat-file --batch` and its like. */
  open(args: readonly string[]): ChildProcess {
    return this.start(args, ['pipe', 'pipe', 'pipe'], {})
  }

  private async collect(args: readonly string[], options: GitOptions) {
    const child = this.start(args, pipes(options), options)
    const ended = exitOf(child)
    feed(child, options.input)
    const [stdout, stderr, exit] = await Promise.all([gather(child.stdout), gather(child.stderr), ended])
    const text = stderr.toString('utf8')
    return { code: this.check(args, exit, { options, stderr: text }), stdout, stderr: text }
  }

  private start(args: readonly string[], stdio: StdioOptions, options: GitOptions): ChildProcess {
    const env = options.env === undefined ? this.env : { ...this.env, ...options.env }
    return spawn('git', [...this.globals, ...args], { cwd: this.cwd, env: env as NodeJS.ProcessEnv, stdio })
  }

  private check(args: readonly string[], exit: Exit, context: { options: GitOptions; stderr: string }): number {
    const ok = context.options.ok ?? [0]
    if (exit.code === null || !ok.includes(exit.code)) throw new GitError(args, exit, context.stderr)
    return exit.code
  }
}

/** The output of git commands that were started, piece by piece. It is read once, or cancelled. */
export interface GitAnswer extends AsyncIterable<Buffer> {
  cancel(): void
}

async function* readAll(answer: {
  begin: Promise<IteratorResult<Buffer>> | undefined
  chunks: AsyncIterator<Buffer> | undefined
  end: Promise<unknown>
}): AsyncGenerator<Buffer> {
  const { begin, chunks, end } = answer
  for (let chunk = await begin; chunk?.done === false; chunk = await chunks?.next()) yield chunk.value
  await end
}

/** What a shell says of a program that wrote to nobody: 128 and the number of the signal. */
const brokenPipe = 141

interface Exit {
  code: number | null
  signal: NodeJS.Signals | null
}

/** A pipe that is not needed is not made: each costs node a socket. */
const pipes = (options: GitOptions): StdioOptions => [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe']

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) => reject(startError(cause)))
    child.once('close', (code, signal) => resolve({ code, signal }))
  })
}

function startError(cause: NodeJS.ErrnoException): AmpError {
  if (cause.code !== 'ENOENT') return new AmpError('fatal', `cannot start git: ${cause.message}`, { cause })
  return new AmpError('fatal', 'cannot start git: it is not on PATH, or the current directory is gone', {
    cause,
    hints: ['Install git 2.38 or newer, or change to an existing directory.'],
  })
}

/** A child may end before it has read everything: that is its exit code's story, not a broken pipe of ours. */
function feed(child: ChildProcess, input: string | Uint8Array | undefined): void {
  child.stdin?.on('error', () => {})
  child.stdin?.end(input)
}

/** By events: an iterator over a stream costs 0.3 ms, and some commands make fifty. */
function gather(stream: NodeJS.ReadableStream | null): Promise<Buffer> {
  if (stream === null) return Promise.resolve(Buffer.alloc(0))
  const chunks: Buffer[] = []
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.once('error', reject)
    stream.once('close', () => resolve(Buffer.concat(chunks)))
  })
}

function gitSentence(args: readonly string[], exit: Exit, stderr: string): string {
  const verb = args.find((arg) => !arg.startsWith('-')) ?? 'git'
  if (exit.code === null) return `git ${verb} was ended by ${exit.signal}`
  const lines = stderr.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('hint:'))
  const first = lines.findIndex((line) => /^(fatal|error):/.test(line))
  // What came before says why: it is what ssh, a hook or a server told.
  const isEcho =
    first > 0 && /^fatal: (Could not read from remote repository|the remote end hung up)/.test(lines[first] ?? '')
  const said = lines[isEcho ? first - 1 : first] ?? lines.at(-1)
  return said === undefined ? `git ${verb} failed with exit code ${exit.code}` : said.replace(/^(fatal|error): /, '')
}

function gitHints(stderr: string): string[] {
  if (/No space left on device|Disk quota exceeded/.test(stderr)) {
    return ['Free some disk space and run the command again: what was recorded before is intact.']
  }
  const lock = /Unable to create '(.+\.lock)': File exists/.exec(stderr)
  if (lock !== null) return [`If no git command is running, remove the stale lock file '${lock[1]}'.`]
  // Git tells the cure itself; its words are passed on.
  const trust = /git config --global --add safe\.directory .*/.exec(stderr)?.[0]
  if (trust !== undefined) return [`If you trust it, run "${trust.trim()}".`]
  if (/could not read (Username|Password)|Authentication failed/.test(stderr)) {
    return [
      'Log in once with "git ls-remote <url>" on a terminal, or give git a credential helper (man gitcredentials).',
    ]
  }
  if (/Permission denied \(|Host key verification failed/.test(stderr)) {
    return ['Look whether "git ls-remote <url>" works on a terminal: it asks what ssh wants to know.']
  }
  return []
}
