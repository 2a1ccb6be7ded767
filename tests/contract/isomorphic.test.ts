import { execFileSync } from 'node:child_process'
import fs, { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRepo } from '../../src/repo.js'
import { type FilePromises, isRefName } from '../../src/state/file-refs.js'
import { openIsomorphic } from '../../src/state/isomorphic.js'
import type { Tip } from '../../src/state/storage.js'
import { testHost } from '../helpers/host.js'
import { memoryRepository } from '../helpers/memory.js'
import { Repository, stamp } from '../helpers/repository.js'
import { codeCommit } from './backgrounds.js'

// What only the second storage promises, or refuses.

let repository: Repository
beforeEach(() => {
  repository = new Repository()
})
afterEach(() => repository.remove())

const open = (gitdir: string) => openIsomorphic({ fs: fs as unknown as { promises: FilePromises }, gitdir })
const list = async (tips: AsyncIterable<Tip>): Promise<string[]> => {
  const refs: string[] = []
  for await (const tip of tips) refs.push(tip.ref)
  return refs
}

/** Every door refuses, not only the first one. */
async function expectRefusal(stores: ReturnType<typeof open>, message: string | RegExp): Promise<void> {
  await expect(stores.objects.writeTree([])).rejects.toThrow(message)
  await expect(stores.objects.readBlob('1'.repeat(40))).rejects.toThrow(message)
  await expect(stores.refs.read('refs/heads/main')).rejects.toThrow(message)
  await expect(stores.refs.update([], 'test')).rejects.toThrow(message)
  await expect(list(stores.refs.tips('refs'))).rejects.toThrow(message)
}

test('a sha256 repository is refused, and nothing is written into it', async () => {
  const sha256 = new Repository('--object-format=sha256')
  const before = sha256.git('count-objects')
  await expectRefusal(open(sha256.gitDir()), /is a sha256 repository, and isomorphic-git knows only sha1/)
  expect(sha256.git('count-objects')).toBe(before)
  sha256.remove()
})

test("a linked worktree's own git directory is refused", async () => {
  repository.git('commit', '-q', '--allow-empty', '-m', 'Begin')
  const linked = join(repository.root, 'linked')
  repository.git('worktree', 'add', '-q', '--detach', linked)
  const gitDir = repository.at(linked, 'rev-parse', '--path-format=absolute', '--git-dir')
  await expectRefusal(open(gitDir), /belongs to a linked worktree/)
  await expectRefusal(open(join(linked, '.git')), /is no git directory/)
  await expectRefusal(open(repository.root), /is no git directory/)
})

test('borrowed objects are refused', async () => {
  repository.git('commit', '-q', '--allow-empty', '-m', 'Begin')
  repository.at(repository.root, 'clone', '-q', '--shared', '--bare', 'repo', 'borrower')
  await expectRefusal(open(join(repository.root, 'borrower')), /borrows objects/)
})

test.each([
  ['[extensions]\n\trefstorage = reftable\n', /needs the extension 'refstorage'/],
  ['[Extensions] RefStorage = reftable ; yes\n', /needs the extension 'refstorage'/],
  ['[extensions]\nobjectFormat="SHA256"\n', /is a sha256 repository/],
  ['[extensions]\n  something\n', /needs the extension 'something'/],
])('%j is refused', async (config, message) => {
  await expectRefusal(memoryRepository(config).stores, message)
})

test.each([
  '[extensions]\n\tobjectformat = sha1\n\trefStorage = files\n\tworktreeConfig = true\n\tpartialClone = origin\n[remote "x"]\n\turl = y\n',
  '[extensions "sub"]\n[core]\n\tbare = true\n',
])('%j is fine', async (config) => {
  const { stores } = memoryRepository(config)
  expect(await stores.refs.read('refs/heads/main')).toBeNull()
})

test('a damaged object throws; it is not taken for an absent one', async () => {
  const stores = open(repository.gitDir())
  const oid = await stores.objects.writeBlob('some text')
  const file = join(repository.gitDir(), 'objects', oid.slice(0, 2), oid.slice(2))
  fs.chmodSync(file, 0o644)
  writeFileSync(file, readFileSync(file).subarray(0, 9))
  await expect(stores.objects.readBlob(oid)).rejects.toThrow()
  writeFileSync(file, '')
  await expect(stores.objects.readBlob(oid)).rejects.toThrow()
})

