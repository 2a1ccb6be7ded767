import type { BatchItem, BatchRun } from '../actions/export/batches.js'
import type { Report, ReportedSession } from '../actions/report.js'
import type { UsageRow, UsageSum } from '../actions/shared/tally.js'
import { dollars, grouped, shortCount } from '../util/amounts.js'
import { groupBy, unique } from '../util/collections.js'
import { oneLine } from '../util/sanitize.js'
import { duration, plainTime, plural } from '../util/time.js'
import { columnChart, shareBar, stackedBar } from './charts.js'
import { html, pageBegin, pageEnd } from './html.js'
import {
  costWord,
  itemLooks,
  keyWord,
  lackWords,
  median,
  nameOf,
  nothing,
  passCounts,
  passTimes,
  periodsOf,
  periodWords,
  rateWord,
  resultLooks,
  sessionCount,
  sharedDir,
  shortDay,
  spanWords,
  titleOf,
  tokenCount,
  tokenWord,
} from './report-words.js'

/** A report as one page, piece by piece. */
export function* reportHtml(report: Report): Generator<string> {
  const title = titleOf(report)
  yield pageBegin(title)
  yield `<header><p class="eyebrow">git-amp report</p><h1>${html(title)}</h1><p class="lede">${html(lede(report))}</p></header>\n`
  yield figures(report)
  yield results(report)
  for (const run of report.runs) yield matrix(run)
  yield overTime(report)
  yield usageTable('Models', report.byModel, report)
  yield usageTable('Agents', report.byAgent, report)
  yield toolTable(report)
  yield stepTable(report)
  yield* sessionTable(report)
  yield `<footer>Written by git-amp ${html(plainTime(report.generatedAt))} UTC. Costs are as agents reported them, or by the prices that were configured; what is not known is not counted.</footer>\n`
  yield pageEnd
}

function lede(report: Report): string {
  return [sessionCount(report.sessions.length), spanWords(report)].filter(Boolean).join(', ')
}

function figures(report: Report): string {
  const { total, results: found, rate } = report
  const times = passTimes(report)
  const middle = median(times)
  const known = found.merged + found.passed + found.failed
  const tokens = total.usage
  const cells: [string, string, string][] = [
    [
      'Success rate',
      rateWord(rate),
      known === 0
        ? 'no session was tested'
        : `${grouped(found.merged + found.passed)} of ${grouped(known)} with a result`,
    ],
    ['Iterations', grouped(total.iterations), `in ${sessionCount(report.sessions.length)}`],
    [
      'Iterations to pass',
      middle === null ? nothing : `${middle}`,
      middle === null ? 'no tests passed' : `median of ${sessionCount(times.length)}`,
    ],
    [
      'Tokens',
      tokenWord(tokenCount(total)),
      tokenCount(total) === 0
        ? 'no agent told any'
        : `${shortCount(tokens.input + tokens.cacheRead + tokens.cacheWrite)} read, ${shortCount(tokens.output)} written`,
    ],
    ['Known cost', total.costUsd === null ? costWord(total) : dollars(total.costUsd), lackWords(total)],
  ]
  const items = cells.map(
    ([name, value, note]) =>
      `<div><dt>${name}</dt><dd>${html(value)}</dd>${note === '' ? '' : `<dd>${html(note)}</dd>`}</div>`,
  )
  return `<dl class="figures">${items.join('')}</dl>\n`
}

function results(report: Report): string {
  const parts = Object.entries(resultLooks).map(([result, { word, look, meaning }]) => {
    const value = report.results[result as ReportedSession['result']]
    return { value, look, word, meaning, title: `${value} ${word}` }
  })
  const shown = parts.filter(({ value }) => value > 0)
  if (shown.length === 0) return ''
  const legend = shown.map(
    ({ look, word, value, meaning }) =>
      `<li><i class="i-${look}"></i>${grouped(value)} ${word} <span class="dim">${meaning}</span></li>`,
  )
  const label = shown.map(({ title }) => title).join(', ')
  const bar = `<section><h2>Results</h2>${stackedBar(parts, label)}<ul class="legend">${legend.join('')}</ul></section>`
  return `<div class="cols">${bar}${passChart(report)}</div>\n`
}

