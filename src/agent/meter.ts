import type { ModelUsage, ThreadTotal, Usage } from '../state/events.js'
import type { AgentEvent, AgentRun, Scope } from './adapter.js'

type Figure = Extract<AgentEvent, { type: 'usage' | 'cost' }>
type Reading = Pick<AgentRun, 'usage' | 'models' | 'costUsd' | 'threadTotal'>

/** What was reported in one scope: as a whole, and by model. */
interface Counter {
  usage: Usage | null
  costUsd: number | null
  models: Map<string, ModelUsage>
}

const nothing: Usage = { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
const counter = (): Counter => ({ usage: null, costUsd: null, models: new Map() })

/** Tokens and cost of one run, from agents that report steps, runs or running totals. */
export class Meter {
  private readonly counters: Record<Scope, Counter> = { step: counter(), run: counter(), thread: counter() }

  add(figure: Figure): void {
    const { usage, models } = this.counters[figure.scope]
    const isSum = figure.scope === 'step'
    const own = figure.model === undefined ? undefined : models.get(figure.model)
    const model = figure.model === undefined ? undefined : { ...nothing, model: figure.model, ...own }
    const target = this.counters[figure.scope]
    if (figure.type === 'usage') {
      if (model === undefined || isSum) target.usage = isSum ? sum(usage, figure.usage) : figure.usage
      if (model !== undefined)
        models.set(model.model, { ...model, ...(isSum ? sum(model, figure.usage) : figure.usage) })
    } else {
      if (model === undefined || isSum) target.costUsd = (isSum ? (target.costUsd ?? 0) : 0) + figure.usd
      if (model !== undefined) {
        models.set(model.model, { ...model, costUsd: (isSum ? (model.costUsd ?? 0) : 0) + figure.usd })
      }
    }
  }

  /** Tokens so far, for people who watch; a running total counts as it is. */
  get soFar(): Usage | null {
    return this.counters.run.usage ?? this.counters.thread.usage ?? this.counters.step.usage
  }

  /** What the run used, given what its thread had reported before. */
  read(before: ThreadTotal = {}): Reading {
    const { step, run, thread } = this.counters
    const threadUsage = thread.usage === null ? null : minus(thread.usage, before.usage)
    const threadCost = thread.costUsd === null ? null : round(Math.max(0, thread.costUsd - (before.costUsd ?? 0)))
    const threadModels = [...thread.models.values()].map((model) => {
      const old = before.models?.find((one) => one.model === model.model)
      const cost =
        model.costUsd === undefined ? {} : { costUsd: round(Math.max(0, model.costUsd - (old?.costUsd ?? 0))) }
      return { ...model, ...minus(model, old), ...cost }
    })
    const models = [[...run.models.values()], threadModels, [...step.models.values()]].find((list) => list.length > 0)
    const isTold = thread.usage !== null || thread.models.size > 0 || thread.costUsd !== null
    const total: ThreadTotal = isTold
      ? {
          ...(thread.usage === null ? {} : { usage: thread.usage }),
          ...(thread.models.size === 0 ? {} : { models: [...thread.models.values()] }),
          ...(thread.costUsd === null ? {} : { costUsd: thread.costUsd }),
        }
      : untold(before, [...step.models.values()])
    return {
      usage: run.usage ?? threadUsage ?? step.usage,
      models: (models ?? []).filter((model) => hasTokens(model) || (model.costUsd ?? 0) > 0),
      costUsd: run.costUsd ?? threadCost ?? (step.costUsd === null ? null : round(step.costUsd)),
      threadTotal: Object.keys(total).length === 0 ? null : total,
    }
  }
}

/**
 * A run that was stopped before it could tell of its thread: the next one tells of both, and what was seen of this one is not to be counted again.
 */
function untold(before: ThreadTotal, steps: readonly ModelUsage[]): ThreadTotal {
  if (steps.length === 0) return {}
  const known = before.models ?? []
  const others = known.filter(({ model }) => steps.every((step) => step.model !== model))
  const added = steps.map((step) => {
    const old = known.find(({ model }) => model === step.model)
    return { ...old, ...sum(old ?? null, step), model: step.model }
  })
  return { ...before, models: [...others, ...added] }
}

const sum = (a: Usage | null, b: Usage): Usage => combine(a ?? nothing, b, (x, y) => x + y)
/** A total that went down began anew: then it is the difference itself. */
const minus = (a: Usage, b: Usage | undefined): Usage =>
  b === undefined || a.input < b.input || a.output < b.output ? pick(a) : combine(a, b, (x, y) => Math.max(0, x - y))
const pick = (a: Usage): Usage => combine(a, nothing, (x) => x)
const hasTokens = (usage: Usage): boolean => usage.input + usage.output + usage.cacheRead + usage.cacheWrite > 0
/** Sums of cents in binary leave a tail. */
const round = (usd: number): number => Number(usd.toFixed(8))

function combine(a: Usage, b: Usage, how: (a: number, b: number) => number): Usage {
  return {
    input: how(a.input, b.input),
    output: how(a.output, b.output),
    cacheRead: how(a.cacheRead, b.cacheRead),
    cacheWrite: how(a.cacheWrite, b.cacheWrite),
  }
}
