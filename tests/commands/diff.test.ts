import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Scene, scene } from '../helpers/scene.js'
import { story } from '../helpers/story.js'

describe('git amp diff', () => {
  it('works in a worktree without an index', async () => {
    const s = scene()
    const id = await s.session('a')
    s.write({ new: '1' }, s.worktree(id))
    rmSync(s.gitAt(s.worktree(id), 'rev-parse', '--path-format=absolute', '--git-path', 'index'))
    const answer = await s.amp('diff', id, '--name-only')
    expect([answer.code, answer.stderr]).toEqual([0, ''])
  })

  it('leaves a repository alone that the running agent made in place of the worktree’s own', async () => {
    const s = scene()
    const id = await s.session('a')
    const stop = new AbortController()
    const script = 'rm .git; git init -q; echo 1 >a; touch ../../begun; exec sleep 600'
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', script)
    await s.until(() => s.exists('begun'))
    const answer = await s.amp('diff', id, '--name-only')
    expect([answer.code, s.exists('.git/HEAD', s.worktree(id))]).toEqual([0, true])
    stop.abort()
    await running
    expect(s.git('ls-tree', '--name-only', s.branch(id))).toBe('README.md\na')
  })

  /** What `git diff` printed: in process, its standard output is the test runner's. */
  const diff = async (s: Scene, cwd: string, ...args: string[]) => {
    const file = join(s.root, 'out')
    const answer = await s.ampAt(cwd, 'diff', `--output=${file}`, ...args)
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    return s.read('out', s.root)
  }

  it('is against the recorded base, with uncommitted and untracked files, and stages nothing', async () => {
    const { s, id } = await story()
    s.commit({ 'README.md': 'upstream' }, 'Upstream')
    const wt = s.worktree(id)
    s.write({ untracked: 'u\n', mine: 'edited\n', staged: 's\n', ' -odd\n"name"': 'x\n' }, wt)
    s.gitAt(wt, 'add', 'staged')
    const before = s.status(id)
    expect(await diff(s, s.dir, id, '--name-status')).toMatchInlineSnapshot(`
      "A	" -odd\\n\\"name\\""
      A	a
      A	mine
      A	staged
      A	untracked
      "
    `)
    expect(await diff(s, wt, '--name-only', '--', 'untracked', 'mine')).toBe('mine\nuntracked\n')
    expect(await diff(s, s.dir, '--numstat', id, '--', 'untracked')).toBe('1\t0\tuntracked\n')
    expect(s.status(id)).toBe(before)
    const json = JSON.parse((await s.amp('diff', id, '--json')).stdout)
    expect(json).toMatchObject({ schema: 'git-amp/diff@1', base: s.snapshot(id).base.oid, head: null })
    expect(json.files).toContainEqual({ path: ' -odd\n"name"', status: 'A', insertions: 1, deletions: 0 })
    expect(json.files).toHaveLength(5)
  })

  it('shows one iteration, several, or two sessions', async () => {
    const { s, id } = await story()
    expect(await diff(s, s.dir, id, '--iteration', '1', '--name-only')).toBe('a\n')
    expect(await diff(s, s.dir, id, '--iteration', '1..2', '--name-only')).toBe('a\nmine\n')
    const other = await s.session('other')
    await s.iterate(other, 'echo other >b')
    expect(await diff(s, s.dir, id, other, '--name-status')).toBe('D\ta\nA\tb\nD\tmine\n')
    expect((await s.amp('diff', id, '--iteration', 'two')).stderr).toMatch(/^fatal: 'two' is no iteration\nhint: /)
  })

  it('hands the exit code of git on', async () => {
    const { s, id } = await story()
    expect((await s.amp('diff', id, '--exit-code', '--output=/dev/null')).code).toBe(1)
    expect((await s.amp('diff', await s.session('same'), '--exit-code')).code).toBe(0)
  })

  it('takes paths in the user’s own directory', async () => {
    const s = scene()
    s.commit({ 'sub/x': '1\n' })
    const id = await s.session('a')
    await s.iterate(id, 'echo 2 >sub/x; echo 2 >x')
    expect(await diff(s, join(s.dir, 'sub'), id, '--name-only', '--', 'x')).toBe('sub/x\n')
    expect(await diff(s, join(s.worktree(id), 'sub'), '--name-only', '--', 'x')).toBe('sub/x\n')
    expect(await diff(s, join(s.dir, 'sub'), id, '--name-only', '--', ':/x')).toBe('x\n')
  })

  it('ends as git does when its reader goes away', async () => {
    const s = scene()
    const id = await s.session('a')
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
    s.program('git', `case " $* " in *" diff "*|*" log "*) kill -PIPE $$ ;; esac\nexec ${git} "$@"`)
    for (const argv of [
      ['diff', id],
      ['log', id, '-p'],
    ]) {
      expect([argv, await s.amp(...argv)]).toEqual([argv, { code: 141, stdout: '', stderr: '' }])
    }
  })
})
