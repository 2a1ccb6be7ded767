import type { Origin } from '../actions/shared/origins.js'
import type { Reason, Uncommitted, WhyResult } from '../actions/why.js'
import { headOf } from '../state/events.js'
import { firstLine } from '../state/fold.js'
import { testWord } from '../state/iterations.js'
import { oneLine, printable } from '../util/sanitize.js'
import { plainTime, plural, relativeDate } from '../util/time.js'
import type { Screen } from './session.js'
import { renderTable } from './table.js'

/** Lines of code that are shown above their story. */
const shownLines = 10

/** Why lines are as they are: one reason as a story, several as a table. */
export function renderWhy(result: WhyResult, screen: Screen): string {
  const [only, ...others] = result.reasons
  if (only === undefined) return ''
  return others.length === 0 ? story(result, only, screen) : table(result, screen)
}

function story(result: WhyResult, reason: Reason, screen: Screen): string {
  const { origin, lines, texts, uncommitted } = reason
  const code = lines.slice(0, shownLines).map(({ text }) => `    ${printable(text)}`.trimEnd())
  const more = lines.length - code.length
  const head = [
    screen.paint('heading', placeWords(result)),
    ...code,
    ...(more > 0 ? [`    (${plural(more, 'more line')})`] : []),
  ]
  const facts = origin.commit.isUncommitted ? uncommittedFacts(uncommitted) : factsOf(origin, screen)
  const rows = facts.filter(([, value]) => value !== '').map(([name, value]) => [`${name}:`, value])
  const parts = [
    head.join('\n'),
    renderTable(rows, [{}, {}], null),
    ...(texts === null ? [] : [`Prompt:\n${indented(texts.prompt)}`]),
    ...(texts?.summary ? [`The agent said:\n${indented(texts.summary)}`] : []),
  ]
  return parts.join('\n\n')
}

const indented = (text: string): string =>
  printable(text)
    .trim()
    .replace(/^(?=.)/gm, '    ')

function placeWords({ path, asked, rev }: WhyResult): string {
  const lines = asked === null ? '' : `:${asked[0] === asked[1] ? asked[0] : `${asked[0]},${asked[1]}`}`
  return `${oneLine(path)}${lines}${rev === null ? '' : ` at ${rev.slice(0, 12)}`}`
}

function factsOf(origin: Origin, screen: Screen): [string, string][] {
  const { commit, written, session, iteration } = origin
  const view = iteration?.view ?? null
  const at = view?.endedAt ?? view?.startedAt ?? isoOf(written.time)
  return [
    ['Session', session === null ? '' : sessionWords(session, screen)],
    ['Iteration', iterationWords(origin)],
    ['By', iteration === null || view === null ? `${oneLine(written.author)} <${oneLine(written.mail)}>` : ''],
    ['Prompt', iteration !== null && view === null ? oneLine(iteration.title ?? '') : ''],
    ['When', `${plainTime(at)} UTC, ${relativeDate(at, screen.now)}`],
    ['Commit', commitWords(commit, screen)],
    ['Written in', written.oid === commit.oid ? '' : commitWords(written, screen)],
    ['Tests', testWord(view?.tests)?.replace('tests ', '') ?? ''],
  ]
}

const commitWords = ({ oid, summary }: Origin['commit'], { paint }: Screen): string =>
  `${paint('id', oid.slice(0, 12))} ${oneLine(summary)}`

function sessionWords({ id, slug, tip }: NonNullable<Origin['session']>, { paint }: Screen): string {
  const known = tip === null ? ' (its chain is not in this clone)' : ''
  return `${paint('id', id)} ${slug === null ? '' : oneLine(slug)}${known}`
}

function iterationWords({ session, iteration, among }: Origin): string {
  if (iteration !== null) {
    const { n, agent, view } = iteration
    const model = view === null || view.model === null ? '' : `, model ${oneLine(view.model)}`
    return `${n ?? iteration.id}${agent === null ? '' : ` by ${oneLine(agent)}${model}`}`
  }
  if (session === null) return 'none, it is a commit by hand'
  if (among.length > 0) return `one of ${among.join(', ')}; it was changed when their commits were put together`
  return 'none, it is a commit by hand in the session'
}

