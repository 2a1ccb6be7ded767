/** The words most like `word`: the same beginning, or few letters changed, swapped, lost or added. */
export function closest(word: string, candidates: readonly string[]): string[] {
  const limit = Math.max(1, Math.floor(word.length / 3))
  return candidates
    .map((candidate) => ({ candidate, cost: candidate.startsWith(word) ? 0 : distance(word, candidate) }))
    .filter(({ cost }) => cost <= limit)
    .sort((a, b) => a.cost - b.cost)
    .map(({ candidate }) => candidate)
}

/** Optimal string alignment distance: edits of one letter, and swaps of two neighbours. */
function distance(a: string, b: string): number {
  const rows: number[][] = []
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = []
    rows.push(row)
    for (let j = 0; j <= b.length; j++) {
      if (i === 0 || j === 0) row.push(i + j)
      else {
        const change = a[i - 1] === b[j - 1] ? 0 : 1
        const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
        const edits = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change)
        row.push(swapped ? Math.min(edits, at(i - 2, j - 2) + 1) : edits)
      }
    }
  }
  return at(a.length, b.length)
}
