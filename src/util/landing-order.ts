/** Two of the things that are ordered do not go together; the weight is what it costs to bring them together. */
export interface Clash {
  a: string
  b: string
  weight: number
}

/** Steps after which an exact answer is given up for a good one. */
const maxSteps = 3_000

/**
 * The order in which as few as possible have to be brought together with what is there before them: first the largest group that goes together, then
 * the others, the cheapest next.
 * @param all in the order that counts among equals
 * @param late those that have to be worked on anyway
 */
export function landingOrder(all: readonly string[], clashes: readonly Clash[], late: ReadonlySet<string>): string[] {
  const near = new Map<string, Map<string, number>>(all.map((one) => [one, new Map()]))
  for (const { a, b, weight } of clashes) {
    near.get(a)?.set(b, weight)
    near.get(b)?.set(a, weight)
  }
  const free = all.filter((one) => !late.has(one))
  const together = largest(new Set(free), near, { steps: 0 })
  const order = all.filter((one) => together.has(one))
  const left = new Set(all.filter((one) => !together.has(one)))
  while (left.size > 0) {
    const cost = (one: string) => order.reduce((sum, other) => sum + (near.get(one)?.get(other) ?? 0), 0)
    const [next] = [...left].sort((x, y) => cost(x) - cost(y)) as [string]
    order.push(next)
    left.delete(next)
  }
  return order
}

type Near = ReadonlyMap<string, ReadonlyMap<string, number>>

/** The largest group without a clash in it. One that clashes with one other at most is always in such a group. */
function largest(nodes: ReadonlySet<string>, near: Near, budget: { steps: number }): Set<string> {
  const left = new Set(nodes)
  const chosen = new Set<string>()
  const neighbours = (one: string) => [...(near.get(one)?.keys() ?? [])].filter((other) => left.has(other))
  const take = (one: string) => {
    chosen.add(one)
    for (const other of [one, ...neighbours(one)]) left.delete(other)
  }
  for (;;) {
    const degrees = [...left].map((one) => ({ one, degree: neighbours(one).length }))
    const easy = degrees.find(({ degree }) => degree < 2)
    if (easy !== undefined) take(easy.one)
    else if (degrees.length === 0) return chosen
    else if (budget.steps++ > maxSteps)
      take(degrees.reduce((best, node) => (node.degree < best.degree ? node : best)).one)
    else {
      const { one } = degrees.reduce((best, node) => (node.degree > best.degree ? node : best))
      const without = largest(new Set([...left].filter((other) => other !== one)), near, budget)
      const gone = new Set([one, ...neighbours(one)])
      const rest = largest(new Set([...left].filter((other) => !gone.has(other))), near, budget)
      const better = rest.size + 1 >= without.size ? [one, ...rest] : [...without]
      return new Set([...chosen, ...better])
    }
  }
}
