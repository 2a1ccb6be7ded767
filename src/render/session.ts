import type { IterateResult } from '../actions/iterate.js'
import type { ListedSession } from '../actions/list.js'
import type { SessionState } from '../actions/shared/sessions.js'
import type { TestRun } from '../actions/shared/testing.js'
import type { ShowResult } from '../actions/show.js'
import type { Stopped } from '../actions/stop.js'
import { type FailedHook, headOf, type IterationRemarks, type ModelUsage, type Usage } from '../state/events.js'
import { firstLine, type Snapshot } from '../state/fold.js'
import { type costOf, type IterationView, testWord } from '../state/iterations.js'
import { dollars, grouped, shortCount } from '../util/amounts.js'
import { oneLine, printable } from '../util/sanitize.js'
import { duration, plainTime, plural, relativeDate } from '../util/time.js'
import { renderTable } from './table.js'

/** Paints text in the colour of a slot; the terminal's business. */
export type Paint = (slot: 'id' | 'current' | 'running' | 'failed' | 'dim' | 'heading', text: string) => string

export interface Screen {
  paint: Paint
  now: Date
  width: number | null
}

/** States in which a session waits for its user. */
const needsUser: readonly SessionState[] = ['waiting', 'interrupted', 'failed', 'diverged', 'conflict']

/** The tests of an idle session failed, the last time they were run. */
const isFailing = ({ snapshot, state }: ListedSession): boolean =>
  state === 'idle' && snapshot.tested !== undefined && snapshot.tested.exit !== 0

/** Nothing else is to be told of it than that its worktree is not prepared. */
const isUnready = ({ setup, state }: ListedSession): boolean => state === 'idle' && setup !== null

const stateCell = (session: ListedSession): string => `${stateWord(session)}${session.isColliding ? ' ><' : ''}`

function stateWord(session: ListedSession): string {
  if (session.conflictOn !== null) return `conflict on ${oneLine(session.conflictOn)}`
  if (session.state === 'running' && session.runningOn !== null)
    return `running on ${oneLine(session.runningOn.host, 40)}`
  const waiting = session.state === 'waiting' ? session.snapshot.last?.waiting : undefined
  if (waiting !== undefined) return `waiting for ${waiting === 'login' ? 'a login' : 'an approval'}`
  if (isFailing(session)) return 'tests fail'
  return isUnready(session) ? (session.setup === 'failed' ? 'setup failed' : 'setup runs') : session.state
}

/** The list: marker, id, name, state, iterations, size, age, title. */
export function renderList(sessions: readonly ListedSession[], screen: Screen): string {
  const rows = sessions.map((session) => {
    const { snapshot, state } = session
    const asks =
      needsUser.includes(state) ||
      session.isRebasing ||
      isFailing(session) ||
      (isUnready(session) && session.setup === 'failed')
    const mark = session.isCurrent ? '*' : asks ? '!' : ' '
    const { insertions, deletions } = snapshot.changes
    return [
      `${mark} ${session.shortId}`,
      oneLine(snapshot.slug),
      stateCell(session),
      `iter ${snapshot.iterations}`,
      `+${insertions}`,
      `-${deletions}`,
      relativeDate(snapshot.updatedAt, screen.now),
      oneLine(snapshot.title),
    ]
  })
  const stateOf = (row: number): SessionState => sessions[row]?.state ?? 'idle'
  const table = renderTable(
    rows,
    [
      { paint: (text, row) => screen.paint(sessions[row]?.isCurrent === true ? 'current' : 'id', text) },
      { max: 24 },
      {
        paint: (text, row) => {
          const session = sessions[row]
          const isBad =
            session !== undefined && (isFailing(session) || (isUnready(session) && session.setup === 'failed'))
          return isBad ? screen.paint('failed', text) : paintState(text, stateOf(row), screen.paint)
        },
      },
      {},
      { align: 'end' },
      { align: 'end' },
      {},
      {},
    ],
    screen.width,
  )
  return table
}

