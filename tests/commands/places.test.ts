import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Scene, scene } from '../helpers/scene.js'

/** The whole workflow, from a directory. */
async function workflow(s: Scene, cwd: string): Promise<string> {
  const run = async (...argv: string[]) => {
    const answer = await s.ampAt(cwd, ...argv)
    expect([argv, answer.code, answer.stderr]).toEqual([argv, 0, expect.not.stringMatching(/fatal|warning|internal/)])
    return answer.stdout.trim()
  }
  const id = await run('new', 'work', '-m', 'echo 1 >made', '--agent', 'shell', '--test', 'test -f made')
  await run('iterate', id)
  await run('iterate', id, '-m', 'echo 2 >made')
  await run('test', id)
  await run('list')
  await run('show', id)
  await run('log', id)
  await run('diff', id, '--output=/dev/null')
  await run('squash', id, '-m', 'One')
  await run('rebase', id)
  await run('merge', '--keep', id)
  return id
}

describe('git amp works', () => {
  it('in a sha256 repository', async () => {
    const s = scene({ objectFormat: 'sha256' })
    const id = await workflow(s, s.dir)
    expect(s.git('rev-parse', `refs/amp/sessions/${id}`)).toHaveLength(64)
    expect(s.git('log', '-1', '--notes=amp', '--format=%s %N', 'main')).toMatch(/^One Session /)
    expect(s.git('fsck', '--strict', '--no-dangling')).toBe('')
  })

  it('in a sub-directory, in a linked worktree and inside .git', async () => {
    const s = scene()
    s.commit({ 'sub/dir/x': '1' })
    await workflow(s, join(s.dir, 'sub/dir'))
    const linked = join(s.root, 'linked')
    s.git('worktree', 'add', '-q', '-b', 'linked', linked)
    const id = await workflow(s, linked)
    expect(s.snapshot(id).base.ref).toBe('refs/heads/linked')
    expect(existsSync(s.worktree(id))).toBe(true)
    expect(s.gitAt(linked, 'status', '--porcelain')).toBe('')
    await workflow(s, join(s.dir, '.git/refs'))
  })

  it('in a session’s worktree, where new starts from its branch', async () => {
    const s = scene()
    const outer = await s.session('outer', { prompt: 'echo 1 >a' })
    await s.amp('iterate', outer)
    const id = await workflow(s, s.worktree(outer))
    expect(s.snapshot(id).base.ref).toBe(`refs/heads/${s.branch(outer)}`)
    expect(existsSync(s.worktree(id))).toBe(true)
  })

  it('in a repository whose path has spaces, quotes and letters of any script', async () => {
    const s = scene()
    const dir = join(s.root, ` it's "a" $HOME räpö 修 `)
    s.gitAt(s.root, 'clone', '-q', s.dir, dir)
    await workflow(s, dir)
  })

  it('in a repository with packed refs', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: 'echo 1 >a' })
    s.git('pack-refs', '--all', '--prune')
    s.git('gc', '-q')
    expect((await s.amp('iterate', id)).code).toBe(0)
    await workflow(s, s.dir)
  })

  it('in a shallow clone', async () => {
    const s = scene()
    for (const n of [1, 2, 3]) s.commit({ n: `${n}` })
    const dir = join(s.root, 'shallow')
    s.gitAt(s.root, 'clone', '-q', '--depth', '1', `file://${s.dir}`, dir)
    await workflow(s, dir)
  })

  it('in a submodule', async () => {
    const s = scene()
    const outer = scene()
    outer.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', s.dir, 'lib')
    outer.git('commit', '-qm', 'Add lib')
    const lib = join(outer.dir, 'lib')
    const before = outer.git('status', '--porcelain', '--ignore-submodules=none')
    const id = (await outer.ampAt(lib, 'new', 'a', '-m', 'echo 1 >a', '--agent', 'shell')).stdout.trim()
    expect((await outer.ampAt(lib, 'iterate', id)).code).toBe(0)
    expect(outer.git('status', '--porcelain', '--ignore-submodules=none')).toBe(before)
    expect(existsSync(join(lib, '.worktrees', id, 'a'))).toBe(true)
  })

  it('in a bare clone, for all that needs no worktree', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: 'echo 1 >a' })
    await s.amp('iterate', id)
    await s.iterate(id, 'echo 2 >a')
    const bare = join(s.root, 'bare.git')
    s.gitAt(s.root, 'clone', '-q', '--mirror', s.dir, bare)
    for (const command of [
      ['list'],
      ['show', id],
      ['log', id],
      ['diff', id, '--output=/dev/null'],
      ['squash', id, '-m', 'One'],
      ['merge', '--keep', id],
    ]) {
      const answer = await s.ampAt(bare, ...command)
      expect([command, answer.code, answer.stderr]).toEqual([command, 0, expect.not.stringContaining('fatal')])
    }
    expect(s.gitAt(bare, 'log', '-1', '--format=%s', 'main')).toBe('One')
    const refused = await s.ampAt(bare, 'iterate', id)
    expect([refused.code, refused.stderr]).toEqual([
      128,
      expect.stringMatching(/^fatal: a bare repository has no worktrees.*\nhint: /),
    ])
  })

  it('with GIT_DIR, as git --git-dir sets it, and does not hand it on', async () => {
    const s = scene()
    const elsewhere = join(s.root, 'elsewhere')
    mkdirSync(elsewhere)
    s.env.GIT_DIR = join(s.dir, '.git')
    const created = await s.ampAt(
      elsewhere,
      'new',
      'a',
      '-m',
      'git rev-parse --show-toplevel >top; env | grep ^GIT_DIR >>top; true',
      '--agent',
      'shell',
    )
    expect(created.code).toBe(0)
    const id = created.stdout.trim()
    expect((await s.ampAt(elsewhere, 'iterate', id)).code).toBe(0)
    const path = (await s.ampAt(elsewhere, 'path', id)).stdout.trim()
    delete s.env.GIT_DIR
    expect(s.read('top', path)).toBe(`${path}\n`)
    expect((await s.amp('path', id)).stdout.trim()).toBe(path)
    expect(s.git('status', '--porcelain')).toBe('')
    // A relative one, from a sub-directory of nothing.
    s.env.GIT_DIR = '../repo/.git'
    expect((await s.ampAt(elsewhere, 'list')).stdout).toContain(' a ')
  })

  it('with GIT_DIR and GIT_WORK_TREE apart, as for dotfiles', async () => {
    const s = scene()
    const [home, dots] = [join(s.root, 'home'), join(s.root, 'dots.git')]
    s.gitAt(s.root, 'clone', '-q', '--bare', s.dir, dots)
    mkdirSync(home)
    Object.assign(s.env, { GIT_DIR: dots, GIT_WORK_TREE: home })
    s.gitAt(home, 'reset', '-q', '--hard')
    const id = (await s.ampAt(home, 'new', 'a', '-m', 'echo 1 >.rc', '--agent', 'shell')).stdout.trim()
    expect((await s.ampAt(home, 'iterate', id)).code).toBe(0)
    expect(s.gitAt(home, 'status', '--porcelain', '-uno')).toBe('')
    expect(s.gitAt(home, 'diff', '--name-only', 'main', s.branchAt(home, id))).toBe('.rc')
    s.gitAt(home, 'config', 'core.bare', 'false')
    const hook = join(dots, 'hooks/commit-msg')
    mkdirSync(join(dots, 'hooks'), { recursive: true })
    writeFileSync(hook, '#!/bin/sh\necho " Checked" >>"$1"\n', { mode: 0o755 })
    for (const command of [
      ['squash', id, '-m', 'One'],
      ['log', id, '--output=/dev/null'],
      ['merge', '--keep', id, '--no-ff', '-m', 'Merged'],
    ]) {
      const answer = await s.ampAt(home, ...command)
      expect([command, answer.code, answer.stderr]).toEqual([command, 0, expect.not.stringContaining('fatal')])
    }
    expect(s.gitAt(home, 'log', '-2', '--topo-order', '--format=%s')).toBe('Merged Checked\nOne Checked')
  })

  it('inside a hook: the surrounding commit holds only its own file', async () => {
    const s = scene()
    const id = await s.session('inner', { prompt: 'echo 1 >inner' })
    const env = {
      ...s.env,
      GIT_INDEX_FILE: '.git/index',
      GIT_DIR: '.git',
      GIT_AUTHOR_NAME: 'Outer',
      GIT_AUTHOR_EMAIL: 'outer@example.com',
      GIT_AUTHOR_DATE: '@1 +0000',
      GIT_EDITOR: ':',
      GIT_PREFIX: '',
    }
    s.write({ outer: '1' })
    s.git('add', 'outer')
    const before = s.git('ls-files', '--stage')
    const created = await s.ampWith({ env }, 'new', 'a', '-m', 'echo 1 >a', '--agent', 'shell')
    expect(created.code).toBe(0)
    expect((await s.ampWith({ env }, 'iterate', created.stdout.trim())).code).toBe(0)
    expect((await s.ampWith({ env }, 'iterate', id)).code).toBe(0)
    expect(s.git('ls-files', '--stage')).toBe(before)
    expect(s.git('log', '-1', '--format=%an %at', s.branch(id))).not.toMatch(/^Outer| 1$/)
    expect(s.git('diff', '--name-only', 'main', s.branch(id))).toBe('inner')
  })

  it('with the user’s -c', async () => {
    const s = scene()
    s.git('branch', 'stable')
    const config = (...pairs: string[]) => ({
      ...s.env,
      GIT_CONFIG_PARAMETERS: pairs.map((pair) => `'${pair.replace('=', "'='")}'`).join(' '),
    })
    const created = await s.ampWith(
      { env: config('amp.base=stable', 'user.name=C Option') },
      'new',
      'a',
      '-m',
      'echo 1 >a',
      '--agent',
      'shell',
    )
    const id = created.stdout.trim()
    expect(s.snapshot(id)).toMatchObject({ base: { ref: 'refs/heads/stable' }, by: 'C Option <author@example.com>' })
    await s.ampWith({ env: config('user.name=C Option', 'user.email=c@example.com') }, 'iterate', id)
    expect(s.git('log', '-1', '--format=%an <%ae>', s.branch(id))).toBe('C Option <c@example.com>')
  })

  it('not in a repository of somebody else, with a word on the way out', async () => {
    const s = scene()
    s.env.GIT_TEST_ASSUME_DIFFERENT_OWNER = '1'
    const answer = await s.amp('list')
    expect([answer.code, answer.stdout]).toEqual([128, ''])
    expect(answer.stderr).toMatch(
      /^fatal: detected dubious ownership .*\nhint: If you trust it, run "git config --global --add safe\.directory .*"\./,
    )
  })
})
