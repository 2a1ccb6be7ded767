import { createHash } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CommitObject, TreeEntry } from '../../src/state/storage.js'
import { stamp } from '../helpers/repository.js'
import { type Background, backgrounds, expectSound } from './backgrounds.js'

const emptyTrees = {
  sha1: '4b825dc642cb6eb9a060e54bf8d69288fbee4904',
  sha256: '6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321',
}

/** The id that git gives to an object, computed without either storage. */
const oidOf = (hash: string, type: string, content: Uint8Array): string =>
  createHash(hash).update(`${type} ${content.length}\0`).update(content).digest('hex')

describe.each(backgrounds)('objects: $name', ({ open }) => {
  let at: Background
  beforeEach(async () => {
    at = await open()
  })
  afterEach(() => at.close())

  test('what is absent is null', async () => {
    const { objects } = at.stores
    const absent = '1'.repeat(at.hash === 'sha1' ? 40 : 64)
    expect(await objects.readCommit(absent)).toBeNull()
    expect(await objects.readTree(absent)).toBeNull()
    expect(await objects.readBlob(absent)).toBeNull()
  })

  test('only a whole object id names an object', async () => {
    const { objects, refs } = at.stores
    const tree = await objects.writeTree([])
    const oid = await objects.writeCommit({ tree, parents: [], author: stamp, committer: stamp, message: 'x\n' })
    await refs.update([{ ref: 'refs/heads/topic', old: null, new: oid }], 'test')
    for (const name of ['HEAD', 'topic', 'refs/heads/topic', oid.slice(0, 12), `${oid}^{tree}`, `${oid}\n`, '', '\0']) {
      expect(await objects.readCommit(name), name).toBeNull()
      expect(await objects.readTree(name), name).toBeNull()
    }
  })

  test('another type throws', async () => {
    const { objects } = at.stores
    const blob = await objects.writeBlob('text')
    const tree = await objects.writeTree([])
    await expect(objects.readCommit(blob)).rejects.toThrow(`object ${blob} is a blob where a commit is expected`)
    await expect(objects.readTree(blob)).rejects.toThrow('is a blob where a tree is expected')
    await expect(objects.readBlob(tree)).rejects.toThrow('is a tree where a blob is expected')
  })

  test.each([
    ['empty', new Uint8Array(0)],
    ['every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
    ['newlines at the end', Buffer.from('a\r\n\n\n')],
    ['3 MB', Buffer.alloc(3_000_000, 'abc\n\0')],
  ])('a blob comes back: %s', async (_, data) => {
    const oid = await at.stores.objects.writeBlob(data)
    expect(oid).toBe(oidOf(at.hash, 'blob', data))
    const read = await at.stores.objects.readBlob(oid)
    expect(Buffer.compare(Buffer.from(read ?? 'absent'), Buffer.from(data))).toBe(0)
    await expectSound(at)
  })

  test('the empty tree', async () => {
    const oid = await at.stores.objects.writeTree([])
    expect(oid).toBe(emptyTrees[at.hash])
    expect(await at.stores.objects.readTree(oid)).toEqual([])
    await at.flush()
    if (at.git !== null) expect(at.git('cat-file', '-t', oid)).toBe('tree')
  })

  test('300 entries in the order of git, directories as if they ended in a slash', async () => {
    const { objects } = at.stores
    const blob = await objects.writeBlob('x')
    const empty = await objects.writeTree([{ mode: '100644', name: 'x', oid: blob }])
    const file = (name: string): TreeEntry => ({ mode: '100644', name, oid: blob })
    const many = Array.from({ length: 300 }, (_, index) => file(`n${(index * 7) % 300}`))
    const odd = [
      file('a.b'),
      { mode: '40000', name: 'a', oid: empty },
      file('a0'),
      file('a-b'),
      file('é'),
      file('😀'),
      file('\uffee'),
    ]
    const oid = await objects.writeTree([...many, ...odd])
    const read = (await objects.readTree(oid)) ?? []
    expect(read.length).toBe(307)
    expect(read.slice(0, 4).map((entry) => entry.name)).toEqual(['a-b', 'a.b', 'a', 'a0'])
    expect(read.slice(-3).map((entry) => entry.name)).toEqual(['é', '\uffee', '😀'])
    expect(new Set(read.map((entry) => entry.name)).size).toBe(307)
    expect(await objects.writeTree(read)).toBe(oid)
    await at.flush()
    if (at.git !== null) expect(at.git('ls-tree', '-z', '--name-only', oid).split('\0').length).toBe(308)
    await expectSound(at)
  })

  test('a commit comes back, with its zone, its parents and a message of any kind', async () => {
    const { objects } = at.stores
    const tree = await objects.writeTree([])
    const first: CommitObject = { tree, parents: [], author: stamp, committer: { ...stamp, offset: -210 }, message: '' }
    const a = await objects.writeCommit(first)
    const b = await objects.writeCommit({ ...first, message: 'b' })
    const message = 'Subject é 😀\n\ntree x\nauthor y\n\n\x1b[31m\x01\x7f\u2028 end\n\n\n'
    const merge: CommitObject = { ...first, parents: [b, a], message }
    const oid = await objects.writeCommit(merge)
    expect(await objects.readCommit(a)).toEqual(first)
    expect(await objects.readCommit(oid)).toEqual(merge)
    await expectSound(at)
  })

  test('packed objects are read, deltas too', async () => {
    const { objects, refs } = at.stores
    const text = Array.from({ length: 2000 }, (_, index) => `line ${index}\n`).join('')
    const blobs = [await objects.writeBlob(text), await objects.writeBlob(`${text}more\n`)]
    const tree = await objects.writeTree(blobs.map((oid, index) => ({ mode: '100644', name: `f${index}`, oid })))
    const oid = await objects.writeCommit({ tree, parents: [], author: stamp, committer: stamp, message: 'm\n' })
    await refs.update([{ ref: 'refs/heads/topic', old: null, new: oid }], 'test')
    at.pack()
    expect((await objects.readCommit(oid))?.tree).toBe(tree)
    expect(Buffer.from((await objects.readBlob(blobs[1] ?? '')) ?? []).toString()).toBe(`${text}more\n`)
    expect(Buffer.from((await objects.readBlob(blobs[0] ?? '')) ?? []).toString()).toBe(text)
  })

  test('reads at the same time get their own answers', async () => {
    const { objects } = at.stores
    const texts = Array.from({ length: 40 }, (_, index) => `${index} `.repeat(index * 500))
    const oids: string[] = []
    for (const text of texts) oids.push(await objects.writeBlob(text))
    const read = await Promise.all(oids.map((oid) => objects.readBlob(oid)))
    expect(read.map((data) => Buffer.from(data ?? []).toString())).toEqual(texts)
  })
})
