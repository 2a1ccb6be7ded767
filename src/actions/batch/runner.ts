import { type AmpError, fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { beginAs } from '../../state/chain.js'
import type { Runner } from '../../state/events.js'
import { batchKind } from '../../state/kinds.js'
import { dropLease, leaseOf, ownClone, takeLease } from '../shared/lease.js'
import { isOwn, rememberOwn } from '../shared/trust.js'
import { encodePlan, type Plan } from './plan.js'
import { type BatchTip, recordBatch, runnerOf } from './runs.js'

/** A run that this process works on: nobody else does until it is given back. */
export interface Held {
  tip: BatchTip
  runner: string
}

const signed = async (home: Repo, runner: string): Promise<Runner> => ({
  runner,
  host: home.host.hostname,
  clone: await ownClone(home),
})

/** Begins the chain of a run, which this process then holds. */
export async function beginRun(home: Repo, plan: Plan): Promise<Held> {
  const [id, runner] = [home.newId(), home.newId()]
  await rememberOwn(home, id)
  await takeLease(home, { session: id, iteration: runner })
  try {
    const prepared = await beginAs(batchKind, home, {
      id,
      writer: await home.writer(),
      subject: `amp(${plan.name}): batch run of ${plan.items.length} items`,
      events: [
        {
          type: 'batch.created',
          data: { name: plan.name, plan: encodePlan(plan), total: plan.items.length, ...(await signed(home, runner)) },
        },
      ],
      code: [],
    })
    await home.refs.update([prepared.change], 'amp: batch start')
    return { tip: prepared.tip, runner }
  } catch (error) {
    await dropLease(home, runner)
    throw error
  }
}

/**
 * Takes up a run whose process is gone. Of two that try at once one is refused: each has its lease before it looks, and both write to the
 * same chain.
 * @throws AmpError when somebody works on it, or when it was not started in this clone
 */
export async function holdRun(home: Repo, found: BatchTip): Promise<Held> {
  await refuseForeign(home, found)
  const runner = home.newId()
  await takeLease(home, { session: found.id, iteration: runner })
  try {
    const data = await signed(home, runner)
    let before: string | undefined
    const tip = await recordBatch(home, found, async (latest) => {
      await refuseHeld(home, latest)
      before = latest.snapshot.runner?.id
      return { subject: `amp(${latest.snapshot.name}): batch run resumed`, events: [{ type: 'batch.resumed', data }] }
    })
    // A killed process leaves its lease behind.
    if (before !== undefined) await dropLease(home, before)
    return { tip, runner }
  } catch (error) {
    await dropLease(home, runner)
    throw error
  }
}

/** A run from elsewhere is somebody else's prompts: it is shown, and never run. */
export async function refuseForeign(home: Repo, { id, snapshot }: BatchTip): Promise<void> {
  if (await isOwn(home, id)) return
  const where = snapshot.runner === undefined ? '' : ` It began on ${snapshot.runner.host}.`
  throw fatal(
    `the batch run ${snapshot.name} was not started in this clone, and is not run here`,
    `Go on with it where it began.${where}`,
  )
}

async function refuseHeld(home: Repo, tip: BatchTip): Promise<void> {
  const where = await runnerOf(home, tip)
  if (where !== 'dead') throw await held(home, tip)
}

/** The refusal of what another process works on. */
export async function held(home: Repo, { id, snapshot }: BatchTip): Promise<AmpError> {
  const lease = snapshot.runner === undefined ? null : await leaseOf(home, snapshot.runner.id)
  const where = lease === null ? `on ${snapshot.runner?.host}` : `in process ${lease.pid}`
  return fatal(
    `the batch run ${snapshot.name} is running ${where}`,
    `"git amp batch status --follow ${id.slice(0, 4)}" shows it, "git amp batch abort ${id.slice(0, 4)}" ends it.`,
  )
}
