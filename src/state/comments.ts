import type { AmpEvent, LongText } from './events.js'
import { inOrder, isKnown } from './fold.js'
import type { Oid } from './storage.js'

/** A review comment and what became of it. */
export interface CommentView {
  id: string
  text: LongText
  /** From the top of the worktree; null for one on the session as a whole. */
  path: string | null
  /** First and last line, from 1; null for the whole file. */
  line: number | null
  end: number | null
  /** The head that the file stood on. */
  commit: Oid | null
  /** The lines as they were. */
  code: LongText | null
  at: string
  by: string
  resolved: { at: string; by: string; iteration: string | null } | null
}

/** The review comments of a session, in the order in which they were made. */
export function commentsOf(events: Iterable<AmpEvent>): CommentView[] {
  const views = new Map<string, CommentView>()
  for (const event of inOrder(events)) {
    if (!isKnown(event)) continue
    const { at, by } = event
    if (event.type === 'comment.added') {
      const { comment: id, text, path = null, line = null, end = line, commit = null, code = null } = event.data
      // Nobody may put other words under a known id.
      if (!views.has(id)) views.set(id, { id, text, path, line, end, commit, code, at, by, resolved: null })
    } else if (event.type === 'comment.resolved') {
      const view = views.get(event.data.comment)
      if (view !== undefined) view.resolved = { at, by, iteration: event.data.iteration ?? null }
    } else if (event.type === 'comment.reopened') {
      const view = views.get(event.data.comment)
      if (view !== undefined) view.resolved = null
    } else if (event.type === 'operation.undone' && event.data.comments !== undefined) {
      const { drop, add } = event.data.comments
      for (const view of views.values()) {
        if (drop.includes(view.id)) view.resolved ??= { at, by, iteration: null }
        if (add.includes(view.id)) view.resolved = null
      }
    }
  }
  return [...views.values()]
}
