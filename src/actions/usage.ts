import { tokenKinds } from '../agent/prices.js'
import { readDate } from '../git/date.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import type { Usage } from '../state/events.js'
import { type IterationView, isUnpriced, iterationsOf } from '../state/iterations.js'
import { exactDollars } from '../util/amounts.js'
import { unique } from '../util/collections.js'
import { localDay } from '../util/time.js'
import { findSession } from './shared/find.js'
import { type BrokenSession, eachSession } from './shared/sessions.js'

/** The values `by` takes. */
export const usageKeys = ['session', 'agent', 'model', 'day'] as const
export type UsageKey = (typeof usageKeys)[number]

/** Chains that are read at the same time. */
const batchSize = 64

export interface UsageOptions {
  /** These alone; without it all of them, merged and closed ones too. */
  sessions: readonly string[]
  by: UsageKey
  /** Dates as git reads them. */
  since?: string | undefined
  until?: string | undefined
}

/** What a group of iterations used and cost. */
export interface UsageSum {
  iterations: number
  usage: Usage
  /** In US dollars; null when the cost of none is known. */
  costUsd: number | null
  /** Iterations without a known cost: a sum is complete only when there are none. */
  unpriced: number
  /** Who says what it cost: `agent`, or the sources of price tables. */
  costSources: string[]
  /** When the first and the last of them began, ISO 8601 in UTC. */
  first: string
  last: string
}

export interface UsageRow extends UsageSum {
  /** Id of the session, name of the agent or the model, or the local day; empty for what no model is known of. */
  key: string
  /** Name of the session, with `by` session. */
  name: string | null
}

export interface UsageResult {
  by: UsageKey
  since: string | null
  until: string | null
  rows: UsageRow[]
  total: UsageSum
  broken: BrokenSession[]
}

/** Sums what the iterations used and cost, from the chains alone. */
export async function sumUsage(repo: Repo, options: UsageOptions): Promise<UsageResult> {
  const span = await readSpan(repo, options)
  const rows = new Map<string, UsageRow>()
  const total = emptySum()
  const broken: BrokenSession[] = []
  for await (const batch of batches(chosen(repo, options.sessions, broken))) {
    const read = batch.filter(
      ({ snapshot }) => snapshot.iterations > 0 && isIn({ from: span.from }, snapshot.updatedAt),
    )
    const lists = await Promise.all(read.map(async (tip) => ({ tip, all: await iterationsIn(repo, tip, broken) })))
    for (const { tip, all } of lists) {
      for (const iteration of all.filter(({ startedAt }) => isIn(span, startedAt))) {
        for (const part of partsOf(iteration, tip, options.by)) addTo(rowOf(rows, part), part, iteration)
        addTo(total, { usage: tokensOf(iteration), costUsd: iteration.costUsd }, iteration)
      }
    }
  }
  const { since, until } = span
  return { by: options.by, since, until, rows: sorted([...rows.values()], options.by), total, broken }
}

/** A span of time; without a limit it is open on that side. */
interface Span {
  from?: number | undefined
  to?: number | undefined
}

/** The span that is asked for, in numbers and as ISO 8601 in UTC. */
async function readSpan(repo: Repo, { since, until }: UsageOptions) {
  const git = repo.in(repo.location.topLevel ?? repo.location.gitDir)
  const [from, to] = await Promise.all([
    since === undefined ? undefined : readDate(git, since, 'since'),
    until === undefined ? undefined : readDate(git, until, 'until'),
  ])
  return { from: from?.getTime(), to: to?.getTime(), since: isoSeconds(from), until: isoSeconds(to) }
}

function isIn({ from, to }: Span, iso: string): boolean {
  const at = Date.parse(iso)
  return (from === undefined || at >= from) && (to === undefined || at <= to)
}

/** The sessions that are asked for, each once. */
async function* chosen(repo: Repo, names: readonly string[], broken: BrokenSession[]): AsyncGenerator<ChainTip> {
  if (names.length === 0) return yield* eachSession(repo, broken)
  const seen = new Set<string>()
  for (const name of names) {
    const tip = await findSession(repo, name)
    if (!seen.has(tip.id)) yield tip
    seen.add(tip.id)
  }
}

async function* batches<T>(items: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < batchSize) continue
    yield batch
    batch = []
  }
  yield batch
}

