import { createHash } from 'node:crypto'
import { joinArchives, prepareArchive, readArchives, settleArchived } from '../../src/state/archive.js'
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
import { archivesPrefix, newId, sessionRef, sessionsPrefix } from '../../src/state/names.js'
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

  /** Puts a session into the archive of a month. Killed before the refs went, it leaves the session's own. */
  async archive(id: string, month: string, isKilled: boolean): Promise<void> {
    const tip = ((await readTip(this, id)) as ChainTip).oid
    await this.refs.update([await prepareArchive(this, this.writer().author, { month, sessions: [{ id, tip }] })])
    if (!isKilled) await this.settleArchives()
  }

  /** The ref of each archived session as the archives want it. */
  private async settleArchives(): Promise<void> {
    for (const [id, tips] of await readArchives(this)) {
      const ref = sessionRef(id)
      const old = await this.refs.read(ref)
      await this.refs.update([{ ref, old, new: await settleArchived(this, { id, live: old, tips }) }])
    }
  }

  /** Takes the other's archives in, as far as `steps` go. */
  private async takeArchives(theirs: ReadonlyMap<string, Oid>): Promise<void> {
    for (const [ref, tip] of theirs) {
      if (!ref.startsWith(`${archivesPrefix}/`)) continue
      const ours = await this.refs.read(ref)
      const month = ref.slice(archivesPrefix.length + 1)
      await this.refs.update([{ ref, old: ours, new: await joinArchives(this.objects, { month, ours, theirs: tip }) }])
    }
    await this.settleArchives()
  }

  /** Fetches, joins and pushes, as far as `steps` go: a killed sync stops anywhere. */
  async sync(remote: Replica, steps = Number.POSITIVE_INFINITY): Promise<number> {
    let made = 0
    const theirs = new Map(remote.refs.all)
    if (steps-- <= 0) return made
    await this.takeArchives(theirs)
    for (const [ref, tip] of theirs) {
      if (!ref.startsWith(`${sessionsPrefix}/`)) continue
      if (steps-- <= 0) return made
      const id = ref.slice(sessionsPrefix.length + 1)
      const old = await this.refs.read(ref)
      const ours = (await readTip(this, id))?.oid ?? null
      const settled = await settleChain(this, { kind: 'session', id, ours, theirs: tip })
      if (settled.relation === 'diverged') made++
      if (settled.oid !== ours) await this.refs.update([{ ref, old, new: settled.oid }])
    }
    for (const [ref, oid] of [...this.refs.all]) {
      if (steps-- <= 0) return made
      const old = await remote.refs.read(ref)
      // Somebody else was faster: the next sync joins it.
      if (old !== (theirs.get(ref) ?? null) || old === oid) continue
      await remote.refs.update([{ ref, old, new: oid }])
    }
    // The remote needs no ref of what its own archives have.
    const there = await readArchives(remote)
    for (const [ref, oid] of [...remote.refs.all]) {
      const id = ref.slice(sessionsPrefix.length + 1)
      if (steps-- <= 0) return made
      if (!ref.startsWith(`${sessionsPrefix}/`) || this.refs.all.has(ref) || !there.has(id)) continue
      if ((await settleArchived(this, { id, live: oid, tips: there.get(id) ?? [] })) === null)
        await remote.refs.update([{ ref, old: oid, new: null }])
    }
    return made
  }

  /** All that is known of a session here, archived or not. */
  async events(id: string): Promise<AmpEvent[]> {
    const tip = await readTip(this, id)
    return tip === null ? [] : readEvents(this.objects, tip.oid, tip.ref)
  }
}
