import type { Report } from '../actions/report.js'
import type { UsageRow, UsageSum } from '../actions/shared/tally.js'
import { dollars, grouped } from '../util/amounts.js'
import { groupBy, unique } from '../util/collections.js'
import { oneLine } from '../util/sanitize.js'
import { duration, plainTime, plural } from '../util/time.js'
import { markdownCell, markdownTable } from './markdown.js'
import {
  costWord,
  itemLooks,
  keyWord,
  lackWords,
  median,
  nothing,
  passCounts,
  passTimes,
  rateWord,
  resultLooks,
  spanWords,
  titleOf,
  tokenCount,
  tokenWord,
} from './report-words.js'

/** A report in Markdown. */
export function* reportMarkdown(report: Report): Generator<string> {
  yield `# ${markdownCell(titleOf(report))}\n\n`
  yield `${[plural(report.sessions.length, 'session'), spanWords(report)].filter(Boolean).join(', ')}\n\n`
  yield summary(report)
  for (const run of report.runs) yield matrix(run)
  yield usageTable('Models', report.byModel, report.total)
  yield usageTable('Agents', report.byAgent, report.total)
  yield usageTable('Days', report.byDay, report.total)
  yield tools(report)
  yield steps(report)
  yield sessions(report)
}

function summary(report: Report): string {
  const { total, results, rate } = report
  const times = passTimes(report)
  const counts = Object.entries(resultLooks).flatMap(([result, { word }]) => {
    const count = results[result as keyof typeof results]
    return count === 0 ? [] : [`${grouped(count)} ${word}`]
  })
  const passed = passCounts(report).filter(({ count }) => count > 0)
  const cost = [total.costUsd === null ? costWord(total) : dollars(total.costUsd), lackWords(total)].filter(Boolean)
  return markdownTable(
    ['', ''],
    [
      ['Success rate', rateWord(rate)],
      ['Results', counts.join(', ') || nothing],
      ['Iterations', grouped(total.iterations)],
      [
        'Iterations to pass',
        `${median(times) ?? nothing}${passed.length === 0 ? '' : ` (${passed.map(({ label, count }) => `${count} after ${label}`).join(', ')})`}`,
      ],
      ['Tokens', tokenWord(tokenCount(total))],
      ['Known cost', cost.join(' ')],
    ],
  )
}

function matrix(run: Report['runs'][number]): string {
  const prompts = unique(run.items.map(({ prompt }) => prompt))
  const rows = [...groupBy(run.items, ({ repo }) => repo)].map(([repo, items]) => [
    oneLine(repo),
    ...prompts.map((prompt) =>
      items
        .filter((item) => item.prompt === prompt)
        .map(({ status }) => itemLooks[status]?.word ?? status)
        .join(' '),
    ),
  ])
  const done = run.items.filter(({ status }) => status === 'success').length
  const list = prompts.map((prompt, at) => `${at + 1}. ${markdownCell(oneLine(prompt, 300))}`).join('\n')
  const head = ['Repository', ...prompts.map((_, at) => `Prompt ${at + 1}`)]
  return `## Batch ${markdownCell(oneLine(run.name) || run.id)}\n\n${done} of ${plural(run.items.length, 'item')} passed.\n\n${markdownTable(head, rows)}${list}\n\n`
}

function usageTable(title: string, rows: readonly UsageRow[], total: UsageSum): string {
  if (rows.length === 0) return ''
  const cells = (name: string, sum: UsageSum) => {
    const { input, output, cacheRead, cacheWrite } = sum.usage
    const cost = sum.costUsd === null ? costWord(sum) : dollars(sum.costUsd)
    return [
      name,
      ...[sum.iterations, input, output, cacheRead, cacheWrite].map(grouped),
      cost,
      sum.unpriced === 0 ? '' : grouped(sum.unpriced),
    ]
  }
  const sum = rows.length === 1 || title === 'Models' ? [] : [cells('Together', total)]
  const head = [title.slice(0, -1), 'Iterations', 'Input', 'Output', 'Cache read', 'Cache write', 'Cost', 'Unpriced']
  const lines = rows.map((row) => cells(oneLine(keyWord(row)), row))
  return `## ${title}\n\n${markdownTable(head, [...lines, ...sum], 'right')}`
}

function tools({ tools: all, untold }: Report): string {
  const lack =
    untold === 0
      ? ''
      : `Of ${plural(untold, 'iteration')} no transcript is here, and nothing is known of the tools.\n\n`
  if (all.length === 0) return lack === '' ? '' : `## Tools\n\n${lack}`
  const lines = all.map(({ tool, calls, failed, durationMs, timed }) => [
    oneLine(tool, 80),
    grouped(calls),
    failed === 0 ? nothing : `${grouped(failed)} (${rateWord(failed / calls)})`,
    timed === 0 ? nothing : duration(durationMs / timed),
    timed === 0 ? nothing : duration(durationMs),
  ])
  return `## Tools\n\n${lack}${markdownTable(['Tool', 'Calls', 'Failed', 'On average', 'Together'], lines, 'right')}`
}

function steps({ slowest }: Report): string {
  if (slowest.length === 0) return ''
  const lines = slowest.map(({ kind, what, name, session, n, durationMs }) => [
    kind === 'tests' ? 'tests' : `${kind} ${oneLine(what, 60)}`,
    `${oneLine(name, 80)} (${session.slice(0, 4)})`,
    `${n}`,
    duration(durationMs),
  ])
  return `## Slowest steps\n\n${markdownTable(['Step', 'Session', 'Iteration', 'Took'], lines)}`
}

function sessions({ sessions: all }: Report): string {
  if (all.length === 0) return '## Sessions\n\nThere are none.\n'
  const lines = [...all]
    .reverse()
    .map((one) => [
      `${one.id.slice(0, 8)} ${oneLine(one.name, 80)}`,
      resultLooks[one.result].word,
      oneLine([one.agent, one.model].filter((word) => word !== null).join(', '), 60),
      plainTime(one.createdAt).slice(0, 16),
      `${one.iterations}`,
      `+${one.insertions} -${one.deletions}`,
      tokenWord(one.tokens),
      costWord(one),
      oneLine(one.title, 110),
    ])
  return `## Sessions\n\n${markdownTable(['Session', 'Result', 'Agent', 'Started', 'Iterations', 'Changes', 'Tokens', 'Cost', 'Prompt'], lines)}`
}
