import type { UsageResult, UsageSum } from '../actions/usage.js'
import { dollars, grouped } from '../util/amounts.js'
import { csv } from '../util/csv.js'
import { oneLine } from '../util/sanitize.js'
import type { Screen } from './session.js'
import { renderTable } from './table.js'

/** The sums as a table, with a total when there is more than one line. */
export function renderUsage(result: UsageResult, screen: Omit<Screen, 'now'>): string {
  const { rows, by, total } = result
  if (rows.length === 0) return ''
  const head = [by, 'iterations', 'input', 'output', 'cache read', 'cache write', 'cost', '']
  const lines = rows.map((row) => [nameOf(row, by), ...cells(row)])
  const sum = rows.length === 1 ? [] : [['total', ...cells(total)]]
  const isHeading = (row: number) => row === 0 || (sum.length > 0 && row === lines.length + 1)
  const numbers = head.slice(1, -1).map(() => ({ align: 'end', paint: heading }) as const)
  function heading(text: string, row: number): string {
    return isHeading(row) ? screen.paint('heading', text) : text
  }
  return renderTable([head, ...lines, ...sum], [{ max: 40, paint: heading }, ...numbers, {}], screen.width)
}

function nameOf(row: UsageResult['rows'][number], by: UsageResult['by']): string {
  if (by === 'session') return `${row.key} ${oneLine(row.name ?? '', 60)}`
  return row.key === '' ? '(not told)' : oneLine(row.key)
}

/** The cost stands apart from what it lacks, so that amounts are in line. */
function cells({ iterations, usage, costUsd, unpriced }: UsageSum): string[] {
  const { input, output, cacheRead, cacheWrite } = usage
  const tokens = [iterations, input, output, cacheRead, cacheWrite].map(grouped)
  const lack = unpriced === 0 ? '' : `${costUsd === null ? '' : '+ '}${grouped(unpriced)} unpriced`
  return [...tokens, costUsd === null ? '' : dollars(costUsd), lack]
}

/** The sums for `--json`. */
export const usageJson = ({ broken: _, ...result }: UsageResult) => ({ schema: 'git-amp/usage@1', ...result })

const fields = [
  'key',
  'name',
  'iterations',
  'input',
  'output',
  'cache_read',
  'cache_write',
  'cost_usd',
  'unpriced',
  'cost_sources',
  'first',
  'last',
]

/** The sums as CSV, without the total. */
export const usageCsv = ({ rows }: UsageResult): string =>
  csv([
    fields,
    ...rows.map((row) => {
      const { input, output, cacheRead, cacheWrite } = row.usage
      const numbers = [row.iterations, input, output, cacheRead, cacheWrite]
      const cost = row.costUsd === null ? '' : `${row.costUsd}`
      const sources = row.costSources.join('; ')
      const texts = [row.key, row.name ?? ''].map((text) => oneLine(text))
      return [...texts, ...numbers.map(String), cost, `${row.unpriced}`, oneLine(sources, 1000), row.first, row.last]
    }),
  ])
