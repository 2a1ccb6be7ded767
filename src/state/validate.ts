import { isSameJson } from '../util/same.js'
import { BrokenState, isNextLamport, type StateCommit } from './codec.js'
import type { AmpEvent, BlobValue } from './events.js'
import { longLists, longTexts } from './events.js'
import { byLamport } from './fold.js'
import { type AnySnapshot, type EntityKind, foldAs, kindOf } from './kinds.js'
import { isId, isOid } from './names.js'
import { isShallow, wrongEvent } from './rules.js'
import type { CommitObject, ObjectStore, Oid } from './storage.js'
import { lamportOf, parentsFirst, walkChain } from './walk.js'

/**
 * Chains from elsewhere are looked through before anything is done with them: whoever may write to a remote decides what they say. What is
 * refused here is kept apart and named; nothing of it is merged or shown.
 */

/** Why something from elsewhere is not taken. The sentence quotes nothing that came with it. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** Type and size of an object, without its content; null when it is not here. */
export type Look = (oid: Oid) => Promise<{ type: string; size: number } | null>

/** How objects are looked at before they are read. */
export interface Looks {
  look: Look
  /** False in a partial clone: there a look at a blob would fetch it. */
  hasBlobs: boolean
}

/** A chain from elsewhere. */
export interface Incoming {
  kind: EntityKind
  /** The id that its ref claims. */
  id: string
  tip: Oid
  /** State commits of the chain of the same id that is here; null when there is none. */
  ours: ReadonlyMap<Oid, StateCommit> | null
}

const maxCommitBytes = 256 * 1024
const maxCommits = 100_000
const maxParents = 2000
const maxStateParents = 16
const maxBlobBytes = 32 * 1024 * 1024
const maxEntries = 1000

/**
 * Looks a chain through.
 * @param looks type and size before an object is read; without them sizes are not known
 * @returns its commits that are not here yet, parents first
 * @throws Refused with what is wrong
 */
export async function validateChain(
  objects: ObjectStore,
  incoming: Incoming,
  looks: Looks | null = null,
): Promise<StateCommit[]> {
  if (!isId(incoming.id)) throw new Refused('its name is no id')
  const look = looks?.look ?? null
  const guarded = guard(objects, look)
  const fresh = parentsFirst(await walkIncoming(guarded, incoming))
  checkRoots(fresh, incoming)
  const lamports = new Map<Oid, number>()
  for (const [oid, state] of incoming.ours ?? []) lamports.set(oid, lamportOf(state))
  for (const state of fresh) {
    checkCommit(state, incoming)
    lamports.set(state.oid, checkLamports(state, lamports))
    await checkValues(guarded, state, looks?.hasBlobs === false ? null : look)
  }
  const snapshot = checkSnapshots(fresh, incoming)
  await checkCode(guarded, snapshot, look)
  return fresh
}

/** Reads commits, and nothing that is too large or of another type. What is missing or malformed is a reason to refuse. */
function guard(objects: ObjectStore, look: Look | null): Pick<ObjectStore, 'readCommit' | 'readTree'> {
  const check = async (oid: Oid, type: string) => {
    const seen = look === null ? null : await look(oid)
    if (look !== null && seen === null) throw new Refused(`its ${type} ${oid} is missing`)
    if (seen !== null && seen.type !== type) throw new Refused(`${oid} is a ${seen.type} where a ${type} is expected`)
    if (seen !== null && seen.size > maxCommitBytes) throw new Refused(`its ${type} ${oid} is too large`)
  }
  return {
    readCommit: async (oid) => {
      await check(oid, 'commit')
      return objects.readCommit(oid)
    },
    readTree: async (oid) => {
      await check(oid, 'tree')
      return objects.readTree(oid)
    },
  }
}

/** Reads a commit that nobody vouches for. @throws Refused when it is missing, too large, none, or malformed */
export async function readStrange(objects: ObjectStore, oid: Oid, look: Look | null): Promise<CommitObject> {
  try {
    const commit = await guard(objects, look).readCommit(oid)
    if (commit !== null) return commit
  } catch (error) {
    throw error instanceof Refused ? error : new Refused(`its commit ${oid} cannot be read`)
  }
  throw new Refused(`its commit ${oid} is missing`)
}

