/** Lines around a change by which its place is found again. */
const contextLines = 3

/**
 * A guess at what `git merge-file` makes of three texts: the place that `theirs` changed is looked for in `ours` by the lines around it. Null when
 * it is not there just once. Pure.
 */
export function guessMerge(base: string, ours: string, theirs: string): string | null {
  const [old, right] = [base.split('\n'), theirs.split('\n')]
  const shorter = Math.min(old.length, right.length)
  let start = 0
  while (start < shorter && old[start] === right[start]) start++
  let end = 0
  while (end < shorter - start && old.at(-1 - end) === right.at(-1 - end)) end++
  const before = Math.max(0, start - contextLines)
  const after = Math.max(0, end - contextLines)
  const sought = between(old, before, after)
  // A whole line on both sides, so that no part of a line is taken for it; the ends of the text count as such.
  const [text, place] = [`\n${ours}\n`, `\n${sought}\n`]
  const at = text.indexOf(place)
  if (at < 0 || text.indexOf(place, at + 1) >= 0) return null
  return `${text.slice(0, at)}\n${between(right, before, after)}\n${text.slice(at + place.length)}`.slice(1, -1)
}

/** Lines without so many at each end. */
const between = (lines: readonly string[], before: number, after: number): string =>
  lines.slice(before, lines.length - after).join('\n')
