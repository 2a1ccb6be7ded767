import type { Contest } from '../actions/batch/compare.js'
import type { ListedBatch } from '../actions/batch/list.js'
import type { Plan, PlanItem } from '../actions/batch/plan.js'
import type { BatchState, BatchView, ItemView } from '../actions/batch/runs.js'
import type { Slot } from '../cli/ui.js'
import { countStates } from '../state/batch.js'
import type { ItemStatus, Usage } from '../state/events.js'
import { dollars, shortCount } from '../util/amounts.js'
import { oneLine } from '../util/sanitize.js'
import { duration, plural, relativeDate } from '../util/time.js'
import { renderTable } from './table.js'

/** How text is shown where it is shown. */
export interface Show {
  paint: (slot: Slot, text: string) => string
  now: Date
  width: number | null
}

const slots: Partial<Record<ItemStatus | BatchState, Slot>> = {
  running: 'running',
  success: 'current',
  fail: 'failed',
  timeout: 'failed',
  error: 'failed',
  interrupted: 'failed',
}

/** The last part of a path or URL. */
export const repoName = (repo: string): string =>
  oneLine(
    repo
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .at(-1) ?? repo,
    40,
  )

const itemTitle = ({ name, prompt }: Pick<PlanItem, 'name' | 'prompt'>): string =>
  oneLine(name ?? prompt.trimStart().split('\n', 1)[0] ?? '', 60)

/** `api: Handle nested quotes` */
export const itemWords = (item: PlanItem): string =>
  `${repoName(item.repo)}: ${itemTitle(item)}${item.attempt > 1 ? ` (attempt ${item.attempt})` : ''}`

export const tokensOf = ({ input, output, cacheRead, cacheWrite }: Usage): number =>
  input + output + cacheRead + cacheWrite

/** `12 success, 2 fail, 3 running` */
export function countWords(view: { items: readonly { status: ItemStatus }[] }): string {
  const order: ItemStatus[] = ['success', 'fail', 'timeout', 'error', 'aborted', 'running', 'queued']
  const counts = order.map((status) => [status, view.items.filter((item) => item.status === status).length] as const)
  return counts
    .filter(([, count]) => count > 0)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ')
}

export function renderBatchList(batches: readonly ListedBatch[], show: Show): string {
  const rows = batches.map(({ tip, state }) => {
    const counts = countStates(tip.snapshot)
    const bad = counts.fail + counts.timeout + counts.error
    const done = `${counts.success + bad}/${tip.snapshot.total}`
    const { name, costUsd, createdAt } = tip.snapshot
    return [
      tip.id.slice(0, 4),
      state,
      done,
      bad === 0 ? '' : `${bad} failed`,
      costUsd === undefined ? '' : dollars(costUsd),
      relativeDate(createdAt, show.now),
      oneLine(name, 60),
    ]
  })
  const state = (text: string) => show.paint(slots[text.trim() as BatchState] ?? 'dim', text)
  return renderTable(
    rows,
    [
      { paint: (text) => show.paint('id', text) },
      { paint: state },
      { align: 'end' },
      {},
      { align: 'end' },
      {},
      { max: 60 },
    ],
    show.width,
  )
}

/** A run and each of its items. */
export function renderBatch({ view, state }: { view: BatchView; state: BatchState }, show: Show): string {
  const { tip, items } = view
  const { usage, costUsd, reason, createdAt } = tip.snapshot
  const spent = [
    ...(tokensOf(usage) === 0 ? [] : [`${shortCount(tokensOf(usage))} tokens`]),
    ...(costUsd === undefined ? [] : [dollars(costUsd)]),
  ]
  const head = [
    `batch run ${show.paint('id', tip.id)} ${oneLine(tip.snapshot.name, 100)}`,
    `${show.paint(slots[state] ?? 'dim', state)}${reason === undefined ? '' : ` (${oneLine(reason, 300)})`}, begun ${relativeDate(createdAt, show.now)}: ${[countWords(view), ...spent].join(', ')}`,
    '',
  ]
  return `${head.join('\n')}\n${renderItems(items, show)}`
}

export function renderItems(items: readonly ItemView[], show: Show): string {
  const rows = items.map((item) => [
    `${item.n}`,
    item.status,
    item.session?.slice(0, 4) ?? '',
    item.durationMs === 0 ? '' : duration(item.durationMs),
    item.changes === null ? '' : `+${item.changes.insertions} -${item.changes.deletions}`,
    itemWords(item),
    oneLine([...(item.isMerged ? ['merged'] : []), ...(item.reason === null ? [] : [item.reason])].join('; '), 200),
  ])
  return renderTable(
    rows,
    [
      { align: 'end' },
      { paint: (text) => show.paint(slots[text.trim() as ItemStatus] ?? 'dim', text) },
      { paint: (text) => show.paint('id', text) },
      { align: 'end' },
      { align: 'end' },
      { max: 60 },
      {},
    ],
    show.width,
  )
}

