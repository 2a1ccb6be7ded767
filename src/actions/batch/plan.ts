import { AmpError } from '../../errors.js'
import type { Oid } from '../../git/run.js'

/** One item of a plan, with everything that decides what it does. */
export interface PlanItem {
  /** Its number, from 1 on. */
  n: number
  /** Digest of repository, base commit, prompt, agent, model and attempt. Empty while the repository is not cloned. */
  key: string
  name?: string
  /** The repository as its user named it, a path made absolute. */
  repo: string
  /** Where it is worked in. */
  dir: string
  /** What it starts from; `oid` is empty while the repository is not cloned. */
  base: { ref: string | null; oid: Oid }
  prompt: string
  agent: string
  model?: string
  /** Which of several tries at the same, from 1 on. */
  attempt: number
  script?: string
  timeoutMs?: number
  /** So often it is tried again when the agent meets a rate limit or its like. */
  retries: number
  mergeOnPass: boolean
  maxIterations: number
  maxCost?: number
}

/** A plan with all its items. */
export interface Plan {
  name: string
  concurrency: number
  perRepository: number
  timeoutMs?: number
  maxCost?: number
  items: PlanItem[]
}

/** A plan as it is kept: each prompt once. */
export function encodePlan({ items, ...plan }: Plan): string {
  const prompts = [...new Set(items.map(({ prompt }) => prompt))]
  const at = new Map(prompts.map((prompt, index) => [prompt, index]))
  return JSON.stringify({
    version: 1,
    ...plan,
    prompts,
    items: items.map((item) => ({ ...item, prompt: at.get(item.prompt) })),
  })
}

/** @throws Error when it is none of ours */
export function decodePlan(text: string): Plan {
  const { version, prompts, items, ...plan } = JSON.parse(text) as Omit<Plan, 'items'> & {
    version: number
    prompts: string[]
    items: (Omit<PlanItem, 'prompt'> & { prompt: number })[]
  }
  if (version !== 1 || !Array.isArray(prompts) || !Array.isArray(items))
    throw new AmpError('fatal', 'the plan of the run cannot be read')
  return { ...plan, items: items.map((item) => ({ ...item, prompt: prompts[item.prompt] ?? '' })) }
}
