import { AmpError, fatal, no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { readTip, readTipAs } from '../../state/chain.js'
import { batchKind } from '../../state/kinds.js'
import { oneLine } from '../../util/sanitize.js'
import { abortMerge } from '../merge.js'
import { dropLease } from '../shared/lease.js'
import { readMerge } from '../shared/merging.js'
import { reconcileAnywhere } from '../shared/reconcile.js'
import { askToStop } from '../shared/stopping.js'
import { endsItself, kill } from '../stop.js'
import { Journal } from './journal.js'
import { Repos } from './repos.js'
import { holdRun, refuseForeign } from './runner.js'
import { type BatchTip, type BatchView, findBatch, hasSession, readBatch, runnerOf } from './runs.js'

export interface AbortResult {
  view: BatchView
  /** Its process did not answer and was killed. */
  isKilled: boolean
}

/**
 * Ends a run: its agents are stopped, what they did is recorded, and nothing new begins. Of a run whose process is gone, what it left is taken
 * up.
 * @throws AmpError when the run has ended already
 */
export async function abortBatch(home: Repo, name: string | undefined): Promise<AbortResult> {
  const tip = await findBatch(home, name)
  const { status, runner } = tip.snapshot
  if (status !== 'running') throw no(`the batch run ${tip.snapshot.name} is ${status} already`)
  const where = await runnerOf(home, tip)
  if (where === 'elsewhere' || where === 'unknown') {
    await refuseForeign(home, tip)
    throw fatal(`the batch run ${tip.snapshot.name} runs on ${runner?.host}`, 'Abort it there.')
  }
  let isKilled = false
  if (where === 'alive' && runner !== undefined) {
    await askToStop(home, runner.id)
    isKilled = !(await endsItself(home, runner.id))
    if (isKilled) await kill(home, runner.id)
    await dropLease(home, runner.id)
  }
  const latest = (await readTipAs(batchKind, home, tip.id)) ?? tip
  const ended = latest.snapshot.status === 'running' ? await settle(home, latest) : latest
  return { view: await readBatch(home, ended), isKilled }
}

/** What a killed process left: its items are interrupted, and their work is recorded. */
async function settle(home: Repo, tip: BatchTip): Promise<BatchTip> {
  const held = await holdRun(home, tip)
  const repos = new Repos(home.host)
  const journal = new Journal(home, held.tip)
  try {
    const { items } = await readBatch(home, held.tip)
    for (const { n, key, session, dir } of items.filter((item) => item.status === 'running').filter(hasSession)) {
      const reason = await repos.use(dir, (repo) => salvage(repo, session)).catch(reasonOf)
      const data = { n, key, session, status: 'aborted' as const, ...(reason === null ? {} : { error: reason }) }
      await journal.add({ type: 'batch.item', data }, `item ${n} aborted`)
    }
    await journal.add({ type: 'batch.aborted', data: { reason: 'aborted' } }, 'batch run stopped, aborted')
    return journal.tip
  } finally {
    repos.close()
    await dropLease(home, held.runner)
  }
}

/** Records what an agent left, and takes back what was half merged. */
async function salvage(repo: Repo, session: string): Promise<null> {
  const found = await readTip(repo, session)
  if (found !== null && found.snapshot.open.length > 0) await reconcileAnywhere(repo, found)
  if (found !== null && (await readMerge(repo, session)) !== null) await abortMerge(repo, { session })
  return null
}

/** One repository that is away or broken does not keep the run from its end. */
function reasonOf(error: unknown): string {
  if (error instanceof AmpError && error.kind !== 'bug' && error.kind !== 'interrupted')
    return oneLine(error.message, 400)
  throw error
}
