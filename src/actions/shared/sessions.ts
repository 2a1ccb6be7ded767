import { type AmpError, fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import type { Snapshot } from '../../state/fold.js'
import { type SessionState, stateIn } from '../../state/sessions.js'
import { type Here, type KnownLease, leaseOf, localLeases, whereabouts, whereaboutsIn } from './lease.js'

export { allSessions, type BrokenSession, eachSession, everySession, type SessionState } from '../../state/sessions.js'

/**
 * The state of a session, seen from this machine.
 * @param leases of this clone; an iteration without one that began in another clone is not ours
 */
export function stateOf(
  { id, snapshot }: Pick<ChainTip, 'id' | 'snapshot'>,
  leases: readonly KnownLease[],
  self: Here,
): SessionState {
  // A lease outlives the end of its iteration while the tests run.
  const alive = leases.find((lease) => lease.session === id && lease.where === 'alive')
  if (alive !== undefined) return alive.waiting === null ? 'running' : 'waiting'
  return stateIn(snapshot, (open) => whereaboutsIn(leases, open, self) === 'dead')
}

/** Whether a session still asks for work: merged and closed ones are listed with `-a` only. */
export const isOpenSession = (snapshot: Snapshot): boolean =>
  snapshot.status !== 'merged' && snapshot.status !== 'closed'

/** The one head of a session's code. @throws AmpError when it diverged */
export function oneHead(tip: ChainTip): string {
  const [head, ...others] = tip.snapshot.heads
  if (head === undefined || others.length > 0) {
    throw fatal(
      `session ${tip.snapshot.name} has diverged: two clones went on with it at once`,
      `Its heads are ${tip.snapshot.heads.map((oid) => oid.slice(0, 12)).join(' and ')}.`,
      `Compare them with "git diff", then run: git amp resolve ${tip.id.slice(0, 4)} --keep <head>`,
    )
  }
  return head
}

/**
 * The head that work on `from` replaces: `from` itself, or what took its place meanwhile. Otherwise a step recorded while an agent ran would leave
 * two heads.
 */
export function headNow(latest: ChainTip, from: string): string {
  const [head, ...others] = latest.snapshot.heads
  return head === undefined || others.length > 0 ? from : head
}

/**
 * Refuses while an agent or its tests may run in the session on this machine.
 * @param own iteration of the caller itself
 */
export async function refuseRunning(repo: Repo, tip: ChainTip, own?: string): Promise<void> {
  const busy = (await localLeases(repo)).find(
    (lease) => lease.session === tip.id && lease.where === 'alive' && lease.iteration !== own,
  )
  const open = tip.snapshot.open.find((one) => one.iteration === busy?.iteration)
  if (busy !== undefined) {
    const pid = (await leaseOf(repo, busy.iteration))?.pid
    throw fatal(
      `${runningWords(tip, open?.n)} running (process ${pid})`,
      `Wait for it, or end it with "git amp stop ${tip.id.slice(0, 4)}".`,
    )
  }
  for (const one of tip.snapshot.open) {
    if ((await whereabouts(repo, one)) === 'unknown') throw maybeRunning(tip, one)
  }
}

function runningWords({ snapshot }: ChainTip, n: number | undefined): string {
  if (n !== undefined) return `iteration ${n} of session ${snapshot.name} is`
  return `the ${snapshot.rebasing === undefined ? 'tests' : 'agent or the tests'} of session ${snapshot.name} are`
}

/**
 * Refuses to record a move of `head` when an iteration began, or the head moved, since the command looked. Asked on the tip that the transaction
 * is bound to: a session that two moved from the same head has diverged.
 */
export async function refuseMoved(repo: Repo, latest: ChainTip, head: string): Promise<void> {
  await refuseRunning(repo, latest)
  if (latest.snapshot.heads.join() === head && latest.snapshot.rebasing === undefined) return
  throw fatal(`session ${latest.snapshot.name} moved while the command ran`, 'Run the command again.')
}

/** Refuses what needs the worktree of a paused session: its uncommitted work is in a snapshot. */
export function refusePaused({ id, snapshot }: ChainTip): void {
  if (snapshot.status !== 'paused') return
  throw fatal(`session ${snapshot.name} is paused`, `Bring its worktree back with: git amp resume ${id.slice(0, 4)}`)
}

/** The refusal for an iteration of which this process cannot tell whether it runs. */
export const maybeRunning = (tip: ChainTip, open: { n: number; at: string; host: string }): AmpError =>
  fatal(
    `iteration ${open.n} of session ${tip.snapshot.name} may be running in a container or under another user, since ${open.at}`,
    `If it has ended, take up what it left with "git amp iterate -f ${tip.id.slice(0, 4)}".`,
  )
