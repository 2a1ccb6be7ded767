import { Option } from 'clipanion'
import type { Choice, Each } from '../actions/batch/chosen.js'
import type { BatchNews } from '../actions/batch/run.js'
import type { BatchState, BatchView, ItemView } from '../actions/batch/runs.js'
import { usage } from '../errors.js'
import type { Repo } from '../repo.js'
import { dollars, parseDollars, shortCount } from '../util/amounts.js'
import { shellWord } from '../util/quote.js'
import { oneLine } from '../util/sanitize.js'
import { duration, parseDuration, plural } from '../util/time.js'
import { AmpCommand } from './command.js'
import { runLive } from './live.js'
import { Progress } from './progress.js'
import type { Ui } from './ui.js'

/** What the commands about batches have in common: the repository that keeps the runs. */
export abstract class BatchCommand extends AmpCommand {
  home = Option.String('--home', { description: 'The repository that keeps the run, when it is another than this one' })

  protected openHome(wanted: { writes?: boolean } = {}): Promise<Repo> {
    this.repoDir ??= this.home
    return this.open(wanted)
  }
}

/** What those have in common that act on the items of a run. */
export abstract class BatchItemsCommand extends BatchCommand {
  static override kinds: Readonly<Record<string, string>> = { '--only': 'none:pattern' }

  batch = Option.String({ name: 'run', required: false })
  only = Option.String('--only', { description: 'Only items that fit this pattern' })
  passed = Option.Boolean('--passed', false, { description: 'Only items that succeeded' })

  protected get choice(): Choice {
    return { run: this.batch, only: this.only, passed: this.passed }
  }
}

