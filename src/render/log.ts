import type { LogResult } from '../actions/log.js'
import { type AmpEvent, headOf, type LongText } from '../state/events.js'
import { firstLine } from '../state/fold.js'
import { costOf, testWord } from '../state/iterations.js'
import { oneLine } from '../util/sanitize.js'
import { plainTime, plural } from '../util/time.js'
import { costWords, type Screen, sizeWords, spentWords } from './session.js'

type Item = LogResult['items'][number]

/** The story of a session, an item a line, remarks below. */
export function renderLog(result: LogResult, screen: Screen): string {
  const lines = result.items.filter(isNews).map((item) => {
    const { commit, text, who } = told(item)
    const id = commit === null ? ' '.repeat(10) : screen.paint('id', commit.slice(0, 10))
    return `${screen.paint('dim', plainTime(item.at).slice(0, 16))}  ${id}  ${who.padEnd(12)}  ${text}`
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

/** The commits tell of a manual move, and the result of a merge tells of its intent. */
function isNews(item: Item): boolean {
  if (item.kind !== 'event') return true
  const { type, data } = item.event
  return !(type === 'head.moved' && data.cause === 'manual') && !(type === 'session.merged' && data.result === 'intent')
}

interface Told {
  commit: string | null
  who: string
  text: string
}

function told(item: Item): Told {
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
  const words = [`${result}${reason}`, ...(tests === null ? [] : [tests]), ...spentWords(iteration)].join(', ')
  return { commit: iteration.to, who: `iteration ${iteration.n}`, text: `${title} [${words}]` }
}

const wordOf = (event: AmpEvent): string => event.type.replace(/^(session|head|test|label|operation)\./, '')

function commitOf(event: AmpEvent): string | null {
  const { to, after } = event.data as { to?: unknown; after?: unknown }
  const oid = to ?? after
  return typeof oid === 'string' ? oid : null
}

function textOf(event: AmpEvent): string {
  const data = event.data as Record<string, unknown>
  const text = (key: string) => oneLine(headOf((data[key] ?? '') as LongText), 80)
  switch (event.type) {
    case 'session.created':
      return oneLine(firstLine(headOf(data.prompt as LongText)), 80)
    case 'head.moved':
      return data.cause === 'manual' ? 'own commits' : `branch changed with plain git (${text('cause')})`
    case 'test.recorded':
      return `${data.exit === 0 ? 'tests pass' : 'tests fail'}: ${text('command')}`
    case 'session.squashed':
      return Array.isArray(data.map) ? plural(data.map.length, 'commit') : 'many commits'
    case 'session.rebased':
      return `onto ${text('onto').slice(0, 12)}`
    case 'session.merged':
      return `into ${text('into').replace(/^refs\/heads\//, '')} (${text('via')}${data.result === 'done' ? '' : `, ${text('result')}`})`
    case 'session.closed':
      return text('reason')
    case 'session.heads-resolved':
      return `kept ${text('keep').slice(0, 12)}`
    case 'operation.undone':
      return `${text('command')} (${text('operation')})`
    case 'session.renamed':
      return text('name')
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
    const { commit, who, text } = told(item)
    const iteration = item.kind === 'iteration' ? item.iteration : null
    return {
      kind: item.kind === 'event' ? who : item.kind,
      at: item.at,
      by: oneLine(item.by),
      commit: commit ?? '',
      iteration: iteration === null ? '' : `${iteration.n}`,
      outcome: iteration?.outcome ?? '',
      text,
    }
  })
}
