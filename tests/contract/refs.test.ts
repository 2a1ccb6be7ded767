import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AmpError } from '../../src/errors.js'
import { type Oid, RefLocked, RefMoved, type Tip } from '../../src/state/storage.js'
import { stamp } from '../helpers/repository.js'
import { type Background, backgrounds, codeCommit, expectSound } from './backgrounds.js'

describe.each(backgrounds)('refs: $name', ({ open }) => {
  let at: Background
  let a: Oid
  let b: Oid
  beforeEach(async () => {
    at = await open()
    a = await codeCommit(at.stores, 'a')
    b = await codeCommit(at.stores, 'b', [a])
  })
  afterEach(() => at.close())

  const set = (ref: string, old: Oid | null, next: Oid | null) =>
    at.stores.refs.update([{ ref, old, new: next }], 'amp: test')
  const read = (ref: string) => at.stores.refs.read(ref)
  const tips = async (prefix: string): Promise<Tip[]> => {
    const all: Tip[] = []
    for await (const tip of at.stores.refs.tips(prefix)) all.push(tip)
    return all
  }
  const names = async (prefix: string) => (await tips(prefix)).map((tip) => tip.ref)
  const failure = (promise: Promise<void>): Promise<unknown> =>
    promise.then(
      () => null,
      (error) => error,
    )

  test('what is absent is null, and lists are empty', async () => {
    expect(await read('refs/amp/sessions/none')).toBeNull()
    expect(await read('refs/amp')).toBeNull()
    expect(await tips('refs/amp/sessions')).toEqual([])
  })

  test('a ref is made once', async () => {
    await set('refs/amp/sessions/one', null, a)
    at.pack()
    expect(await read('refs/amp/sessions/one')).toBe(a)
    const again = await failure(set('refs/amp/sessions/one', null, b))
    expect(again).toBeInstanceOf(RefMoved)
    expect((again as RefMoved).refs).toEqual(['refs/amp/sessions/one'])
    expect(await read('refs/amp/sessions/one')).toBe(a)
  })

  test('several at once; one that is stale, and nothing changes', async () => {
    await at.stores.refs.update(
      [
        { ref: 'refs/amp/sessions/one', old: null, new: a },
        { ref: 'refs/heads/two', old: null, new: a },
        { ref: 'refs/amp/sessions/three', old: null, new: b },
      ],
      'test',
    )
    at.pack()
    const stale = await failure(
      at.stores.refs.update(
        [
          { ref: 'refs/amp/sessions/one', old: a, new: b },
          { ref: 'refs/amp/sessions/new', old: null, new: b },
          { ref: 'refs/amp/sessions/three', old: b, new: null },
          { ref: 'refs/heads/two', old: b, new: a },
        ],
        'test',
      ),
    )
    expect(stale).toBeInstanceOf(RefMoved)
    expect((stale as RefMoved).refs).toEqual(['refs/heads/two'])
    expect(await Promise.all(['one', 'new', 'three'].map((name) => read(`refs/amp/sessions/${name}`)))).toEqual([
      a,
      null,
      b,
    ])
    expect(await read('refs/heads/two')).toBe(a)
    await expectSound(at)
  })

  test('a change from a value to itself only verifies', async () => {
    await set('refs/amp/sessions/one', null, a)
    at.pack()
    const verify = (old: Oid | null) =>
      at.stores.refs.update(
        [
          { ref: 'refs/amp/sessions/one', old, new: old },
          { ref: 'refs/amp/sessions/two', old: null, new: b },
        ],
        'test',
      )
    expect(await failure(verify(b))).toBeInstanceOf(RefMoved)
    expect(await failure(verify(null))).toBeInstanceOf(RefMoved)
    expect(await names('refs/amp')).toEqual(['refs/amp/sessions/one'])
    await verify(a)
    expect(await read('refs/amp/sessions/one')).toBe(a)
    await at.stores.refs.update([{ ref: 'refs/amp/sessions/none', old: null, new: null }], 'test')
    expect(await read('refs/amp/sessions/none')).toBeNull()
  })

  test('a ref is deleted from both places it may live in', async () => {
    for (const name of ['one', 'two', 'one-more']) await set(`refs/amp/sessions/${name}`, null, a)
    at.pack()
    await set('refs/amp/sessions/one', a, b)
    expect(await failure(set('refs/amp/sessions/one', a, null))).toBeInstanceOf(RefMoved)
    await set('refs/amp/sessions/one', b, null)
    expect(await read('refs/amp/sessions/one')).toBeNull()
    await set('refs/amp/sessions/two', a, null)
    expect(await names('refs/amp/sessions')).toEqual(['refs/amp/sessions/one-more'])
    expect(await failure(set('refs/amp/sessions/two', a, null))).toBeInstanceOf(RefMoved)
    await set('refs/amp/sessions/one', null, a)
    expect(await read('refs/amp/sessions/one')).toBe(a)
    await expectSound(at)
  })

  test('lists join packed and loose refs, by name, and go deep', async () => {
    for (const name of ['sessions/b', 'sessions/a', 'remotes/x/sessions/c', 'sessionsx/d'])
      await set(`refs/amp/${name}`, null, a)
    at.pack()
    await set('refs/amp/sessions/b', a, b)
    await set('refs/amp/sessions/aa', null, b)
    await set('refs/amp/sessions/a-b', null, b)
    expect(await tips('refs/amp/sessions')).toEqual([
      { ref: 'refs/amp/sessions/a', oid: a, message: 'a\n' },
      { ref: 'refs/amp/sessions/a-b', oid: b, message: 'b\n' },
      { ref: 'refs/amp/sessions/aa', oid: b, message: 'b\n' },
      { ref: 'refs/amp/sessions/b', oid: b, message: 'b\n' },
    ])
    expect(await names('refs/amp/remotes')).toEqual(['refs/amp/remotes/x/sessions/c'])
    expect((await names('refs/amp')).length).toBe(6)
  })

  test('a tip whose commit is missing has no message, and the others are listed', async () => {
    for (const name of ['a', 'c', 'd']) await set(`refs/amp/sessions/${name}`, null, a)
    at.pack()
    const missing = '12'.repeat(a.length / 2)
    at.plant('refs/amp/sessions/b', `${missing}\n`)
    expect(await read('refs/amp/sessions/b')).toBe(missing)
    expect(await tips('refs/amp/sessions')).toEqual([
      { ref: 'refs/amp/sessions/a', oid: a, message: 'a\n' },
      { ref: 'refs/amp/sessions/b', oid: missing, message: null },
      { ref: 'refs/amp/sessions/c', oid: a, message: 'a\n' },
      { ref: 'refs/amp/sessions/d', oid: a, message: 'a\n' },
    ])
    await set('refs/amp/sessions/b', missing, null)
    expect(await names('refs/amp/sessions')).toEqual(['a', 'c', 'd'].map((name) => `refs/amp/sessions/${name}`))
  })

  test('a tip that is no commit has no message', async () => {
    const blob = await at.stores.objects.writeBlob('amp: not a commit\n')
    await set('refs/amp/sessions/a', null, blob)
    await set('refs/amp/sessions/b', null, b)
    expect(await tips('refs/amp/sessions')).toEqual([
      { ref: 'refs/amp/sessions/a', oid: blob, message: null },
      { ref: 'refs/amp/sessions/b', oid: b, message: 'b\n' },
    ])
  })

  test('a ref without an object id is named, not taken for an absent one', async () => {
    await set('refs/amp/sessions/a', null, a)
    for (const text of ['', 'garbage\n']) {
      at.plant('refs/amp/sessions/b', text)
      await expect(read('refs/amp/sessions/b')).rejects.toThrow('refs/amp/sessions/b is broken')
      const written = await failure(set('refs/amp/sessions/b', null, a))
      expect(written).toBeInstanceOf(AmpError)
      expect((written as Error).message).toContain('refs/amp/sessions/b is broken')
      expect(await names('refs/amp/sessions')).toEqual(['refs/amp/sessions/a'])
    }
  })

  test('messages of any characters and of 1 MB', async () => {
    const { objects } = at.stores
    const control = `s\n\n${Array.from({ length: 159 }, (_, code) => String.fromCharCode(code + 1)).join('')}\u2028é😀\n`
    const messages = [control, '', 'no newline', `long\n\n${'0123456789abcde\n'.repeat(65_536)}`]
    const tree = await objects.writeTree([])
    for (const [index, message] of messages.entries()) {
      const oid = await objects.writeCommit({ tree, parents: [], author: stamp, committer: stamp, message })
      await set(`refs/amp/sessions/${index}`, null, oid)
    }
    at.pack()
    const read = await tips('refs/amp/sessions')
    expect(read.map((tip) => tip.message === messages[Number(tip.ref.slice(-1))])).toEqual([true, true, true, true])
    // The same through the slow way, which one missing commit forces.
    at.plant('refs/amp/sessions/9', `${'12'.repeat(a.length / 2)}\n`)
    const again = await tips('refs/amp/sessions')
    expect(again).toEqual([...read, { ref: 'refs/amp/sessions/9', oid: '12'.repeat(a.length / 2), message: null }])
  })

  test('1,000 refs', async () => {
    const refs = Array.from({ length: 1000 }, (_, index) => `refs/amp/sessions/${String(index).padStart(4, '0')}`)
    await at.stores.refs.update(
      refs.map((ref) => ({ ref, old: null, new: a })),
      'test',
    )
    at.pack()
    await set(refs[500] ?? '', a, b)
    const read = await tips('refs/amp/sessions')
    expect(read.map((tip) => tip.ref)).toEqual(refs)
    expect(read.filter((tip) => tip.message === 'b\n').map((tip) => tip.ref)).toEqual([refs[500]])
    const gone = refs.slice(450, 550).map((ref, index) => ({ ref, old: index === 50 ? b : a, new: null }))
    await at.stores.refs.update(gone, 'test')
    expect(await names('refs/amp/sessions')).toEqual([...refs.slice(0, 450), ...refs.slice(550)])
  })

  test("git's own lock is honoured, and left alone", async () => {
    await set('refs/amp/sessions/one', null, a)
    at.plant('refs/amp/sessions/one.lock', '')
    const locked = await failure(
      at.stores.refs.update(
        [
          { ref: 'refs/amp/sessions/other', old: null, new: b },
          { ref: 'refs/amp/sessions/one', old: a, new: b },
        ],
        'test',
      ),
    )
    expect(locked).toBeInstanceOf(RefLocked)
    expect((locked as RefLocked).refs).toContain('refs/amp/sessions/one')
    expect((locked as RefLocked).message).toMatch(/Unable to create '.*one\.lock'/)
    // A stale value is told first: waiting for the lock would be in vain.
    expect(await failure(set('refs/amp/sessions/one', b, a))).toBeInstanceOf(RefMoved)
    expect(await names('refs/amp')).toEqual(['refs/amp/sessions/one'])
    expect(await read('refs/amp/sessions/one')).toBe(a)
    at.unplant('refs/amp/sessions/one.lock')
    await set('refs/amp/sessions/one', a, b)
    expect(await read('refs/amp/sessions/one')).toBe(b)
  })

  test('of many that want the same ref at the same time, one wins', async () => {
    const tried = await Promise.all(
      Array.from({ length: 8 }, (_, index) => failure(set('refs/amp/sessions/one', null, index % 2 === 0 ? a : b))),
    )
    expect(tried.filter((error) => error === null).length).toBe(1)
    expect(
      tried.filter((error) => error !== null && !(error instanceof RefMoved) && !(error instanceof RefLocked)),
    ).toEqual([])
    await set('refs/amp/sessions/one', await read('refs/amp/sessions/one'), null)
  })

  test('no ref stands above or below another one', async () => {
    await set('refs/amp/sessions/one', null, a)
    at.pack()
    for (const ref of [
      'refs/amp/sessions/one/below',
      'refs/amp/sessions/one/far/below',
      'refs/amp/sessions',
      'refs/amp',
    ]) {
      const error = await failure(set(ref, null, b))
      expect(error, ref).toBeInstanceOf(AmpError)
      expect(error, ref).not.toBeInstanceOf(RefLocked)
      expect(await read(ref)).toBeNull()
    }
    expect(await names('refs/amp')).toEqual(['refs/amp/sessions/one'])
    await set('refs/amp/sessions/one', a, null)
    // The directory that is left behind is in nobody's way.
    await set('refs/amp/sessions', null, b)
    expect(await names('refs/amp')).toEqual(['refs/amp/sessions'])
  })

  test.each([
    'refs/../../outside',
    'refs/amp/a..b',
    'refs/amp/.hidden',
    'refs/amp/a.lock',
    'refs/amp/a b',
    'refs/amp/-\x01',
    'refs/amp/a//b',
    'refs/amp/a.',
    'refs/amp/a@{0}',
    'refs/amp/',
    'refs/amp/a\\b',
    'refs/amp/a:b',
    'refs/amp/a\nb',
  ])('%j is no ref', async (ref) => {
    const error = await failure(set(ref, null, a))
    expect(error).toBeInstanceOf(AmpError)
    expect(await read(ref)).toBeNull()
    expect(await names('refs/amp')).toEqual([])
  })

  test('neither a missing object nor the same ref twice is written', async () => {
    const missing = await failure(set('refs/amp/sessions/one', null, '12'.repeat(a.length / 2)))
    expect(missing).toBeInstanceOf(Error)
    expect(missing).not.toBeInstanceOf(RefLocked)
    const twice = [a, b].map((oid) => ({ ref: 'refs/amp/sessions/two', old: null, new: oid }))
    expect(await failure(at.stores.refs.update(twice, 'test'))).toBeInstanceOf(AmpError)
    expect(await tips('refs/amp')).toEqual([])
  })
})
