import { tokenKinds } from '../../agent/prices.js'
import type { ChainTip } from '../../state/chain.js'
import type { Usage } from '../../state/events.js'
import { type IterationView, isUnpriced } from '../../state/iterations.js'
import { exactDollars } from '../../util/amounts.js'
import { unique } from '../../util/collections.js'
import { localDay } from '../../util/time.js'

/** The values `by` takes. */
export const usageKeys = ['session', 'agent', 'model', 'day'] as const
export type UsageKey = (typeof usageKeys)[number]

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

/** Adds up what iterations used and cost, by one key and in all. */
export class Tally {
  private readonly byKey = new Map<string, UsageRow>()
  readonly total: UsageSum = emptySum()

  constructor(readonly by: UsageKey) {}

  add(iteration: IterationView, tip: ChainTip): void {
    for (const part of partsOf(iteration, tip, this.by)) addTo(rowOf(this.byKey, part), part, iteration)
    addTo(this.total, { usage: tokensOf(iteration), costUsd: iteration.costUsd }, iteration)
  }

  /** Sessions by when they began, all others by their key. */
  rows(): UsageRow[] {
    const value = (row: UsageRow): string => (this.by === 'session' ? `${row.first} ${row.key}` : row.key)
    return [...this.byKey.values()].sort((a, b) => (value(a) < value(b) ? -1 : 1))
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
export function tokensOf({ usage, models }: IterationView): Usage {
  const told = sumOf(models)
  return usage === null ? told : combine(usage, told, Math.max)
}

/** No tokens at all. */
export const noUsage: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }

const sumOf = (all: readonly Usage[]): Usage => all.reduce<Usage>(addUsage, noUsage)

/** The tokens of both. */
export const addUsage = (a: Usage, b: Usage): Usage => combine(a, b, (x, y) => x + y)

const combine = (a: Usage, b: Usage, how: (a: number, b: number) => number): Usage => ({
  input: how(a.input, b.input),
  output: how(a.output, b.output),
  cacheRead: how(a.cacheRead, b.cacheRead),
  cacheWrite: how(a.cacheWrite, b.cacheWrite),
})

export const emptySum = (): UsageSum => ({
  iterations: 0,
  usage: noUsage,
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
  sum.usage = addUsage(sum.usage, part.usage)
  if (isUnpriced({ agent, costUsd: part.costUsd })) sum.unpriced++
  if (part.costUsd !== null) {
    sum.costUsd = exactDollars((sum.costUsd ?? 0) + part.costUsd)
    if (costSource !== null) sum.costSources = unique([...sum.costSources, costSource]).sort()
  }
  if (sum.first === '' || startedAt < sum.first) sum.first = startedAt
  if (startedAt > sum.last) sum.last = startedAt
}
