/** Items by key, in the order of their first appearance (`Map.groupBy` of newer Nodes). */
export function groupBy<T, K>(items: Iterable<T>, keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}

/** The items that are not null or undefined. */
export const present = <T>(items: Iterable<T | null | undefined>): T[] =>
  [...items].filter((item): item is T => item !== null && item !== undefined)

/** As `Promise.all`, but when one fails the others have ended as well: nothing goes on behind the caller's back. */
export async function together<T extends readonly unknown[]>(...work: { [K in keyof T]: Promise<T[K]> }): Promise<T> {
  await Promise.allSettled(work)
  return (await Promise.all(work)) as unknown as T
}

/** Each item once. */
export const unique = <T>(items: Iterable<T>): T[] => [...new Set(items)]

/** Works on all items, so many at a time; the results are in their order. */
export async function pooled<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const left = items.entries()
  const worker = async () => {
    for (const [at, item] of left) results[at] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}