function paintState(text: string, state: SessionState, paint: Paint): string {
  if (state === 'running') return paint('running', text)
  return needsUser.includes(state) ? paint('failed', text) : text
}

/** One session on a screen. */
export function renderShow(result: ShowResult, screen: Screen): string {
  if (result.detail !== null) return renderDetail(result.detail, screen)
  const { tip, state } = result
  const { snapshot } = tip
  const facts: [string, string][] = [
    ['Session', `${screen.paint('id', tip.id)} ${oneLine(snapshot.name)}`],
    ['State', paintState(stateWords(result), state, screen.paint)],
    ['In progress', progressWords(result)],
    ['Branch', branchWords(result)],
    ['Base', `${baseName(result)}from ${result.base.slice(0, 12)}${distance(result)}`],
    ['Worktree', result.worktree === null ? '(none here)' : printable(result.worktree)],
    ['Setup', setupWords(result)],
    ['Uncommitted', uncommittedWords(result)],
    ['Left', leftWords(result)],
    [
      'Agent',
      `${snapshot.agent}${snapshot.model === undefined ? '' : `, model ${snapshot.model}`}${snapshot.thread === undefined ? '' : `, thread ${oneLine(snapshot.thread.id)}`}`,
    ],
    ['Tests', testFacts(result)],
    ['Labels', snapshot.labels.map((label) => oneLine(label)).join(', ')],
    ['Comments', snapshot.comments === undefined ? '' : `${snapshot.comments.length} open, see "git amp comment"`],
    ['Changes', sizeWords(result.changes)],
    ['Tokens', tokenWords(snapshot.usage)],
    ['Cost', result.cost.costUsd === null ? '' : costWords(result.cost)],
    ['Started', `${plainTime(snapshot.createdAt)} UTC by ${oneLine(snapshot.by)}`],
    ['Newer', snapshot.unknown === 0 ? '' : `${plural(snapshot.unknown, 'event')} from a newer git-amp`],
  ]
  const head = renderTable(
    facts.filter(([, value]) => value !== '').map(([name, value]) => [`${name}:`, value]),
    [{}, {}],
    null,
  )
  const prompt = indent(printable(result.prompt).trim())
  const table = result.iterations.length === 0 ? '' : `\n\n${renderIterations(result.iterations, screen)}`
  return `${head}\n\n${prompt}${table}`
}

/** `1 file +3 -0` */
export const sizeWords = (size: { files: number; insertions: number; deletions: number }): string =>
  `${plural(size.files, 'file')} +${size.insertions} -${size.deletions}`

function stateWords({ tip: { snapshot }, state, conflictOn, iterations }: ShowResult): string {
  if (state === 'conflict') return conflictWords(snapshot, conflictOn)
  const open = snapshot.open[0]
  if (state === 'running' && open !== undefined)
    return `running iteration ${open.n} on ${oneLine(open.host)} since ${plainTime(open.at)} UTC`
  if (state === 'interrupted')
    return open === undefined
      ? `interrupted in iteration ${snapshot.last?.n ?? 0}, which was recorded; "git amp iterate" goes on`
      : `interrupted in iteration ${open.n}; "git amp iterate" keeps what it left and goes on`
  if (state === 'waiting') return waitingWords(snapshot, iterations)
  if (state === 'diverged') return `diverged: heads ${snapshot.heads.map((head) => head.slice(0, 12)).join(', ')}`
  if (state === 'review' && snapshot.review !== undefined)
    return snapshot.review.url === '' ? 'in review' : `in review: ${oneLine(snapshot.review.url)}`
  if (state === 'merged' && snapshot.merged !== undefined)
    return `merged into ${snapshot.merged.into.replace(/^refs\/heads\//, '')} at ${snapshot.merged.after.slice(0, 12)}`
  // It went on after its merge.
  return snapshot.merged === undefined
    ? state
    : `${state}; merged before, into ${snapshot.merged.into.replace(/^refs\/heads\//, '')} at ${snapshot.merged.after.slice(0, 12)}`
}

