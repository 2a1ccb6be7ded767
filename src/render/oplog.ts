import type { LoggedOperation } from '../actions/oplog.js'
import { notesRef, sessionRef } from '../state/names.js'
import { oneLine } from '../util/sanitize.js'
import { relativeDate } from '../util/time.js'
import type { Screen } from './session.js'
import { renderTable } from './table.js'

/** The log: id, age, command, session, refs that hold code. */
export function renderOplog(operations: readonly LoggedOperation[], screen: Screen): string {
  const rows = operations.map((operation) => [
    oneLine(operation.id),
    relativeDate(operation.at, screen.now),
    `${oneLine(operation.command)}${operation.isUndone ? ' (undone)' : ''}`,
    `${oneLine(operation.session).slice(0, 4)} ${oneLine(operation.slug)}`,
    movedWords(operation),
  ])
  const paint = (text: string) => screen.paint('id', text)
  return renderTable(rows, [{ paint }, {}, {}, { max: 29 }, {}], screen.width)
}

/** The refs that people look at: branches, with where they were and are. */
function movedWords({ session, refs, staged }: LoggedOperation): string {
  if (staged !== undefined) return `staged in ${oneLine(staged.path)}`
  const isCode = (ref: string) =>
    ref !== notesRef && ref !== sessionRef(session) && !/^refs\/amp-(private|local)\//.test(ref)
  return refs
    .filter(({ ref, before, after }) => isCode(ref) && before !== after)
    .map(({ ref, before, after }) => `${oneLine(ref.replace(/^refs\/heads\//, ''))} ${short(before)}..${short(after)}`)
    .join(', ')
}

const short = (oid: string | null): string => (oid === null ? '(none)' : oneLine(oid).slice(0, 7))

/** Fields of `--format` and, in this order, of `--porcelain`. */
export const oplogFields = ['operation', 'at', 'command', 'session', 'slug', 'undone', 'undoes', 'refs'] as const

export const oplogValues = (operation: LoggedOperation): Record<string, string> => ({
  operation: operation.id,
  id: operation.id,
  at: operation.at,
  command: operation.command,
  session: operation.session,
  slug: operation.slug,
  undone: operation.isUndone ? 'yes' : '',
  undoes: operation.undoes ?? '',
  refs: operation.refs.map(({ ref, before, after }) => `${ref} ${before ?? '-'} ${after ?? '-'}`).join(', '),
})

export const operationJson = (operation: LoggedOperation) => ({
  id: operation.id,
  at: operation.at,
  command: operation.command,
  session: operation.session,
  slug: operation.slug,
  isUndone: operation.isUndone,
  undoes: operation.undoes ?? null,
  refs: operation.refs,
  worktrees: operation.worktrees ?? [],
  staged: operation.staged ?? null,
  steps: operation.steps.length < 2 ? [] : operation.steps.map(({ id, command }) => ({ id, command })),
})
