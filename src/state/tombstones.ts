import type { Stores, Writer } from './chain.js'
import { isoTime } from './chain.js'
import { asciiJson } from './codec.js'
import { isId, isOid, tombstonesRef } from './names.js'
import type { CommitObject, Oid, RefChange } from './storage.js'
import { type Look, Refused, readStrange } from './validate.js'

/**
 * What was forgotten on purpose, so that it does not come back from an old clone: commits on `refs/amp/tombstones`, each with `entity.purged`
 * events, joined as the chains are.
 */

/** One thing that was forgotten. */
export interface Tombstone {
  /** `transcript` is that of the session with this id; later ones of the same session are others. */
  entity: 'session' | 'transcript'
  id: string
  /** Where its refs stood. */
  tips: Oid[]
  /** First commits of its histories: with these they are known wherever they come from. */
  roots: Oid[]
}

/** What may not come back, as one looks it up. */
export interface Forgotten {
  /** Ids of sessions. */
  sessions: ReadonlySet<string>
  /** First commits of transcripts. */
  transcripts: ReadonlySet<Oid>
}

/** The tombstones as one looks them up. */
export const forgottenIn = (stones: readonly Tombstone[]): Forgotten => ({
  sessions: new Set(stones.filter(({ entity }) => entity === 'session').map(({ id }) => id)),
  transcripts: new Set(stones.filter(({ entity }) => entity === 'transcript').flatMap(({ roots }) => roots)),
})

interface Purge {
  id: string
  type: 'entity.purged'
  lamport: number
  at: string
  by: string
  data: Tombstone
}

const maxCommits = 100_000
const maxBytes = 256 * 1024

/** All tombstones below a commit of theirs. @throws Refused when they are none of ours */
export async function readTombstones(stores: Stores, tip: Oid | null): Promise<Tombstone[]> {
  return [...(await walk(stores, tip)).values()].flatMap(({ purges }) => purges.map(({ data }) => data))
}

interface Stone {
  commit: CommitObject
  purges: Purge[]
}

async function walk(stores: Stores, tip: Oid | null, look: Look | null = null): Promise<Map<Oid, Stone>> {
  const found = new Map<Oid, Stone>()
  const queue = tip === null ? [] : [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (found.has(oid)) continue
    const commit = await readStrange(stores.objects, oid, look)
    found.set(oid, { commit, purges: purgesIn(oid, commit.message) })
    if (found.size > maxCommits) throw new Refused('its history is too long')
    queue.push(...commit.parents)
  }
  return found
}

function purgesIn(oid: Oid, message: string): Purge[] {
  if (message.length > maxBytes || !/^Amp-Format: 1$/m.test(message) || !/^Amp-Entity: tombstones$/m.test(message))
    throw new Refused(`its commit ${oid} is none of git-amp`)
  return [...message.matchAll(/^Amp-Event: (.*)$/gm)].map((match) => {
    const purge = parse(match[1] ?? '')
    if (purge === null) throw new Refused(`its commit ${oid} holds a malformed event`)
    return purge
  })
}

function parse(json: string): Purge | null {
  try {
    const { id, type, lamport, at, by, data } = JSON.parse(json) as Partial<Purge>
    const isEvent = isId(id) && type === 'entity.purged' && Number.isSafeInteger(lamport) && typeof at === 'string'
    const isData = isId(data?.id) && (data?.entity === 'session' || data?.entity === 'transcript')
    if (!isEvent || !isData || typeof by !== 'string' || ![data?.tips, data?.roots].every(isOids)) return null
    return { id, type: 'entity.purged', lamport: lamport as number, at, by, data: data as Tombstone }
  } catch {
    return null
  }
}

const isOids = (value: unknown): boolean => Array.isArray(value) && value.every(isOid)

/** Writes the commit that adds tombstones. @returns the change of their ref */
export async function prepareTombstones(
  stores: Stores,
  writer: Writer,
  stones: readonly Tombstone[],
): Promise<RefChange> {
  const old = await stores.refs.read(tombstonesRef)
  const known = [...(await walk(stores, old)).values()].flatMap(({ purges }) => purges)
  const lamport = 1 + Math.max(0, ...known.map((purge) => purge.lamport))
  const { author } = writer
  const events = stones.map((data) => ({
    id: writer.newId(),
    type: 'entity.purged',
    lamport,
    at: isoTime(author),
    by: `${author.name} <${author.email}>`,
    data,
  }))
  const subject = `amp: forget ${[...new Set(stones.map((stone) => `${stone.entity} ${stone.id}`))].join(', ')}`
  const lines = ['Amp-Format: 1', 'Amp-Entity: tombstones', ...events.map((event) => `Amp-Event: ${asciiJson(event)}`)]
  const oid = await stores.objects.writeCommit({
    tree: await stores.objects.writeTree([]),
    parents: old === null ? [] : [old],
    author,
    committer: author,
    message: `${subject.slice(0, 200)}\n\n${lines.join('\n')}\n`,
  })
  return { ref: tombstonesRef, old, new: oid }
}

/**
 * What becomes of two tips of the tombstones: one of them, or the commit that joins them.
 * @param look type and size of what comes from elsewhere, before it is read
 * @throws Refused
 */
export async function joinTombstones(
  stores: Stores,
  { ours, theirs }: { ours: Oid | null; theirs: Oid },
  look: Look | null = null,
): Promise<Oid> {
  const below = await walk(stores, theirs, look)
  if (ours === null || below.has(ours)) return theirs
  const own = await walk(stores, ours)
  if (own.has(theirs)) return ours
  const clock = ({ purges }: Stone) => Math.max(0, ...purges.map((purge) => purge.lamport))
  const sides = [
    { oid: ours, stone: own.get(ours) as Stone },
    { oid: theirs, stone: below.get(theirs) as Stone },
  ].sort((a, b) => clock(a.stone) - clock(b.stone) || (a.oid < b.oid ? -1 : 1))
  const { author, committer } = (sides[1] as (typeof sides)[number]).stone.commit
  return stores.objects.writeCommit({
    tree: await stores.objects.writeTree([]),
    parents: [ours, theirs].sort(),
    author,
    committer,
    message: 'amp: two histories joined\n\nAmp-Format: 1\nAmp-Entity: tombstones\n',
  })
}