function uncommittedFacts(found: Uncommitted | null): [string, string][] {
  if (found?.session === null || found === null) return [['Commit', 'none yet; it is not in the worktree of a session']]
  const { session, snapshot, running } = found
  const kept = snapshot?.kept
  const who =
    running !== null
      ? `${running.n} by ${oneLine(running.agent)}, which runs now, or yours`
      : kept === undefined
        ? ''
        : `${kept.n}, which failed and left it, or yours`
  return [
    ['Session', `${session} ${oneLine(snapshot?.slug ?? '')}`],
    ['Iteration', who],
    ['Commit', 'none yet'],
  ]
}

const isoOf = (seconds: number): string => `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`

/** Who wrote how many of the lines. */
function table(result: WhyResult, screen: Screen): string {
  const { reasons } = result
  const rows = reasons.map((reason) => {
    const { origin, lines, uncommitted } = reason
    const { session, written } = origin
    return [
      rangeWords(lines.map(({ line }) => line)),
      written.isUncommitted ? '' : written.oid.slice(0, 10),
      session === null ? (uncommitted?.snapshot?.slug ?? '') : oneLine(session.slug ?? session.id.slice(0, 4)),
      shortIteration(origin),
      whoWords(origin),
      written.isUncommitted ? '' : relativeDate(isoOf(written.time), screen.now),
      titleOf(origin),
    ]
  })
  const columns = [
    { max: 24 },
    { paint: (text: string) => screen.paint('id', text) },
    { max: 24 },
    { align: 'end' as const },
    { max: 24 },
    {},
    {},
  ]
  return `${screen.paint('heading', placeWords(result))}\n${renderTable(rows, columns, screen.width)}`
}

/** The number of the iteration; empty for a human's line. */
export const shortIteration = ({ iteration, among }: Origin): string =>
  iteration !== null ? `${iteration.n ?? '?'}` : among.length > 0 ? among.join('|') : ''

/** The agent, or the human. */
export const whoWords = ({ iteration, among, written }: Origin): string =>
  written.isUncommitted
    ? 'Not Committed Yet'
    : oneLine(iteration?.agent ?? (among.length > 0 ? 'one of these' : written.author))

const titleOf = ({ iteration, written }: Origin): string =>
  oneLine(iteration?.view ? firstLine(headOf(iteration.view.prompt)) : (iteration?.title ?? written.summary))

/** `1-3, 7` */
export function rangeWords(lines: readonly number[]): string {
  const words: string[] = []
  for (let at = 0; at < lines.length; ) {
    let end = at
    while (end + 1 < lines.length && lines[end + 1] === (lines[end] ?? 0) + 1) end++
    words.push(end === at ? `${lines[at]}` : `${lines[at]}-${lines[end]}`)
    at = end + 1
  }
  return words.join(', ')
}

/** The same for programs. */
export const whyJson = ({ path, rev, reasons }: WhyResult) => ({
  schema: 'git-amp/why@1',
  path,
  rev,
  reasons: reasons.map(({ origin, lines, texts, uncommitted }) => ({
    lines: lines.map(({ line, text }) => ({ line, text })),
    ...originJson(origin),
    prompt: texts?.prompt ?? null,
    summary: texts?.summary ?? null,
    worktreeOf: uncommitted?.session ?? null,
  })),
})

/** Where a line comes from, for programs. */
export const originJson = ({ commit, written, session, iteration, among }: Origin) => ({
  commit: commit.isUncommitted ? null : commit.oid,
  written: written.isUncommitted ? null : written.oid,
  author: written.isUncommitted ? null : { name: written.author, mail: written.mail },
  at: written.isUncommitted ? null : isoOf(written.time),
  summary: written.isUncommitted ? null : written.summary,
  session: session === null ? null : { id: session.id, slug: session.slug, isHere: session.tip !== null },
  iteration:
    iteration === null
      ? null
      : {
          id: iteration.id,
          n: iteration.n,
          agent: iteration.agent,
          model: iteration.view?.model ?? null,
          title: iteration.view ? firstLine(headOf(iteration.view.prompt)) : iteration.title,
          tests: iteration.view?.tests?.exit ?? null,
        },
  among,
})
