import { asciiJson, BrokenState, encodeState } from './codec.js'
import { type AmpEvent, type BlobValue, longLists, longTexts, type NewEvent } from './events.js'
import type { Snapshot } from './fold.js'
import { type AnySnapshot, type ChainKind, foldAs, sessionKind } from './kinds.js'
import { sessionRef } from './names.js'
import { broken, decodeCommit, readState } from './read-state.js'
import { conform, plainLine } from './rules.js'
import type { CommitObject, ObjectStore, Oid, RefChange, RefStore, Stamp, TreeEntry } from './storage.js'

/** The two stores, joined. */
export interface Stores {
  objects: ObjectStore
  refs: RefStore
}

/** Who writes, when, and with which ids: passed in so that two storages can make the same objects. */
export interface Writer {
  author: Stamp
  newId(): string
}

/** A chain as far as its tip tells. */
export interface TipOf<S> {
  ref: string
  id: string
  oid: Oid
  snapshot: S
  /** It has no ref: an archive holds it, until something more happens in it. */
  isArchived?: true
}

/** The chain of a session. */
export type ChainTip = TipOf<Snapshot>

/** Events to append, with the subject people read in `git log --first-parent`. */
export interface Append {
  subject: string
  events: readonly NewEvent[]
  /** Code commits that the events introduce or replace. */
  code: readonly Oid[]
}

/** A chain commit that is written but not yet pointed at. */
export interface Prepared<S = Snapshot> {
  change: RefChange
  /** What the chain's tip was; null for a new chain. An archived one has a tip, and no ref. */
  before: Oid | null
  tip: TipOf<S>
  events: readonly AmpEvent[]
}

/** So many commits of a chain are asked for at once: one after the other, each waits for the answer before it. */
const readAhead = { first: 2, most: 128 }
/** Values above this many bytes live in blobs beside the event. */
const maxInlineBytes = 4096
/** All events of a commit together stay below this, so that the message with its snapshot stays below 16 KiB. */
const maxEventsBytes = 6144
/** What is left of a long value in the message. */
const maxHeadBytes = 600

/**
 * Reads the tip of a session's chain.
 * @returns null when there is no such session
 * @throws BrokenState naming the ref when the chain cannot be read
 */
export const readTip = (stores: Stores, id: string): Promise<ChainTip | null> => readTipAs(sessionKind, stores, id)

/** The same of a chain of any kind. */
export async function readTipAs<S extends AnySnapshot>(
  kind: ChainKind<S>,
  stores: Stores,
  id: string,
): Promise<TipOf<S> | null> {
  const ref = kind.refOf(id)
  const oid = await stores.refs.read(ref)
  if (oid !== null) return tipAs(kind, stores.objects, { ref, id, oid })
  // Few are looked for there.
  const { lastTip, readArchives } = await import('./archive.js')
  const tips = kind.kind === 'session' ? (await readArchives(stores)).get(id) : undefined
  if (tips === undefined) return null
  const archived = await lastTip(stores.objects, { id, tips })
  return { ...(await tipAs(kind, stores.objects, { ref, id, oid: archived })), isArchived: true }
}

/** An archived session. @throws BrokenState when its chain cannot be read */
export async function archivedTip(objects: ObjectStore, { id, oid }: { id: string; oid: Oid }): Promise<ChainTip> {
  try {
    return { ...(await tipAs(sessionKind, objects, { ref: sessionRef(id), id, oid })), isArchived: true }
  } catch (error) {
    if (!(error instanceof BrokenState)) throw error
    const reason = error.message.replace(/^\S+ is broken: /, '')
    throw new BrokenState(`the archived session ${id} is broken: ${reason}`, ['"git amp doctor" tells what helps.'])
  }
}

async function tipAs<S extends AnySnapshot>(
  kind: ChainKind<S>,
  objects: ObjectStore,
  at: Omit<TipOf<S>, 'snapshot'>,
): Promise<TipOf<S>> {
  const { snapshot } = await readState(objects, at.oid, at.ref)
  const isCurrent = snapshot !== null && snapshot.fold >= kind.version
  return { ...at, snapshot: isCurrent ? (snapshot as S) : foldAs(kind, await readEvents(objects, at.oid, at.ref)) }
}

/**
 * All events of a chain, in no particular order and possibly twice; `fold` and `inOrder` deal with that. Only state parents are
 * walked, so that the project's own history is never read.
 */
export async function readEvents(objects: ObjectStore, tip: Oid, ref: string): Promise<AmpEvent[]> {
  const events: AmpEvent[] = []
  const seen = new Set<Oid>([tip])
  const queue: Oid[] = [tip]
  let near: ReadonlyMap<Oid, CommitObject> = new Map()
  let ahead = readAhead.first
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (objects.readLine !== undefined && !near.has(oid)) {
      near = await objects.readLine(oid, ahead)
      ahead = Math.min(2 * ahead, readAhead.most)
    }
    const state = decodeCommit(near.get(oid) ?? (await objects.readCommit(oid)), oid, ref)
    for (const event of state.events) events.push(await withLists(objects, event, ref))
    for (const parent of state.stateParents) {
      if (!seen.has(parent)) queue.push(parent)
      seen.add(parent)
    }
  }
  return events
}

/** Writes the root of a new chain and its first events. */
export const beginChain = (stores: Stores, writer: Writer, start: Append & { id: string }): Promise<Prepared> =>
  beginAs(sessionKind, stores, { ...start, writer })