/** The limits of a run that the options give. @throws AmpError of kind `usage` */
export function runOptions(given: {
  jobs: string | undefined
  maxCost: string | undefined
  timeout: string | undefined
}): { jobs?: number; maxCost?: number; timeoutMs?: number } {
  const { jobs, maxCost, timeout } = given
  if (jobs !== undefined && !/^[1-9]\d{0,3}$/.test(jobs)) throw usage(`--jobs takes a number from 1 on, not '${jobs}'`)
  const cost = maxCost === undefined ? undefined : parseDollars(maxCost)
  if (cost === null) throw usage(`'${maxCost}' is no amount of US dollars`, 'Write 5 or 2.50.')
  const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout)
  if (timeoutMs === null || timeoutMs === 0) throw usage(`'${timeout}' is no length of time`, 'Write 90s, 10m or 2h.')
  return {
    ...(jobs === undefined ? {} : { jobs: Number(jobs) }),
    ...(cost === undefined ? {} : { maxCost: cost }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

/** Words for one item: they come from a renderer, which is not ours to call. */
export type ItemWords = (item: ItemView) => string

/** What a watcher sees of a run: how far it is, and what is at work. */
export class BatchProgress {
  private items: ItemView[] = []
  private readonly atWork = new Map<number, Progress>()
  private ended = 0
  private began = 0
  private name = ''
  private stopping: string | null = null

  constructor(private readonly words: ItemWords) {}

  add(news: BatchNews, now: number): void {
    if (news.type === 'begun') {
      this.items = [...news.view.items]
      this.name = oneLine(news.view.tip.snapshot.name, 40)
      this.began = now
    } else if (news.type === 'stopping') this.stopping = news.reason
    else if (news.type === 'item') this.change(news.item, now)
    else if (news.type === 'iterate') this.atWork.get(news.item.n)?.add(news.news, now)
  }

  private change(item: ItemView, now: number): void {
    this.items[item.n - 1] = item
    if (item.status === 'running') {
      const progress = new Progress(this.words(item), now)
      // It is at work from now on: its worktree is being made.
      progress.add({ type: 'worktree', path: item.dir }, now)
      this.atWork.set(item.n, progress)
    } else if (this.atWork.delete(item.n) && item.status !== 'queued') this.ended += 1
  }

  /** `nightly  12/40 done, 2 failed, 4 running, 0:40 so far, about 2 min left, 12k tokens, $1.20` */
  title(now: number): string {
    if (this.began === 0) return 'reading the plan'
    const isEnd = ({ status }: ItemView) => !['queued', 'running', 'aborted'].includes(status)
    const done = this.items.filter(isEnd)
    const bad = done.filter(({ status }) => status !== 'success').length
    const left = this.items.length - done.length
    const ms = now - this.began
    const tokens = this.items.reduce((sum, { usage: u }) => sum + u.input + u.output + u.cacheRead + u.cacheWrite, 0)
    const cost = this.items.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0)
    const parts = [
      `${done.length}/${this.items.length} done`,
      ...(bad === 0 ? [] : [`${bad} failed`]),
      `${this.atWork.size} running`,
      ...(ms < 1000 ? [] : [`${duration(ms)} so far`]),
      ...(this.ended === 0 || left === 0 ? [] : [`about ${duration(Math.max(1000, (ms / this.ended) * left))} left`]),
      ...(tokens === 0 ? [] : [`${shortCount(tokens)} tokens`]),
      ...(cost === 0 ? [] : [dollars(cost)]),
      ...(this.stopping === null ? [] : ['stopping']),
    ]
    return `${this.name}  ${parts.join(', ')}`
  }

  detail(now: number): string[] {
    return [...this.atWork.values()].slice(0, 10).map((one) => one.title(now))
  }
}

/** Prints the news of a run as plain lines of the story. */
export function batchNews(ui: Ui, words: ItemWords): (news: BatchNews) => void {
  let total = 0
  return (news) => {
    if (news.type === 'clone') ui.tell(`Cloning or fetching ${oneLine(news.url)}`)
    else if (news.type === 'begun') {
      const { tip, items } = news.view
      total = items.length
      ui.tell(`Batch run ${tip.id} ${oneLine(tip.snapshot.name, 100)}: ${plural(news.todo, 'item')} of ${total} to do`)
    } else if (news.type === 'stopping') ui.tell(`Stopping: ${oneLine(news.reason)}`)
    else if (news.type === 'wait') ui.tell(`${lineOf(news.item, words, total)}, again in ${duration(news.ms)}`)
    else if (news.type === 'item' && news.item.status !== 'queued') ui.tell(lineOf(news.item, words, total))
    else if (news.type === 'iterate' && news.news.type === 'warning')
      ui.warn(`${words(news.item)}: ${oneLine(news.news.message, 300)}`)
  }
}

/** `[3/40] success  api: fix-parser (4kz9) 12 s` */
export function lineOf(item: ItemView, words: ItemWords, total: number): string {
  const session = item.session === null ? '' : ` (${item.session.slice(0, 4)})`
  const time = item.durationMs === 0 || item.status === 'running' ? '' : ` ${duration(item.durationMs)}`
  const why = item.reason === null ? '' : `: ${oneLine(item.reason, 300)}`
  return `[${item.n}/${total}] ${item.status}  ${words(item)}${session}${time}${why}`
}

/** Runs a batch under one calm view on a terminal, and with plain lines elsewhere. */
export async function showRun<T>(
  command: Pick<AmpCommand, 'context' | 'quiet'>,
  words: ItemWords,
  run: (on: (news: BatchNews) => void) => Promise<T>,
): Promise<T> {
  const { context, quiet } = command
  const isLive = context.ui.isTerminal && !quiet
  const now = () => context.host.now().getTime()
  const plain = batchNews(context.ui, words)
  if (!isLive) return run(plain)
  const progress = new BatchProgress(words)
  const task = {
    title: () => progress.title(now()),
    detail: () => progress.detail(now()),
    isBad: () => false,
    run: () =>
      run((news) => {
        progress.add(news, now())
        if (news.type === 'clone' || (news.type === 'iterate' && news.news.type === 'warning')) plain(news)
      }),
  }
  const [result] = await runLive(context, [task], { jobs: 1, isLive })
  if (result?.status === 'fulfilled') return result.value
  throw result?.reason
}

/** Says which items did not succeed, why, and how to look. @returns the exit code */
export function tellEnd(ui: Ui, { view, state }: { view: BatchView; state: BatchState }, words: ItemWords): number {
  const bad = view.items.filter(({ status }) => ['fail', 'timeout', 'error'].includes(status))
  for (const item of bad) {
    const look =
      item.session === null ? [] : [`"git -C ${shellWord(item.dir)} amp show ${item.session.slice(0, 4)}" shows it.`]
    ui.error(
      'error',
      `${words(item)}: ${item.status}${item.reason === null ? '' : `, ${oneLine(item.reason, 300)}`}`,
      look,
    )
  }
  const left = view.items.filter(({ status }) => ['queued', 'running', 'aborted'].includes(status)).length
  const id = view.tip.id.slice(0, 4)
  if (left > 0) {
    ui.error(
      'error',
      `${plural(left, 'item')} of ${view.items.length} not done (${oneLine(view.tip.snapshot.reason ?? state)})`,
      [`"git amp batch resume ${id}" goes on.`],
    )
  } else if (bad.length > 0) ui.hint(`"git amp batch resume --failed ${id}" tries them again.`, 'ampBatch')
  return bad.length + left > 0 ? 1 : 0
}

/** Says of which items it was refused. @returns the exit code */
export function tellRefusals(ui: Ui, results: readonly Each<unknown>[], words: ItemWords): number {
  const refused = results.flatMap((one) => ('refusal' in one ? [one] : []))
  for (const { item, refusal } of refused) {
    // What a hint says to run is meant for the item's repository, which need not be this one.
    const where = refusal.hints.length === 0 ? [] : [`In ${shellWord(item.dir)}:`]
    ui.error('error', `${words(item)}: ${oneLine(refusal.message, 400)}`, [...where, ...refusal.hints])
  }
  return refused.length > 0 ? 1 : 0
}

/** What was refused, and why, for `--json`. */
export const refusedJson = (results: readonly Each<unknown>[]) =>
  results.flatMap((one) =>
    'refusal' in one
      ? [{ n: one.item.n, repo: one.item.repo, session: one.item.session, reason: one.refusal.message }]
      : [],
  )
