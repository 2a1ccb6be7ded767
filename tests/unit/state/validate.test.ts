import { beforeEach, describe, expect, test } from 'vitest'
import { appendTo, beginChain, type ChainTip } from '../../../src/state/chain.js'
import { asciiJson } from '../../../src/state/codec.js'
import type { AmpEvent, NewEvent } from '../../../src/state/events.js'
import { fold, foldVersion } from '../../../src/state/fold.js'
import { isRefPath } from '../../../src/state/rules.js'
import { settleChain } from '../../../src/state/settle.js'
import type { CommitObject, ObjectStore, Oid } from '../../../src/state/storage.js'
import { Refused, validateChain } from '../../../src/state/validate.js'
import { walkChain } from '../../../src/state/walk.js'
import { memoryRepository } from '../../helpers/memory.js'
import { Replica, sharedObjects } from '../../helpers/replicas.js'
import { fixedWriter, seeded, stamp } from '../../helpers/repository.js'

const id = '4kz9w2m7qhtc'
const iteration = 'aaaaaaaaaaaa'
let at: Replica
let objects: ObjectStore
let base: Oid
let next: Oid

async function code(message: string): Promise<Oid> {
  const tree = await objects.writeTree([])
  return objects.writeCommit({ tree, parents: [], author: stamp, committer: stamp, message })
}

const created = (more: object = {}): NewEvent => ({
  type: 'session.created',
  data: {
    name: 'Fix é',
    slug: 'fix-é',
    prompt: 'Do\tit\n',
    branch: 'amp/fix-é/20270101-000000',
    base: { ref: 'refs/heads/main', oid: base },
    agent: 'shell',
    ...more,
  },
})
const started = (more: object = {}): NewEvent => ({
  type: 'iteration.started',
  data: { iteration, n: 1, prompt: 'p', from: base, agent: 'claude', host: 'box', ...more },
})

async function chain(...events: NewEvent[]): Promise<ChainTip> {
  const writer = fixedWriter()
  const [first, ...rest] = events as [NewEvent, ...NewEvent[]]
  let { tip } = await beginChain(at, writer, { id, subject: 's', events: [first], code: [base] })
  for (const event of rest)
    ({ tip } = await appendTo(at, fixedWriter(event.type), { tip, subject: 's', events: [event], code: [next] }))
  return tip
}

const validate = (tip: Oid, as = id) => validateChain(objects, { kind: 'session', id: as, tip, ours: null })

/** A commit as it is, with another message or other parents. */
async function altered(oid: Oid, how: (commit: CommitObject) => Partial<CommitObject>): Promise<Oid> {
  const commit = (await objects.readCommit(oid)) as CommitObject
  return objects.writeCommit({ ...commit, ...how(commit) })
}

/** The event of a commit changed, with the snapshot that follows from it, as a liar who knows the format does. */
function lying(how: (event: AmpEvent) => AmpEvent) {
  return ({ message }: CommitObject): Partial<CommitObject> => {
    const event = JSON.parse(/^Amp-Event: (.*)$/m.exec(message)?.[1] ?? '') as AmpEvent
    const changed = how(event)
    const lines = message.replace(/^Amp-Event: .*$/m, () => `Amp-Event: ${asciiJson(changed)}`)
    return { message: lines.replace(/^Amp-Snapshot: .*\n/m, () => `Amp-Snapshot: ${asciiJson(fold([changed]))}\n`) }
  }
}

beforeEach(async () => {
  objects = sharedObjects(memoryRepository().stores.objects)
  at = new Replica('at', objects)
  base = await code('base\n')
  next = await code('next\n')
})

