import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

async function done(args: string[] = []) {
  const s = scene()
  s.commit({ kept: '1\n' })
  const id = await s.session('a', { args })
  await s.iterate(id, 'echo 1 >a')
  return { s, id, wt: s.worktree(id) }
}

const statuses = async (s: Scene, id: string, ...words: string[]) => {
  const answer = await s.amp('preflight', id, '--json', ...words)
  const result = JSON.parse(answer.stdout)
  expect(result).toMatchObject({ schema: 'git-amp/preflight@1', session: id, isReady: answer.code === 0 })
  const checks: { name: string; status: string }[] = result.checks
  return { ...result, ...Object.fromEntries(checks.map(({ name, status }) => [name, status])) }
}

describe('git amp preflight', () => {
  it('shows the checks, writes nothing, and is what merge --check does', async () => {
    const { s, id } = await done(['--test', 'test -f a'])
    const before = [s.refs(), s.checkout(), s.git('worktree', 'list')]
    const answer = await s.amp('preflight', id)
    expect([answer.code, plain(answer.stdout, s.root), answer.stderr]).toMatchInlineSnapshot(`
      [
        0,
        "ok  session    nothing runs
      ok  worktree   clean
      ok  upstream   main has none
      ok  base       1 ahead, 0 behind main
      ok  conflicts  none with main
      ok  checkout   nothing is in the way in $ROOT/repo
      ok  tests      pass on this tree, as recorded
      ok  type       fast-forward
      ",
        "",
      ]
    `)
    const check = await s.amp('merge', '--check', id)
    expect([check.code, check.stdout]).toEqual([0, answer.stdout])
    expect(await s.amp('merge', '--check', '--json', id)).toEqual(await s.amp('preflight', '--json', id))
    expect([s.refs(), s.checkout(), s.git('worktree', 'list')]).toEqual(before)
    expect((await s.amp('merge', '--test', id)).code).toBe(129)
    expect((await s.amp('preflight', '--squash', '--no-ff', id)).code).toBe(129)
  })

  it('predicts conflicts, and what is in the way', async () => {
    const { s, id, wt } = await done()
    s.write({ 'a ': 'x', mine: 'x' }, wt)
    s.write({ a: 'mine' })
    expect(await statuses(s, id)).toMatchObject({ worktree: 'fail', checkout: 'fail', conflicts: 'pass' })
    s.gitAt(wt, 'clean', '-fdq')
    s.commit({ a: 'theirs' }, 'Upstream')
    const refs = s.refs()
    const answer = await s.amp('preflight', id)
    expect([answer.code, plain(answer.stdout, s.root), plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "ok  session    nothing runs
      ok  worktree   clean
      ok  upstream   main has none
      ok  base       1 ahead, 1 behind main
      no  conflicts  a
      ok  checkout   nothing is in the way in $ROOT/repo
      -   tests      there is no test command
      -   type       not before the rebase
      ",
        "hint: "git amp rebase <id>" stops there, so that you can resolve it.
      ",
      ]
    `)
    expect(await statuses(s, id, '--ff-only')).toMatchObject({
      type: 'unknown',
      conflicts: 'fail',
      tree: null,
      via: null,
    })
    expect(s.refs()).toBe(refs)
  })

  it('names the type of the merge', async () => {
    const { s, id } = await done()
    expect(await statuses(s, id)).toMatchObject({ via: 'ff', into: 'main' })
    expect(await statuses(s, id, '--no-ff')).toMatchObject({ via: 'merge' })
    s.git('config', 'amp.mergeStyle', 'squash')
    expect(await statuses(s, id)).toMatchObject({ via: 'squash' })
    await s.amp('merge', id)
    expect((await s.amp('preflight', id)).code).toBe(0)
    expect(await statuses(s, id, '--into', 'none')).toMatchObject({ base: 'fail' })
  })

  it('tells of a base that is behind its upstream, without a fetch', async () => {
    const { s, id } = await done()
    s.gitAt(s.root, 'clone', '-q', '--bare', 'repo', 'origin')
    s.git('remote', 'add', 'origin', join(s.root, 'origin'))
    s.git('fetch', '-q', 'origin')
    s.git('branch', '-q', '--set-upstream-to=origin/main', 'main')
    expect(await statuses(s, id)).toMatchObject({ upstream: 'pass' })
    s.commit({ up: '1' }, 'Upstream')
    s.git('push', '-q', 'origin', 'main')
    s.git('reset', '-q', '--hard', 'HEAD~1')
    const answer = await s.amp('preflight', id)
    expect([answer.code, answer.stdout]).toEqual([0, expect.stringContaining('!   upstream   main is 1 commit behind')])
    expect(answer.stderr).toContain('git pull')
  })

  it('knows the tests of the very tree that would land, or runs them on it with --test', async () => {
    const { s, id, wt } = await done(['--test', 'test -f a && ! test -f up && git status --porcelain'])
    expect(await statuses(s, id)).toMatchObject({ tests: 'pass' })
    s.commit({ up: '1' }, 'Upstream')
    expect(await statuses(s, id)).toMatchObject({ tests: 'unknown', isReady: true })
    const refs = s.refs()
    const answer = await s.amp('preflight', id, '--test')
    expect([answer.code, answer.stdout]).toEqual([
      1,
      expect.stringContaining('fail on what would land, in a worktree of their own (exit code 1)'),
    ])
    s.git('rm', '-q', 'up')
    s.commit({ other: '1' }, 'Other')
    expect(await statuses(s, id, '--test')).toMatchObject({ tests: 'pass', via: 'ff' })
    expect([s.status(id), s.git('worktree', 'list').split('\n').length]).toEqual(['', 2])
    expect(readdirSync(join(s.dir, '.git/worktrees'))).toHaveLength(1)
    expect(s.refs().split('\n').length).toBe(refs.split('\n').length)
    expect(s.exists('other', wt)).toBe(false)
  })

  it('fails when an iteration was interrupted, or a conflict stands', async () => {
    const { s, id, wt } = await done()
    await s.interrupted(id, { half: 'done' })
    const refs = s.refs()
    expect(await statuses(s, id)).toMatchObject({ session: 'fail' })
    expect(s.refs()).toBe(refs)
    await s.iterate(id, 'true')
    expect(await statuses(s, id)).toMatchObject({ session: 'pass' })
    s.commit({ a: 'theirs\n' }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(1)
    expect(await statuses(s, id)).toMatchObject({ session: 'fail', head: null })
    expect((await s.amp('preflight', id)).stdout).toContain('is being rebased, with conflicts in a')
    expect(s.read('a', wt)).toContain('<<<<<<<')
  })
})