function passChart(report: Report): string {
  const counts = passCounts(report)
  const most = Math.max(...counts.map(({ count }) => count))
  if (most === 0) return ''
  const columns = counts.map(({ label, count }) => ({
    label,
    value: count,
    title: `${plural(count, 'session')} after ${label}`,
  }))
  const label = counts.map(({ label: n, count }) => `${count} after ${n}`).join(', ')
  const chart = columnChart(columns, {
    label: `Sessions by the iteration whose tests passed: ${label}`,
    top: plural(most, 'session'),
    height: 132,
  })
  return `<section><h2>Iterations to pass</h2>${chart}</section>`
}

/** The batch matrix: a line for each repository, a column for each prompt, and in a cell all that was tried. */
function matrix(run: BatchRun): string {
  const prompts = unique(run.items.map(({ prompt }) => prompt))
  const places = groupBy(run.items, ({ repo }) => repo)
  const shared = sharedDir([...places.keys()])
  const rows = [...places].map(([repo, items]) => {
    const cells = prompts.map(
      (prompt) =>
        `<td>${items
          .filter((item) => item.prompt === prompt)
          .map(chip)
          .join(' ')}</td>`,
    )
    return `<tr><th scope="row" title="${html(oneLine(repo))}">${html(oneLine(repo.slice(shared.length)))}</th>${cells.join('')}</tr>`
  })
  const head = prompts.map((_, at) => `<th scope="col">Prompt ${at + 1}</th>`)
  const list = prompts.map((prompt) => `<li>${html(oneLine(prompt, 300))}</li>`)
  const done = run.items.filter(({ status }) => status === 'success').length
  return [
    `<section class="long"><h2>Batch ${html(oneLine(run.name) || run.id)}</h2>`,
    `<p class="note">${done} of ${plural(run.items.length, 'item')} passed; the run ${run.state === 'running' ? 'has not ended' : `is ${run.state}`}. Started ${html(plainTime(run.createdAt))} UTC by ${html(oneLine(nameOf(run.by)))}.</p>`,
    `<div class="scroll"><table class="matrix"><thead><tr><th scope="col">Repository</th>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`,
    `<ol class="prompts">${list.join('')}</ol></section>\n`,
  ].join('')
}

function chip(item: BatchItem): string {
  const { word, look } = itemLooks[item.status] ?? { word: item.status, look: 'idle' }
  const who = [item.agent, item.model, item.attempt === null ? null : `attempt ${item.attempt}`]
  const title = [...who.filter((one) => one !== null), item.status, item.error ?? ''].filter(Boolean).join(', ')
  return `<span class="tag ${look}" title="${html(oneLine(title, 300))}">${html(word)}</span>`
}

function overTime(report: Report): string {
  const { days, periods } = periodsOf(report.byDay)
  if (periods.length === 0) return ''
  const isMoney = report.total.costUsd !== null
  // Where no agent told of tokens, there were iterations all the same.
  const hasTokens = periods.some(({ tokens }) => tokens > 0)
  const value = (period: (typeof periods)[number]) =>
    isMoney ? (period.costUsd ?? 0) : hasTokens ? period.tokens : period.iterations
  const most = Math.max(...periods.map(value))
  const every = Math.ceil(periods.length / 7)
  const isLong = periods[0]?.label.slice(0, 4) !== periods.at(-1)?.label.slice(0, 4)
  const columns = periods.map((period, at) => ({
    label:
      at === periods.length - 1 || (at % every === 0 && at < periods.length - every * 0.7)
        ? shortDay(period.label, isLong)
        : '',
    value: value(period),
    title: `${period.label}: ${periodWords(period)}`,
  }))
  const unit = isMoney ? 'Known cost' : hasTokens ? 'Tokens' : 'Iterations'
  const what = `${unit} ${days === 1 ? 'by day' : days === 7 ? 'by week' : `by ${days} days`}`
  const top = isMoney
    ? dollars(most)
    : hasTokens
      ? `${shortCount(most)} tokens`
      : most === 1
        ? '1 iteration'
        : `${grouped(most)} iterations`
  const chart = columnChart(columns, { label: `${what}, at most ${top}`, top, height: 190 })
  const rows = report.byDay.map((row) => usageCells(row)).join('')
  const table = `<details><summary>All days in figures</summary><div class="scroll"><table>${usageHead('Day')}</tr></thead><tbody>${rows}</tbody></table></div></details>`
  return `<section class="long"><h2>${what}</h2>${chart}${table}</section>\n`
}

