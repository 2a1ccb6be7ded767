import { deliver } from '../../agent/deliver.js'
import { locate } from '../../agent/registry.js'
import type { Config } from '../../git/config.js'
import type { Env } from '../../host.js'
import type { Repo } from '../../repo.js'
import { dollars } from '../../util/amounts.js'
import { present } from '../../util/collections.js'
import { redactor } from '../../util/redact.js'
import { oneLine } from '../../util/sanitize.js'
import { duration, plural } from '../../util/time.js'
import type { IterateResult } from '../iterate.js'
import { findPlace } from './place.js'

/** A notification that has not been delivered by then is given up. */
const limitMs = 5000
/** Whoever waits less than this is still there. */
const defaultAfterMs = 30_000

/** What a user who went away wants to know. */
export type NotifiedEvent = 'finished' | 'failed' | 'waiting' | 'tests-failed'

/** How the user is reached; a command's context has all of it. */
export interface NotifyDoors {
  ui: {
    /** Whether somebody may look at the terminal. */
    readonly isTerminal: boolean
    /** Asks for attention on the terminal, where there is one. */
    ring(text: string): void
    warn(line: string): void
  }
  signal: AbortSignal
}

interface Settings {
  policy: 'auto' | 'always' | 'never'
  afterMs: number
  /** `amp.notifyCommand`; asked for, so that it needs no terminal. */
  command: string | null
}

/**
 * Tells a user who went away how an iteration ended, when it took long: on the terminal, on the desktop, and by the user's own command. It
 * never fails, and takes a few seconds at most.
 * @param elapsedMs how long the user has waited; without it, as long as the agent and the tests took
 */
export async function notify(
  repo: Repo,
  result: IterateResult,
  { ui, signal, elapsedMs }: NotifyDoors & { elapsedMs?: number },
): Promise<void> {
  const event = eventOf(result)
  if (event === null || signal.aborted) return
  try {
    const { policy, afterMs, command } = readSettings(await repo.config())
    const waitedMs = elapsedMs ?? (result.iteration.durationMs ?? 0) + (result.tests?.durationMs ?? 0)
    if (policy === 'never' || waitedMs < afterMs) return
    const isWanted = policy === 'always' || (ui.isTerminal && !isCi(repo.host.env))
    const words = wordsOf(repo, event, { result, waitedMs })
    if (isWanted) ui.ring(`${words.title}: ${words.body}`)
    const problems = await Promise.all([
      isWanted ? onDesktop(repo, words, signal) : null,
      command === null ? null : byCommand(repo, command, { event, result, signal }),
    ])
    for (const problem of present(problems)) ui.warn(`no notification by ${problem}`)
  } catch (error) {
    ui.warn(`no notification: ${oneLine(error instanceof Error ? error.message : String(error))}`)
  }
}

/** What happened; nothing when the user stopped it, and so is there. */
function eventOf({ outcome, iteration, tests }: IterateResult): NotifiedEvent | null {
  if (outcome === 'interrupted') return null
  if (iteration.waiting !== null) return 'waiting'
  if (outcome === 'failed') return 'failed'
  return tests !== null && tests.exit !== 0 ? 'tests-failed' : 'finished'
}

function readSettings(config: Config): Settings {
  const command = config.get('amp.notifyCommand')
  return {
    policy: config.when('amp.notify') ?? 'auto',
    afterMs: config.duration('amp.notifyAfter') ?? defaultAfterMs,
    command: command === '' ? null : command,
  }
}

const isCi = (env: Env): boolean => !/^(|0|false)$/i.test(env.CI ?? '')

interface Words {
  title: string
  body: string
}

function wordsOf(
  repo: Repo,
  event: NotifiedEvent,
  { result, waitedMs }: { result: IterateResult; waitedMs: number },
): Words {
  const { iteration, size, commit } = result
  const reason = oneLine(redactor(repo.host.env)(result.reason ?? ''))
  const name = `iteration ${iteration.n}`
  const change = commit === null ? 'no change' : plural(size.files, 'file')
  const cost = iteration.costUsd === null ? [] : [dollars(iteration.costUsd)]
  const facts = [change, duration(waitedMs), ...cost].join(', ')
  const body = {
    finished: `${name} finished (${facts})`,
    failed: `${name} failed: ${reason} (${facts})`,
    waiting: `${name} waits for ${iteration.waiting === 'login' ? 'a login' : 'an approval'}: ${reason}`,
    'tests-failed': `the tests fail after ${name} (${facts})`,
  }[event]
  return { title: `git-amp: ${oneLine(result.tip.snapshot.name, 60)}`, body }
}

/** Shows it by `notify-send`, or by `osascript` on macOS, where there is one of them. @returns what went wrong, or null */
async function onDesktop(repo: Repo, { title, body }: Words, signal: AbortSignal): Promise<string | null> {
  const { env, fs } = repo.host
  const notifySend = await locate('notify-send', env, fs)
  // The body is markup: https://specifications.freedesktop.org/notification-spec/latest/markup.html
  if (notifySend !== null) return send(repo, [notifySend, '--app-name=git-amp', title, markup(body)], { signal })
  const osascript = await locate('osascript', env, fs)
  if (osascript === null) return null
  const script = ['on run argv', 'display notification (item 2 of argv) with title (item 1 of argv)', 'end run']
  return send(repo, [osascript, ...script.flatMap((line) => ['-e', line]), title, body], { signal })
}

const markup = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Hands the event to the user's own command. @returns what went wrong, or null */
async function byCommand(
  repo: Repo,
  command: string,
  { event, result, signal }: { event: NotifiedEvent; result: IterateResult; signal: AbortSignal },
): Promise<string | null> {
  const text = `${JSON.stringify(await eventJson(repo, event, result))}\n`
  const problem = await send(repo, ['sh', '-c', command], { signal, text })
  return problem === null ? null : problem.replace(/^sh: /, 'amp.notifyCommand: ')
}

/** Everything a program may want to know of the event. */
async function eventJson(repo: Repo, event: NotifiedEvent, result: IterateResult) {
  const { tip, iteration, outcome, size, commit, tests } = result
  const redact = redactor(repo.host.env)
  const { n, id, agent, model, waiting, durationMs, usage, costUsd, costSource } = iteration
  const place = await findPlace(repo, tip)
  return {
    schema: 'git-amp/notification@1',
    event,
    session: { id: tip.id, name: tip.snapshot.name, slug: tip.snapshot.slug },
    iteration: { id, n, agent, model },
    outcome,
    reason: result.reason === null ? null : redact(result.reason),
    waiting,
    commit,
    ...size,
    durationMs,
    tests: tests === null ? null : { command: redact(tests.command), exit: tests.exit, durationMs: tests.durationMs },
    usage,
    costUsd,
    costSource,
    worktree: place?.path ?? null,
    branch: tip.snapshot.branch,
    repository: await repo.home(),
  }
}

async function send(
  repo: Repo,
  [file, ...args]: [string, ...string[]],
  { signal, text = '' }: { signal: AbortSignal; text?: string },
): Promise<string | null> {
  const cwd = await repo.home()
  const problem = await deliver(repo.host, { file, args, cwd, env: repo.childEnv, text, limitMs, signal })
  return problem === null ? null : `${file.replace(/^.*\//, '')}: ${problem}`
}
