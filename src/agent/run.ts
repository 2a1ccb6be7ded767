import type { Env, Host } from '../host.js'
import type { ThreadTotal } from '../state/events.js'
import { parseLine } from '../util/ndjson.js'
import type { AgentAdapter, AgentEvent, AgentReader, AgentRun, CallRequest } from './adapter.js'
import { Alarms, type Limits, type StopCause } from './alarms.js'
import { type AgentProcess, askProgram, type Exit, type Launch, launch } from './process.js'
import { Lines, Tail } from './reading.js'
import { family, iterationVariable, type Member, type Remains, reap } from './reap.js'
import { stopAgent } from './stop.js'
import { conclude, Summary } from './summary.js'
import { startWatchdog, type Watchdog } from './watchdog.js'

/** Takes up what passes between git-amp and an agent. The agent waits while a promise is pending. */
export interface Tape {
  /** How the program is called. */
  called(argv: readonly string[]): void
  /** What it printed, as it came. */
  heard(stream: 'out' | 'err', chunk: Buffer): void | Promise<void>
}

/** One run of an agent. */
export interface RunOptions extends Limits {
  adapter: AgentAdapter
  /** Absolute path of the agent's program; null for a built-in agent, whose call names a program of the system. */
  program: string | null
  request: Omit<CallRequest, 'help'>
  /** The environment, already without what the agent must not see. */
  env: Env
  session: string
  iteration: string
  /** A file that is touched when git-amp itself is killed: its time tells the agent's work from what came later. */
  obituary?: string | undefined
  /** Where the agent finds its prompt as a file while it runs; outside the worktree, so that it is nobody's change. */
  promptFile?: string | undefined
  /** The thread that is continued, and what its agent had reported for it before. */
  before?: { id: string; total?: ThreadTotal | undefined } | null | undefined
  /** The thread was used in another directory before. */
  isMoved?: boolean | undefined
  /** Asks the agent to stop, and ends it when it does not. */
  signal: AbortSignal
  /** Ends the agent without waiting any longer (a second Ctrl-C); has an effect only after `signal`. */
  kill?: AbortSignal | undefined
  onEvent?: ((event: AgentEvent) => void) | undefined
  /** Every line of stdout as it came, without its newline. The agent waits while a promise is pending. */
  onLine?: ((line: Buffer) => void | Promise<void>) | undefined
  tape?: Tape | undefined
}

/**
 * Runs an agent to its end. However it ends, nothing that it started is left when this returns. Throws only what
 * `onEvent` and `onLine` throw: all that happens to the agent is in the result.
 */
export async function runAgent(host: Host, options: RunOptions): Promise<AgentRun> {
  const started = host.now().getTime()
  const reader = options.adapter.reader()
  const run: Run = { options, reader, summary: new Summary(), alarms: new Alarms(options.signal, options) }
  try {
    const ended = await runWatched(host, run)
    for (const event of reader.close?.(ended.stderr) ?? []) take(run, event)
    const durationMs = Math.max(0, host.now().getTime() - started)
    return conclude(run.summary, {
      ...ended,
      limits: options,
      announcesEnd: reader.announcesEnd ?? options.adapter.announcesEnd,
      durationMs,
      before: options.before,
    })
  } finally {
    run.alarms.clear()
    if (options.promptFile !== undefined) await host.fs.rm(options.promptFile, { force: true })
  }
}

interface Run {
  options: RunOptions
  reader: AgentReader
  summary: Summary
  alarms: Alarms
}

interface Ended {
  exit: Exit
  cause: StopCause | null
  stderr: string
}

const neverRan = (error: string | null, cause: StopCause | null = null): Ended => ({
  exit: { code: null, signal: null, error },
  cause,
  stderr: '',
})

/** The watchdog lives around everything else: there is no moment at which git-amp can be killed and the agent goes on. */
async function runWatched(host: Host, run: Run): Promise<Ended> {
  const { iteration, env, obituary } = run.options
  const watchdog = await startWatchdog(iteration, env, obituary).catch((error: Error) => error)
  if (watchdog instanceof Error) return neverRan(`cannot start the watchdog: ${watchdog.message}`)
  const remains: Remains = { iteration }
  let output: Outputs | null = null
  let seeing: { end(): void } | null = null
  let ended: Ended
  try {
    const agent = await start(host, run)
    if (!('pid' in agent)) return agent
    watchdog.watch(agent.pid)
    remains.group = agent.pid
    output = attach(agent, run)
    seeing = seeFamily(host, agent.pid, { remains, watchdog })
    const cause = await Promise.race([agent.exited.then(() => null), run.alarms.rang, output.stdout.broken])
    if (cause !== null) meet(remains, await stopAgent(host, agent, run.options.kill))
    ended = { exit: await agent.exited, cause: cause ?? null, stderr: '' }
    run.alarms.clear()
    await Promise.all([output.stdout.drained(host), output.stderr.drained(host)])
  } finally {
    seeing?.end()
    const { left } = await reap(host, remains)
    if (left === 0) watchdog.done()
    else watchdog.release()
  }
  await Promise.all([output.stdout.finish(host), output.stderr.finish(host)])
  return { ...ended, stderr: output.stderr.text }
}

