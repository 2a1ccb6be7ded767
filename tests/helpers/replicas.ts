import { createHash } from 'node:crypto'
import {
  appendTo,
  beginChain,
  type ChainTip,
  readEvents,
  readTip,
  type Stores,
  type Writer,
} from '../../src/state/chain.js'
import type { AmpEvent, NewEvent } from '../../src/state/events.js'
import { newId, sessionRef, sessionsPrefix } from '../../src/state/names.js'
import { settleChain } from '../../src/state/settle.js'
import type { CommitObject, ObjectStore, Oid, RefChange, RefStore, Tip, TreeEntry } from '../../src/state/storage.js'
import { RefMoved } from '../../src/state/storage.js'
import { stamp } from './repository.js'

/** Objects that all replicas share: what an object is called is what it holds, so fetching copies nothing that matters here. */
export function sharedObjects(objects: ObjectStore): ObjectStore {
  const commits = new Map<Oid, CommitObject>()
  return {
    readCommit: async (oid) => {
      const known = commits.get(oid) ?? (await objects.readCommit(oid))
      if (known !== null) commits.set(oid, known)
      return known
    },
    readTree: (oid) => objects.readTree(oid),
    readBlob: (oid) => objects.readBlob(oid),
    writeCommit: (commit) => objects.writeCommit(commit),
    writeTree: (entries: readonly TreeEntry[]) => objects.writeTree(entries),
    writeBlob: (data) => objects.writeBlob(data),
  }
}

/** Refs in memory, moved by compare-and-swap. */
class MemoryRefs implements RefStore {
  readonly all = new Map<string, Oid>()

  constructor(private readonly objects: ObjectStore) {}

  async read(ref: string): Promise<Oid | null> {
    return this.all.get(ref) ?? null
  }

  async *tips(prefix: string): AsyncGenerator<Tip> {
    for (const [ref, oid] of [...this.all].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (ref.startsWith(`${prefix}/`))
        yield { ref, oid, message: (await this.objects.readCommit(oid))?.message ?? null }
    }
  }

  async update(changes: readonly RefChange[]): Promise<void> {
    const moved = changes.filter(({ ref, old }) => (this.all.get(ref) ?? null) !== old)
    if (moved.length > 0) throw new RefMoved(moved.map(({ ref }) => ref))
    for (const change of changes) {
      if (change.new === null) this.all.delete(change.ref)
      else this.all.set(change.ref, change.new)
    }
  }
}

/** One clone in memory. */
export class Replica implements Stores {
  readonly refs: MemoryRefs
  private count = 0

  constructor(
    readonly name: string,
    readonly objects: ObjectStore,
  ) {
    this.refs = new MemoryRefs(objects)
  }

  /** Own identity, own clock that runs a little off, own ids. */
  writer(): Writer {
    this.count++
    const seconds = stamp.seconds + this.count * 60 + (this.name.charCodeAt(0) % 7) * 1000
    let ids = 0
    return {
      author: { name: this.name, email: `${this.name}@example.com`, seconds, offset: 60 },
      newId: () =>
        newId((n) => createHash('sha256').update(`${this.name} ${this.count} ${ids++}`).digest().subarray(0, n)),
    }
  }

  async begin(id: string, event: NewEvent, code: readonly Oid[]): Promise<void> {
    const prepared = await beginChain(this, this.writer(), { id, subject: 'created', events: [event], code })
    await this.refs.update([prepared.change])
  }

  async append(id: string, events: readonly NewEvent[], code: readonly Oid[] = []): Promise<void> {
    const tip = (await readTip(this, id)) as ChainTip
    const prepared = await appendTo(this, this.writer(), { tip, subject: 'event', events, code })
    await this.refs.update([prepared.change])
  }

  /** Fetches, joins and pushes, as far as `steps` go: a killed sync stops anywhere. */
  async sync(remote: Replica, steps = Number.POSITIVE_INFINITY): Promise<number> {
    let made = 0
    const theirs = new Map(remote.refs.all)
    for (const [ref, tip] of theirs) {
      if (steps-- <= 0) return made
      const ours = await this.refs.read(ref)
      const settled = await settleChain(this, {
        kind: 'session',
        id: ref.slice(sessionsPrefix.length + 1),
        ours,
        theirs: tip,
      })
      if (settled.relation === 'diverged') made++
      if (settled.oid !== ours) await this.refs.update([{ ref, old: ours, new: settled.oid }])
    }
    for (const [ref, oid] of [...this.refs.all]) {
      if (steps-- <= 0) return made
      const old = await remote.refs.read(ref)
      // Somebody else was faster: the next sync joins it.
      if (old !== (theirs.get(ref) ?? null) || old === oid) continue
      await remote.refs.update([{ ref, old, new: oid }])
    }
    return made
  }

  events(id: string): Promise<AmpEvent[]> {
    return readEvents(this.objects, this.refs.all.get(sessionRef(id)) ?? '', sessionRef(id))
  }
}
