import type { AmpEvent } from './events.js'
import { inOrder, isKnown } from './fold.js'
import { type IterationView, iterationsOf } from './iterations.js'
import { isOid } from './names.js'
import type { Oid } from './storage.js'

/** How the commits of a session came from each other, as squashes and rebases recorded it. */
export class Lineage {
  readonly iterations: ReadonlyMap<string, IterationView>
  /** Commits that a commit was made of, in their order. */
  private readonly before = new Map<Oid, Oid[]>()
  private readonly known = new Set<Oid>()

  constructor(events: readonly AmpEvent[]) {
    this.iterations = new Map(iterationsOf(events).map((view) => [view.id, view]))
    const bases = new Set<unknown>()
    for (const event of inOrder(events)) {
      if (!isKnown(event)) continue
      const { data } = event
      if (event.type === 'session.created') bases.add(event.data.base.oid)
      if ('onto' in data) bases.add(data.onto)
      if (event.type === 'head.moved') this.add(event.data.to)
      if (event.type === 'session.squashed' || event.type === 'session.rebased') this.addMap(event.data.map, bases)
    }
    // An iteration begins at the user's own commit, when there is one.
    for (const { from, to, commits } of this.iterations.values())
      for (const oid of [from, to, ...commits]) this.add(oid)
    for (const oid of bases) this.known.delete(oid as Oid)
  }

  /** What is on the left of a map became what is on the right; a commit that vanished at once is said to be in the base. */
  private addMap(map: unknown, bases: ReadonlySet<unknown>): void {
    const sources = new Map<Oid, Oid[]>()
    for (const [from, to] of pairsOf(map)) {
      this.add(from)
      if (from === to || bases.has(to)) continue
      this.add(to)
      sources.set(to, [...(sources.get(to) ?? []), from])
    }
    for (const [to, from] of sources) this.before.set(to, from)
  }

  private add(oid: Oid | null): void {
    if (oid !== null) this.known.add(oid)
  }

  /** A commit and all that it was made of, however often it was written again. A map may be anybody's, and may lead round in a circle. */
  private walk(oid: Oid): Set<Oid> {
    const seen = new Set<Oid>([oid])
    for (const one of seen) for (const next of this.before.get(one) ?? []) seen.add(next)
    return seen
  }

  /** Whether a commit is told of by the session. */
  has(oid: Oid): boolean {
    return this.known.has(oid)
  }

  /** The commits that a commit was made of in the end, none of which was made of others; itself when it is such a one. */
  sourcesOf(oid: Oid): Oid[] {
    return [...this.walk(oid)].filter((one) => !this.before.has(one))
  }

  /**
   * The commit in which there stood before what a commit holds: the last one that it was made of. Of one that was written again by plain git the end of
   * the last iteration that it names.
   */
  standsFor(oid: Oid, iterations: readonly string[]): Oid | null {
    const before = this.before.get(oid)?.at(-1)
    if (before !== undefined) return before
    const named = iterations.flatMap((id) => this.iterations.get(id) ?? []).sort((a, b) => a.n - b.n)
    return named.findLast(({ to }) => to !== null && to !== oid)?.to ?? null
  }
}

/** Entries of a list are not looked at when an event is read: it may be anybody's. */
const pairsOf = (map: unknown): [Oid, Oid][] =>
  (Array.isArray(map) ? map : []).filter((pair) => Array.isArray(pair) && isOid(pair[0]) && isOid(pair[1]))