describe('a chain from elsewhere', () => {
  test('that git-amp wrote is taken, long values and all', async () => {
    const { oid } = await chain(
      created({ prompt: 'é'.repeat(9000), test: 'npm test' }),
      started({ prompt: 'x'.repeat(9000) }),
      { type: 'head.moved', data: { from: base, to: next, cause: 'manual' } },
      { type: 'batch.future' as 'session.closed', data: { reason: 'of a newer git-amp' } },
    )
    expect((await validate(oid)).length).toBe(5)
    const settled = await settleChain(at, { kind: 'session', id, ours: null, theirs: oid })
    expect(settled).toMatchObject({ relation: 'new', oid, came: 4 })
  })

  test('is compared with the one that is here by its state parents', async () => {
    const first = await chain(created())
    const longer = await chain(created(), started())
    const settle = (ours: Oid | null, theirs: Oid) => settleChain(at, { kind: 'session', id, ours, theirs })
    expect(await settle(first.oid, first.oid)).toMatchObject({ relation: 'same', came: 0 })
    expect(await settle(first.oid, longer.oid)).toMatchObject({ relation: 'behind', oid: longer.oid, came: 1 })
    expect(await settle(longer.oid, first.oid)).toMatchObject({ relation: 'ahead', oid: longer.oid })
    const other = await chain(created(), { type: 'session.renamed', data: { name: 'Other' } })
    const joined = await settle(longer.oid, other.oid)
    expect(joined).toMatchObject({ relation: 'diverged', came: 1 })
    expect(await settle(other.oid, longer.oid)).toEqual(joined)
    const commit = await objects.readCommit(joined.oid)
    expect(commit?.parents).toEqual([longer.oid, other.oid].sort())
    expect((await validate(joined.oid)).length).toBe(5)
    // And a merge whose snapshot lies.
    const liar = await altered(joined.oid, ({ message }) => ({
      message: message.replace('"name":"Other"', '"name":"Mine"'),
    }))
    await expect(validate(liar)).rejects.toThrow('does not say what its events say')
  })

  const lies: [string, (event: AmpEvent) => AmpEvent, string][] = [
    ['a clock that stands', (e) => ({ ...e, lamport: 1 }), 'absurd clock'],
    ['a clock that jumps', (e) => ({ ...e, lamport: 5_000_000 }), 'absurd clock'],
    ['a clock beyond all numbers', (e) => ({ ...e, lamport: 1e300 }), 'malformed event'],
    ['a path for an iteration', (e) => ({ ...e, data: { ...e.data, iteration: '../../../etc' } }), 'malformed id'],
    ['a terminal escape in a host', (e) => ({ ...e, data: { ...e.data, host: '\x1b]0;x\x07' } }), "malformed 'host'"],
    ['an option for an agent', (e) => ({ ...e, data: { ...e.data, agent: '--yolo' } }), "malformed 'agent'"],
    ['an option for a model', (e) => ({ ...e, data: { ...e.data, model: '-x' } }), "malformed 'model'"],
    ['two lines for a name', (e) => ({ ...e, data: { ...e.data, name: 'a\nb' } }), "malformed 'name'"],
    ['a time that is none', (e) => ({ ...e, at: 'tomorrow' }), 'malformed time'],
    ['an author with controls', (e) => ({ ...e, by: 'a\x1b[2J <a>' }), 'malformed author'],
    ['a type with controls', (e) => ({ ...e, type: 'x.\x1b[2J' }), 'malformed type'],
    ['an absurd number', (e) => ({ ...e, data: { ...e.data, n: 1e308 } }), 'absurd number'],
    [
      'a second creation',
      (e) => ({ ...e, type: 'session.created', data: { ...created().data } }),
      'does not create its session once',
    ],
    [
      'a value that it does not hold',
      (e) => ({ ...e, data: { ...e.data, prompt: { oid: next, bytes: 1, head: '' } } }),
      'does not hold',
    ],
  ]
  test.each(lies)('with %s is refused', async (_, how, reason) => {
    const { oid } = await chain(created(), started())
    const liar = await altered(oid, (commit) => {
      const { message = '' } = lying(how)(commit)
      return { message: message.replace(/^Amp-Snapshot: .*\n/m, '') }
    })
    const error = await validate(liar).catch((thrown) => thrown)
    expect(error).toBeInstanceOf(Refused)
    expect(error.message).toContain(reason)
  })

  test.each([
    ['../../x', 'malformed branch'],
    ['-rf', 'malformed branch'],
    ['a..b', 'malformed branch'],
    ['a\u001bb', 'malformed branch'],
    ['x.lock', 'malformed branch'],
    ['HEAD', 'malformed branch'],
  ])('on branch %j is refused', async (branch, reason) => {
    await expect(validate((await chain(created({ branch }))).oid)).rejects.toThrow(reason)
  })

  test.each([
    [{ slug: '../x' }, 'malformed slug'],
    [{ slug: '-x' }, 'malformed slug'],
    [{ base: { ref: 'refs/heads/a b', oid: '0'.repeat(40) } }, 'malformed ref'],
    [{ base: { ref: null, oid: '1'.repeat(40) } }, 'which is not there'],
  ])('with %j is refused', async (more, reason) => {
    await expect(validate((await chain(created(more))).oid)).rejects.toThrow(reason)
  })

  test('of another id, another kind or with other parents is refused', async () => {
    const { oid } = await chain(created(), started())
    await expect(validate(oid, 'bbbbbbbbbbbb')).rejects.toThrow('belongs to something else')
    await expect(validate(oid, '../x')).rejects.toThrow('no id')
    await expect(validate(base)).rejects.toThrow('no state commit')
    await expect(validate('12'.repeat(20))).rejects.toThrow('is missing')
    const commit = (await objects.readCommit(oid)) as CommitObject
    const [state = '', ...rest] = commit.parents
    const orphan = await altered(oid, () => ({ parents: ['12'.repeat(20), ...rest] }))
    await expect(validate(orphan)).rejects.toThrow('one of its commits is missing')
    const below = await altered(oid, ({ message }) => ({ message: message.replace('Parents: 1', 'Parents: 2') }))
    await expect(validate(below)).rejects.toThrow('no state commit')
    const rootless = await altered(oid, ({ message }) => ({
      parents: [],
      message: message.replace('Parents: 1', 'Parents: 0'),
    }))
    await expect(validate(rootless)).rejects.toThrow(Refused)
    const huge = await altered(oid, ({ message }) => ({ message: `${message}${'x'.repeat(70_000)}\n` }))
    await expect(validate(huge)).rejects.toThrow('too large')
    const silent = await altered(oid, ({ message }) => ({ message: message.replace(/^Amp-Event: .*\n/m, '') }))
    await expect(validate(silent)).rejects.toThrow('says nothing')
    expect(state).toMatch(/^[0-9a-f]{40}$/)
  })

  test('whose snapshot lies is refused, and one of another root than ours', async () => {
    const { oid } = await chain(created(), started())
    const liar = await altered(oid, ({ message }) => ({
      message: message.replace('"status":"idle"', '"status":"merged"'),
    }))
    await expect(validate(liar)).rejects.toThrow('does not say what its events say')
    // On top of a liar nothing is true either, also where the top itself is.
    const top = { ref: 'r', id, oid: liar, snapshot: { ...(await chain(created(), started())).snapshot } }
    const next = await appendTo(at, fixedWriter('x'), {
      tip: top,
      subject: 's',
      events: [{ type: 'session.reopened', data: {} }],
      code: [],
    })
    await expect(validate(next.tip.oid)).rejects.toThrow('does not say what its events say')
    const other = await beginChain(
      at,
      { ...fixedWriter('y'), author: { ...stamp, seconds: 5 } },
      { id, subject: 's', events: [created()], code: [base] },
    )
    const ours = await walkChain(objects, oid, { ref: 'r' })
    await expect(validateChain(objects, { kind: 'session', id, tip: other.tip.oid, ours })).rejects.toThrow('same id')
  })

  test('of a newer fold is taken, and what it says is not compared', async () => {
    const { oid } = await chain(created())
    const newer = await altered(oid, ({ message }) => ({
      message: message.replace(`{"fold":${foldVersion},`, `{"fold":${foldVersion + 1},"more":true,`),
    }))
    expect((await validate(newer)).length).toBe(2)
  })
})

