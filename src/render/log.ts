import type { LogResult } from '../actions/log.js'
import { type AmpEvent, headOf, type LongText } from '../state/events.js'
import { firstLine } from '../state/fold.js'
import { costOf, testWord } from '../state/iterations.js'
import { oneLine } from '../util/sanitize.js'
import { plainTime, plural } from '../util/time.js'
import { fitText, padText, textWidth } from '../util/width.js'
import { costWords, remarkWords, type Screen, sizeWords, spentWords } from './session.js'

type Item = LogResult['items'][number]

/** Most words are no longer than `iteration 12`. */
const leastWord = 12

/** The story of a session, an item a line, remarks below. */
export function renderLog(result: LogResult, screen: Screen): string {
  const told = result.items.filter(isNews).map((item) => ({ item, ...tell(item) }))
  const width = Math.max(leastWord, ...told.map(({ who }) => textWidth(who)))
  const lines = told.map(({ item, commit, text, who, result = '' }) => {
    const [time, id, word] = [plainTime(item.at), (commit ?? '').slice(0, 10).padEnd(10), padText(who, width)]
    const room = screen.width === null ? null : screen.width - textWidth(`${time}  ${id}  ${word}  ${result}`)
    const title = room === null ? text : fitText(text, Math.max(room, 8))
    return `${screen.paint('dim', time)}  ${commit === null ? id : screen.paint('id', id)}  ${word}  ${title}${result}`
  })
  return [...lines, ...totalLine(result, screen)].join('\n')
}

const iterationsIn = ({ items }: LogResult) =>
  items.flatMap((item) => (item.kind === 'iteration' ? [item.iteration] : []))

/** What all iterations used and cost; nothing when no agent told anything. */
function totalLine(result: LogResult, screen: Screen): string[] {
  const iterations = iterationsIn(result)
  const cost = costOf(iterations)
  const tokens = spentWords({ usage: result.tip.snapshot.usage, costUsd: null })
  if (tokens.length === 0 && cost.costUsd === null) return []
  const words = [plural(iterations.length, 'iteration'), ...tokens, costWords(cost)].filter((word) => word !== '')
  return [screen.paint('dim', `Total: ${words.join(', ')}`)]
}

/** The commits tell of a manual move, the result of a merge tells of its intent, and one that did not happen is no news. */
function isNews(item: Item): boolean {
  if (item.kind !== 'event') return true
  const { type, data } = item.event
  return !(type === 'head.moved' && data.cause === 'manual') && !(type === 'session.merged' && data.result !== 'done')
}

interface Told {
  commit: string | null
  who: string
  text: string
  /** What stands behind the text, and is never cut. */
  result?: string
}

function tell(item: Item): Told {
  if (item.kind === 'commit') return { commit: item.oid, who: 'manual', text: oneLine(item.subject) }
  if (item.kind === 'event') return { commit: commitOf(item.event), who: wordOf(item.event), text: textOf(item.event) }
  const { iteration } = item
  const title = oneLine(firstLine(headOf(iteration.prompt)), 80)
  const result =
    iteration.outcome === 'success'
      ? sizeWords(iteration)
      : iteration.outcome === 'no-change'
        ? 'no change'
        : iteration.outcome
  const reason =
    iteration.reason === null || iteration.reason === iteration.outcome ? '' : ` (${oneLine(iteration.reason, 60)})`
  const tests = testWord(iteration.tests)
  const facts = [...(tests === null ? [] : [tests]), ...remarkWords(iteration.remarks), ...spentWords(iteration)]
  const words = [`${result}${reason}`, ...facts].join(', ')
  return { commit: iteration.to, who: `iteration ${iteration.n}`, text: title, result: ` [${words}]` }
}

/** The event's type in a word; only a merge that was done is called one. */
function wordOf({ type, data }: AmpEvent): string {
  if (type === 'session.merged' && data.result !== 'done') return `merge-${oneLine(String(data.result))}`
  if (type === 'session.resolved' && data.reason !== undefined) return 'unresolved'
  return type.replace(/^(session|head|test|operation)\./, '').replace('.', ' ')
}

function commitOf(event: AmpEvent): string | null {
  const { to, after } = event.data as { to?: unknown; after?: unknown }
  const oid = to ?? after
  return typeof oid === 'string' ? oid : null
}

/** What plain git did to the branch. */
function movedText(data: Record<string, unknown>): string {
  const short = (key: string) => (typeof data[key] === 'string' ? data[key].slice(0, 10) : '')
  const what =
    data.cause === 'amend' ? 'amended' : typeof data.base === 'string' ? `rebased onto ${short('base')}` : 'moved'
  return `${what} with plain git: ${short('from')} to ${short('to')}`
}

function textOf(event: AmpEvent): string {
  const data = event.data as Record<string, unknown>
  const text = (key: string) => oneLine(headOf((data[key] ?? '') as LongText), 80)
  switch (event.type) {
    case 'session.created':
      return oneLine(firstLine(headOf(data.prompt as LongText)), 80)
    case 'head.moved':
      return data.cause === 'manual' ? 'own commits' : movedText(data)
    case 'test.recorded':
      return `${data.exit === 0 ? 'tests pass' : 'tests fail'}: ${text('command')}`
    case 'session.squashed':
      return Array.isArray(data.map) ? plural(data.map.length, 'commit') : 'many commits'
    case 'session.conflicted':
    case 'session.rebase-aborted':
    case 'session.rebased':
      return `onto ${text('onto').slice(0, 12)}`
    case 'session.resolved':
      return `${text('agent')}${typeof data.reason === 'string' ? `: ${oneLine(data.reason, 60)}` : ' resolved the conflict'}`
    case 'session.merged':
      return `into ${text('into').replace(/^refs\/heads\//, '')} (${text('via')}${data.result === 'done' ? '' : `, ${text('result')}`})`
    case 'session.review':
      return text('url') === '' ? `${text('branch')} on ${text('remote')}` : text('url')
    case 'session.closed':
      return text('reason')
    case 'session.heads-resolved':
      return `kept ${text('keep').slice(0, 12)}`
    case 'operation.undone':
      return `${text('command')} (${text('operation')})`
    case 'session.renamed':
      return text('name')
    case 'label.added':
    case 'label.removed':
      return text('label')
    case 'comment.added':
      return `${typeof data.path === 'string' ? `${text('path')}${typeof data.line === 'number' ? `:${data.line}` : ''} ` : ''}${text('text')}`
    case 'comment.resolved':
    case 'comment.reopened':
      return text('comment').slice(0, 4)
    default:
      return ''
  }
}

/** The story for `--json`. */
export const logJson = (result: LogResult) => ({
  schema: 'git-amp/log@1',
  session: result.tip.id,
  usage: result.tip.snapshot.usage,
  ...costOf(iterationsIn(result)),
  items: result.items,
})

/** The fields of each item, for `--format` and `--porcelain`. */
export function logValues(result: LogResult): Record<string, string>[] {
  return result.items.map((item) => {
    const { commit, who, text, result = '' } = tell(item)
    const iteration = item.kind === 'iteration' ? item.iteration : null
    return {
      kind: item.kind === 'event' ? who : item.kind,
      at: item.at,
      by: oneLine(item.by),
      commit: commit ?? '',
      iteration: iteration === null ? '' : `${iteration.n}`,
      outcome: iteration?.outcome ?? '',
      text: `${text}${result}`,
    }
  })
}
