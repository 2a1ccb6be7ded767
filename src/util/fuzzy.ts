/** Points for a letter that follows the one found before it, or begins a word: what people type first. */
const inRow = 6
const atStart = 4
/** A text is looked at only so far. */
const longest = 200

/**
 * How well the letters of `typed` are found in a text, in their order; the words of `typed` each for itself, in any order.
 * @returns null when they are not; more is better
 */
export function fuzzyScore(typed: string, text: string): number | null {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const letters = [...text.toLowerCase()].slice(0, longest)
  let sum = 0
  for (const word of words) {
    const score = scoreWord([...word], letters)
    if (score === null) return null
    sum += score
  }
  return sum
}

/** The best of all places where the word can begin. */
function scoreWord(word: readonly string[], letters: readonly string[]): number | null {
  let best: number | null = null
  for (let start = letters.indexOf(word[0] ?? ''); start >= 0; start = letters.indexOf(word[0] ?? '', start + 1)) {
    const score = scoreFrom(word, letters, start)
    if (score === null) break
    if (best === null || score > best) best = score
  }
  return best
}

function scoreFrom(word: readonly string[], letters: readonly string[], start: number): number | null {
  let score = 0
  let before = -2
  let at = start
  for (const letter of word) {
    at = letters.indexOf(letter, at)
    if (at < 0) return null
    if (at === before + 1) score += inRow
    if (at === 0 || !/[\p{L}\p{N}]/u.test(letters[at - 1] ?? '')) score += atStart
    score += before < 0 ? 1 : 1 / (at - before)
    before = at++
  }
  return score
}

/** The items whose text has the letters, the best first; all of them in their order when nothing is typed. */
export function fuzzySort<T>(typed: string, items: readonly T[], textOf: (item: T) => string): T[] {
  if (typed.trim() === '') return [...items]
  return items
    .map((item, at) => ({ item, at, score: fuzzyScore(typed, textOf(item)) }))
    .filter(({ score }) => score !== null)
    .sort((a, b) => (b.score ?? 0) - (a.score ?? 0) || a.at - b.at)
    .map(({ item }) => item)
}
