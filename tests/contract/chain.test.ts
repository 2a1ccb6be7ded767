import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { appendTo, beginChain, longText, type Prepared, readEvents, readTip } from '../../src/state/chain.js'
import { BrokenState } from '../../src/state/codec.js'
import type { EventData, LongText, NewEvent } from '../../src/state/events.js'
import { fold } from '../../src/state/fold.js'
import { iterationsOf } from '../../src/state/iterations.js'
import { sessionRef } from '../../src/state/names.js'
import { readState } from '../../src/state/read-state.js'
import type { Oid } from '../../src/state/storage.js'
import { fixedWriter } from '../helpers/repository.js'
import { type Background, backgrounds, codeCommit, expectSound } from './backgrounds.js'

const id = '4kz9w2m7qhtc'

describe.each(backgrounds)('chain: $name', ({ open }) => {
  let at: Background
  let base: Oid
  let next: Oid
  beforeEach(async () => {
    at = await open()
    base = await codeCommit(at.stores, 'base')
    next = await codeCommit(at.stores, 'next', [base])
  })
  afterEach(() => at.close())

  const created = (more: Partial<EventData['session.created']> = {}): NewEvent => ({
    type: 'session.created',
    data: {
      name: 'Fix é',
      slug: 'fix',
      prompt: 'Do it',
      branch: 'amp/fix/1',
      base: { ref: 'refs/heads/main', oid: base },
      agent: 'shell',
      ...more,
    },
  })
  const begin = (event: NewEvent = created(), writer = fixedWriter()): Promise<Prepared> =>
    beginChain(at.stores, writer, { id, subject: 'amp(fix): session created', events: [event], code: [base] })
  const move = (prepared: Prepared) => at.stores.refs.update([prepared.change], 'test')
  const started: NewEvent = {
    type: 'iteration.started',
    data: { iteration: 'aaaaaaaaaaaa', n: 1, prompt: 'Do it', from: '', agent: 'shell', host: 'h' },
  }
  const finished = (more: Partial<EventData['iteration.finished']> = {}): NewEvent => {
    const numbers = { exit: 0, toolCalls: 3, durationMs: 12, files: 1, insertions: 2, deletions: 3 }
    const data = {
      iteration: 'aaaaaaaaaaaa',
      from: base,
      to: next,
      outcome: 'success' as const,
      commits: [],
      ...numbers,
      ...more,
    }
    return { type: 'iteration.finished', data }
  }

  test('begin, append, read: the same objects on every storage', async () => {
    const writer = fixedWriter()
    const first = await begin(created(), writer)
    await move(first)
    const events = [{ ...started, data: { ...started.data, from: base } } as NewEvent, finished()]
    const second = await appendTo(at.stores, writer, {
      tip: first.tip,
      subject: 'amp(fix): one\x1b[31m\ntwo',
      events,
      code: [base, next],
    })
    await move(second)
    at.pack()

    const tip = await readTip(at.stores, id)
    expect(tip).toEqual({ ref: sessionRef(id), id, oid: second.tip.oid, snapshot: second.tip.snapshot })
    expect(tip?.snapshot).toMatchObject({
      name: 'Fix é',
      heads: [next],
      lamport: 2,
      events: 3,
      open: [],
      status: 'idle',
    })
    const read = await readEvents(at.stores.objects, second.tip.oid, sessionRef(id))
    expect(read.length).toBe(3)
    expect(fold(read)).toEqual(tip?.snapshot)

    const state = await readState(at.stores.objects, second.tip.oid, 'ref')
    expect(state.stateParents).toEqual([first.tip.oid])
    expect(state.codeParents).toEqual([base, next])
    const root = (await readState(at.stores.objects, first.tip.oid, 'ref')).stateParents[0] ?? ''
    expect((await at.stores.objects.readCommit(root))?.parents).toEqual([])
    if (at.hash === 'sha1') {
      // A change of these ids is a change of the format: old clones would no longer build the same commits.
      expect([root, first.tip.oid, second.tip.oid]).toEqual(oids)
    } else expect(second.tip.oid.length).toBe(64)
    if (at.git !== null) {
      expect(at.git('log', '--first-parent', '--format=%s|%an|%ad', '--date=raw', sessionRef(id)).split('\n')).toEqual([
        'amp(fix): one [31m two|Ünïcode Thor|1800000000 +0130',
        'amp(fix): session created|Ünïcode Thor|1800000000 +0130',
        `amp: session ${id}|Ünïcode Thor|1800000000 +0130`,
      ])
    }
    await expectSound(at)
  })

  test('a session that is not there is null, and one that exists is not begun again', async () => {
    expect(await readTip(at.stores, id)).toBeNull()
    await move(await begin())
    await expect(begin(created({ name: 'Other' }), fixedWriter('other')).then(move)).rejects.toThrow('moved meanwhile')
    expect((await readTip(at.stores, id))?.snapshot.name).toBe('Fix é')
  })

  test.each([
    ['ASCII', 'x'.repeat(100_000)],
    ['Chinese', '漢字 '.repeat(15_000)],
    ['control characters', '\x01\x7f'.repeat(30_000)],
    ['just over the limit', 'é'.repeat(2049)],
    ['grows when it is escaped', '漢'.repeat(1300)],
  ])('a long prompt goes into a blob and comes back: %s', async (_, prompt) => {
    const prepared = await begin(created({ prompt, test: prompt.slice(0, 5000) }))
    await move(prepared)
    at.pack()
    const commit = await at.stores.objects.readCommit(prepared.tip.oid)
    expect(Buffer.byteLength(commit?.message ?? '')).toBeLessThan(16 * 1024)
    const [event] = await readEvents(at.stores.objects, prepared.tip.oid, prepared.tip.ref)
    const value = event?.data.prompt as LongText
    expect(value).toMatchObject({ bytes: Buffer.byteLength(prompt) })
    expect(await longText(at.stores.objects, value)).toBe(prompt)
    if (at.git !== null)
      expect(at.git('ls-tree', '--name-only', sessionRef(id)).split('\n')).toContain(`${event?.id}-prompt`)
    await expectSound(at)
  })

  test('what fits stays in the event', async () => {
    const prepared = await begin(created({ prompt: 'é'.repeat(600) }))
    expect(prepared.events[0]?.data.prompt).toBe('é'.repeat(600))
    expect((await at.stores.objects.readCommit(prepared.tip.oid))?.tree).toBe(await at.stores.objects.writeTree([]))
  })

  test('long lists come back as lists, and many long values leave the message small', async () => {
    const writer = fixedWriter()
    const first = await begin(created({ prompt: 'p'.repeat(4000), test: 't'.repeat(4000) }), writer)
    await move(first)
    expect(Buffer.byteLength((await at.stores.objects.readCommit(first.tip.oid))?.message ?? '')).toBeLessThan(
      16 * 1024,
    )
    const commits = Array.from({ length: 300 }, (_, index) => String(index).padStart(base.length, '0'))
    const nested = Array.from({ length: 300 }, (_, index) => `some/directory/of/nested/repositories/${index}`)
    const hooks = [{ name: 'post-commit', exit: 1, output: 'o'.repeat(4000) }]
    const refs = [{ ref: `refs/heads/${'r'.repeat(3900)}`, before: null, after: base }]
    const end = finished({ commits, nested, hooks, refs, summary: 's'.repeat(4000) })
    const events = [{ ...started, data: { ...started.data, from: base } } as NewEvent, end]
    const second = await appendTo(at.stores, writer, { tip: first.tip, subject: 's', events, code: [next] })
    await move(second)
    const commit = await at.stores.objects.readCommit(second.tip.oid)
    expect(Buffer.byteLength(commit?.message ?? '')).toBeLessThan(16 * 1024)
    const [iteration] = iterationsOf(await readEvents(at.stores.objects, second.tip.oid, second.tip.ref))
    expect(iteration?.commits).toEqual(commits)
    expect(iteration?.remarks).toMatchObject({ nested, hooks, refs })
    await expectSound(at)
  })

  test('a chain that cannot be read names its ref and the repair', async () => {
    const ref = sessionRef(id)
    const missing = '12'.repeat(base.length / 2)
    at.plant(ref, `${missing}\n`)
    const error = await readTip(at.stores, id).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(BrokenState)
    expect(error.message).toBe(`${ref} is broken: its commit ${missing} is missing`)
    expect(error.hints.join()).toContain(`git update-ref -d ${ref}`)
    at.plant(ref, `${base}\n`)
    await expect(readTip(at.stores, id)).rejects.toThrow(`${ref} is broken: a commit is no state commit`)
    at.plant(ref, '')
    await expect(readTip(at.stores, id)).rejects.toThrow(`${ref} is broken`)
  })

  test("the chain alone keeps what its events replaced, through git's own collection", async () => {
    const writer = fixedWriter()
    const first = await begin(created(), writer)
    await move(first)
    const squash: NewEvent = { type: 'session.squashed', data: { from: next, to: base, map: [[next, base]] } }
    await move(
      await appendTo(at.stores, writer, { tip: first.tip, subject: 's', events: [squash], code: [next, base] }),
    )
    at.git?.('reflog', 'expire', '--expire=now', '--all')
    at.git?.('gc', '-q', '--prune=now')
    expect((await at.stores.objects.readCommit(next))?.message).toBe('next\n')
    expect(await at.stores.objects.readBlob(await at.stores.objects.writeBlob('next\n'))).not.toBeNull()
    await expectSound(at)
  })
})

const oids = [
  '6f0f83e83898a23b4bbf066b76ad41ac55d5966f',
  '44bab1b5d83cf1c9cc39ce40c9cbd42907e17cde',
  'd1272af93b6b216247814af877b2d96e41256ba4',
]
