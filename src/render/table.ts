import { fitText, padText, textWidth } from '../util/width.js'

/** One column of a table: the last one takes what is left. */
export interface Column {
  align?: 'start' | 'end'
  /** Paints a cell after it was measured and padded. */
  paint?: (text: string, row: number) => string
  /** A cell longer than this is cut, on a terminal. */
  max?: number
}

/** Rows in aligned columns with two spaces between them. `width` null: nothing is cut. */
export function renderTable(
  rows: readonly (readonly string[])[],
  columns: readonly Column[],
  width: number | null,
): string {
  const widths = columns.map((column, at) => {
    const longest = Math.max(0, ...rows.map((row) => textWidth(row[at] ?? '')))
    return width === null || column.max === undefined ? longest : Math.min(longest, column.max)
  })
  const lines = rows.map((row, index) => {
    let used = 0
    const cells = columns.map((column, at) => {
      const isLast = at === columns.length - 1
      const room = width === null ? null : isLast ? width - used : (widths[at] ?? 0)
      const text = room === null ? (row[at] ?? '') : fitText(row[at] ?? '', Math.max(room, 8))
      const padded =
        isLast && column.align !== 'end'
          ? text
          : padText(text, widths[at] ?? 0, column.align === 'end' ? 'start' : 'end')
      if (width !== null) used += textWidth(padded) + 2
      return column.paint === undefined ? padded : column.paint(padded, index)
    })
    return cells.join('  ').trimEnd()
  })
  return lines.join('\n')
}
