import { fatal } from '../errors.js'
import { archivedTip, type ChainTip, readEvents, type Stores } from './chain.js'
import { snapshotOf } from './codec.js'
import { fold, type OpenIteration, type Snapshot } from './fold.js'
import { archivesPrefix, sessionsPrefix } from './names.js'
import type { Tip } from './storage.js'

/** A session ref that cannot be read, and why. */
export interface BrokenSession {
  ref: string
  reason: string
}

/** Sessions whose tips are read at the same time. */
const batchSize = 256

/** Reads every session that is not archived by one listing; broken ones are named and do not hide the others. */
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

/** Every session, the archived ones too. */
export async function everySession(stores: Stores): Promise<{ sessions: ChainTip[]; broken: BrokenSession[] }> {
  const { sessions, broken } = await allSessions(stores)
  const live = new Set(sessions.map(({ id }) => id))
  for await (const tip of archivedSessions(stores, { live, broken })) sessions.push(tip)
  return { sessions, broken }
}

/** The same one after the other; the broken ones are added to `broken`. */
export async function* eachSession(stores: Stores, broken: BrokenSession[]): AsyncGenerator<ChainTip> {
  const live = new Set<string>()
  for await (const tip of stores.refs.tips(sessionsPrefix)) {
    live.add(idOf(tip.ref))
    const session = await sessionAt(stores, tip, broken)
    if (session !== null) yield session
  }
  yield* archivedSessions(stores, { live, broken })
}

/** Sessions that archives hold and that are not among the others, by id. */
async function* archivedSessions(
  stores: Stores,
  { live, broken }: { live: ReadonlySet<string>; broken: BrokenSession[] },
): AsyncGenerator<ChainTip> {
  const { lastTip, readArchives } = await import('./archive.js')
  const archived = [...(await readArchives(stores, broken))].filter(([id]) => !live.has(id)).sort()
  for (let at = 0; at < archived.length; at += batchSize) {
    const some = archived.slice(at, at + batchSize).map(async ([id, tips]) => {
      try {
        return await archivedTip(stores.objects, { id, oid: await lastTip(stores.objects, { id, tips }) })
      } catch (error) {
        broken.push({
          ref: `${archivesPrefix} (${id})`,
          reason: error instanceof Error ? error.message : String(error),
        })
        return null
      }
    })
    for (const tip of await Promise.all(some)) if (tip !== null) yield tip
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
