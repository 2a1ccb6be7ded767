import { fatal } from '../errors.js'
import { type ChainTip, readEvents, type Stores } from './chain.js'
import { snapshotOf } from './codec.js'
import { fold, type OpenIteration, type Snapshot } from './fold.js'
import { sessionsPrefix } from './names.js'
import type { Tip } from './storage.js'

/** A session ref that cannot be read, and why. */
export interface BrokenSession {
  ref: string
  reason: string
}

/** Reads every session by one listing; broken ones are named and do not hide the others. */
export async function allSessions(stores: Stores): Promise<{ sessions: ChainTip[]; broken: BrokenSession[] }> {
  const sessions: ChainTip[] = []
  const broken: BrokenSession[] = []
  // Not by `eachSession`: each generator on the way costs ten thousand sessions 10 ms.
  for await (const tip of stores.refs.tips(sessionsPrefix)) {
    const session = quickSession(tip) ?? (await sessionAt(stores, tip, broken))
    if (session !== null) sessions.push(session)
  }
  return { sessions, broken }
}

/** The same one after the other; the broken ones are added to `broken`. */
export async function* eachSession(stores: Stores, broken: BrokenSession[]): AsyncGenerator<ChainTip> {
  for await (const tip of stores.refs.tips(sessionsPrefix)) {
    const session = await sessionAt(stores, tip, broken)
    if (session !== null) yield session
  }
}

const idOf = (ref: string): string => ref.slice(sessionsPrefix.length + 1)

/** The session, when its tip tells all of it and nothing is wrong; null otherwise. */
function quickSession({ ref, oid, message }: Tip): ChainTip | null {
  try {
    const snapshot = message === null ? null : snapshotOf(oid, message)
    return snapshot === null ? null : { ref, id: idOf(ref), oid, snapshot }
  } catch {
    // `sessionAt` says what is wrong.
    return null
  }
}

async function sessionAt(
  stores: Stores,
  { ref, oid, message }: Tip,
  broken: BrokenSession[],
): Promise<ChainTip | null> {
  try {
    if (message === null) throw fatal(`its commit ${oid} is missing or broken`)
    const snapshot = snapshotOf(oid, message) ?? fold(await readEvents(stores.objects, oid, ref))
    return { ref, id: idOf(ref), oid, snapshot }
  } catch (error) {
    broken.push({ ref, reason: error instanceof Error ? error.message : String(error) })
    return null
  }
}

/** What a session's state is called: the chain's word, and what is known of the machine that it runs on. */
export type SessionState =
  | 'idle'
  | 'running'
  | 'waiting'
  | 'interrupted'
  | 'failed'
  | 'diverged'
  | 'conflict'
  | 'review'
  | 'paused'
  | 'merged'
  | 'closed'

/**
 * The state of a session as its chain tells it.
 * @param isDead whether an iteration without an end is known to run no more
 */
export function stateIn(snapshot: Snapshot, isDead: (open: OpenIteration) => boolean = () => false): SessionState {
  if (snapshot.heads.length > 1) return 'diverged'
  if (snapshot.open.some((open) => !isDead(open))) return 'running'
  if (snapshot.open.length > 0) return 'interrupted'
  if (snapshot.rebasing !== undefined) return 'conflict'
  if (snapshot.status !== 'failed') return snapshot.status
  if (snapshot.last?.outcome === 'interrupted') return 'interrupted'
  return snapshot.last?.waiting === undefined ? 'failed' : 'waiting'
}