/** The same of a chain of any kind. */
export async function beginAs<S extends AnySnapshot>(
  kind: ChainKind<S>,
  stores: Stores,
  { writer, ...start }: Append & { id: string; writer: Writer },
): Promise<Prepared<S>> {
  const entity = { kind: kind.kind, id: start.id }
  const root = await stores.objects.writeCommit({
    tree: await stores.objects.writeTree([]),
    parents: [],
    author: writer.author,
    committer: writer.author,
    message: encodeState({
      subject: `amp: ${kind.kind} ${start.id}`,
      entity,
      stateParents: 0,
      events: [],
      snapshot: null,
    }),
  })
  const tip = { ref: kind.refOf(start.id), id: start.id, oid: root, snapshot: kind.empty() }
  const prepared = await appendAs(kind, stores, { ...start, tip, writer })
  return { ...prepared, change: { ...prepared.change, old: null }, before: null }
}

/** Writes the commit that appends events to a chain; the caller moves the ref, together with all others that move. */
export const appendTo = (stores: Stores, writer: Writer, append: Append & { tip: ChainTip }): Promise<Prepared> =>
  appendAs(sessionKind, stores, { ...append, writer })

/** The same to a chain of any kind. */
export async function appendAs<S extends AnySnapshot>(
  kind: ChainKind<S>,
  stores: Stores,
  append: Append & { tip: TipOf<S>; writer: Writer },
): Promise<Prepared<S>> {
  const { tip, writer } = append
  const blobs: TreeEntry[] = []
  const events: AmpEvent[] = []
  // Events of one commit share a lamport, and then their ids decide: they are given out so that the order stays.
  const ids = append.events.map(() => writer.newId()).sort()
  for (const [at, event] of append.events.entries()) {
    const id = ids[at] ?? ''
    events.push({
      id,
      type: event.type,
      lamport: tip.snapshot.lamport + 1,
      at: isoTime(writer.author),
      by: plainLine(`${writer.author.name} <${writer.author.email}>`),
      data: await spill(stores.objects, conform({ ...event.data }), {
        event: id,
        blobs,
        budget: maxEventsBytes / append.events.length,
      }),
    })
  }
  const snapshot = events.reduce(kind.apply, tip.snapshot)
  const parents = [...new Set([tip.oid, ...append.code])]
  const oid = await stores.objects.writeCommit({
    tree: await stores.objects.writeTree(blobs),
    parents,
    author: writer.author,
    committer: writer.author,
    message: encodeState({
      subject: append.subject,
      entity: { kind: kind.kind, id: tip.id },
      stateParents: 1,
      events,
      snapshot,
    }),
  })
  const { ref, id } = tip
  const old = tip.isArchived === true ? null : tip.oid
  return { change: { ref, old, new: oid }, before: tip.oid, tip: { ref, id, oid, snapshot }, events }
}

/** ISO 8601 in UTC with whole seconds. */
export const isoTime = (stamp: Stamp): string => `${new Date(stamp.seconds * 1000).toISOString().slice(0, 19)}Z`

/** What the events of one commit are written into. */
interface Spill {
  event: string
  blobs: TreeEntry[]
  /** Bytes that this event may take in the message. */
  budget: number
}

/** Moves long texts and lists into blobs, the longest first, until the rest fits. */
async function spill(objects: ObjectStore, data: object, into: Spill): Promise<Record<string, unknown>> {
  const values = Object.entries(data).filter(([, value]) => value !== undefined)
  const sizes = values.map(([key, value]) => ({ key, size: asciiJson(value).length }))
  let total = sizes.reduce((sum, { size }) => sum + size, 0)
  const long = new Set<string>()
  for (const { key, size } of sizes.sort((a, b) => b.size - a.size)) {
    const isLong = size > maxInlineBytes || (total > into.budget && size > 2 * maxHeadBytes)
    if (!isLong || ![...longTexts, ...longLists].includes(key)) continue
    long.add(key)
    total += maxHeadBytes - size
  }
  const result: Record<string, unknown> = {}
  for (const [key, value] of values) result[key] = long.has(key) ? await toBlob(objects, [key, value], into) : value
  return result
}

async function toBlob(objects: ObjectStore, [key, value]: [string, unknown], into: Spill): Promise<BlobValue> {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const oid = await objects.writeBlob(text)
  into.blobs.push({ mode: '100644', name: `${into.event}-${key}`, oid })
  return { oid, bytes: Buffer.byteLength(text), head: headText(text) }
}

/** The first characters, as many as are short enough when they are escaped. */
function headText(text: string): string {
  const characters = [...text.slice(0, 2 * maxHeadBytes)].slice(0, 200)
  while (asciiJson(characters.join('')).length > maxHeadBytes) characters.length -= 10
  return characters.join('')
}

/** The event with its lists back in place; long texts stay in their blobs until somebody asks for them. */
async function withLists(objects: ObjectStore, event: AmpEvent, ref: string): Promise<AmpEvent> {
  const data = { ...event.data }
  for (const key of longLists) {
    const value = data[key]
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue
    const blob = await objects.readBlob(String((value as Partial<BlobValue>).oid))
    if (blob === null) throw broken(ref, `the list '${key}' of event ${event.id} is missing`)
    data[key] = listIn(blob) ?? []
  }
  return { ...event, data }
}

function listIn(blob: Uint8Array): unknown[] | null {
  try {
    const list: unknown = JSON.parse(Buffer.from(blob).toString('utf8'))
    return Array.isArray(list) ? list : null
  } catch {
    // Not what we wrote: as good as empty.
    return null
  }
}

/** The whole text of a value that may live in a blob. */
export async function longText(objects: ObjectStore, value: string | BlobValue): Promise<string> {
  if (typeof value === 'string') return value
  const data = await objects.readBlob(value.oid)
  if (data === null) throw new BrokenState(`the text ${value.oid} of a session is missing`)
  return Buffer.from(data).toString('utf8')
}
