import { escapeControls } from '../util/escape.js'

/** Markdown that holds text of others. Pure. */

/** Text inside a line or a cell, with all that Markdown or HTML would take for more than text made plain. */
export const markdownCell = (text: string): string =>
  escapeControls(text.replace(/\s+/g, ' ').trim())
    .replace(/[\\`*_{}[\]#|~]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/^([-+>=]|\d+(?=[.)]))/, '\\$1')

/** Text as it is, between fences that it cannot end. */
export function fenced(text: string, language = 'text'): string {
  const runs = [...text.matchAll(/`+/g)].map(([run]) => run.length)
  const fence = '`'.repeat(Math.max(3, ...runs.map((length) => length + 1)))
  const body = escapeControls(text.replace(/\r\n/g, '\n'), '\n\t').replace(/\n+$/, '')
  return `${fence}${language}\n${body}\n${fence}\n\n`
}

/** A table with an empty line behind it; all columns but the first are aligned as `align` says. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[], align?: 'right'): string {
  const line = (cells: readonly string[]) => `| ${cells.map(markdownCell).join(' | ')} |\n`
  const rule = head.map((_, at) => (align === 'right' && at > 0 ? '---:' : '---'))
  return `${line(head)}| ${rule.join(' | ')} |\n${rows.map(line).join('')}\n`
}
