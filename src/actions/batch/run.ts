import type { Repo } from '../../repo.js'
import { isoTime } from '../../state/chain.js'
import type { ItemStatus } from '../../state/events.js'
import { dollars } from '../../util/amounts.js'
import { oneLine } from '../../util/sanitize.js'
import { duration } from '../../util/time.js'
import type { IterateNews } from '../iterate.js'
import { dropLease } from '../shared/lease.js'
import { watchForStop } from '../shared/stopping.js'
import { type ItemEnd, runItem } from './item.js'
import { Journal } from './journal.js'
import { Queue } from './queue.js'
import type { Repos } from './repos.js'
import type { Held } from './runner.js'
import { type BatchView, type ItemView, itemAfter, readBatch, titleOf, type WithSession } from './runs.js'

/** News of a run, as they happen. */
export type BatchNews =
  | { type: 'clone'; url: string }
  | { type: 'begun'; view: BatchView; todo: number }
  | { type: 'item'; item: ItemView }
  /** It meets a rate limit or its like, and waits for so long. */
  | { type: 'wait'; item: ItemView; ms: number }
  | { type: 'iterate'; item: ItemView; news: IterateNews }
  | { type: 'stopping'; reason: string }

/** How a run is worked on. */
export interface RunOptions {
  /** So many items at a time; without it as many as the plan says. */
  jobs?: number | undefined
  /** No item begins once the run has cost this, in US dollars. */
  maxCost?: number | undefined
  /** The run is stopped after this time. */
  timeoutMs?: number | undefined
  signal: AbortSignal
  on?: ((news: BatchNews) => void) | undefined
}

export interface RunResult {
  view: BatchView
  /** Why it ended before all was done; null when nothing is left. */
  stopped: string | null
}

/** What a run is at. */
interface Run {
  home: Repo
  view: BatchView
  repos: Repos
  journal: Journal
  queue: Queue<ItemView>
  items: ItemView[]
  /** Items with an end that are to be tried again. */
  retried: ReadonlySet<number>
  prompts: ReadonlyMap<number, string>
  options: RunOptions
  /** Ends the items that are at work. */
  signal: AbortSignal
  /** Why nothing new begins any more. */
  stopped: string | null
  /** Ends them from inside. */
  stop: (reason: string) => void
  /** What went wrong with the run itself. */
  broken: unknown[]
  writes: Promise<void>[]
  backoffMs: number
}

/** Items in these states have a result. */
export const ends: readonly ItemStatus[] = ['success', 'fail', 'timeout', 'error']
const failures: readonly ItemStatus[] = ['fail', 'timeout', 'error']

/** The first pause after a rate limit, unless `amp.batchBackoff` says another; each one after it is three times as long. */
const defaultBackoffMs = 5_000
const maxBackoffMs = 300_000

/**
 * Works on a run that this process holds, and gives it back: items that have no result yet, and with `failed` those that failed. Each is
 * recorded as it begins and as it ends.
 */
export async function runBatch(
  held: Held,
  how: RunOptions & { home: Repo; repos: Repos; failed?: boolean; prompts?: ReadonlyMap<number, string> },
): Promise<RunResult> {
  const { home, repos, failed = false, prompts = new Map<number, string>(), ...options } = how
  const inner = new AbortController()
  const watch = watchForStop(home, held.runner, AbortSignal.any([options.signal, inner.signal]))
  try {
    const view = await readBatch(home, held.tip)
    const isTodo = ({ status }: ItemView) => !ends.includes(status) || (failed && failures.includes(status))
    const todo = view.items.filter(isTodo)
    const run: Run = {
      home,
      view,
      repos,
      options,
      prompts,
      journal: new Journal(home, held.tip),
      queue: new Queue(todo, view.plan.perRepository),
      items: view.items,
      retried: new Set(todo.filter(({ status }) => failures.includes(status)).map(({ n }) => n)),
      signal: watch.signal,
      stopped: null,
      stop: () => {},
      broken: [],
      writes: [],
      backoffMs: (await home.config()).duration('amp.batchBackoff') ?? defaultBackoffMs,
    }
    options.on?.({ type: 'begun', view, todo: todo.length })
    const timer = limit(run, inner)
    await workAll(run).finally(() => clearTimeout(timer))
    await finish(run)
    return { view: { ...view, tip: run.journal.tip, items: run.items }, stopped: run.stopped }
  } finally {
    watch.end()
    await dropLease(home, held.runner)
  }
}

/** Says once why the run stops; what is at work is ended when `signal` says so. */
function limit(run: Run, inner: AbortController): NodeJS.Timeout | undefined {
  const say = (reason: string) => {
    if (run.stopped !== null) return
    run.stopped = reason
    run.options.on?.({ type: 'stopping', reason })
  }
  run.stop = (reason) => {
    say(reason)
    inner.abort()
  }
  run.signal.addEventListener('abort', () => say(run.options.signal.aborted ? 'interrupted' : 'aborted'))
  if (run.signal.aborted) say('interrupted')
  const timeoutMs = run.options.timeoutMs ?? run.view.plan.timeoutMs
  if (timeoutMs === undefined) return undefined
  // A timer that is set for longer than it can be rings at once.
  if (timeoutMs > longestTimerMs) return undefined
  return setTimeout(() => run.stop(`the run took longer than ${duration(timeoutMs)}`), timeoutMs)
}