test('both storages see at once what the other one wrote', async () => {
  const files = open(repository.gitDir())
  const repo = await openRepo(testHost({ cwd: repository.dir, env: repository.env }))
  const a = await codeCommit(files, 'a')
  await files.refs.update([{ ref: 'refs/amp/sessions/a', old: null, new: a }], 'test')
  expect(await repo.refs.read('refs/amp/sessions/a')).toBe(a)
  const b = await codeCommit(repo, 'b', [a])
  await repo.refs.update([{ ref: 'refs/amp/sessions/a', old: a, new: b }], 'test')
  expect((await files.objects.readCommit(b))?.author).toEqual(stamp)
  repository.git('pack-refs', '--all')
  repository.git('repack', '-adq')
  expect(await files.refs.read('refs/amp/sessions/a')).toBe(b)
  await files.refs.update([{ ref: 'refs/amp/sessions/a', old: b, new: a }], 'test')
  await files.refs.update([{ ref: 'refs/amp/sessions/a', old: a, new: null }], 'test')
  expect(await repo.refs.read('refs/amp/sessions/a')).toBeNull()
  repo.close()
})

test('packed refs of tags keep what they point at when another ref is deleted', async () => {
  const { refs } = open(repository.gitDir())
  repository.git('commit', '-q', '--allow-empty', '-m', 'Begin')
  const head = repository.git('rev-parse', 'HEAD')
  for (const tag of ['a', 'b', 'c']) repository.git('tag', '-a', '-m', tag, tag)
  repository.git('update-ref', 'refs/tags/b-light', head)
  repository.git('pack-refs', '--all')
  await refs.update([{ ref: 'refs/tags/b', old: repository.git('rev-parse', 'refs/tags/b'), new: null }], 'test')
  const lines = repository.git('show-ref', '-d').split('\n')
  const names = ['heads/main', 'tags/a', 'tags/a^{}', 'tags/b-light', 'tags/c', 'tags/c^{}']
  expect(lines.map((line) => line.split(' ')[1])).toEqual(names.map((name) => `refs/${name}`))
  expect(lines.filter((line) => line.includes('^{}')).every((line) => line.startsWith(head))).toBe(true)
  expect(readFileSync(join(repository.gitDir(), 'packed-refs'), 'utf8')).toMatch(/^# pack-refs with: /)
})

test('symbolic refs are followed and not written', async () => {
  const { refs } = open(repository.gitDir())
  repository.git('commit', '-q', '--allow-empty', '-m', 'Begin')
  const head = repository.git('rev-parse', 'HEAD')
  repository.git('symbolic-ref', 'refs/remotes/origin/HEAD', 'refs/heads/main')
  expect(await refs.read('refs/remotes/origin/HEAD')).toBe(head)
  const change = { ref: 'refs/remotes/origin/HEAD', old: head, new: null }
  await expect(refs.update([change], 'test')).rejects.toThrow('symbolic ref')
  repository.git('symbolic-ref', 'refs/heads/loop', 'refs/heads/loop2')
  repository.git('symbolic-ref', 'refs/heads/loop2', 'refs/heads/loop')
  await expect(refs.read('refs/heads/loop')).rejects.toThrow('is broken')
})

test('ref names are judged as git judges them', () => {
  const pieces = [
    'a',
    '.',
    '..',
    '@',
    '{',
    '@{',
    '/',
    '//',
    '.lock',
    '\\',
    '~',
    '^',
    ':',
    '?',
    '*',
    '[',
    ' ',
    '\t',
    '\x7f',
    'é',
    '-',
    '\x01',
    '@',
  ]
  const names = pieces.flatMap((piece) => [
    `refs/${piece}`,
    `refs/a${piece}`,
    `refs/${piece}a`,
    `refs/a${piece}b`,
    `refs/a/${piece}/b`,
  ])
  for (const name of names) {
    const env = repository.env
    let isValid = true
    try {
      execFileSync('git', ['check-ref-format', name], { env, stdio: 'ignore' })
    } catch {
      isValid = false
    }
    expect(isRefName(name), JSON.stringify(name)).toBe(isValid)
  }
  for (const name of ['HEAD', 'refs', 'refs/', '/refs/a', 'other/a', 'refs/a\0b', 'refs/a\nb'])
    expect(isRefName(name)).toBe(false)
})
