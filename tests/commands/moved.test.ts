import { cpSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Scene } from '../helpers/scene.js'

/** A session with a commit and uncommitted work. */
async function worked(): Promise<{ s: Scene; id: string; here: string }> {
  const s = new Scene()
  const id = await s.session('one')
  await s.iterate(id, 'echo 1 >a')
  s.write({ mine: 'uncommitted\n' }, s.worktree(id))
  return { s, id, here: join(s.root, 'else where') }
}

const at = (dir: string, id: string): string => join(dir, '.worktrees', id)

describe('a repository that was moved with its worktrees', () => {
  it('goes on, with what is uncommitted', async () => {
    const { s, id, here } = await worked()
    renameSync(s.dir, here)
    expect((await s.ampAt(here, 'path', id)).stdout.trim()).toBe(at(here, id))
    expect(s.gitAt(at(here, id), 'status', '--porcelain')).toBe('?? mine')
    expect((await s.ampAt(here, 'iterate', id, '-m', 'echo 2 >b')).code).toBe(0)
    expect(s.gitAt(here, 'ls-tree', '--name-only', s.branchAt(here, id)).split('\n')).toEqual([
      'README.md',
      'a',
      'b',
      'mine',
    ])
    expect((await s.ampAt(at(here, id), 'merge')).code).toBe(0)
    expect(s.gitAt(here, 'worktree', 'list', '--porcelain')).not.toContain('prunable')
  })

  it('is found by doctor, and says where it lies inside of a worktree', async () => {
    const { s, id, here } = await worked()
    renameSync(s.dir, here)
    const lost = await s.ampAt(at(here, id), 'show')
    expect(lost.code).toBe(128)
    expect(lost.stderr).toMatch(
      /^fatal: this worktree leads to '.*', where no repository is\nhint: .*git amp doctor --fix/,
    )
    const found = await s.ampAt(here, 'doctor')
    expect(found.code).toBe(1)
    expect(found.stdout).toContain(`was moved to ${at(here, id)}`)
    expect((await s.ampAt(here, 'doctor', '--fix')).code).toBe(0)
    expect((await s.ampAt(here, 'doctor')).code).toBe(0)
    expect((await s.ampAt(at(here, id), 'show')).code).toBe(0)
    expect(s.gitAt(at(here, id), 'status', '--porcelain')).toBe('?? mine')
  })

  it('is removed and brought back there', async () => {
    const { s, id, here } = await worked()
    renameSync(s.dir, here)
    expect((await s.ampAt(here, 'remove', '-D', '-f', id)).code).toBe(0)
    expect(s.exists(at(here, id))).toBe(false)
    expect((await s.ampAt(here, 'undo')).code).toBe(0)
    expect(s.read('mine', at(here, id))).toBe('uncommitted\n')
  })

  it('with worktrees that are kept elsewhere, and stayed', async () => {
    const s = new Scene()
    s.git('config', 'amp.worktreeDir', join(s.root, 'trees'))
    const id = await s.session('one')
    const here = join(s.root, 'else where')
    renameSync(s.dir, here)
    expect((await s.ampAt(here, 'iterate', id, '-m', 'echo 2 >b')).code).toBe(0)
    expect(s.gitAt(join(s.root, 'trees', id), 'log', '-1', '--format=%s')).toBe('amp: echo 2 >b')
    expect((await s.ampAt(here, 'doctor')).code).toBe(0)
  })
})

describe('a copy of a repository', () => {
  it('works in its own worktrees, and leaves those of the first one alone', async () => {
    const { s, id, here } = await worked()
    cpSync(s.dir, here, { recursive: true, verbatimSymlinks: true })
    const before = [s.git('worktree', 'list', '--porcelain'), s.read('.git', s.worktree(id)), s.refs()]
    expect((await s.ampAt(here, 'iterate', id, '-m', 'echo 2 >b')).code).toBe(0)
    expect(s.read('b', at(here, id))).toBe('2\n')
    expect((await s.ampAt(here, 'doctor', '--fix')).code).toBe(0)
    expect((await s.ampAt(here, 'merge', id)).code).toBe(0)
    expect([s.git('worktree', 'list', '--porcelain'), s.read('.git', s.worktree(id)), s.refs()]).toEqual(before)
    expect(s.status(id)).toBe('?? mine')
  })

  it('without the worktrees makes its own, and doctor does not take the others', async () => {
    const s = new Scene()
    s.git('config', 'amp.worktreeDir', join(s.root, 'trees'))
    const id = await s.session('one')
    const here = join(s.root, 'else where')
    cpSync(s.dir, here, { recursive: true, verbatimSymlinks: true })
    const file = () => s.read('.git', join(s.root, 'trees', id))
    const before = file()
    const answer = await s.ampAt(here, 'doctor', '--fix')
    expect([answer.code, file()]).toEqual([0, before])
    expect(answer.stdout).toContain(`belongs to ${join(s.dir, '.git')}; this repository is a copy`)
    // The place is taken: nothing of the first one is used for it.
    const refused = await s.ampAt(here, 'iterate', id, '-m', 'echo 2 >b')
    expect([refused.code, file()]).toEqual([128, before])
    expect(refused.stderr).toContain(`belongs to another repository: ${join(s.dir, '.git')}`)
    s.gitAt(here, 'config', 'amp.worktreeDir', '.worktrees')
    expect((await s.ampAt(here, 'iterate', id, '-m', 'echo 2 >b')).code).toBe(0)
    expect(s.read('b', at(here, id))).toBe('2\n')
    expect(s.gitAt(join(s.root, 'trees', id), 'status', '--porcelain')).toBe('')
    expect(file()).toBe(before)
  })

  it('does not merge into the checkouts of the first one', async () => {
    const { s, id, here } = await worked()
    await s.iterate(id, 'true')
    s.git('switch', '-q', '-c', 'other')
    const linked = join(s.root, 'linked')
    s.git('worktree', 'add', '-q', linked, 'main')
    cpSync(s.dir, here, { recursive: true, verbatimSymlinks: true })
    const head = s.gitAt(linked, 'rev-parse', 'HEAD')
    const merged = await s.ampAt(here, 'merge', '-f', id)
    expect([merged.code, merged.stderr]).toEqual([0, expect.any(String)])
    expect(s.gitAt(linked, 'rev-parse', 'HEAD')).toBe(head)
    expect(s.gitAt(linked, 'status', '--porcelain')).toBe('')
    expect(s.gitAt(here, 'rev-parse', 'main')).not.toBe(head)
  })
})
