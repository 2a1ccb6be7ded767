import type { Check, PreflightResult } from '../actions/preflight.js'
import { oneLine } from '../util/sanitize.js'
import type { Paint } from './session.js'
import { renderTable } from './table.js'

const words: Readonly<Record<Check['status'], string>> = { pass: 'ok', warn: '!', fail: 'no', unknown: '-' }

/** The checks, one a line. */
export function renderPreflight(result: PreflightResult, screen: { paint: Paint; width: number | null }): string {
  const { checks } = result
  const rows = checks.map(({ name, status, detail }) => [words[status], name, oneLine(detail, 400)])
  const paint = (text: string, row: number) => (checks[row]?.status === 'fail' ? screen.paint('failed', text) : text)
  return renderTable(rows, [{ paint }, { paint }, {}], screen.width)
}

/** The same for `--json`. */
export const preflightJson = ({ tip, into, ...rest }: PreflightResult) => ({
  schema: 'git-amp/preflight@1',
  session: tip.id,
  into: into?.replace(/^refs\/heads\//, '') ?? null,
  ...rest,
})