async function walkIncoming(
  objects: Pick<ObjectStore, 'readCommit'>,
  { tip, ours }: Incoming,
): Promise<Map<Oid, StateCommit>> {
  let count = 0
  const look = () => {
    count++
    if (count > maxCommits) throw new Refused('its history is too long')
  }
  try {
    return await walkChain(objects as ObjectStore, tip, {
      ref: 'the chain',
      look,
      ...(ours === null ? {} : { isKnown: (oid: Oid) => ours.has(oid) }),
    })
  } catch (error) {
    if (error instanceof Refused) throw error
    // What the sentence quotes of the commit is of no use to anybody.
    if (error instanceof BrokenState) throw new Refused(brokenReason(error))
    throw new Refused('it cannot be read')
  }
}

function brokenReason(error: BrokenState): string {
  if (/is missing/.test(error.message)) return 'one of its commits is missing'
  if (/larger than/.test(error.message)) return 'one of its commits is too large'
  if (/has format/.test(error.message)) return 'it is written in a format that this git-amp does not read'
  if (/snapshot/.test(error.message)) return 'it holds a malformed snapshot'
  if (/event/.test(error.message)) return 'it holds a malformed event'
  return 'one of its commits is no state commit of git-amp'
}

/** One root, the one that is here when the session is here, and one event that creates the session, right on top of it. */
function checkRoots(fresh: readonly StateCommit[], { kind, ours }: Incoming): void {
  const roots = fresh.filter((state) => state.stateParents.length === 0)
  if (ours === null && roots.length !== 1) throw new Refused('its history does not begin in one root')
  if (ours !== null && roots.length > 0) throw new Refused('another chain here has the same id')
  const root = roots[0]
  if (root !== undefined && (root.codeParents.length > 0 || root.events.length > 0 || root.snapshot !== null))
    throw new Refused('its first commit is no root')
  const { begins } = kindOf(kind)
  for (const state of fresh) {
    const isFirst = root !== undefined && state.stateParents[0] === root.oid
    const created = state.events.filter((event) => event.type === begins).length
    if (created !== (isFirst ? 1 : 0)) throw new Refused(`it does not create its ${kind} once`)
  }
  const onRoot = fresh.filter((state) => root !== undefined && state.stateParents.includes(root.oid))
  if (root !== undefined && onRoot.length !== 1) throw new Refused(`it does not create its ${kind} once`)
}

function checkCommit(state: StateCommit, { kind, id }: Incoming): void {
  const { oid, entity, stateParents, codeParents, events } = state
  if (entity.kind !== kind || entity.id !== id) throw new Refused(`its commit ${oid} belongs to something else`)
  const parents = [...stateParents, ...codeParents]
  if (new Set(parents).size !== parents.length || parents.length > maxParents)
    throw new Refused(`its commit ${oid} has malformed parents`)
  if (stateParents.length > maxStateParents) throw new Refused(`its commit ${oid} joins too many histories`)
  const isJoin = stateParents.length > 1
  const isSorted = stateParents.every((parent, at) => at === 0 || (stateParents[at - 1] ?? '') < parent)
  if (isJoin && (events.length > 0 || !isSorted || codeParents.length > 0))
    throw new Refused(`its commit ${oid} is a malformed merge`)
  if (stateParents.length === 1 && events.length === 0) throw new Refused(`its commit ${oid} says nothing`)
  for (const event of events) {
    const wrong = wrongEvent(event)
    if (wrong !== null) throw new Refused(`${wrong} (in ${oid})`)
  }
  if (state.snapshot !== null && !isShallow(state.snapshot))
    throw new Refused(`its commit ${oid} has a malformed snapshot`)
}

/** @returns the largest lamport up to this commit */
function checkLamports(state: StateCommit, lamports: ReadonlyMap<Oid, number>): number {
  const before = Math.max(0, ...state.stateParents.map((parent) => lamports.get(parent) ?? 0))
  for (const event of state.events) {
    if (!isNextLamport(event.lamport, before)) throw new Refused(`its commit ${state.oid} has an absurd clock`)
  }
  return Math.max(before, ...state.events.map((event) => event.lamport))
}

