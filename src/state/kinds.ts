import { applyBatch, type BatchSnapshot, batchFold, emptyBatch } from './batch.js'
import { isWholeBatch, isWholeSnapshot } from './event-shape.js'
import type { AmpEvent } from './events.js'
import { applyEvent, emptySnapshot, foldVersion, inOrder, type Snapshot } from './fold.js'
import { batchRef, sessionRef } from './names.js'

export type EntityKind = 'session' | 'batch'

/** A fold of a chain, of whatever kind. */
export type AnySnapshot = Snapshot | BatchSnapshot

/** One kind of chain: where it is kept, and how its events are folded. */
export interface ChainKind<S> {
  kind: EntityKind
  /** Version of its fold. */
  version: number
  /** The event that begins it. */
  begins: string
  refOf(id: string): string
  empty(): S
  /** The snapshot after one more event, which must come last in fold order. */
  apply(snapshot: S, event: AmpEvent): S
  /** Whether a snapshot of this version holds all that readers rely on. */
  isWhole(snapshot: object): boolean
}

export const sessionKind: ChainKind<Snapshot> = {
  kind: 'session',
  version: foldVersion,
  begins: 'session.created',
  refOf: sessionRef,
  empty: emptySnapshot,
  apply: applyEvent,
  isWhole: isWholeSnapshot,
}

export const batchKind: ChainKind<BatchSnapshot> = {
  kind: 'batch',
  version: batchFold,
  begins: 'batch.created',
  refOf: batchRef,
  empty: emptyBatch,
  apply: applyBatch,
  isWhole: isWholeBatch,
}

/** The kind of a chain, for code that does the same with all of them. */
export const kindOf = (kind: EntityKind): ChainKind<AnySnapshot> =>
  (kind === 'session' ? sessionKind : batchKind) as ChainKind<AnySnapshot>

/** Folds events in any order, with duplicates, into the snapshot that all clones agree on. */
export const foldAs = <S>(kind: ChainKind<S>, events: Iterable<AmpEvent>): S =>
  inOrder(events).reduce(kind.apply, kind.empty())