/** When the processes below the agent are looked at, and again and again after the last time. */
const looksMs = [100, 300, 1000, 2000]

/** Remembers what is seen below the agent: a tool that leaves the group, clears its environment and loses its parent is found in no other way. */
function seeFamily(host: Host, pid: number, { remains, watchdog }: { remains: Remains; watchdog: Watchdog }) {
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  const look = async (times: number): Promise<void> => {
    const fresh = meet(remains, await family(host.processes, pid).catch(() => []))
    if (isOver) return
    watchdog.knows(fresh)
    timer = setTimeout(() => void look(times + 1), looksMs[Math.min(times, looksMs.length - 1)]).unref()
  }
  timer = setTimeout(() => void look(1), looksMs[0]).unref()
  return {
    end: () => {
      isOver = true
      clearTimeout(timer)
    },
  }
}

/** Adds processes to what may be left of an agent. @returns those that were not known */
function meet(remains: Remains, members: readonly Member[]): Member[] {
  const known = remains.family ?? []
  const fresh = members.filter((one) => !known.some(({ pid, started }) => pid === one.pid && started === one.started))
  remains.family = [...known, ...fresh]
  return fresh
}

/** Finds out how the program is called, and starts it. */
async function start(host: Host, run: Run): Promise<AgentProcess | Ended> {
  const { adapter, program, request, env, session, iteration, signal, promptFile } = run.options
  const cwd = request.worktree
  const marks = { PWD: cwd, GIT_AMP_SESSION: session, [iterationVariable]: iteration }
  const help =
    program === null || adapter.help === undefined
      ? ''
      : await helpOf({ file: program, args: adapter.help, cwd, env: { ...env, ...marks } }, signal)
  if (signal.aborted) return neverRan(null, 'user')
  if (request.thread !== null && run.options.isMoved === true && adapter.threadMoves?.(help) === false) {
    run.summary.add({ type: 'error', kind: 'thread', message: 'its thread works in the directory it began in' })
    return neverRan(null)
  }
  const call = adapter.call({ ...request, help })
  const [name, ...args] = call.argv
  // What continues a thread may be another program than what begins one.
  const file = name === adapter.program ? (program ?? name) : name
  if (promptFile !== undefined) await host.fs.writeFile(promptFile, request.prompt, { mode: 0o600 })
  const place = promptFile === undefined ? {} : { GIT_AMP_PROMPT_FILE: promptFile }
  run.options.tape?.called([file, ...args])
  const agent = await launch({ file, args, cwd, env: { ...env, ...call.env, ...marks, ...place } })
  if ('error' in agent) return neverRan(agent.error)
  // An agent may end without having read its prompt: that is its exit code's story, not a broken pipe of ours.
  agent.stdin.on('error', () => {})
  agent.stdin.end(call.stdin)
  return agent
}

const helps = new Map<string, string>()

/** A program's help does not change while git-amp runs, and takes some agents a second. */
async function helpOf(ask: Launch, signal: AbortSignal): Promise<string> {
  const key = [ask.file, ...ask.args].join('\0')
  const help = helps.get(key) ?? (await askProgram(ask, signal))
  if (help !== '') helps.set(key, help)
  return help
}

interface Outputs {
  stdout: Lines
  stderr: Tail
}

function take({ options, summary }: Run, event: AgentEvent): void {
  summary.add(event)
  options.onEvent?.(event)
}

function attach(agent: AgentProcess, run: Run): Outputs {
  const { options, reader, alarms } = run
  const heard = (stream: 'out' | 'err') => (chunk: Buffer) => {
    alarms.touch()
    return options.tape?.heard(stream, chunk)
  }
  const stdout = new Lines(agent.stdout, heard('out'), (bytes) => {
    const line = parseLine(bytes)
    for (const event of line.kind === 'json' ? reader.json(line.value) : reader.text(line.text)) {
      if (event.type === 'end') alarms.ended(event.ok)
      else if (event.type === 'waiting') alarms.ended(false)
      else if (event.type === 'text' || event.type === 'tool-result' || event.type === 'again') alarms.goesOn()
      take(run, event)
    }
    return options.onLine?.(bytes)
  })
  return { stdout, stderr: new Tail(agent.stderr, heard('err')) }
}
