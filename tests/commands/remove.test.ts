import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import fs from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Host } from '../../src/host.js'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

const trash = (s: Scene) => join(s.dir, '.git/amp/trash')

/** A session with one iteration. */
async function worked(s: Scene, name = 'a'): Promise<string> {
  const id = await s.session(name)
  await s.iterate(id, `echo 1 >${name}1`)
  await s.iterate(id, `echo 2 >${name}2`)
  return id
}

/** Asserts that a removal is refused and changes nothing but what plain git did. */
async function refused(s: Scene, id: string, ...args: string[]): Promise<string> {
  await s.amp('test', id)
  const before = [s.git('for-each-ref', 'refs/heads'), s.git('worktree', 'list', '--porcelain')]
  const answer = await s.amp('remove', id, ...args)
  expect(answer.code, answer.stdout).not.toBe(0)
  expect([s.git('for-each-ref', 'refs/heads'), s.git('worktree', 'list', '--porcelain')]).toEqual(before)
  expect(existsSync(trash(s))).toBe(false)
  expect(s.snapshot(id).status).not.toBe('closed')
  return plain(answer.stderr, s.root).replaceAll(id.slice(0, 4), '<short>')
}

describe('git amp remove', () => {
  it('removes a merged session, and undo brings it back with its ignored files', async () => {
    const s = scene()
    const id = await worked(s)
    const wt = s.worktree(id)
    await s.amp('merge', '--keep', id)
    s.write({ '.git/info/exclude': '.worktrees\n*.o\n' })
    s.write({ 'x.o': 'ignored' }, wt)
    const before = [standing(s, wt), s.git('for-each-ref', 'refs/heads')]
    const dry = await s.amp('rm', '-n', '-D', id)
    expect(plain(dry.stdout, s.root)).toMatch(/^would remove \w{4} a \(in main, worktree, branch amp\/a\/<time>\)\n$/)
    expect(existsSync(wt)).toBe(true)
    const answer = await s.amp('remove', '-D', id)
    expect(answer.code).toBe(0)
    expect(existsSync(wt)).toBe(false)
    expect(s.git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(s.git('branch', '--list', 'amp/*')).toBe('')
    expect(s.ended(id)).toEqual({ reason: 'merged' })
    expect((await s.amp('list')).stdout).toBe('')
    expect((await s.amp('log', id)).stdout).toContain('closed')
    expect((await s.amp('remove', id)).stderr).toContain('removed already')
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect((await s.amp('undo')).stderr).toContain('restored')
    expect([standing(s, wt), s.git('for-each-ref', 'refs/heads')]).toEqual(before)
    expect(s.read('x.o', wt)).toBe('ignored')
    expect(s.snapshot(id).status).toBe('merged')
    expect(s.git('fsck', '--connectivity-only', '--no-dangling')).toBe('')
  })

  it('refuses uncommitted work, on the base commit as well, and takes a snapshot of it with -f', async () => {
    const s = scene()
    const id = await s.session('a')
    const wt = s.worktree(id)
    s.write({ untracked: '1' }, wt)
    expect(await refused(s, id)).toMatchInlineSnapshot(`
      "error: the worktree of session a has 1 uncommitted change
      hint: Commit them there: $ROOT/repo/.worktrees/<id>
      hint: With -f a snapshot is taken, and the worktree goes into the trash.
      "
    `)
    s.gitAt(wt, 'add', 'untracked')
    expect(await refused(s, id)).toContain('1 uncommitted change')
    s.gitAt(wt, 'rm', '-q', '--cached', 'untracked')
    s.gitAt(wt, 'update-index', '--assume-unchanged', 'README.md')
    s.write({ 'README.md': 'changed' }, wt)
    const before = standing(s, wt)
    expect(await refused(s, id)).toContain('uncommitted change')
    for (const from of ['trash', 'snapshot']) {
      expect((await s.amp('remove', '-f', id)).stdout).toContain('snapshot')
      expect(existsSync(wt)).toBe(false)
      if (from === 'snapshot') rmSync(trash(s), { recursive: true })
      expect((await s.amp('undo')).code).toBe(0)
      expect(standing(s, wt)).toBe(before)
    }
  })

  it('reopen takes up what plain git did on the branch since', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('merge', '--keep', id)).code).toBe(0)
    const mine = s.commit({ mine: '1' }, 'Mine', s.worktree(id))
    rmSync(s.worktree(id), { recursive: true })
    expect((await s.amp('reopen', id)).code).toBe(0)
    expect([s.snapshot(id).heads, s.snapshot(id).status]).toEqual([[mine], 'idle'])
  })

  it('refuses commits that are nowhere else, whoever made them', async () => {
    const s = scene()
    const id = await worked(s)
    expect(await refused(s, id)).toMatchInlineSnapshot(`
      "error: session a has commits that 'main' has not
      hint: Merge it first: git amp merge <short>
      hint: With -f it goes all the same; its commits stay reachable from its history.
      "
    `)
    const head = s.git('rev-parse', s.branch(id))
    expect((await s.amp('remove', '-f', '-D', id)).code).toBe(0)
    s.git('gc', '-q', '--prune=now')
    expect(s.git('cat-file', '-t', head)).toBe('commit')
    expect((await s.amp('reopen', id)).stdout).toContain('made again')
    expect(s.git('rev-parse', s.branch(id))).toBe(head)
    expect(s.snapshot(id).status).toBe('idle')
    expect((await s.iterate(id, 'echo 3 >a3')).code).toBe(0)
    expect((await s.amp('reopen', id)).stderr).toContain('is open')
  })

  it.each([
    [
      'a squash merge',
      (s: Scene, branch: string) =>
        [
          ['merge', '-q', '--squash', branch],
          ['commit', '-q', '-m', 'All'],
        ].map((args) => s.git(...args)),
    ],
    ['cherry-picks', (s: Scene, branch: string) => s.git('cherry-pick', `main..${branch}`)],
    [
      'a rebase',
      (s: Scene, branch: string) =>
        [
          ['checkout', '-q', '-b', 'r', branch],
          ['rebase', '-q', 'main'],
          ['checkout', '-q', 'main'],
          ['merge', '-q', 'r'],
        ].map((args) => s.git(...args)),
    ],
    ['git amp merge --squash', (s: Scene) => s.amp('merge', '--keep', 'a', '--squash')],
  ])('counts %s as merged, also when the base has gone on', async (...[, merge]) => {
    const s = scene()
    const id = await worked(s)
    s.commit({ up: '1' }, 'Upstream')
    await merge(s, s.branch(id))
    // The same lines again: a merge would conflict now.
    s.commit({ a1: 'changed since\n', a2: 'changed since\n' }, 'Later')
    const answer = await s.amp('remove', id)
    expect(answer).toMatchObject({ code: 0 })
    expect(s.ended(id)).toEqual({ reason: 'merged' })
  })

  it('counts what the upstream of the base has', async () => {
    const s = scene()
    const id = await worked(s)
    s.git('init', '-q', '--bare', join(s.root, 'remote'))
    s.git('remote', 'add', 'origin', join(s.root, 'remote'))
    s.git('push', '-q', '-u', 'origin', 'main')
    s.git('push', '-q', 'origin', `${s.branch(id)}:main`)
    s.git('fetch', '-q')
    expect((await s.amp('remove', id)).stdout).toContain('in origin/main')
  })

  it('is one operation for several sessions', async () => {
    const s = scene()
    const [a, b] = [await worked(s, 'a'), await worked(s, 'b')]
    const before = [s.git('for-each-ref', 'refs/heads'), standing(s, s.worktree(a)), standing(s, s.worktree(b))]
    expect((await s.amp('remove', '-f', '-D', a, b)).code).toBe(0)
    expect([existsSync(s.worktree(a)), existsSync(s.worktree(b))]).toEqual([false, false])
    const undone = await s.amp('undo')
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringMatching(/^undid remove of (a, b|b, a) /)])
    expect([s.git('for-each-ref', 'refs/heads'), standing(s, s.worktree(a)), standing(s, s.worktree(b))]).toEqual(
      before,
    )
    expect((await s.amp('undo', '-n')).stdout).toContain('would undo iterate')
  })

  it('removes all that are merged with --merged, and says what stays', async () => {
    const s = scene()
    const [a, b, c, d] = [await worked(s, 'a'), await worked(s, 'b'), await worked(s, 'c'), await s.session('d')]
    await s.amp('merge', '--keep', a)
    await s.amp('merge', '--keep', b)
    s.write({ mine: '1' }, s.worktree(b))
    const answer = await s.amp('cleanup', '--merged')
    expect(answer.code).toBe(0)
    expect(answer.stdout).toMatch(/^removed \w{4} a \(in main, worktree\)\n$/)
    expect(answer.stderr).toMatch(/warning: \w{4} b stays: .* 1 uncommitted change/)
    expect([a, b, c, d].map((id) => existsSync(s.worktree(id)))).toEqual([false, true, true, true])
    expect((await s.amp('remove', '--merged', a)).code).toBe(129)
  })

  it('touches nothing that is locked, nested, in a conflict, or not the worktree any more', async () => {
    const s = scene()
    const id = await s.session('a')
    const wt = s.worktree(id)
    s.git('worktree', 'lock', wt)
    expect(await refused(s, id, '-f')).toContain('is locked')
    s.git('worktree', 'unlock', wt)
    s.gitAt(wt, 'init', '-q', 'nested')
    expect(await refused(s, id)).toContain('holds another repository')
    rmSync(join(wt, 'nested'), { recursive: true })
    s.commit({ a: '1\n' }, 'Mine', wt)
    s.commit({ a: '2\n' }, 'Upstream')
    expect(() => s.gitAt(wt, 'rebase', 'main')).toThrow()
    expect(await refused(s, id, '-f')).toContain('a rebase is in progress')
    s.gitAt(wt, 'rebase', '--abort')
    // Another clone stands at its path.
    renameSync(wt, `${wt}-moved`)
    s.gitAt(s.root, 'clone', '-q', 'repo', wt)
    const text = s.git('rev-parse', 'HEAD')
    expect(await refused(s, id, '-f', '-D')).toContain('is something else now')
    expect(s.gitAt(wt, 'rev-parse', 'HEAD')).toBe(text)
    expect(existsSync(join(wt, '.git/HEAD'))).toBe(true)
    rmSync(wt, { recursive: true })
    // A plain folder.
    s.write({ 'my/file': '1' }, wt)
    expect(await refused(s, id, '-f', '-D')).toContain('is something else now')
    expect(s.read('my/file', wt)).toBe('1')
    rmSync(wt, { recursive: true })
    // Nothing is there.
    expect((await s.amp('remove', id, '-f')).code).toBe(0)
    expect(s.git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(s.git('branch', '--list', 'amp/*')).not.toBe('')
    expect(existsSync(join(`${wt}-moved`, 'a'))).toBe(true)
  })

  it('takes nested repositories along with -f', async () => {
    const s = scene()
    const id = await s.session('a')
    const nested = join(s.worktree(id), 'nested')
    s.gitAt(s.worktree(id), 'init', '-q', 'nested')
    const commit = s.commit({ only: 'copy' }, 'Only copy', nested)
    expect((await s.amp('remove', '-f', id)).code).toBe(0)
    const [name = ''] = readdirSync(trash(s))
    expect(s.gitAt(join(trash(s), name, 'worktree/nested'), 'rev-parse', 'HEAD')).toBe(commit)
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.gitAt(nested, 'rev-parse', 'HEAD')).toBe(commit)
  })

  it('refuses a submodule with commits of its own, and lets a clean one go', async () => {
    const s = scene()
    const sub = scene()
    s.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', sub.dir, 'sub')
    s.git('commit', '-q', '-m', 'Submodule')
    const id = await s.session('a')
    const wt = s.worktree(id)
    s.gitAt(wt, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'update', '--init')
    const own = s.commit({ own: '1' }, 'Own', join(wt, 'sub'))
    s.gitAt(join(wt, 'sub'), 'checkout', '-q', 'HEAD~')
    s.gitAt(join(wt, 'sub'), 'branch', 'own', own)
    expect(await refused(s, id)).toContain('sub')
    s.gitAt(join(wt, 'sub'), 'branch', '-q', '-D', 'own')
    expect((await s.amp('remove', id)).code).toBe(0)
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.gitAt(join(wt, 'sub'), 'cat-file', '-t', own)).toBe('commit')
  })

  it('copies to a trash on another file system, and refuses when something changed meanwhile', async () => {
    const s = scene()
    const id = await s.session('a')
    const wt = s.worktree(id)
    s.write({ '.git/info/exclude': '.worktrees\n*.o\n' })
    s.write({ 'dir/x.o': 'ignored' }, wt)
    const before = standing(s, wt)
    const isAcross = (from: string, to: string) => from.startsWith(wt) !== to.startsWith(wt) && !from.endsWith('.part')
    const rename = async (from: string, to: string) => {
      if (isAcross(from, to)) throw Object.assign(new Error('cross-device'), { code: 'EXDEV' })
      await fs.rename(from, to)
    }
    const host = { fs: { ...fs, rename } as unknown as Host['fs'] }
    const cp = async (from: string, to: string, options: object) => {
      await fs.cp(from, to, options)
      await fs.writeFile(join(from, 'late'), '1')
    }
    const racing = await s.ampWith({ host: { fs: { ...host.fs, cp } as Host['fs'] } }, 'remove', id)
    expect(racing.stderr).toContain('differs from it')
    expect(s.read('late', wt)).toBe('1')
    rmSync(join(wt, 'late'))
    expect((await s.ampWith({ host }, 'remove', id)).code).toBe(0)
    expect(existsSync(wt)).toBe(false)
    expect((await s.ampWith({ host }, 'undo')).code).toBe(0)
    expect(standing(s, wt)).toBe(before)
    expect(s.read('dir/x.o', wt)).toBe('ignored')
  })

  it('keeps what only a reflog had', async () => {
    const s = scene()
    const id = await s.session('a')
    const lost = s.commit({ a: '1' }, 'Mine', s.worktree(id))
    s.gitAt(s.worktree(id), 'reset', '-q', '--hard', 'HEAD~')
    expect((await s.amp('remove', '-D', id)).code).toBe(0)
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect(s.git('cat-file', '-t', lost)).toBe('commit')
  })
})
