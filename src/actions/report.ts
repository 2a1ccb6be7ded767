import { basename } from 'node:path'
import type { Repo } from '../repo.js'
import type { IterationView } from '../state/iterations.js'
import type { BatchRun } from './export/batches.js'
import {
  closeSelection,
  openSelection,
  type SelectedSession,
  type SelectionRequest,
  selectedRuns,
  selectedSessions,
} from './export/select.js'
import { type ToolCall, ToolCalls } from './export/tool-calls.js'
import {
  iterationsToPass,
  type Results,
  resultOf,
  type SessionResult,
  sessionResults,
  successRate,
} from './shared/result.js'
import { Tally, type UsageRow, type UsageSum } from './shared/tally.js'

/** So many of the slowest steps are told. */
const slowestSteps = 12

export interface ReportedSession {
  id: string
  repository: string
  name: string
  title: string
  agent: string
  model: string | null
  result: SessionResult
  createdAt: string
  iterations: number
  toPass: number | null
  insertions: number
  deletions: number
  tokens: number
  costUsd: number | null
  unpriced: number
}

/** How one tool was used. */
export interface ToolUse {
  tool: string
  calls: number
  failed: number
  /** Together, and how many calls that is the time of. */
  durationMs: number
  timed: number
}

/** Something that took long. */
export interface Step {
  kind: 'agent' | 'tests' | 'tool'
  what: string
  session: string
  name: string
  n: number
  durationMs: number
}

export interface Report {
  /** Name of the repository. */
  repository: string
  generatedAt: string
  since: string | null
  until: string | null
  batch: string | null
  /** Oldest first. */
  sessions: ReportedSession[]
  results: Results
  /** The share of sessions that succeeded; null when of none is known whether it did. */
  rate: number | null
  /** The sum of all iterations in the span, and the same by key: the figures of `git amp usage`. */
  total: UsageSum
  byModel: UsageRow[]
  byAgent: UsageRow[]
  byDay: UsageRow[]
  tools: ToolUse[]
  /** Iterations whose transcript is not here: of their tools nothing is known. */
  untold: number
  slowest: Step[]
  runs: BatchRun[]
}

/** Collects the figures of a report in one pass. */
export async function buildReport(repo: Repo, request: SelectionRequest): Promise<Report> {
  const selected = await openSelection(repo, request)
  const figures = new Figures()
  try {
    for await (const session of selectedSessions(selected, request)) await figures.add(session)
  } finally {
    closeSelection(repo, selected)
  }
  const { span, run } = selected
  return {
    repository: basename(await repo.home()).replace(/\.git$/, ''),
    generatedAt: `${repo.host.now().toISOString().slice(0, 19)}Z`,
    since: span.since,
    until: span.until,
    batch: run?.id ?? null,
    ...figures.result(),
    runs: await selectedRuns(repo, selected, request),
  }
}

class Figures {
  private readonly sessions: ReportedSession[] = []
  private readonly results = Object.fromEntries(sessionResults.map((result) => [result, 0])) as Results
  private readonly tallies = { model: new Tally('model'), agent: new Tally('agent'), day: new Tally('day') }
  private readonly tools = new Map<string, ToolUse>()
  private readonly calls = new ToolCalls()
  private slowest: Step[] = []
  private untold = 0

  async add(session: SelectedSession): Promise<void> {
    const { tip, inSpan, source } = session
    const own = new Tally('session')
    for (const iteration of inSpan) {
      for (const tally of [own, ...Object.values(this.tallies)]) tally.add(iteration, tip)
    }
    const result = resultOf(tip.snapshot)
    this.results[result]++
    this.sessions.push(sessionOf(session, own.total))
    const told = new Set<string>()
    for await (const call of this.calls.of(source.repo, tip.id, inSpan)) {
      told.add(call.iteration.id)
      this.addCall(call, session)
    }
    this.untold += inSpan.filter((one) => one.toolCalls > 0 && !told.has(one.id)).length
    for (const iteration of inSpan) this.addSteps(iteration, session)
  }

  private addCall(call: ToolCall, session: SelectedSession): void {
    const use = this.tools.get(call.tool) ?? { tool: call.tool, calls: 0, failed: 0, durationMs: 0, timed: 0 }
    this.tools.set(call.tool, use)
    use.calls++
    if (call.failed === true) use.failed++
    if (call.durationMs === null) return
    use.durationMs += call.durationMs
    use.timed++
    this.addStep(session, { kind: 'tool', what: call.tool, n: call.iteration.n, durationMs: call.durationMs })
  }

  private addSteps({ n, agent, durationMs, tests }: IterationView, session: SelectedSession): void {
    if (durationMs !== null) this.addStep(session, { kind: 'agent', what: agent, n, durationMs })
    if (tests !== null) this.addStep(session, { kind: 'tests', what: 'tests', n, durationMs: tests.durationMs })
  }

  private addStep({ tip }: SelectedSession, step: Omit<Step, 'session' | 'name'>): void {
    const last = this.slowest.at(-1)
    if (this.slowest.length >= slowestSteps && last !== undefined && step.durationMs <= last.durationMs) return
    this.slowest.push({ ...step, session: tip.id, name: tip.snapshot.name })
    // The sort is stable: of two that took the same time the earlier one counts.
    this.slowest = this.slowest.sort((a, b) => b.durationMs - a.durationMs).slice(0, slowestSteps)
  }

  result() {
    const { model, agent, day } = this.tallies
    return {
      sessions: this.sessions,
      results: this.results,
      rate: successRate(this.results),
      total: model.total,
      byModel: model.rows(),
      byAgent: agent.rows(),
      byDay: day.rows(),
      tools: [...this.tools.values()].sort((a, b) => b.calls - a.calls || (a.tool < b.tool ? -1 : 1)),
      untold: this.untold,
      slowest: this.slowest,
    }
  }
}

function sessionOf({ tip, iterations, source }: SelectedSession, sum: UsageSum): ReportedSession {
  const { id, snapshot } = tip
  const { input, output, cacheRead, cacheWrite } = sum.usage
  return {
    id,
    repository: source.path,
    name: snapshot.name,
    title: snapshot.title,
    agent: snapshot.agent,
    model: snapshot.model ?? null,
    result: resultOf(snapshot),
    createdAt: snapshot.createdAt,
    iterations: sum.iterations,
    toPass: iterationsToPass(iterations),
    insertions: snapshot.changes.insertions,
    deletions: snapshot.changes.deletions,
    tokens: input + output + cacheRead + cacheWrite,
    costUsd: sum.costUsd,
    unpriced: sum.unpriced,
  }
}
