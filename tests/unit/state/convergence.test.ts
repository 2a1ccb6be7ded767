import { describe, expect, test } from 'vitest'
import { readTip } from '../../../src/state/chain.js'
import type { NewEvent } from '../../../src/state/events.js'
import { fold } from '../../../src/state/fold.js'
import { newId, sessionRef } from '../../../src/state/names.js'
import type { Oid } from '../../../src/state/storage.js'
import { memoryRepository } from '../../helpers/memory.js'
import { Replica, sharedObjects } from '../../helpers/replicas.js'
import { seeded, stamp } from '../../helpers/repository.js'

const rounds = Number(process.env.CONVERGENCE_OPERATIONS ?? 1000)
const seed = Number(process.env.CONVERGENCE_SEED ?? Date.now() % 1_000_000)

class World {
  readonly objects = sharedObjects(memoryRepository().stores.objects)
  readonly hub = new Replica('hub', this.objects)
  readonly clones = ['ada', 'bob', 'eve', 'kim', 'zoe'].map((name) => new Replica(name, this.objects))
  readonly ids: string[] = []
  archived = 0
  private codes = 0

  async code(parents: Oid[] = []): Promise<Oid> {
    const tree = await this.objects.writeTree([])
    const message = `code ${this.codes++}\n`
    return this.objects.writeCommit({ tree, parents, author: stamp, committer: stamp, message })
  }

  async begin(clone: Replica, random: () => number): Promise<void> {
    const id = newId((n) => Uint8Array.from({ length: n }, () => Math.floor(random() * 256)))
    const base = await this.code()
    const data = { name: `S ${id}`, slug: 's', prompt: 'p', branch: `amp/s/${id}`, agent: 'shell' }
    await clone.begin(id, { type: 'session.created', data: { ...data, base: { ref: 'refs/heads/main', oid: base } } }, [
      base,
    ])
    this.ids.push(id)
  }

  /** One more thing that happens in a session that this clone has. */
  async happen(clone: Replica, random: () => number): Promise<void> {
    const id = this.ids[Math.floor(random() * this.ids.length)]
    const tip = id === undefined ? null : await readTip(clone, id)
    if (id === undefined || tip === null) return this.begin(clone, random)
    const { heads } = tip.snapshot
    const from = heads[Math.floor(random() * heads.length)] ?? ''
    const to = await this.code([from])
    const choices: (() => NewEvent)[] = [
      () => ({ type: 'head.moved', data: { from, to, cause: 'manual' } }),
      () => ({ type: 'session.squashed', data: { from, to, map: [[from, to]] } }),
      () => ({ type: 'session.renamed', data: { name: `name ${Math.floor(random() * 100)}` } }),
      () => ({ type: 'session.closed', data: { reason: 'removed' } }),
      () => ({ type: 'session.reopened', data: {} }),
      () => ({ type: 'label.added', data: { label: `l${Math.floor(random() * 5)}` } }),
      () => ({ type: 'label.removed', data: { label: `l${Math.floor(random() * 5)}` } }),
      () => ({ type: 'session.heads-resolved', data: { keep: from, drop: heads.filter((head) => head !== from) } }),
    ]
    const event = (choices[Math.floor(random() * choices.length)] as () => NewEvent)()
    await clone.append(id, [event], [from, to])
  }

  /** A session that this clone has goes into an archive; what it says does not matter for that. */
  async archive(clone: Replica, random: () => number): Promise<void> {
    const id = this.ids[Math.floor(random() * this.ids.length)]
    if (id === undefined || (await readTip(clone, id)) === null) return
    await clone.archive(id, random() < 0.5 ? '2026-10' : '2026-11', random() < 0.3)
    this.archived++
  }
}

describe('clones that go on at once', () => {
  test(`end with the same tips and the same folds, whatever the order (CONVERGENCE_SEED=${seed})`, async () => {
    const random = seeded(seed)
    const world = new World()
    let joined = 0
    for (let step = 0; step < rounds; step++) {
      const clone = world.clones[Math.floor(random() * world.clones.length)] as Replica
      const dice = random()
      if (dice < 0.05) await world.begin(clone, random)
      else if (dice < 0.6) await world.happen(clone, random)
      else if (dice < 0.65) await world.archive(clone, random)
      // Also with another clone than the hub, twice, and ended anywhere.
      else if (dice < 0.75) joined += await clone.sync(world.clones[Math.floor(random() * 5)] as Replica)
      else if (dice < 0.9) joined += await clone.sync(world.hub, Math.floor(random() * 40))
      else for (let times = 0; times < 2; times++) joined += await clone.sync(world.hub)
    }
    const all = new Map(world.ids.map((id) => [id, new Map<string, unknown>()]))
    for (const clone of [...world.clones, world.hub])
      for (const id of world.ids) for (const event of await clone.events(id)) all.get(id)?.set(event.id, event)
    for (let round = 0; round < 2; round++) for (const clone of world.clones) joined += await clone.sync(world.hub)
    const tips = (clone: Replica) => Object.fromEntries([...clone.refs.all].sort())
    for (const clone of world.clones) expect(tips(clone)).toEqual(tips(world.hub))
    for (const id of world.ids) {
      const events = await world.hub.events(id)
      expect(new Set(events.map((event) => event.id))).toEqual(new Set(all.get(id)?.keys()))
      const tip = await readTip(world.hub, id)
      expect(JSON.parse(JSON.stringify(fold(events)))).toEqual(JSON.parse(JSON.stringify(tip?.snapshot)))
    }
    expect(joined).toBeGreaterThan(0)
    expect(world.archived).toBeGreaterThan(0)
    // It has settled: nothing is joined again.
    let again = 0
    for (const clone of world.clones) again += await clone.sync(world.hub)
    expect(again).toBe(0)
  }, 600_000)

  test('two that join the same tips make the same commit, and a third has nothing to add', async () => {
    const world = new World()
    const [ada, bob, eve] = world.clones as [Replica, Replica, Replica]
    await world.begin(ada, seeded(1))
    const id = world.ids[0] ?? ''
    await bob.sync(ada)
    await ada.append(id, [{ type: 'session.renamed', data: { name: 'of ada' } }])
    await bob.append(id, [{ type: 'session.renamed', data: { name: 'of bob' } }])
    await eve.sync(ada)
    const here = await readTip(ada, id)
    await ada.sync(bob)
    await bob.sync(new Replica('empty', world.objects))
    const alone = new Replica('alone', world.objects)
    alone.refs.all.set(sessionRef(id), (await bob.refs.read(sessionRef(id))) ?? '')
    await alone.sync(eve)
    expect(await alone.refs.read(sessionRef(id))).toBe(await ada.refs.read(sessionRef(id)))
    expect(await ada.refs.read(sessionRef(id))).not.toBe(here?.oid)
    expect(await eve.sync(ada)).toBe(0)
    expect((await readTip(eve, id))?.snapshot).toEqual((await readTip(ada, id))?.snapshot)
  })
})
