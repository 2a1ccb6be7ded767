import type { ForgetResult } from '../actions/forget.js'
import { oneLine } from '../util/sanitize.js'

/** What is gone, and what is not. */
export function renderForget({ id, what, refs, branch, isDryRun }: ForgetResult): string {
  const verb = isDryRun ? 'would forget' : 'forgot'
  const lines = [`${verb} ${what} ${id}`, ...refs.map((ref) => `  ${oneLine(ref)}`)]
  if (branch !== null) lines.push(`the branch ${oneLine(branch)} is code, and stays where it is`)
  return lines.join('\n')
}