/** A plan with everything filled in. */
export function renderPlan(plan: Plan, show: Pick<Show, 'width'>): string {
  const limits = [
    plural(plan.items.length, 'item'),
    `${plan.concurrency} at a time`,
    ...(plan.perRepository < plan.concurrency ? [`${plan.perRepository} in a repository`] : []),
    ...(plan.timeoutMs === undefined ? [] : [`for ${duration(plan.timeoutMs)} at most`]),
    ...(plan.maxCost === undefined ? [] : [`up to ${dollars(plan.maxCost)}`]),
  ]
  const rows = plan.items.map((item) => [
    `${item.n}`,
    repoName(item.repo),
    item.base.oid === ''
      ? 'to be cloned'
      : `${oneLine(item.base.ref?.replace(/^refs\/heads\//, '') ?? '', 40)} ${item.base.oid.slice(0, 12)}`.trimStart(),
    [item.agent, ...(item.model === undefined ? [] : [item.model])].map((word) => oneLine(word, 40)).join(' '),
    [
      ...(item.maxIterations > 1 ? [`${item.maxIterations} iterations`] : []),
      ...(item.script === undefined ? [] : [`tests '${oneLine(item.script, 40)}'`]),
      ...(item.timeoutMs === undefined ? [] : [duration(item.timeoutMs)]),
      ...(item.mergeOnPass ? ['merge'] : []),
    ].join(', '),
    itemTitle(item),
  ])
  return `${oneLine(plan.name, 100)}: ${limits.join(', ')}\n\n${renderTable(rows, [{ align: 'end' }, { max: 30 }, { max: 40 }, { max: 30 }, { max: 50 }, {}], show.width)}`
}

/** An item as `--json` shows it. */
export const itemJson = (item: ItemView) => ({
  n: item.n,
  key: item.key,
  status: item.status,
  reason: item.reason,
  name: item.name ?? null,
  repo: item.repo,
  dir: item.dir,
  base: item.base,
  prompt: item.prompt,
  agent: item.agent,
  model: item.model ?? null,
  attempt: item.attempt,
  session: item.session,
  tries: item.tries,
  iterations: item.iterations,
  tests: item.tests,
  merged: item.isMerged,
  run: item.run,
  changes: item.changes,
  usage: item.usage,
  costUsd: item.costUsd,
  durationMs: item.durationMs,
  startedAt: item.startedAt,
  endedAt: item.endedAt,
})

/** A run as `--json` shows it everywhere. */
export function runJson({ id, snapshot }: ListedBatch['tip'], state: BatchState) {
  return {
    id,
    name: snapshot.name,
    state,
    reason: snapshot.reason ?? null,
    total: snapshot.total,
    counts: countStates(snapshot),
    usage: snapshot.usage,
    costUsd: snapshot.costUsd ?? null,
    host: snapshot.runner?.host ?? null,
    createdAt: snapshot.createdAt,
    updatedAt: snapshot.updatedAt,
    by: snapshot.by,
  }
}

/** A run with its items. */
export const batchJson = ({ view, state }: { view: BatchView; state: BatchState }) => ({
  schema: 'git-amp/batch@1',
  run: runJson(view.tip, state),
  items: view.items.map(itemJson),
})

/** A plan, and what is wrong with it. */
export const planJson = (plan: Plan, problems: readonly object[]) => ({
  schema: 'git-amp/batch-plan@1',
  plan,
  problems,
})

/** The attempts at one prompt, the best first. */
export function renderContest({ repo, prompt, name, attempts }: Contest, show: Show): string {
  const rows = attempts.map((item) => [
    item.session.slice(0, 4),
    item.status,
    item.tests === null ? 'no tests' : item.tests === 0 ? 'tests pass' : 'tests fail',
    item.changes === null
      ? ''
      : `${plural(item.changes.files, 'file')} +${item.changes.insertions} -${item.changes.deletions}`,
    tokensOf(item.usage) === 0 ? '' : `${shortCount(tokensOf(item.usage))} tokens`,
    item.costUsd === null ? '' : dollars(item.costUsd),
    duration(item.durationMs),
    [
      item.agent,
      ...(item.model === undefined ? [] : [item.model]),
      ...(item.attempt > 1 ? [`attempt ${item.attempt}`] : []),
    ]
      .map((word) => oneLine(word, 40))
      .join(' '),
  ])
  const title = oneLine(name ?? prompt.trimStart().split('\n', 1)[0] ?? '', 100)
  const status = (text: string) => show.paint(slots[text.trim() as ItemStatus] ?? 'dim', text)
  return `${show.paint('heading', `${repoName(repo)}: ${title}`)}\n${renderTable(rows, [{ paint: (text) => show.paint('id', text) }, { paint: status }, {}, { align: 'end' }, { align: 'end' }, { align: 'end' }, { align: 'end' }, {}], show.width)}`
}
