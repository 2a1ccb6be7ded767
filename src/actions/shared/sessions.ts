import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import { snapshotOf } from '../../state/codec.js'
import { fold, type Snapshot } from '../../state/fold.js'
import { sessionsPrefix } from '../../state/names.js'
import { isHeldHere } from './lease.js'

/** A session ref that cannot be read, and why. */
export interface BrokenSession {
  ref: string
  reason: string
}

/** Reads every session by one listing; broken ones are named and do not hide the others. */
export async function allSessions(repo: Repo): Promise<{ sessions: ChainTip[]; broken: BrokenSession[] }> {
  const sessions: ChainTip[] = []
  const broken: BrokenSession[] = []
  for await (const { ref, oid, message } of repo.refs.tips(sessionsPrefix)) {
    const id = ref.slice(sessionsPrefix.length + 1)
    try {
      if (message === null) throw fatal(`its commit ${oid} is missing or broken`)
      const snapshot = snapshotOf(oid, message) ?? fold(await readEvents(repo.objects, oid, ref))
      sessions.push({ ref, id, oid, snapshot })
    } catch (error) {
      broken.push({ ref, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return { sessions, broken }
}

/** What `list` and `show` call a session's state: the chain's word, and this machine's knowledge of what runs. */
export type SessionState =
  | 'idle'
  | 'running'
  | 'interrupted'
  | 'failed'
  | 'diverged'
  | 'review'
  | 'paused'
  | 'merged'
  | 'closed'

/**
 * The state of a session, seen from this machine.
 * @param leases of this clone; an iteration without one that began under another host name is not ours
 */
export function stateOf(
  snapshot: Snapshot,
  leases: ReadonlyMap<string, { isAlive: boolean }>,
  hostname: string,
): SessionState {
  if (snapshot.open.some((open) => leases.get(open.iteration)?.isAlive === true)) return 'running'
  if (snapshot.heads.length > 1) return 'diverged'
  if (snapshot.open.some((open) => open.host !== hostname && !leases.has(open.iteration))) return 'running'
  if (snapshot.open.length > 0) return 'interrupted'
  if (snapshot.last?.outcome === 'interrupted' && snapshot.status === 'failed') return 'interrupted'
  return snapshot.status
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
    )
  }
  return head
}

/** Refuses while an agent runs in the session on this machine. */
export async function refuseRunning(repo: Repo, tip: ChainTip): Promise<void> {
  for (const open of tip.snapshot.open) {
    const lease = await isHeldHere(repo, open.iteration)
    if (lease === null) continue
    throw fatal(
      `iteration ${open.n} of session ${tip.snapshot.name} is running (process ${lease.pid})`,
      'Wait for it, or stop it with Ctrl-C where it runs.',
    )
  }
}

/**
 * Refuses to record a move of `head` when an iteration began, or the head moved, since the command looked. Asked on the tip that the transaction
 * is bound to: a session that two moved from the same head has diverged.
 */
export async function refuseMoved(repo: Repo, latest: ChainTip, head: string): Promise<void> {
  await refuseRunning(repo, latest)
  if (latest.snapshot.heads.join() === head) return
  throw fatal(
    `session ${latest.snapshot.name} moved while the command ran`,
    'Nothing was changed. Run the command again.',
  )
}