/** Long values are blobs in the commit's own tree: otherwise they would not travel with it. */
async function checkValues(
  objects: Pick<ObjectStore, 'readTree' | 'readCommit'>,
  state: StateCommit,
  look: Look | null,
): Promise<void> {
  const blobs = state.events.flatMap(({ data }) => [...longTexts, ...longLists].map((key) => data[key]).filter(isBlob))
  if (blobs.length === 0) return
  const tree = (await objects.readCommit(state.oid))?.tree ?? ''
  const entries = (await objects.readTree(tree).catch(refusal)) ?? []
  if (entries.length > maxEntries) throw new Refused(`its commit ${state.oid} holds too many values`)
  for (const { oid, bytes } of blobs) {
    if (!entries.some((entry) => entry.oid === oid && entry.mode === '100644'))
      throw new Refused(`its commit ${state.oid} names a value that it does not hold`)
    const seen = look === null ? { type: 'blob', size: bytes } : await look(oid)
    if (seen === null) throw new Refused(`its value ${oid} is missing`)
    if (seen.type !== 'blob' || seen.size > maxBlobBytes) throw new Refused(`its value ${oid} is too large, or none`)
  }
}

const refusal = (error: unknown): never => {
  if (error instanceof Refused) throw error
  throw new Refused('a value of it cannot be read')
}

const isBlob = (value: unknown): value is BlobValue =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && isOid((value as Partial<BlobValue>).oid)

/**
 * A snapshot is what readers show, and must not say anything else than the events. What a newer fold made of them cannot be told here.
 * @returns the snapshot of the tip
 */
function checkSnapshots(fresh: readonly StateCommit[], incoming: Incoming): AnySnapshot | null {
  const kind = kindOf(incoming.kind)
  const all = new Map(incoming.ours ?? [])
  for (const state of fresh) all.set(state.oid, state)
  const tip = all.get(incoming.tip)
  if (tip === undefined) return null
  const isLine = fresh.every((state) => state.stateParents.length <= 1)
  if (!isLine) return checkOne(tip, kind.version, () => foldAs(kind, eventsBelow(all, incoming.tip)))
  let last: AnySnapshot | null = null
  for (const state of fresh) {
    const parent = all.get(state.stateParents[0] ?? '')
    if (parent === undefined) continue
    last = checkOne(state, kind.version, () => {
      const isRoot = parent.stateParents.length === 0
      const isCurrent = parent.snapshot !== null && parent.snapshot.fold === kind.version
      if (!isRoot && !isCurrent) return foldAs(kind, eventsBelow(all, state.oid))
      return [...state.events].sort(byLamport).reduce(kind.apply, parent.snapshot ?? kind.empty())
    })
  }
  return last
}

function checkOne(state: StateCommit, version: number, compute: () => AnySnapshot): AnySnapshot {
  const { snapshot } = state
  if (snapshot !== null && snapshot.fold > version) return snapshot
  const text = JSON.stringify(compute())
  // Mostly they are alike to the letter, and need not be taken apart.
  if (snapshot !== null && JSON.stringify(snapshot) === text) return snapshot
  const computed = JSON.parse(text) as AnySnapshot
  if (snapshot !== null && snapshot.fold === version && !isSameJson(snapshot, computed))
    throw new Refused(`the snapshot of its commit ${state.oid} does not say what its events say`)
  return computed
}

/** Events of a commit and of all below it. */
function eventsBelow(all: ReadonlyMap<Oid, StateCommit>, tip: Oid): AmpEvent[] {
  const events: AmpEvent[] = []
  const seen = new Set<Oid>()
  const queue = [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    const state = all.get(oid)
    if (seen.has(oid) || state === undefined) continue
    seen.add(oid)
    events.push(...state.events)
    queue.push(...state.stateParents)
  }
  return events
}

/** The code that the session stands on has to have come with it. */
async function checkCode(
  objects: Pick<ObjectStore, 'readCommit'>,
  snapshot: AnySnapshot | null,
  look: Look | null,
): Promise<void> {
  if (snapshot === null || !('heads' in snapshot)) return
  for (const oid of new Set([...snapshot.heads, snapshot.base.oid])) {
    if (look !== null) {
      const seen = await look(oid)
      if (seen?.type === 'commit') continue
    } else if ((await objects.readCommit(oid).catch(() => null)) !== null) continue
    throw new Refused(`it stands on commit ${isOid(oid) ? oid : '(malformed)'}, which is not there`)
  }
}
