import { type Price, priceOf, tokenKinds } from '../../agent/prices.js'
import { no } from '../../errors.js'
import type { Config } from '../../git/config.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { Spent } from '../../state/events.js'
import { costOf, iterationsOf } from '../../state/iterations.js'
import { dollars, exactDollars } from '../../util/amounts.js'
import { oneLine } from '../../util/sanitize.js'
import { plural } from '../../util/time.js'

/** What a run used, with its cost, and what is wrong with the price table. */
export interface Costed {
  spent: Spent
  warnings: string[]
}

/**
 * Adds the cost by the user's price table (`amp.price.<model>.*`) to what a run used, when its agent named none.
 * @param model what the iteration asked for
 */
export async function withCost(repo: Repo, spent: Spent, model: string | null): Promise<Costed> {
  if (spent.costUsd !== undefined) return { spent, warnings: [] }
  const config = await repo.config()
  const warnings: string[] = []
  const priced = priceOf(spent, model, (name) => readPrice(config, name, warnings))
  const { models, ...cost } = priced ?? {}
  // Models that only the table knows of were not reported, and are not recorded as if they were.
  const reported = models === undefined || spent.models === undefined ? {} : { models }
  return { spent: { ...spent, ...cost, ...reported }, warnings: [...new Set(warnings)] }
}

/** The price of a model; null when there is none, or when it cannot be trusted. */
function readPrice(config: Config, model: string, warnings: string[]): Price | null {
  const key = `amp.price.${model}`
  const set = tokenKinds.map((kind) => ({ kind, text: config.get(`${key}.${kind}`) }))
  if (set.every(({ text }) => text === null)) return null
  const source = oneLine(config.get(`${key}.source`) ?? '')
  // The word of the agent itself is not the user's to give.
  if (source === '' || source === 'agent') {
    warnings.push(`the prices of ${oneLine(model)} name no source and are not used; set ${oneLine(key)}.source`)
    return null
  }
  const price: Price = { source }
  for (const { kind, text } of set) {
    if (text === null) continue
    if (/^\d+(\.\d+)?$|^\.\d+$/.test(text.trim())) price[kind] = Number(text)
    else warnings.push(`${oneLine(key)}.${kind} is no price in US dollars: '${oneLine(text, 40)}'`)
  }
  return price
}

/** The ceiling of a session's cost: the given one, else `amp.maxCost`; null when there is none. */
async function ceilingOf(repo: Repo, maxCost: number | undefined): Promise<number | null> {
  return maxCost ?? (await repo.config()).dollars('amp.maxCost')
}

/**
 * Refuses another iteration when what the session has cost has reached the ceiling. It is checked between iterations, so that one of them
 * may overshoot it; those without a known cost are not counted.
 * @param maxCost in US dollars; without it `amp.maxCost` counts
 * @returns what the user should know although nothing is refused; null when there is nothing
 */
export async function refuseOverBudget(repo: Repo, tip: ChainTip, maxCost: number | undefined): Promise<string | null> {
  const ceiling = await ceilingOf(repo, maxCost)
  if (ceiling === null) return null
  const iterations = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const { costUsd, unpriced } = costOf(iterations)
  const spent = exactDollars(costUsd ?? 0)
  const uncounted =
    unpriced === 0
      ? null
      : `${plural(unpriced, 'iteration')} of session ${oneLine(tip.snapshot.name)} ${unpriced === 1 ? 'has' : 'have'} no known cost, which the ceiling of ${dollars(ceiling)} cannot count`
  if (spent < ceiling) return uncounted
  const largest = Math.max(...iterations.map((iteration) => iteration.costUsd ?? 0))
  throw no(
    `session ${oneLine(tip.snapshot.name)} has cost ${dollars(spent)}, and its ceiling is ${dollars(ceiling)}: no other iteration is started`,
    `The ceiling is checked between iterations: one more may overshoot it by ${dollars(largest)}, what the largest so far has cost, or more.`,
    ...(uncounted === null ? [] : [`${uncounted.charAt(0).toUpperCase()}${uncounted.slice(1)}.`]),
    'To go on, give a higher one with --max-cost, or set amp.maxCost.',
  )
}