describe('random chains', () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)

  test(`are taken whole or refused with a clean sentence (FUZZ_SEED=${seed})`, async () => {
    const random = seeded(seed)
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
    const genuine = await chain(created({ test: 'npm test' }), started(), {
      type: 'session.renamed',
      data: { name: 'x' },
    })
    const values = [
      null,
      -1,
      Number.POSITIVE_INFINITY,
      2 ** 53,
      '',
      '\u0000',
      '../..',
      '-x',
      [],
      {},
      [[[[[[]]]]]],
      base,
      'x'.repeat(5000),
      true,
      id,
    ]
    let [taken, refused] = [0, 0]
    for (let round = 0; round < 600; round++) {
      const commits = [...(await walkChain(objects, genuine.oid, { ref: 'r' })).keys()].reverse()
      // From some commit on everything is written anew, with one thing or another that is not as it was.
      let below: Oid | null = null
      const first = Math.floor(random() * commits.length)
      for (const oid of commits.slice(first)) {
        const commit = (await objects.readCommit(oid)) as CommitObject
        let { message, parents } = commit
        const dice = random()
        if (dice < 0.3) {
          message = message.replace(/^(Amp-(?:Event|Snapshot): )(.*)$/gm, (line, key, json) => {
            if (random() < 0.5) return line
            const value = JSON.parse(json)
            const target = random() < 0.5 && typeof value.data === 'object' ? value.data : value
            target[pick([...Object.keys(target), '__proto__', 'more'])] = pick(values)
            return `${key}${asciiJson(value)}`
          })
        } else if (dice < 0.5) {
          const at = Math.floor(random() * message.length)
          message =
            message.slice(0, at) +
            pick(['', '\x1b[2J', '\n', '"', '\u2028', '9'.repeat(30)]) +
            message.slice(at + Math.floor(random() * 4))
        } else if (dice < 0.6) parents = [...parents].sort(() => random() - 0.5)
        else if (dice < 0.65) parents = parents.slice(Math.floor(random() * 3))
        else if (dice < 0.7) parents = [...parents, pick([base, next, genuine.oid, '12'.repeat(20)])]
        if (below !== null && random() < 0.95) parents = [below, ...parents.slice(1)]
        below = await objects.writeCommit({ ...commit, message, parents })
      }
      const theirs = pick([below ?? genuine.oid, below ?? base, base, 'nonsense'])
      const ours = pick([null, genuine.oid, commits[1] as Oid])
      try {
        const settled = await settleChain(at, { kind: 'session', id, ours, theirs })
        taken++
        const events = [...(await walkChain(objects, settled.oid, { ref: 'r' })).values()].flatMap((state) => [
          ...state.events,
        ])
        expect(fold(events).slug).toBe('fix-é')
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        refused++
        // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
        expect(error.message).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
      }
    }
    expect(taken).toBeGreaterThan(0)
    expect(refused).toBeGreaterThan(100)
  }, 120_000)
})

test.each(['amp/x/1', 'main', 'a/b.c', 'wörk'])('%s can be a branch', (name) => expect(isRefPath(name)).toBe(true))
test.each([
  '',
  '@',
  'a b',
  'a~1',
  'a^',
  'a:b',
  'a?',
  'a*',
  'a[',
  'a\\b',
  'a..b',
  'a@{0}',
  '/a',
  'a/',
  'a//b',
  '.a',
  'a/.b',
  'a.',
  'a.lock/b',
  'a/-b',
])('%j can be none', (name) => expect(isRefPath(name)).toBe(false))
