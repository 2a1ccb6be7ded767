import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents, readTip } from '../state/chain.js'
import { type IterationView, iterationsOf } from '../state/iterations.js'
import { findSession } from './shared/find.js'
import { type KnownLease, leaseOf, localLeases, whereabouts } from './shared/lease.js'
import { reconcileAnywhere } from './shared/reconcile.js'
import { allSessions, maybeRunning } from './shared/sessions.js'
import { askToStop } from './shared/stopping.js'

/** An agent gets up to 10 seconds for each harder signal; a git-amp that has not answered by then is ended itself. */
const patienceMs = 20_000
const pollMs = 50

/** One session that was asked to stop. */
export interface Stopped {
  tip: ChainTip
  /** The iteration that ended; null when only tests were running. */
  iteration: IterationView | null
  /** Its git-amp did not answer and was killed. */
  isKilled: boolean
}

/**
 * Ends the agents that run in these sessions, and waits until what they did is recorded.
 * @param names sessions as the user names them; empty with `all` for every running one
 * @throws AmpError when nothing runs in a session that was named
 */
export async function stopSessions(
  repo: Repo,
  { names, all = false }: { names: readonly (string | undefined)[]; all?: boolean },
): Promise<Stopped[]> {
  const tips = all
    ? (await allSessions(repo)).sessions
    : await Promise.all(names.map((name) => findSession(repo, name)))
  const leases = await localLeases(repo)
  const running = tips.map((tip) => ({ tip, lease: leaseFor(tip, leases) }))
  if (all)
    return stopThese(
      repo,
      running.filter((one) => one.lease !== undefined || one.tip.snapshot.open.length > 0),
    )
  for (const { tip, lease } of running) if (lease === undefined) await explainIdle(repo, tip)
  return stopThese(repo, running)
}

interface Target {
  tip: ChainTip
  lease: KnownLease | undefined
}

const leaseFor = (tip: ChainTip, leases: readonly KnownLease[]): KnownLease | undefined =>
  leases.find((lease) => lease.session === tip.id && lease.where === 'alive')

/** All are asked at once: each may take its seconds. */
async function stopThese(repo: Repo, targets: readonly Target[]): Promise<Stopped[]> {
  for (const { lease } of targets) if (lease !== undefined) await askToStop(repo, lease.iteration)
  return Promise.all(targets.map((target) => stopOne(repo, target)))
}

async function stopOne(repo: Repo, { tip, lease }: Target): Promise<Stopped> {
  const isKilled = lease !== undefined && !(await endsItself(repo, lease.iteration))
  if (isKilled) await kill(repo, lease.iteration)
  // What a killed one left is taken up; a session that ended in order needs nothing.
  const latest = (await readTip(repo, tip.id)) ?? tip
  const settled = latest.snapshot.open.length === 0 ? latest : (await reconcileAnywhere(repo, latest)).tip
  const iterations = iterationsOf(await readEvents(repo.objects, settled.oid, settled.ref))
  const id = lease?.iteration ?? tip.snapshot.open[0]?.iteration
  return { tip: settled, iteration: iterations.find((one) => one.id === id) ?? null, isKilled }
}

/** Waits for the lease to be given back. @returns false when it is not */
export async function endsItself(repo: Repo, iteration: string): Promise<boolean> {
  const { host } = repo
  const end = host.now().getTime() + patienceMs
  while (host.now().getTime() < end) {
    const lease = (await localLeases(repo)).find((one) => one.iteration === iteration)
    if (lease === undefined || lease.where !== 'alive') return true
    await host.sleep(pollMs)
  }
  return false
}

/** Its watchdog ends the agent. */
export async function kill(repo: Repo, iteration: string): Promise<void> {
  const lease = await leaseOf(repo, iteration)
  if (lease === null || lease.pid === 0) return
  repo.host.processes.kill(lease.pid, 'SIGKILL')
  await endsItself(repo, iteration)
}

/** Nothing runs here: says what there is instead. A killed iteration is no reason to complain, it is taken up. */
async function explainIdle(repo: Repo, tip: ChainTip): Promise<void> {
  const { name, open } = tip.snapshot
  for (const one of open) {
    const where = await whereabouts(repo, one)
    if (where === 'unknown') throw maybeRunning(tip, one)
    if (where === 'elsewhere') {
      throw fatal(`iteration ${one.n} of session ${name} runs on ${one.host}`, 'Stop it there.')
    }
  }
  if (open.length === 0) throw fatal(`nothing is running in session ${name}`)
}
