/** Lines that tell what went wrong, in the words of compilers and test runners. */
const telling =
  /\b(?:error|fail(?:ed|ure|s)?|fatal|assert\w*|expected|received|panic(?:ked)?|exception|traceback|not ok|undefined|cannot|segmentation)\b|^[^\w\s]*[✗✖×❌]/i

/**
 * The part of a long output that helps to find out what is wrong: lines that name errors with their neighbours, and the end. Left out lines are
 * marked by `[...]`. Pure.
 * @param max characters of the result, about
 */
export function excerpt(output: string, max: number): string {
  const text = output.trimEnd()
  if (text.length <= max) return text
  const tail = text.slice(-Math.floor(max / 2))
  const lines = text.slice(0, text.length - tail.length).split('\n')
  const kept = new Set<number>()
  let room = max - tail.length
  for (const [at, line] of lines.entries()) {
    if (!telling.test(line.slice(0, 500))) continue
    for (let near = Math.max(0, at - 1); near <= Math.min(lines.length - 1, at + 2); near++) {
      const length = Math.min(lines[near]?.length ?? 0, 500) + 1
      if (kept.has(near) || length > room) continue
      kept.add(near)
      room -= length
    }
    if (room < 80) break
  }
  const parts: string[] = []
  let last = -1
  for (const at of [...kept].sort((a, b) => a - b)) {
    if (at !== last + 1) parts.push('[...]')
    parts.push((lines[at] ?? '').slice(0, 500))
    last = at
  }
  if (last !== lines.length - 1) parts.push('[...]')
  return [...parts, tail].join('\n')
}
