import { html } from './html.js'

/**
 * Charts as SVG that fits any width: places are in per cent and text in pixels, so that nothing shrinks on a phone. Each says in words what
 * it shows. Pure.
 */

/** One column of a chart. */
export interface ChartColumn {
  /** Below the column; empty for none. */
  label: string
  value: number
  /** What a pointer on it is told. */
  title: string
}

const percent = (part: number, whole: number): string =>
  `${whole <= 0 ? 0 : Number(((100 * part) / whole).toFixed(3))}%`

/** Columns side by side, with the largest value at the top. */
export function columnChart(
  columns: readonly ChartColumn[],
  how: { label: string; top: string; height?: number },
): string {
  const { height = 150 } = how
  const floor = height - 22
  const room = floor - 20
  const most = Math.max(0, ...columns.map(({ value }) => value))
  const step = 100 / Math.max(1, columns.length)
  const gap = Math.min(step * 0.28, 1.6)
  // A single column over the whole width would say nothing.
  const width = Math.min(step - gap, 9)
  const bars = columns.map(({ value, title }, at) => {
    const tall = most === 0 ? 0 : Math.max(value > 0 ? 2 : 0, (room * value) / most)
    const x = at * step + (step - width) / 2
    return `<rect class="bar" x="${x.toFixed(3)}%" y="${(floor - tall).toFixed(1)}" width="${width.toFixed(3)}%" height="${tall.toFixed(1)}" rx="2"><title>${html(title)}</title></rect>`
  })
  const labels = columns.map(({ label }, at) => {
    if (label === '') return ''
    const isFirst = at === 0 && columns.length > 8
    const isLast = at === columns.length - 1 && columns.length > 8
    const [x, anchor] = isFirst ? [0, 'start'] : isLast ? [100, 'end'] : [(at + 0.5) * step, 'middle']
    // A phone has room for the first and the last of many.
    const isBetween = columns.length > 8 && !isFirst && !isLast
    return `<text${isBetween ? ' class="wide"' : ''} x="${x.toFixed(3)}%" y="${height - 5}" text-anchor="${anchor}">${html(label)}</text>`
  })
  return [
    `<svg role="img" aria-label="${html(how.label)}" height="${height}">`,
    `<line class="rule" x1="0" x2="100%" y1="20.5" y2="20.5"/><text x="0" y="13">${html(how.top)}</text>`,
    ...bars,
    `<line class="rule" x1="0" x2="100%" y1="${floor + 0.5}" y2="${floor + 0.5}"/>`,
    ...labels,
    '</svg>',
  ].join('')
}

/** A part of a bar. */
export interface BarPart {
  value: number
  /** `good`, `mild`, `bad`, `warn` or `idle` */
  look: string
  title: string
}

/** One bar, divided. */
export function stackedBar(parts: readonly BarPart[], label: string, height = 22): string {
  const whole = parts.reduce((sum, { value }) => sum + value, 0)
  let before = 0
  const pieces = parts
    .filter(({ value }) => value > 0)
    .map(({ value, look, title }) => {
      const piece = `<rect class="f-${look}" x="${percent(before, whole)}" width="${percent(value, whole)}" height="${height}"><title>${html(title)}</title></rect>`
      before += value
      return piece
    })
  return `<svg role="img" aria-label="${html(label)}" height="${height}"><rect class="track" width="100%" height="${height}"/>${pieces.join('')}</svg>`
}

/** A small bar in a line of a table, as a share of the largest one. */
export const shareBar = (value: number, most: number, bad = 0): string =>
  `<svg aria-hidden="true" height="8"><rect class="track" width="100%" height="8" rx="2"/><rect class="bar" width="${percent(value, most)}" height="8" rx="2"/>${bad > 0 ? `<rect class="f-bad" width="${percent(bad, most)}" height="8" rx="2"/>` : ''}</svg>`
