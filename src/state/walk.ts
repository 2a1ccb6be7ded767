import type { StateCommit } from './codec.js'
import { readState } from './read-state.js'
import type { ObjectStore, Oid } from './storage.js'

/**
 * The state commits of a chain, from its tip on down to those that `isKnown` stops at; these are not read. The project's own history is
 * never walked.
 */
export async function walkChain(
  objects: ObjectStore,
  tip: Oid,
  how: { ref: string; isKnown?: (oid: Oid) => boolean; look?: (state: StateCommit) => void },
): Promise<Map<Oid, StateCommit>> {
  const found = new Map<Oid, StateCommit>()
  const queue: Oid[] = [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (found.has(oid) || how.isKnown?.(oid) === true) continue
    const state = await readState(objects, oid, how.ref)
    how.look?.(state)
    found.set(oid, state)
    queue.push(...state.stateParents)
  }
  return found
}

/** The commits of a walk, parents before children. */
export function parentsFirst(commits: ReadonlyMap<Oid, StateCommit>): StateCommit[] {
  const order: StateCommit[] = []
  const seen = new Set<Oid>()
  const queue: { state: StateCommit; isReady: boolean }[] = [...commits.values()].map((state) => ({
    state,
    isReady: false,
  }))
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const { state, isReady } = next
    if (isReady) {
      order.push(state)
      continue
    }
    if (seen.has(state.oid)) continue
    seen.add(state.oid)
    queue.push({ state, isReady: true })
    for (const parent of state.stateParents) {
      const found = commits.get(parent)
      if (found !== undefined && !seen.has(parent)) queue.push({ state: found, isReady: false })
    }
  }
  return order
}

/** The largest lamport that a commit tells of itself; its parents may have a larger one. */
export const lamportOf = (state: StateCommit): number =>
  Math.max(state.snapshot?.lamport ?? 0, ...state.events.map((event) => event.lamport))
