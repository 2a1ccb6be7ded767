import type { InstallResult } from '../actions/install.js'
import { oneLine, printable } from '../util/sanitize.js'

/** All that was written or taken away, line by line. */
export function renderInstall({ changes, isDryRun }: InstallResult): string {
  const lines = changes.flatMap((change) => {
    const verb = change.does === 'add' ? 'write' : 'remove'
    const does = isDryRun ? `would ${verb}` : verb === 'write' ? 'wrote' : 'removed'
    if (change.kind === 'config') return [`${does} config ${oneLine(change.key)} = ${oneLine(change.value, 400)}`]
    const text = change.does === 'add' ? printable(change.text.trimEnd()).split('\n') : []
    return [`${does} ${oneLine(change.path, 400)}`, ...text.map((line) => `  ${line}`)]
  })
  return lines.join('\n')
}
