import type { ModelUsage, Spent, Usage } from '../state/events.js'
import { exactDollars } from '../util/amounts.js'

/** What a model costs, in US dollars per million tokens. Pure. */
export interface Price extends Partial<Usage> {
  /** Where the prices are from: a page and a date. */
  source: string
}

/** The kinds of tokens that have a price of their own. */
export const tokenKinds = ['input', 'output', 'cacheRead', 'cacheWrite'] as const

type Priced = Pick<Spent, 'costUsd' | 'costSource' | 'models'>

/**
 * The cost of a run by a price table: only when every model is known and every kind of token that it used has a price. Nothing is
 * guessed.
 * @param model what the iteration asked for, which counts when its agent names no models
 */
export function priceOf(spent: Spent, model: string | null, priceFor: (model: string) => Price | null): Priced | null {
  const models = modelsOf(spent, model)
  if (models.length === 0) return null
  const costs = models.map((one) => ({ model: one, price: priceFor(one.model) }))
  let total = 0
  const priced: ModelUsage[] = []
  for (const { model: one, price } of costs) {
    const costUsd = price === null ? null : costOf(one, price)
    if (costUsd === null) return null
    total += costUsd
    priced.push({ ...one, costUsd })
  }
  const sources = new Set(costs.map(({ price }) => price?.source ?? ''))
  return { costUsd: exactDollars(total), costSource: [...sources].join('; '), models: priced }
}

/** Which model used what. Models that account only for a part of the tokens say nothing of the rest. */
function modelsOf({ usage, models = [] }: Spent, model: string | null): readonly ModelUsage[] {
  if (models.length === 0) return usage === undefined || model === null ? [] : [{ model, ...usage }]
  const isWhole = tokenKinds.every((kind) => sumOf(models, kind) >= (usage?.[kind] ?? 0))
  return isWhole ? models : []
}

const sumOf = (models: readonly Usage[], kind: keyof Usage): number =>
  models.reduce((sum, model) => sum + model[kind], 0)

/** Null when a kind of token that was used has no price. */
function costOf(usage: Usage, price: Price): number | null {
  let micros = 0
  for (const kind of tokenKinds) {
    if (usage[kind] === 0) continue
    const perMillion = price[kind]
    if (perMillion === undefined) return null
    micros += usage[kind] * perMillion
  }
  return exactDollars(micros / 1e6)
}