/** What its last agent waited for, in its own words, which name the next step. */
function waitingWords({ open }: Snapshot, iterations: readonly IterationView[]): string {
  const last = iterations.at(-1)
  if (open.length > 0 || last === undefined || last.waiting === null) return 'waiting for its user'
  const what = last.waiting === 'login' ? 'a login' : 'an approval'
  return `waiting for ${what}${last.reason === null ? '' : `: ${oneLine(last.reason, 400)}`}; then "git amp iterate" goes on`
}

function conflictWords({ rebasing }: Snapshot, on: string | null): string {
  const where = on === null ? '' : ` on ${oneLine(on)}`
  return `conflict${where}${rebasing === undefined ? '' : `, in a rebase onto ${rebasing.onto.slice(0, 12)}`}`
}

function branchWords({ tip, branchHead }: ShowResult): string {
  const { branch } = tip.snapshot
  return branchHead === null
    ? `${branch} (not here; its commits are kept by the session)`
    : `${branch} at ${branchHead.slice(0, 12)}`
}

const baseName = ({ tip, isBaseGone }: ShowResult): string => {
  const name = tip.snapshot.base.ref?.replace(/^refs\/heads\//, '')
  return name === undefined ? '' : `${name}${isBaseGone ? ' (gone)' : ''}, `
}

function progressWords({ tip, state, unfinished, isMerging }: ShowResult): string {
  const verb = isMerging ? 'merge' : 'rebase'
  const isOurs = isMerging || (unfinished === 'rebase' && state === 'conflict')
  if (isOurs) return `${verb}; go on with "git amp ${verb} --continue ${tip.id}", or take it back with --abort`
  return unfinished === null ? '' : `${unfinished}; finish it with "git ${unfinished} --continue" in the worktree`
}

function distance({ ahead, behind }: ShowResult): string {
  if (ahead === null || behind === null) return ''
  const words = [ahead === 0 ? '' : `${ahead} ahead`, behind === 0 ? '' : `${behind} behind`].filter(
    (word) => word !== '',
  )
  return words.length === 0 ? '' : ` (${words.join(', ')})`
}

/** How the setup of the worktree went, when it is not simply done. */
function setupWords({ tip, setup }: ShowResult): string {
  if (setup === null || setup.state === 'done') return ''
  const command = `(${oneLine(setup.command, 60)})`
  if (setup.state === 'running') return `runs since ${plainTime(setup.at)} UTC ${command}`
  const how = setup.exit === null ? 'was ended' : `failed with exit code ${setup.exit}`
  return `${how} ${command}; see .git/amp/setup/${tip.id}.log, run it again with "git amp setup"`
}

function uncommittedWords({ uncommitted, nested }: ShowResult): string {
  const words = [
    ...(uncommitted === null || uncommitted === 0 ? [] : [plural(uncommitted, 'path')]),
    ...(nested.length === 0
      ? []
      : [
          `${plural(nested.length, 'nested repositor').replace(/repositor(s?)$/, (_, s) => (s === '' ? 'repository' : 'repositories'))}: ${nested.map((path) => oneLine(path)).join(', ')}`,
        ]),
  ]
  return words.join('; ')
}

/** Edits of a failed agent, unless nothing stands in the worktree any more. */
function leftWords({ tip, uncommitted }: ShowResult): string {
  const { kept } = tip.snapshot
  return kept === undefined || uncommitted === 0
    ? ''
    : `by iteration ${kept.n}, uncommitted (${kept.commit.slice(0, 12)}); "git amp iterate" commits it as the agent's`
}

function testFacts({ tip, test, tested }: ShowResult): string {
  const command = test === null ? '' : ` (${oneLine(test, 60)})`
  const result = tip.snapshot.tested
  if (result === undefined) return test === null ? '' : `not run yet${command}`
  const whereWords = { earlier: ', for an earlier tree', committed: ', without the uncommitted changes', current: '' }
  return `${result.exit === 0 ? 'pass' : 'fail'}${tested === null ? '' : whereWords[tested]}${command}`
}

/** All tokens of a kind or another. */
const tokenSum = (usage: Usage): number => usage.input + usage.output + usage.cacheRead + usage.cacheWrite

/** `1,234 in, 56 out, 7,890 cache read, 0 cache write`; empty when there are none. */
function tokenWords(usage: Usage | null): string {
  if (usage === null || tokenSum(usage) === 0) return ''
  const { input, output, cacheRead, cacheWrite } = usage
  return `${grouped(input)} in, ${grouped(output)} out, ${grouped(cacheRead)} cache read, ${grouped(cacheWrite)} cache write`
}

/** `12.3k tokens`, `$0.12`: what an iteration used and cost, as far as it is known. */
export const spentWords = ({ usage, costUsd }: Pick<IterationView, 'usage' | 'costUsd'>): string[] => [
  ...(usage === null || tokenSum(usage) === 0 ? [] : [`${shortCount(tokenSum(usage))} tokens`]),
  ...(costUsd === null ? [] : [dollars(costUsd)]),
]

/** `$1.23 + 4 unpriced`: a sum is never shown as if it were complete. */
export const costWords = ({ costUsd, unpriced }: ReturnType<typeof costOf>): string =>
  [...(costUsd === null ? [] : [dollars(costUsd)]), ...(unpriced === 0 ? [] : [`${grouped(unpriced)} unpriced`])].join(
    ' + ',
  )

/** The models of an iteration, with what each used when there are several. */
function modelWords(models: readonly ModelUsage[]): string {
  if (models.length === 1) return oneLine(models[0]?.model ?? '')
  return models
    .map((one) => `${oneLine(one.model)} (${spentWords({ usage: one, costUsd: one.costUsd ?? null }).join(', ')})`)
    .join(', ')
}

const indent = (text: string): string => text.replace(/^(?=.)/gm, '    ')

/** The iterations of a session as a table; tokens and cost when an agent told any. */
export function renderIterations(iterations: readonly IterationView[], screen: Screen): string {
  const hasSpent = iterations.some((iteration) => spentWords(iteration).length > 0)
  const rows = iterations.map((iteration) => [
    `${iteration.n}`,
    outcomeWord(iteration),
    iteration.to === null ? '-' : iteration.to.slice(0, 10),
    `+${iteration.insertions}`,
    `-${iteration.deletions}`,
    testWord(iteration.tests) ?? '-',
    iteration.durationMs === null ? '-' : duration(iteration.durationMs),
    ...(hasSpent ? spentCells(iteration) : []),
    oneLine(firstLine(headOf(iteration.prompt))),
  ])
  const isBad = (row: number) => ['failed', 'interrupted'].includes(iterations[row]?.outcome ?? '')
  return renderTable(
    rows,
    [
      { align: 'end' },
      { paint: (text, row) => (isBad(row) ? screen.paint('failed', text) : text) },
      { paint: (text) => screen.paint('id', text) },
      { align: 'end' },
      { align: 'end' },
      {},
      { align: 'end' },
      ...(hasSpent ? ([{ align: 'end' }, { align: 'end' }] as const) : []),
      {},
    ],
    screen.width,
  )
}

const spentCells = ({ usage, costUsd }: IterationView): string[] => [
  usage === null ? '-' : shortCount(tokenSum(usage)),
  costUsd === null ? '-' : dollars(costUsd),
]

const outcomeWord = (iteration: IterationView): string =>
  iteration.outcome === 'success' ? 'done' : iteration.outcome === 'no-change' ? 'no change' : iteration.outcome

function renderDetail(detail: NonNullable<ShowResult['detail']>, screen: Screen): string {
  const { iteration, files } = detail
  const facts: [string, string][] = [
    [
      'Iteration',
      `${iteration.n} by ${iteration.agent}${iteration.model === null ? '' : `, model ${iteration.model}`} on ${oneLine(iteration.host)}`,
    ],
    [
      'Outcome',
      `${outcomeWord(iteration)}${iteration.reason === null || iteration.reason === 'interrupted' ? '' : `: ${oneLine(iteration.reason)}`}`,
    ],
    ['Commit', iteration.to === null ? '' : screen.paint('id', iteration.to)],
    ['Parent', iteration.from],
    ['Own commits', iteration.commits.length === 0 ? '' : iteration.commits.map((oid) => oid.slice(0, 12)).join(', ')],
    ['Changes', iteration.to === null ? '' : sizeWords(iteration)],
    ['Tests', testWord(iteration.tests)?.replace('tests ', '') ?? ''],
    ['Started', `${plainTime(iteration.startedAt)} UTC`],
    ['Took', iteration.durationMs === null ? '' : duration(iteration.durationMs)],
    ['Tool calls', iteration.toolCalls === 0 ? '' : `${iteration.toolCalls}`],
    ['Models', modelWords(iteration.models)],
    ['Tokens', tokenWords(iteration.usage)],
    ['Cost', iterationCost(iteration)],
  ]
  const head = renderTable(
    facts.filter(([, value]) => value !== '').map(([name, value]) => [`${name}:`, value]),
    [{}, {}],
    null,
  )
  const parts = [
    head,
    ...remarkTexts(iteration.remarks).map(({ line, below }) => `Note: ${line}${below === '' ? '' : `\n${below}`}`),
    `Prompt:\n${indent(printable(detail.prompt).trim())}`,
    ...(detail.summary === null ? [] : [`The agent said:\n${indent(printable(detail.summary).trim())}`]),
    ...(files.length === 0
      ? []
      : [`Files:\n${files.map((file) => `    ${file.status} ${oneLine(file.path)}`).join('\n')}`]),
    ...(detail.testOutput === null ? [] : [`The test command printed:\n${indent(printable(detail.testOutput))}`]),
  ]
  return parts.join('\n\n')
}

/** The cost of an iteration and who says so. */
const iterationCost = ({ costUsd, costSource }: IterationView): string =>
  costUsd === null
    ? ''
    : `${dollars(costUsd)}${costSource === null ? '' : costSource === 'agent' ? ', as the agent reports' : `, by the prices of ${oneLine(costSource)}`}`

/** What an iteration has to tell beside its result, a sentence each. */
export const remarkLines = (remarks: IterationRemarks): string[] => remarkTexts(remarks).map(({ line }) => line)

/** The same, each with what belongs below it. */
export function remarkTexts(remarks: IterationRemarks): { line: string; below: string }[] {
  const hooks = (remarks.hooks ?? []).map((hook) => ({ line: hookLine(hook), below: belowHook(hook) }))
  return [...hooks, ...otherRemarks(remarks).map((line) => ({ line, below: '' }))].map(({ line, below }) => ({
    line: oneLine(line, 400),
    below,
  }))
}

/** Lines of a failing hook that are shown. */
const shownHookLines = 10

function hookLine({ name, exit, commit }: FailedHook): string {
  const wheres = { manual: 'the commit of your changes', kept: 'the commit of what an earlier iteration left' }
  const where = commit === undefined ? "the iteration's commit" : wheres[commit]
  return `the ${name} hook failed${exit === null ? '' : ` (exit code ${exit})`}; ${where} was made without it`
}

const belowHook = ({ output }: FailedHook): string =>
  indent(printable(output).trim().split('\n').slice(-shownHookLines).join('\n'))

/** A word for each remark, for a line of the log. */
export function remarkWords(remarks: IterationRemarks): string[] {
  const words: Record<keyof IterationRemarks, string> = {
    hooks: 'hook failed',
    unsigned: 'unsigned',
    nested: 'nested repository left out',
    unstaged: 'not all committed',
    conflicts: 'with conflicts',
    submodules: 'changes in submodules',
    replacedGit: '.git replaced',
    refs: 'other refs moved',
    left: 'left its branch',
    kept: 'left uncommitted',
    keptAs: '',
    newThread: 'new thread',
    untold: 'transcript not whole',
    settings: 'settings changed',
  }
  return (Object.keys(words) as (keyof IterationRemarks)[]).flatMap((key) =>
    remarks[key] === undefined || words[key] === '' ? [] : [words[key]],
  )
}

function otherRemarks(remarks: IterationRemarks): string[] {
  const refs = (remarks.refs ?? []).map(
    (ref) => `${ref.ref} moved while the agent ran: ${shortValue(ref.before)} to ${shortValue(ref.after)}`,
  )
  return [
    ...(remarks.unsigned === undefined ? [] : [`the commit is not signed: ${remarks.unsigned}`]),
    ...(remarks.nested === undefined
      ? []
      : [`left out of the commit, because they are repositories of their own: ${remarks.nested.join(', ')}`]),
    ...(remarks.unstaged === undefined ? [] : [`not everything could be committed: ${remarks.unstaged}`]),
    ...(remarks.conflicts === undefined ? [] : [`committed with conflicts in them: ${remarks.conflicts.join(', ')}`]),
    ...(remarks.submodules === undefined
      ? []
      : [`changes inside submodules are in the worktree only: ${remarks.submodules.join(', ')}`]),
    ...(remarks.replacedGit === undefined
      ? []
      : [`the agent replaced the worktree's .git by a repository of its own, which is now ${remarks.replacedGit}`]),
    ...(remarks.untold === undefined ? [] : [`the transcript is not whole: ${remarks.untold}`]),
    ...refs,
    ...(remarks.kept === true
      ? [
          "what the agent did is left in the worktree, uncommitted (amp.onFailure); the next iteration commits it as the agent's",
        ]
      : []),
    ...(remarks.newThread === undefined
      ? []
      : [`the agent could not go on in its thread and began a new one: ${remarks.newThread}`]),
    ...(remarks.settings ?? []).map(
      ({ key, before, after }) =>
        `${key} changed while the agent ran: ${before ?? 'not set'} to ${after ?? 'not set'}; git config shows it`,
    ),
    ...(remarks.left === undefined
      ? []
      : [`the agent left the session's branch (${remarks.left}); its work was taken back to it`]),
  ]
}

/** What `stop` says of a session. */
export function renderStopped({ tip, iteration, isKilled }: Stopped): string {
  const session = `${tip.id.slice(0, 4)} ${oneLine(tip.snapshot.slug)}`
  if (iteration === null) return `${session}: stopped the tests`
  const what = iteration.to === null ? 'no change' : `${iteration.to.slice(0, 12)} ${sizeWords(iteration)}`
  const words =
    iteration.outcome === 'interrupted' ? `, interrupted${isKilled ? ', git-amp had to be killed' : ''}` : ''
  return `${session}: iteration ${iteration.n}: ${what}${words}`
}

const shortValue = (value: string | null): string =>
  value === null ? 'nothing' : /^[0-9a-f]{40,}$/.test(value) ? value.slice(0, 12) : value

/** What to say of a result that was not recorded; null when it was. */
export const unrecordedWords = (run: TestRun): string | null =>
  run.isRecorded || run.isStopped
    ? null
    : 'files in the worktree changed while the tests ran, so their result is not recorded'

/** The answer of `iterate`, on one line. */
export function renderIterate(result: IterateResult): string {
  const { iteration, commit, outcome, size, tests } = result
  const left = result.remarks.kept === true ? `, ${sizeWords(size)} left uncommitted` : ''
  const what =
    commit === null
      ? outcome === 'no-change'
        ? 'no change'
        : `${outcome}${left}`
      : `${commit.slice(0, 12)} ${sizeWords(size)}${outcome === 'success' ? '' : `, ${outcome}`}`
  const isKnown = tests === null && result.passed !== null
  const known = isKnown ? `, tests ${result.passed === true ? 'pass' : 'fail'} as before` : ''
  const stopped = result.isStopped && outcome !== 'interrupted' ? ', the tests were stopped' : ''
  return `iteration ${iteration.n}: ${what}${tests === null ? known : `, ${testWord(tests)}`}${stopped}`
}

/** What a dry run says of an iteration whose leftovers it did not take up. */
export const pendingLine = (n: number): string =>
  `Iteration ${n} was interrupted; what it left would be committed first.`