const usageHead = (first: string): string =>
  `<thead><tr><th scope="col">${first}</th><th scope="col" class="num">Iterations</th><th scope="col" class="num wide">Input</th><th scope="col" class="num wide">From cache</th><th scope="col" class="num wide">Output</th><th scope="col" class="num">Tokens</th><th scope="col" class="num">Cost</th>`

function usageCells(row: UsageRow | (UsageSum & { key: string }), more = ''): string {
  const { input, output, cacheRead, cacheWrite } = row.usage
  const numbers = [input + cacheWrite, cacheRead, output].map(
    (count) => `<td class="num wide">${tokenWord(count)}</td>`,
  )
  const lack = row.unpriced === 0 ? '' : `<small class="sub">${grouped(row.unpriced)} unknown</small>`
  const cost = row.costUsd === null ? (row.unpriced > 0 ? '' : nothing) : dollars(row.costUsd)
  return `<tr><th scope="row">${html(oneLine(row.key === '' ? '(not told)' : row.key))}</th><td class="num">${grouped(row.iterations)}</td>${numbers.join('')}<td class="num">${tokenWord(tokenCount(row))}</td><td class="num">${cost}${lack}</td>${more}</tr>`
}

function usageTable(title: string, rows: readonly UsageRow[], { total }: Report): string {
  if (rows.length === 0) return ''
  const isMoney = total.costUsd !== null
  const value = (row: UsageSum) => (isMoney ? (row.costUsd ?? 0) : tokenCount(row))
  const most = Math.max(...rows.map(value))
  const sorted = [...rows].sort((a, b) => value(b) - value(a) || (keyWord(a) < keyWord(b) ? -1 : 1))
  const share = (row: UsageSum) => `<td class="share">${shareBar(value(row), most)}</td>`
  const lines = sorted.map((row) => usageCells(row, share(row)))
  const sum =
    rows.length === 1 || title === 'Models'
      ? ''
      : `<tfoot>${usageCells({ ...total, key: 'Together' }, '<td></td>')}</tfoot>`
  return `<section><h2>${title}</h2><div class="scroll"><table>${usageHead(title.slice(0, -1))}<th scope="col" class="share"><span class="hidden">${isMoney ? 'Share of the cost' : 'Share of the tokens'}</span></th></tr></thead><tbody>${lines.join('')}</tbody>${sum}</table></div></section>\n`
}

function toolTable({ tools, untold }: Report): string {
  const lack =
    untold === 0
      ? ''
      : `<p class="note">Of ${plural(untold, 'iteration')} no transcript is here, and nothing is known of the tools.</p>`
  if (tools.length === 0) return lack === '' ? '' : `<section><h2>Tools</h2>${lack}</section>\n`
  const shown = tools.slice(0, 30)
  const most = Math.max(...tools.map(({ calls }) => calls))
  const lines = shown.map(({ tool, calls, failed, durationMs, timed }) => {
    const rate = failed === 0 ? nothing : `${grouped(failed)} <span class="dim">(${rateWord(failed / calls)})</span>`
    const mean = timed === 0 ? nothing : duration(durationMs / timed)
    return `<tr><th scope="row">${html(oneLine(tool, 80))}</th><td class="num">${grouped(calls)}</td><td class="num">${rate}</td><td class="num wide">${mean}</td><td class="num">${timed === 0 ? nothing : duration(durationMs)}</td><td class="share">${shareBar(calls, most, failed)}</td></tr>`
  })
  const rest =
    tools.length > shown.length
      ? `<p class="note">${plural(tools.length - shown.length, 'more tool')} with fewer calls.</p>`
      : ''
  return `<section><h2>Tools</h2><p class="note">${`Calls, with the failed ones in red. ${lack}`.trim()}</p><div class="scroll"><table><thead><tr><th scope="col">Tool</th><th scope="col" class="num">Calls</th><th scope="col" class="num">Failed</th><th scope="col" class="num wide">On average</th><th scope="col" class="num">Together</th><th scope="col" class="share"><span class="hidden">Share</span></th></tr></thead><tbody>${lines.join('')}</tbody></table></div>${rest}</section>\n`
}

