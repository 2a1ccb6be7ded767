import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { oplogRef } from '../../src/state/names.js'
import { prepareOperation, readOperations } from '../../src/state/oplog.js'
import type { Oid, RefChange } from '../../src/state/storage.js'
import { fixedWriter } from '../helpers/repository.js'
import { type Background, backgrounds, codeCommit, expectSound } from './backgrounds.js'

describe.each(backgrounds)('operation log: $name', ({ open }) => {
  let at: Background
  beforeEach(async () => {
    at = await open()
  })
  afterEach(() => at.close())

  const operate = async (id: string, changes: RefChange[]): Promise<Oid> => {
    const what = {
      id,
      command: 'squash',
      session: '4kz9w2m7qhtc',
      slug: 'fix\x1b é',
      at: '2027-01-15T08:00:00Z',
      changes,
    }
    const operation = await prepareOperation(at.stores, fixedWriter(), what)
    await at.stores.refs.update([...changes, operation], 'test')
    at.pack()
    return operation.new ?? ''
  }

  test('newest first, as far as asked', async () => {
    expect(await readOperations(at.stores, 10)).toEqual([])
    const a = await codeCommit(at.stores, 'a')
    const b = await codeCommit(at.stores, 'b', [a])
    const ref = 'refs/heads/amp/fix/1'
    await operate('00000000000a', [{ ref, old: null, new: a }])
    await operate('00000000000b', [{ ref, old: a, new: b }])
    const last = await operate('00000000000c', [
      { ref, old: b, new: null },
      { ref: 'refs/heads/other', old: null, new: a },
    ])
    const operations = await readOperations(at.stores, 10)
    expect(operations.map((operation) => operation.id)).toEqual(['00000000000c', '00000000000b', '00000000000a'])
    expect(operations[0]).toEqual({
      id: '00000000000c',
      command: 'squash',
      session: '4kz9w2m7qhtc',
      slug: 'fix\x1b é',
      at: '2027-01-15T08:00:00Z',
      refs: [
        { ref, before: b, after: null },
        { ref: 'refs/heads/other', before: null, after: a },
      ],
    })
    expect((await readOperations(at.stores, 2)).length).toBe(2)
    if (at.hash === 'sha1') expect(last).toBe('6935e9bb7beca9c434b70dd5b56938b97ad6ac2d')
    await expectSound(at)
  })

  test('a first operation that replaces a commit has no log before it', async () => {
    const a = await codeCommit(at.stores, 'a')
    const b = await codeCommit(at.stores, 'b')
    await at.stores.refs.update([{ ref: 'refs/heads/x', old: null, new: a }], 'test')
    await operate('00000000000a', [{ ref: 'refs/heads/x', old: a, new: b }])
    await operate('00000000000b', [{ ref: 'refs/heads/x', old: b, new: a }])
    expect((await readOperations(at.stores, 10)).map(({ id }) => id)).toEqual(['00000000000b', '00000000000a'])
  })

  test('what an operation replaced survives the collection of git', async () => {
    const a = await codeCommit(at.stores, 'a')
    const b = await codeCommit(at.stores, 'b')
    await at.stores.refs.update([{ ref: 'refs/heads/x', old: null, new: a }], 'test')
    await operate('00000000000a', [{ ref: 'refs/heads/x', old: a, new: b }])
    await operate('00000000000b', [{ ref: 'refs/heads/x', old: b, new: null }])
    at.git?.('reflog', 'expire', '--expire=now', '--all')
    at.git?.('gc', '-q', '--prune=now')
    expect((await at.stores.objects.readCommit(a))?.message).toBe('a\n')
    expect((await at.stores.objects.readCommit(b))?.message).toBe('b\n')
    expect(await at.stores.refs.read('refs/heads/x')).toBeNull()
    await expectSound(at)
  })

  test('what is no log ends the reading', async () => {
    const a = await codeCommit(at.stores, 'a')
    await at.stores.refs.update([{ ref: oplogRef, old: null, new: a }], 'test')
    expect(await readOperations(at.stores, 10)).toEqual([])
    const commit = await at.stores.objects.readCommit(a)
    if (commit === null) throw new Error('missing')
    const broken = await at.stores.objects.writeCommit({ ...commit, message: 'x\n\nAmp-Operation: {"id":\n' })
    await at.stores.refs.update([{ ref: oplogRef, old: a, new: broken }], 'test')
    expect(await readOperations(at.stores, 10)).toEqual([])
  })
})
