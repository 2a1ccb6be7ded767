import type { AmpEvent, EventData } from './events.js'
import { inOrder, isKnown } from './fold.js'
import { type IterationView, iterationsOf, noteLine } from './iterations.js'
import type { NoteLine } from './notes.js'
import type { Oid } from './storage.js'

/**
 * The note lines that follow from a session's events, as the commands wrote them: notes are derived, and can be made again when they are lost.
 */
export function notesOf(first: { id: string; slug: string }, events: Iterable<AmpEvent>): NoteLine[] {
  let session = first
  const told: AmpEvent[] = []
  const lines = new Map<string, NoteLine>()
  /** Lines by the head that they came with: undoing the step that made the head takes them back. */
  const byHead = new Map<Oid, NoteLine[]>()
  const add = (head: Oid | undefined, added: readonly NoteLine[]) => {
    if (head === undefined) return
    byHead.set(head, [...(byHead.get(head) ?? []), ...added])
    for (const line of added) lines.set(keyOf(line), line)
  }
  for (const event of inOrder(events)) {
    told.push(event)
    if (!isKnown(event)) continue
    if (event.type === 'session.renamed') session = { ...session, slug: event.data.slug ?? session.slug }
    if (event.type === 'iteration.finished' || event.type === 'iteration.failed') {
      // One that changed nothing ends where it began: that commit is another one's.
      if (event.data.to !== event.data.from) add(event.data.to, lineOf(session, told, event.data.iteration))
    } else if (event.type === 'test.recorded') {
      for (const line of lineOf(session, told, event.data.iteration)) lines.set(keyOf(line), line)
    } else if (event.type === 'session.squashed' || event.type === 'session.rebased') {
      add(
        event.data.to,
        rewritten(session, iterationsOf(told), { ...event.data, isRebase: event.type === 'session.rebased' }),
      )
    } else if (event.type === 'operation.undone') {
      // What the tests said since stays, as it does in an undo.
      for (const head of event.data.heads?.drop ?? [])
        for (const line of byHead.get(head) ?? []) if (lines.get(keyOf(line)) === line) lines.delete(keyOf(line))
      for (const head of event.data.heads?.add ?? [])
        for (const line of byHead.get(head) ?? []) if (!lines.has(keyOf(line))) lines.set(keyOf(line), line)
    }
  }
  return [...lines.values()]
}

const keyOf = ({ commit, line }: NoteLine): string => `${commit} ${/, iteration \d+ /.exec(line)?.[0] ?? line}`

/** The line of an iteration's commit, as far as the story goes; none when it has no commit. */
function lineOf(
  session: { id: string; slug: string },
  told: readonly AmpEvent[],
  iteration: string | undefined,
): NoteLine[] {
  const view = iterationsOf(told).find(({ id }) => id === iteration)
  if (view === undefined || view.to === null) return []
  return [{ commit: view.to, line: noteLine(session, view) }]
}

type Rewrite = Pick<EventData['session.squashed'], 'map' | 'onto'> & { isRebase: boolean }

/** Lines go with the commits that were written again; on another commit nothing is known of their tests. */
function rewritten(
  session: { id: string; slug: string },
  views: readonly IterationView[],
  { map, onto, isRebase }: Rewrite,
): NoteLine[] {
  const moved = new Map(Array.isArray(map) ? map : [])
  return views.flatMap((view) => {
    const commit = view.to === null ? undefined : moved.get(view.to)
    if (commit === undefined || commit === onto) return []
    const told = isRebase || onto !== undefined ? { ...view, tests: null } : view
    return [{ commit, line: noteLine(session, told) }]
  })
}
