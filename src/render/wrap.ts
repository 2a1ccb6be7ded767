/** Columns that a page of text fills. */
export const pageWidth = 80

/**
 * Breaks text at spaces into lines of at most `width` characters; a longer word stands alone.
 * @param indent put before every line, within the width
 */
export function wrap(text: string, indent: string, width = pageWidth): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, indent + line]
}

/** Two columns as git prints options: the second begins at `column`, on a line of its own when the first is too long. */
export function twoColumns(rows: readonly (readonly [string, string])[], column = 26): string {
  return rows
    .map(([first, second]) => {
      const left = `    ${first}`
      const right = wrap(second, ' '.repeat(column))
      if (left.length + 2 > column) return [left, ...right].join('\n')
      return [left + (right[0] ?? '').slice(left.length), ...right.slice(1)].join('\n').trimEnd()
    })
    .map((row) => `${row}\n`)
    .join('')
}