/** 24 days: no process runs as long. */
const longestTimerMs = 2 ** 31 - 1

/** Keeps as many items at work as may be, until none is left or the run is stopped. */
async function workAll(run: Run): Promise<void> {
  const { queue, home, options } = run
  const jobs = options.jobs ?? run.view.plan.concurrency
  const active = new Set<Promise<void>>()
  const aborted = new Promise<void>((resolve) => run.signal.addEventListener('abort', () => resolve(), { once: true }))
  for (;;) {
    const now = home.host.now().getTime()
    while (active.size < jobs && mayBegin(run)) {
      const item = queue.take(now)
      if (item === null) break
      const work = workOn(run, item)
        .catch((error: unknown) => {
          run.broken.push(error)
          run.stop('the run itself failed')
        })
        .finally(() => {
          queue.release(item)
          active.delete(work)
        })
      active.add(work)
    }
    const next = mayBegin(run) && active.size < jobs ? queue.nextTime() : null
    if (active.size === 0 && next === null) return
    const pauses = next === null || next <= now ? [] : [home.host.sleep(next - now)]
    await Promise.race([...active, ...pauses, ...(run.signal.aborted ? [] : [aborted])])
  }
}

function mayBegin(run: Run): boolean {
  if (run.stopped !== null || run.signal.aborted) return false
  const ceiling = run.options.maxCost ?? run.view.plan.maxCost
  const cost = run.items.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0)
  if (ceiling === undefined || cost < ceiling || run.queue.size === 0) return true
  run.stopped = `the run has cost ${dollars(cost)}, and its ceiling is ${dollars(ceiling)}`
  run.options.on?.({ type: 'stopping', reason: run.stopped })
  return false
}

async function workOn(run: Run, queued: ItemView): Promise<void> {
  const { home, options } = run
  const isFresh = queued.session === null
  const session = queued.session ?? home.newId()
  // Written down before it is made: whoever goes on after a crash looks for it, and makes no second one.
  await record(run, { ...queued, session }, { status: 'running' })
  const item = run.items[queued.n - 1] as WithSession
  const work = {
    batch: run.view.tip.id,
    item,
    isFresh,
    isRetry: run.retried.has(item.n),
    prompt: run.prompts.get(item.n),
    signal: run.signal,
    on: (news: IterateNews) => options.on?.({ type: 'iterate', item, news }),
  }
  const end = await run.repos
    .use(item.dir, (repo) => runItem(repo, work))
    .catch((error: unknown): ItemEnd => ({ status: 'error', error: wordsOf(error) }))
  const isAgain = end.isTransient === true && item.tries <= item.retries && !run.signal.aborted
  run.writes.push(record(run, item, isAgain ? { ...end, status: 'queued' } : end))
  const ended = run.items[item.n - 1] as ItemView
  if (isAgain) waitWith(run, ended)
}

/** What went wrong with a repository or with git-amp itself is the item's error: the others go on. */
const wordsOf = (error: unknown): string => oneLine(error instanceof Error ? error.message : String(error), 400)

function waitWith(run: Run, item: ItemView): void {
  const { home, queue } = run
  const jitter = 1 + (home.host.random(1)[0] ?? 0) / 1024
  const ms = Math.min(maxBackoffMs, run.backoffMs * 3 ** (item.tries - 1)) * jitter
  const until = home.host.now().getTime() + ms
  queue.add(item, until)
  // The limit is the agent's, and not the item's.
  queue.cool(item.agent, until)
  run.options.on?.({ type: 'wait', item, ms })
}

/** Writes what became of an item, and knows it at once. */
function record(run: Run, item: ItemView, end: ItemEnd): Promise<void> {
  const { n, key, session } = item
  const data = { n, key, ...(session === null ? {} : { session }), ...end }
  const at = isoTime({ name: '', email: '', offset: 0, seconds: Math.floor(run.home.host.now().getTime() / 1000) })
  const after = itemAfter(item, data, at)
  run.items[n - 1] = after
  run.options.on?.({ type: 'item', item: after })
  const words = `item ${n} ${end.status}, ${oneLine(titleOf(item), 60)}`
  const written = run.journal.add({ type: 'batch.item', data }, words)
  // It is waited for at the end at the latest; until then nobody may hear of its failure.
  written.catch((error: unknown) => {
    run.broken.push(error)
    run.stop('the run cannot be recorded')
  })
  return written
}

async function finish(run: Run): Promise<void> {
  await Promise.allSettled(run.writes)
  const isDone = run.items.every(({ status }) => ends.includes(status))
  if (isDone) run.stopped = null
  if (run.broken.length > 0) throw run.broken[0]
  if (isDone) await run.journal.add({ type: 'batch.finished', data: {} }, 'batch run finished')
  else {
    const reason = run.stopped ?? 'aborted'
    await run.journal.add({ type: 'batch.aborted', data: { reason } }, `batch run stopped, ${reason}`)
  }
}
