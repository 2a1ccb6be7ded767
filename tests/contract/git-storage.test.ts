import fs, { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AmpError } from '../../src/errors.js'
import { diffSize, treeSizes } from '../../src/git/diff.js'
import { inquire } from '../../src/git/inquiry.js'
import { askTips } from '../../src/git/refs.js'
import { openRepo, type Repo } from '../../src/repo.js'
import type { Tip } from '../../src/state/storage.js'
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

test('a reader that nobody asks anything keeps no process alive, also when it was closed before', async () => {
  const oid = await repo.objects.writeBlob('text')
  await repo.refs.update([], 'test')
  const held = () => process.getActiveResourcesInfo().filter((name) => /^(Process|Pipe)Wrap$/.test(name)).length
  repo.close()
  const before = held()
  const asked = repo.objects.readBlob(oid)
  expect(held()).toBeGreaterThan(before)
  await asked
  expect(held()).toBeLessThanOrEqual(before)
  expect(Buffer.from((await repo.objects.readBlob(oid)) ?? []).toString()).toBe('text')
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

test('a listing is whole although git has ended long before it is read', async () => {
  const a = await codeCommit(repo, 'a')
  const refs = Array.from({ length: 40 }, (_, index) => `refs/amp/sessions/${index + 10}`)
  await repo.refs.update(
    refs.map((ref) => ({ ref, old: null, new: a })),
    'test',
  )
  repo.close()
  const asked = askTips(repo.git, 'refs/amp/sessions')
  const { processes } = repo.host
  while ((await processes.tree(processes.self)).length > 1) await new Promise((resolve) => setTimeout(resolve, 1))
  const tips: (Tip | null)[] = []
  for await (const some of asked) tips.push(...some)
  expect(tips).toEqual(refs.map((ref) => ({ ref, oid: a, message: 'a\n' })))
})

test('a listing that is cancelled keeps nobody waiting, and the next one is made anew', async () => {
  const a = await codeCommit(repo, 'a')
  await repo.refs.update([{ ref: 'refs/amp/sessions/one', old: null, new: a }], 'test')
  const inquiry = inquire(repo.host, 'sessions')
  inquiry.cancel()
  const again = await openRepo(repo.host, inquire(repo.host, 'sessions'))
  const tips: Tip[] = []
  for await (const tip of again.refs.tips('refs/amp/sessions')) tips.push(tip)
  for await (const tip of again.refs.tips('refs/amp/sessions')) tips.push(tip)
  expect(tips.map(({ ref }) => ref)).toEqual(['refs/amp/sessions/one', 'refs/amp/sessions/one'])
  again.close()
})

test('a line of commits ends where its first parents do, and at what is not written yet', async () => {
  let tip = await codeCommit(repo, '0')
  const line = [tip]
  for (let n = 1; n < 5; n++) {
    tip = await codeCommit(repo, String(n), [tip])
    line.unshift(tip)
  }
  const read = async (count: number) => [...((await repo.objects.readLine?.(tip, count)) ?? new Map()).keys()]
  expect(await read(3)).toEqual([tip])
  await repo.refs.update([], 'test')
  expect(await read(3)).toEqual(line.slice(0, 3))
  expect(await read(8)).toEqual(line)
  expect(await repo.objects.readLine?.('1'.repeat(40), 3)).toEqual(new Map())
})

test('several sizes at once are those that git tells one by one', async () => {
  const tree = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(repository.dir, name), text)
    repository.git('add', '--all')
    return repository.git('write-tree')
  }
  const lines = 'a line\n'.repeat(20)
  const trees = [
    repository.git('write-tree'),
    tree({ a: lines }),
    tree({ 'b\tc': `${lines}more\n`, bytes: '\0\x01' }),
    tree({ a: '' }),
  ]
  const pairs = trees.flatMap((from) => trees.map((to) => [from, to] as const))
  expect(await treeSizes(repo.git, pairs)).toEqual(
    await Promise.all(pairs.map(([from, to]) => diffSize(repo.git, from, to))),
  )
})

const objectFile = (oid: string) => join(repository.dir, '.git/objects', oid.slice(0, 2), oid.slice(2))
const modeOf = (oid: string) => statSync(objectFile(oid)).mode & 0o777

test('few small objects are what git would have written', async () => {
  const commit = await codeCommit(repo, 'a')
  await repo.catFile.flush()
  expect(repository.git('fsck', '--strict', '--no-dangling', commit)).toBe('')
  expect(modeOf(commit)).toBe(0o444)
  // Written again, it is as new, and "git prune" leaves it alone.
  utimesSync(objectFile(commit), 0, 0)
  expect(await codeCommit(repo, 'a')).toBe(commit)
  await repo.catFile.flush()
  expect(statSync(objectFile(commit)).mtimeMs).toBeGreaterThan(0)
  expect(readdirSync(join(objectFile(commit), '..'))).toEqual([commit.slice(2)])
})

test('where objects have permissions of their own, git writes them', async () => {
  repository.git('config', 'core.sharedRepository', '0640')
  repo = await openRepo(testHost({ cwd: repository.dir, env: repository.env }))
  const commit = await codeCommit(repo, 'a')
  await repo.catFile.flush()
  expect(modeOf(commit)).toBe(0o440)
})

test('an object that cannot be written is told of in the words of git, and leaves nothing', async () => {
  const blob = await repo.objects.writeBlob('text')
  writeFileSync(join(objectFile(blob), '..'), 'in the way')
  await expect(repo.catFile.flush()).rejects.toThrow(/unable to (create|write)|objects/)
  rmSync(join(objectFile(blob), '..'))
  // It stays taken up.
  await repo.catFile.flush()
  expect(repository.git('cat-file', 'blob', blob)).toBe('text')
})
