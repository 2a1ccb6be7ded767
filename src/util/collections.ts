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

/** Each item once. */
export const unique = <T>(items: Iterable<T>): T[] => [...new Set(items)]
