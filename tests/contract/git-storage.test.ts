import fs, { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AmpError } from '../../src/errors.js'
import { openRepo, type Repo } from '../../src/repo.js'
import { testHost } from '../helpers/host.js'
import { Repository } from '../helpers/repository.js'
import { codeCommit } from './backgrounds.js'

// What only the storage through the git program has to do right: one reader, one gathered write, one transaction.

let repository: Repository
let repo: Repo
beforeEach(async () => {
  repository = new Repository()
  repo = await openRepo(testHost({ cwd: repository.dir, env: repository.env }))
})
afterEach(() => {
  repo.close()
  repository.remove()
})

test('what is written while a transaction runs is in the repository after the next one', async () => {
  const a = await codeCommit(repo, 'a')
  const first = repo.refs.update([{ ref: 'refs/heads/a', old: null, new: a }], 'test')
  const oids: string[] = []
  for (let index = 0; index < 20; index++) {
    oids.push(await repo.objects.writeBlob(`late ${index}`))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  await first
  await repo.refs.update([{ ref: 'refs/heads/a', old: a, new: a }], 'test')
  for (const oid of oids) expect(repository.git('cat-file', '-t', oid)).toBe('blob')
})

test('objects are in the repository before a ref points at them, even when the ref does not move', async () => {
  const a = await codeCommit(repo, 'a')
  const change = { ref: 'refs/heads/a', old: '1'.repeat(40), new: a }
  await expect(repo.refs.update([change], 'test')).rejects.toThrow('moved meanwhile')
  expect(repository.git('cat-file', '-t', a)).toBe('commit')
})

test('a reader that was closed can be used again, and what it was asked ends', async () => {
  const oid = await repo.objects.writeBlob('text')
  await repo.refs.update([], 'test')
  expect(await repo.objects.readBlob('1'.repeat(40))).toBeNull()
  const pending = repo.objects.readBlob(oid).catch((error: Error) => error.message)
  repo.close()
  expect(await pending).toMatch(/closed/)
  const read = await Promise.all([oid, '1'.repeat(40), oid].map((one) => repo.objects.readBlob(one)))
  expect(read.map((data) => (data === null ? null : Buffer.from(data).toString()))).toEqual(['text', null, 'text'])
  repo.close()
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(Buffer.from((await repo.objects.readBlob(oid)) ?? []).toString()).toBe('text')
})

test('a ref name cannot carry further commands into the transaction', async () => {
  repository.git('commit', '-q', '--allow-empty', '-m', 'Begin')
  const head = repository.git('rev-parse', 'HEAD')
  const zero = '0'.repeat(40)
  for (const ref of [
    `refs/heads/x\0${head}\0${zero}\0delete refs/heads/main`,
    `refs/heads/x\ndelete refs/heads/main`,
  ]) {
    await expect(repo.refs.update([{ ref, old: null, new: head }], 'test')).rejects.toThrow(AmpError)
    expect(await repo.refs.read(ref)).toBeNull()
  }
  expect(repository.git('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main')
})

test('a damaged object is not taken for one that can be read', async () => {
  const oid = await repo.objects.writeBlob('some text')
  await repo.refs.update([], 'test')
  const file = join(repository.gitDir(), 'objects', oid.slice(0, 2), oid.slice(2))
  expect(existsSync(file)).toBe(true)
  fs.chmodSync(file, 0o644)
  writeFileSync(file, readFileSync(file).subarray(0, 9))
  const read = await repo.objects.readBlob(oid).catch((error: unknown) => error)
  expect(read === null || read instanceof AmpError).toBe(true)
})
