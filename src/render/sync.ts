import type { Entry } from '../actions/sync/ledger.js'
import type { SyncResult } from '../actions/sync.js'
import { oneLine, printable } from '../util/sanitize.js'
import { plural } from '../util/time.js'
import { renderTable } from './table.js'

const cameWords = { new: '* new', forward: '  forward', joined: '+ joined', forgotten: '- forgotten' } as const
const wentWords = { new: '* new', forward: '  forward', deleted: '- deleted' } as const

/** What came and what went, a line for each ref, under the repository's address as git writes it. */
export function renderSync(result: SyncResult): string {
  const { entries } = result
  const url = printable(result.url)
  const came = entries.filter((entry) => entry.came !== null || entry.quarantined !== null || entry.remarks.length > 0)
  const went = entries.filter((entry) => entry.went !== null || entry.refused !== null)
  const { gone } = result.archived
  const archived =
    gone === 0 ? [] : [[` ${wentWords.deleted}`, 'refs/amp/sessions/*', plural(gone, 'archived session')]]
  const parts = [part(`From ${url}`, came.map(cameRow)), part(`To ${url}`, [...went.map(wentRow), ...archived])].filter(
    (text) => text !== '',
  )
  return parts.join('\n')
}

function part(head: string, rows: string[][]): string {
  return rows.length === 0 ? '' : `${head}\n${renderTable(rows, [{}, {}, {}], null)}`
}

const refWords = (entry: Entry): string => oneLine(entry.ref)

function cameRow(entry: Entry): string[] {
  const taken = entry.came === null ? '  as it is' : cameWords[entry.came]
  const what = entry.quarantined === null ? taken : entry.came === null ? '! not taken' : '! not all'
  const events = entry.events === 0 ? '' : plural(entry.events, 'event')
  const sessions = entry.sessions === 0 ? '' : plural(entry.sessions, 'archived session')
  const words = [entry.name === null ? '' : oneLine(entry.name), sessions, events]
    .filter((word) => word !== '')
    .join(', ')
  const notes = [entry.quarantined, ...entry.remarks]
    .filter((note) => note !== null)
    .map((note) => `(${oneLine(note, 400)})`)
  return [` ${what}`, refWords(entry), [words, ...notes].filter((word) => word !== '').join(' ')]
}

function wentRow(entry: Entry): string[] {
  const what = entry.refused !== null ? '! refused' : wentWords[entry.went ?? 'forward']
  const name = entry.name === null ? '' : oneLine(entry.name)
  const reason = entry.refused === null ? '' : `(${oneLine(entry.refused, 400)})`
  return [` ${what}`, refWords(entry), [name, reason].filter((word) => word !== '').join(' ')]
}

/** The same as data. */
export const syncJson = (result: SyncResult) => ({ schema: 'git-amp/sync@1', ...result })
