import type { WholeComment } from '../actions/comment.js'
import type { ChainTip } from '../state/chain.js'
import { escapeControls } from '../util/escape.js'
import { oneLine } from '../util/sanitize.js'
import { relativeDate } from '../util/time.js'
import type { Screen } from './session.js'

/** Comments one below the other, each with the code that it is on. */
export const renderComments = (comments: readonly WholeComment[], screen: Pick<Screen, 'paint' | 'now'>): string =>
  comments.map((one) => renderComment(one, screen)).join('\n\n')

function renderComment(comment: WholeComment, { paint, now }: Pick<Screen, 'paint' | 'now'>): string {
  const { id, path, line, end, code, by, at, resolved } = comment
  const lines = line === null ? '' : end === null || end === line ? `:${line}` : `:${line},${end}`
  const place = path === null ? '' : `  ${oneLine(path, 200)}${lines}`
  const state = resolved === null ? '' : '  (resolved)'
  const author = oneLine(by.replace(/ <[^>]*>$/, ''), 60)
  const head = `${paint('id', id.slice(0, 4))}${place}  ${author}, ${relativeDate(at, now)}${state}`
  const quoted = code === null ? [] : [block(code, '    > ')]
  return [head, ...quoted, block(comment.text, '    ')].join('\n')
}

const block = (text: string, indent: string): string =>
  escapeControls(text, '\n\t')
    .trimEnd()
    .split('\n')
    .map((line) => `${indent}${line}`.trimEnd())
    .join('\n')

/** The comments for `--json`. */
export const commentsJson = (tip: ChainTip, comments: readonly WholeComment[]) => ({
  schema: 'git-amp/comments@1',
  session: tip.id,
  comments,
})
