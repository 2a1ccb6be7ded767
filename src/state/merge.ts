import type { Stores } from './chain.js'
import { encodeState, type StateCommit } from './codec.js'
import { type AnySnapshot, type EntityKind, foldAs, kindOf } from './kinds.js'
import type { CommitObject, Oid, Stamp } from './storage.js'
import { lamportOf, walkChain } from './walk.js'

/** How two tips of one chain are to each other: `ahead` is ours. */
export type Relation = 'same' | 'ahead' | 'behind' | 'diverged'

/** How `ours` is to `theirs`, of which the state commits are known. */
export function relate(
  ours: { tip: Oid; commits: ReadonlyMap<Oid, StateCommit> },
  theirs: { tip: Oid; fresh: readonly StateCommit[] },
): Relation {
  if (ours.tip === theirs.tip) return 'same'
  if (ours.commits.has(theirs.tip)) return 'ahead'
  // What stands on our tip cannot be ours, so a way from their tip down to ours ends in a fresh commit.
  return theirs.fresh.some((state) => state.stateParents.includes(ours.tip)) ? 'behind' : 'diverged'
}

/**
 * The commit that joins two tips of one chain. It holds no event, its parents are sorted, and author, committer and dates are those of the
 * parent with the larger `(lamport, oid)`: whoever joins the two makes the same commit.
 */
export async function joinTips(
  stores: Stores,
  what: { kind: EntityKind; id: string; ref: string; tips: readonly [Oid, Oid] },
): Promise<{ oid: Oid; snapshot: AnySnapshot }> {
  const { objects } = stores
  const tips = [...what.tips].sort()
  const commits = new Map<Oid, StateCommit>()
  for (const tip of tips) {
    const more = await walkChain(objects, tip, { ref: what.ref, isKnown: (oid) => commits.has(oid) })
    for (const [oid, state] of more) commits.set(oid, state)
  }
  const events = [...commits.values()].flatMap((state) => [...state.events])
  const snapshot = foldAs(kindOf(what.kind), events)
  const later = tips
    .map((tip) => commits.get(tip) as StateCommit)
    .sort(byClock)
    .at(-1) as StateCommit
  const model = (await objects.readCommit(later.oid)) as CommitObject
  const oid = await objects.writeCommit({
    tree: await objects.writeTree([]),
    parents: tips,
    author: plain(model.author),
    committer: plain(model.committer),
    message: encodeState({
      subject: `amp(${'slug' in snapshot ? snapshot.slug : snapshot.name}): two histories joined`,
      entity: { kind: what.kind, id: what.id },
      stateParents: tips.length,
      events: [],
      snapshot,
    }),
  })
  return { oid, snapshot }
}

const byClock = (a: StateCommit, b: StateCommit): number =>
  lamportOf(a) - lamportOf(b) || (a.oid < b.oid ? -1 : a.oid > b.oid ? 1 : 0)

/** A name that a commit object can hold, whoever wrote the commit that it comes from. */
const plain = (stamp: Stamp): Stamp => ({
  ...stamp,
  name: stamp.name.replace(/[<>\n\0]/g, ''),
  email: stamp.email.replace(/[<>\n\0]/g, ''),
})
