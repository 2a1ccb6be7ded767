import type { Stores } from './chain.js'
import type { StateCommit } from './codec.js'
import { type EntityKind, kindOf } from './kinds.js'
import { joinTips, type Relation, relate } from './merge.js'
import type { Oid } from './storage.js'
import { type Looks, validateChain } from './validate.js'
import { walkChain } from './walk.js'

/** What becomes of a chain that is here and elsewhere. */
export interface Settlement {
  relation: Relation | 'new'
  /** Where the chain here is to stand. */
  oid: Oid
  /** Events that came from there. */
  came: number
  /** The commit there, when the chain here is to stand on it. */
  tip?: StateCommit | undefined
}

/**
 * Looks a chain from elsewhere through and decides where the one here is to stand: both of them, joined when each has something that the other
 * lacks. No ref is moved.
 * @throws Refused with what is wrong with theirs
 * @throws BrokenState when ours cannot be read
 */
export async function settleChain(
  stores: Stores,
  what: { kind: EntityKind; id: string; ours: Oid | null; theirs: Oid },
  looks: Looks | null = null,
): Promise<Settlement> {
  const { kind, id, ours, theirs } = what
  if (ours === theirs) return { relation: 'same', oid: ours, came: 0 }
  const ref = kindOf(kind).refOf(id)
  const own = ours === null ? null : await walkChain(stores.objects, ours, { ref })
  if (ours !== null && own?.has(theirs) === true) return { relation: 'ahead', oid: ours, came: 0 }
  const fresh = await validateChain(stores.objects, { kind, id, tip: theirs, ours: own }, looks)
  const came = fresh.reduce((sum, state) => sum + state.events.length, 0)
  const tip = fresh.find(({ oid }) => oid === theirs)
  if (ours === null || own === null) return { relation: 'new', oid: theirs, came, tip }
  const relation = relate({ tip: ours, commits: own }, { tip: theirs, fresh })
  if (relation !== 'diverged') return { relation, oid: theirs, came, tip }
  const { oid } = await joinTips(stores, { kind, id, ref, tips: [ours, theirs] })
  return { relation, oid, came }
}
