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