const stepWords = { agent: 'run of', tests: '', tool: 'call of' }

function stepTable({ slowest }: Report): string {
  const [first] = slowest
  if (first === undefined) return ''
  const lines = slowest.map(
    ({ kind, what, name, session, n, durationMs }) =>
      `<tr><th scope="row" class="what">${`${stepWords[kind]} ${html(oneLine(what, 60))}`.trim()}<small>${html(oneLine(name, 80))} <span class="wide">${session} </span>iteration ${n}</small></th><td class="num">${duration(durationMs)}</td><td class="share">${shareBar(durationMs, first.durationMs)}</td></tr>`,
  )
  return `<section><h2>Slowest steps</h2><div class="scroll"><table><thead><tr><th scope="col">Step</th><th scope="col" class="num">Took</th><th scope="col" class="share"><span class="hidden">Share</span></th></tr></thead><tbody>${lines.join('')}</tbody></table></div></section>\n`
}

/** So many sessions are shown; the others open. */
const shownSessions = 100

const sessionHead =
  '<div class="scroll"><table><thead><tr><th scope="col">Session</th><th scope="col">Result</th><th scope="col" class="wide">Agent</th><th scope="col" class="wide">Started</th><th scope="col" class="num wide">Changes</th><th scope="col" class="num">Iter.</th><th scope="col" class="num wide">Tokens</th><th scope="col" class="num">Cost</th></tr></thead><tbody>\n'
const sessionFoot = '</tbody></table></div>'

function* sessionTable({ sessions }: Report): Generator<string> {
  if (sessions.length === 0) return yield '<section><h2>Sessions</h2><p class="note">There are none.</p></section>\n'
  const hasPlaces = unique(sessions.map(({ repository }) => repository)).length > 1
  // Newest first: that is what is looked for.
  const all = [...sessions].reverse()
  yield `<section class="long"><h2>Sessions</h2>${sessionHead}`
  for (const session of all.slice(0, shownSessions)) yield sessionLine(session, hasPlaces)
  yield sessionFoot
  const others = all.slice(shownSessions)
  if (others.length > 0) {
    yield `<details><summary>${plural(others.length, 'older session').replace(/^\d+/, grouped(others.length))}</summary>${sessionHead}`
    for (const session of others) yield sessionLine(session, hasPlaces)
    yield `${sessionFoot}</details>`
  }
  yield '</section>\n'
}

function sessionLine(session: ReportedSession, hasPlaces: boolean): string {
  const { tag, word } = resultLooks[session.result]
  const place = hasPlaces ? `${html(oneLine(session.repository))}: ` : ''
  const agent = [session.agent, session.model].filter((one) => one !== null).join(', ')
  return `<tr><th scope="row" class="what">${html(oneLine(session.name, 80))}<small>${place}${html(oneLine(session.title, 110))}</small></th><td><span class="tag ${tag}">${word}</span></td><td class="wide">${html(oneLine(agent, 60))}</td><td class="wide nowrap dim">${html(plainTime(session.createdAt).slice(0, 16))}</td><td class="num wide">+${grouped(session.insertions)} \u2212${grouped(session.deletions)}</td><td class="num">${session.iterations}</td><td class="num wide">${tokenWord(session.tokens)}</td><td class="num">${costWord(session)}</td></tr>\n`
}
