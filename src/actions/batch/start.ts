import type { Repo } from '../../repo.js'
import type { EventData } from '../../state/events.js'
import { isOwn } from '../shared/trust.js'
import { startTurn, takeTurn } from '../shared/turn.js'
import { Journal } from './journal.js'
import type { Plan } from './plan.js'
import { type PlanSource, planBatch } from './plan-expand.js'
import type { Problem } from './plan-text.js'
import { Repos } from './repos.js'
import { type RunOptions, type RunResult, runBatch } from './run.js'
import { beginRun, type Held, held, holdRun } from './runner.js'
import { allBatches, type BatchView, type ItemView, readBatch, runnerOf } from './runs.js'
import { isRunOf } from './same-plan.js'

export interface StartOptions extends RunOptions {
  source: PlanSource
  /** Only look at the plan. */
  dryRun?: boolean | undefined
  /** Run all of it, also what an earlier run of the same has done. */
  again?: boolean | undefined
}

/** A plan that was looked at: nothing was begun. */
export interface LookedAt {
  type: 'plan'
  plan: Plan
  problems: Problem[]
}

/** A run that came to an end. */
export interface Ran extends RunResult {
  type: 'run'
  /** It went on with an earlier run of the same plan. */
  isContinued: boolean
  /** Prompts were kept with secrets taken out of them. */
  isRedacted: boolean
}

/**
 * Reads a plan and runs it. What is wrong with it is found before anything begins. A plan that was started before is gone on with: only what
 * has no result is done; results of other runs for the same (repository, base, prompt, agent, model and attempt) are taken over.
 */
export async function startBatch(home: Repo, options: StartOptions): Promise<LookedAt | Ran> {
  const { source, dryRun = false, again = false, ...rest } = options
  const repos = new Repos(home.host)
  try {
    const onClone = (url: string) => rest.on?.({ type: 'clone', url })
    const { plan, problems, prompts } = await planBatch(home, source, { repos, dryRun, jobs: rest.jobs, onClone })
    if (dryRun || problems.length > 0) return { type: 'plan', plan, problems }
    const { begun, isContinued } = await takeUp(home, { plan, again, repos })
    const result = await runBatch(begun, { ...rest, home, repos, prompts })
    return { type: 'run', ...result, isContinued, isRedacted: prompts.size > 0 }
  } finally {
    repos.close()
  }
}

/** Goes on with the run of a plan, or begins one. Of two that start a plan at once the second one finds the run of the first. */
async function takeUp(
  home: Repo,
  { plan, again, repos }: { plan: Plan; again: boolean; repos: Repos },
): Promise<{ begun: Held; isContinued: boolean }> {
  const giveBack = await takeTurn(home, startTurn)
  try {
    const runs = again ? [] : await ownRuns(home)
    const keys = new Set(plan.items.map(({ key }) => key))
    const earlier = runs.filter(({ items }) => items.some(({ key }) => keys.has(key)))
    let same: BatchView | undefined
    for (const view of runs) {
      same ??= (await isRunOf(view, plan, repos)) ? view : undefined
      const isAbout = view === same || earlier.includes(view)
      if (isAbout && (await runnerOf(home, view.tip)) === 'alive') throw await held(home, view.tip)
    }
    if (same === undefined) return { begun: await begin(home, { plan, earlier }), isContinued: false }
    return { begun: await holdRun(home, same.tip), isContinued: true }
  } finally {
    await giveBack()
  }
}

/** The runs that were started in this clone, newest first: what others say of theirs is no result here. */
async function ownRuns(home: Repo): Promise<BatchView[]> {
  const found: BatchView[] = []
  for (const tip of (await allBatches(home)).batches) {
    const view = (await isOwn(home, tip.id)) ? await readBatch(home, tip).catch(() => null) : null
    if (view !== null) found.push(view)
  }
  return found
}

/** Begins a run, with the results that other runs have of its items. */
async function begin(home: Repo, { plan, earlier }: { plan: Plan; earlier: readonly BatchView[] }): Promise<Held> {
  const { tip, runner } = await beginRun(home, plan)
  const journal = new Journal(home, tip)
  const known = new Map<string, { item: ItemView; run: string }>()
  for (const view of earlier)
    for (const item of view.items) {
      const isResult = item.status === 'success' || item.status === 'fail'
      if (isResult && !known.has(item.key)) known.set(item.key, { item, run: item.run ?? view.tip.id })
    }
  const events = plan.items.flatMap(({ n, key }) => {
    const done = known.get(key)
    return done === undefined ? [] : [takenOver(n, done)]
  })
  await Promise.all(events.map((data) => journal.add({ type: 'batch.item', data }, `item ${data.n} was done before`)))
  return { tip: journal.tip, runner }
}

const takenOver = (n: number, { item, run }: { item: ItemView; run: string }): EventData['batch.item'] => ({
  n,
  key: item.key,
  status: item.status,
  ...(item.session === null ? {} : { session: item.session }),
  ...(item.reason === null ? {} : { error: item.reason }),
  ...(item.tests === null ? {} : { tests: item.tests }),
  ...(item.isMerged ? { merged: true } : {}),
  iterations: item.iterations,
  ...(item.changes ?? {}),
  run,
})