/** The iterations of a chain; one that cannot be read is named, and does not hide the others. */
async function iterationsIn(repo: Repo, tip: ChainTip, broken: BrokenSession[]): Promise<IterationView[]> {
  try {
    return iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  } catch (error) {
    broken.push({ ref: tip.ref, reason: error instanceof Error ? error.message : String(error) })
    return []
  }
}

/** A share of an iteration: the whole of it, or what one model used. */
interface Part {
  key: string
  /** Name of the session, with `by` session. */
  name: string | null
  usage: Usage
  costUsd: number | null
}

function partsOf(iteration: IterationView, tip: ChainTip, by: UsageKey): Part[] {
  if (by === 'model') return modelParts(iteration)
  const whole = { name: null, usage: tokensOf(iteration), costUsd: iteration.costUsd }
  if (by === 'session') return [{ ...whole, key: tip.id, name: tip.snapshot.name }]
  return [{ ...whole, key: by === 'agent' ? iteration.agent : localDay(iteration.startedAt) }]
}

/** What each model used; what the agent assigns to none of them is a part of its own. */
function modelParts(iteration: IterationView): Part[] {
  const { models, costUsd } = iteration
  if (models.length === 0) return [{ key: iteration.model ?? '', name: null, usage: tokensOf(iteration), costUsd }]
  const known = models.reduce((sum, model) => sum + (model.costUsd ?? 0), 0)
  const rest = costUsd === null ? 0 : exactDollars(Math.max(0, costUsd - known))
  const silent = models.filter((model) => model.costUsd === undefined)
  const costOf = (own: number | undefined) => own ?? (silent.length === 1 && costUsd !== null ? rest : null)
  const parts = models.map((model) => ({ key: model.model, name: null, usage: model, costUsd: costOf(model.costUsd) }))
  const others = combine(tokensOf(iteration), sumOf(models), (all, told) => Math.max(0, all - told))
  const restCost = silent.length === 1 || rest === 0 ? null : rest
  const hasRest = restCost !== null || tokenKinds.some((kind) => others[kind] > 0)
  return hasRest ? [...parts, { key: '', name: null, usage: others, costUsd: restCost }] : parts
}

/** The tokens of an iteration: some agents count those of all their models only by model. */
function tokensOf({ usage, models }: IterationView): Usage {
  const told = sumOf(models)
  return usage === null ? told : combine(usage, told, Math.max)
}

const none: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

const sumOf = (all: readonly Usage[]): Usage =>
  all.reduce<Usage>((sum, one) => combine(sum, one, (a, b) => a + b), none)

const combine = (a: Usage, b: Usage, how: (a: number, b: number) => number): Usage => ({
  input: how(a.input, b.input),
  output: how(a.output, b.output),
  cacheRead: how(a.cacheRead, b.cacheRead),
  cacheWrite: how(a.cacheWrite, b.cacheWrite),
})

const emptySum = (): UsageSum => ({
  iterations: 0,
  usage: none,
  costUsd: null,
  unpriced: 0,
  costSources: [],
  first: '',
  last: '',
})

function rowOf(rows: Map<string, UsageRow>, { key, name }: Part): UsageRow {
  const row = rows.get(key) ?? { key, name, ...emptySum() }
  rows.set(key, row)
  return row
}

function addTo(sum: UsageSum, part: Pick<Part, 'usage' | 'costUsd'>, iteration: IterationView): void {
  const { agent, startedAt, costSource } = iteration
  sum.iterations++
  sum.usage = combine(sum.usage, part.usage, (a, b) => a + b)
  if (isUnpriced({ agent, costUsd: part.costUsd })) sum.unpriced++
  if (part.costUsd !== null) {
    sum.costUsd = exactDollars((sum.costUsd ?? 0) + part.costUsd)
    if (costSource !== null) sum.costSources = unique([...sum.costSources, costSource]).sort()
  }
  if (sum.first === '' || startedAt < sum.first) sum.first = startedAt
  if (startedAt > sum.last) sum.last = startedAt
}

/** Sessions by when they began, all others by their key. */
function sorted(rows: UsageRow[], by: UsageKey): UsageRow[] {
  const value = (row: UsageRow): string => (by === 'session' ? `${row.first} ${row.key}` : row.key)
  return rows.sort((a, b) => (value(a) < value(b) ? -1 : 1))
}

const isoSeconds = (date: Date | undefined): string | null =>
  date === undefined ? null : `${date.toISOString().slice(0, 19)}Z`
