import type { HomeChange } from '../actions/install/home.js'
import type { InstallResult } from '../actions/install.js'
import { groupBy } from '../util/collections.js'
import { tilde } from '../util/path.js'
import { oneLine, printable } from '../util/sanitize.js'

/** All that was written or taken away, line by line. */
export function renderInstall({ changes, isDryRun }: InstallResult): string {
  const lines = changes.flatMap((change) => {
    const does = verb(change.does === 'add' ? 'write' : 'remove', isDryRun)
    if (change.kind === 'config') return [`${does} config ${oneLine(change.key)} = ${oneLine(change.value, 400)}`]
    return [`${does} ${oneLine(change.path, 400)}`, ...(change.does === 'add' ? indented(change.text) : [])]
  })
  return lines.join('\n')
}

/** The same for what is installed for a user: pages by their folder, and of files of the user's the lines. */
export function renderHome(
  changes: readonly HomeChange[],
  { isDryRun, home }: { isDryRun: boolean; home: string | undefined },
): string {
  const place = (path: string) => oneLine(tilde(path, home), 400)
  const groups = groupBy(changes, ({ part, does, path }) =>
    part === 'man' ? `${does} ${folderOf(path)}` : `${does} ${part} ${path}`,
  )
  const lines = [...groups.values()].flatMap((group) => {
    const [{ part, kind, does, path, text } = group[0] as HomeChange] = group
    if (kind === 'block' && does === 'remove') return [`${verb('remove', isDryRun)} our lines in ${place(path)}`]
    if (kind === 'block')
      return [`${verb(does === 'add' ? 'add' : 'change', isDryRun)} in ${place(path)}:`, ...indented(text)]
    const done = verb(does === 'remove' ? 'remove' : 'write', isDryRun)
    if (part !== 'man') return [`${done} ${place(path)}`]
    const pages = group.length === 1 ? '1 manual page' : `${group.length} manual pages`
    return [`${done} ${pages} in ${place(folderOf(path))}`]
  })
  return lines.join('\n')
}

const past = { write: 'wrote', remove: 'removed', add: 'added', change: 'changed' }

const verb = (word: keyof typeof past, isDryRun: boolean): string => (isDryRun ? `would ${word}` : past[word])

const indented = (text: string): string[] => printable(text.trimEnd()).replace(/^/gm, '  ').split('\n')

const folderOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))
