import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { AmpEvent } from '../../state/events.js'
import { fold, foldVersion, type Snapshot } from '../../state/fold.js'
import { type IterationView, iterationsOf } from '../../state/iterations.js'
import { readState } from '../../state/read-state.js'
import { findSession } from './find.js'
import { type BrokenSession, eachSession } from './sessions.js'

/** Chains that are read at the same time: so many are in memory at once. */
const readAhead = 16

/** After so many events git, which remembers every commit it was asked for, begins anew. */
const freshAfter = 10_000

/** A session with all that its chain tells. */
export interface ReadSession {
  tip: ChainTip
  events: readonly AmpEvent[]
  iterations: readonly IterationView[]
}

/**
 * Reads the chains of sessions, a few at a time, oldest session first.
 * @param names these alone, each once; none means all of them, merged and closed ones too
 * @param how `isWanted` leaves out what its tip tells enough of; those that cannot be read are added to `broken`; `latest`: the session first in
 * which something happened last
 */
export async function* readSessions(
  repo: Repo,
  names: readonly string[],
  how: { isWanted?: (tip: ChainTip) => boolean; broken: BrokenSession[]; order?: 'oldest' | 'latest' },
): AsyncGenerator<ReadSession> {
  const places = await placesOf(repo, names, how)
  let events = 0
  for (let at = 0; at < places.length; at += readAhead) {
    const read = await Promise.all(
      places.slice(at, at + readAhead).map((place) => readSession(repo, place, how.broken)),
    )
    for (const session of read) {
      if (session === null) continue
      events += session.events.length
      yield session
    }
    if (events < freshAfter) continue
    // Nothing is being read now; the next read starts another process.
    repo.close()
    events = 0
  }
}

/** Where a session's chain ends, and what it is sorted by. Ten thousand snapshots would not be small. */
type Place = Pick<ChainTip, 'ref' | 'id' | 'oid'> & { at: string }

async function placesOf(
  repo: Repo,
  names: readonly string[],
  { isWanted = () => true, broken, order = 'oldest' }: Parameters<typeof readSessions>[2],
): Promise<Place[]> {
  const places = new Map<string, Place>()
  const add = (tip: ChainTip) => {
    const { ref, id, oid, snapshot } = tip
    if (isWanted(tip))
      places.set(id, { ref, id, oid, at: order === 'oldest' ? snapshot.createdAt : snapshot.updatedAt })
  }
  if (names.length === 0) for await (const tip of eachSession(repo, broken)) add(tip)
  for (const name of names) add(await findSession(repo, name))
  const key = ({ at, id }: Place): string => `${at} ${id}`
  const sorted = [...places.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1))
  return order === 'oldest' ? sorted : sorted.reverse()
}

/** One that cannot be read is named, and does not hide the others. */
async function readSession(repo: Repo, place: Place, broken: BrokenSession[]): Promise<ReadSession | null> {
  const { ref, id, oid } = place
  try {
    const [events, state] = await Promise.all([readEvents(repo.objects, oid, ref), readState(repo.objects, oid, ref)])
    const isCurrent = state.snapshot !== null && state.snapshot.fold >= foldVersion
    const snapshot = isCurrent ? (state.snapshot as Snapshot) : fold(events)
    return { tip: { ref, id, oid, snapshot }, events, iterations: iterationsOf(events) }
  } catch (error) {
    broken.push({ ref, reason: error instanceof Error ? error.message : String(error) })
    return null
  }
}
