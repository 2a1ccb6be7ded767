import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** Everything that the reading commands tell, less where worktrees are. */
async function told(s: Scene, cwd: string, ids: string[]): Promise<string> {
  const texts: string[] = []
  const run = async (...argv: string[]) => {
    const answer = await s.ampWith({ cwd, now: () => new Date('2026-01-01T00:00:00Z') }, ...argv)
    expect([argv, answer.code]).toEqual([argv, 0])
    texts.push(answer.stdout)
  }
  await run('list', '-a')
  await run('list', '-a', '--json')
  for (const id of ids) {
    await run('show', id)
    await run('show', id, '--json')
    await run('show', id, '--iteration', '1', '--json')
    await run('log', id)
    await run('log', id, '--json')
    await run('diff', id, '--json')
    await run('diff', id, '--iteration', '1', '--json')
  }
  return texts
    .join('\n')
    .replace(/^Worktree: .*\n/gm, '')
    .replace(/^(\w+:) +/gm, '$1 ')
    .replace(/("worktree"|"uncommitted"|"head"): (null|0|".*")/g, '$1')
}

/** Three sessions: one with tests, a manual commit and a failure; a squashed one; a merged one. */
async function sessions(): Promise<{ s: Scene; ids: string[] }> {
  const s = scene()
  const one = await s.session('one', {
    prompt: `echo 1 >a\n: ${'long '.repeat(2000)}`,
    args: ['--test', 'grep -q 2 a'],
  })
  await s.amp('iterate', one)
  s.commit({ mine: '1' }, 'Mine', s.worktree(one))
  await s.iterate(one, 'echo 2 >a')
  await s.iterate(one, 'echo 3 >b; exit 1')
  const two = await s.session('two', { prompt: 'echo 1 >t' })
  await s.amp('iterate', two)
  await s.iterate(two, 'echo 2 >t')
  await s.amp('squash', two, '-m', 'Two')
  const three = await s.session('three', { prompt: 'echo 1 >m' })
  await s.amp('iterate', three)
  await s.amp('merge', three)
  return { s, ids: [one, two, three] }
}

/** Made once for the tests that only read. */
let shared: ReturnType<typeof sessions> | null = null
const readOnly = () => {
  shared ??= sessions()
  return shared
}

describe('nothing but git stores anything', () => {
  it('so list, show, log and diff tell the same without .git/amp and without any worktree', async () => {
    const { s, ids } = await sessions()
    const before = await told(s, s.dir, ids)
    expect(before).toContain('tests pass')
    rmSync(join(s.dir, '.git/amp'), { recursive: true })
    rmSync(join(s.dir, '.worktrees'), { recursive: true })
    s.git('worktree', 'prune')
    expect(await told(s, s.dir, ids)).toBe(before)
    s.git('notes', '--ref=amp', 'prune')
    s.git('update-ref', '-d', 'refs/notes/amp')
    s.git('update-ref', '-d', 'refs/amp-local/oplog')
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect(await told(s, s.dir, ids)).toBe(before)
    // Nothing is left that tells that the session was started here.
    expect((await s.amp('trust', ids[0] ?? '')).code).toBe(0)
    expect((await s.iterate(ids[0] ?? '', 'echo on >on')).code).toBe(0)
  })

  it('so a clone that fetches refs/amp and the notes tells the same, and goes on', async () => {
    const { s, ids } = await readOnly()
    const clone = join(s.root, 'clone')
    s.gitAt(s.root, 'clone', '-q', s.dir, clone)
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*', 'refs/notes/amp:refs/notes/amp')
    const rest = (text: string) => text.replace(/("branchHead"): .*/g, '$1').replace(/^Branch: .*\n/gm, '')
    expect(rest(await told(s, clone, ids))).toBe(rest(await told(s, s.dir, ids)))
    expect(
      s.gitAt(clone, 'log', '--notes=amp', '--format=%N', '-1', s.snapshot(ids[2] ?? '').heads[0] ?? ''),
    ).toContain('Session ')
    expect((await s.ampAt(clone, 'trust', 'one')).code).toBe(0)
    const answer = await s.ampAt(clone, 'iterate', 'one', '-m', 'echo there >there')
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('Worktree made again: ')])
    expect(s.gitAt(clone, 'log', '-1', '--format=%s', s.branch(ids[0] ?? ''))).toBe('amp: echo there >there')
  })

  it('and git alone reads it: the chain is a story, and a note stands beside every commit', async () => {
    const { s, ids } = await readOnly()
    expect(
      plain(s.git('log', '--first-parent', '--reverse', '--format=%s', `refs/amp/sessions/${ids[0]}`), s.root),
    ).toMatchInlineSnapshot(`
      "amp: session <id>
      amp(one): session created from main
      amp(one): iteration 1 started with shell
      amp(one): iteration 1 finished, 1 file +1 -0
      amp(one): tests fail after iteration 1
      amp(one): branch moved to <oid12> (manual)
      amp(one): iteration 2 started with shell
      amp(one): iteration 2 finished, 1 file +1 -1
      amp(one): tests pass after iteration 2
      amp(one): iteration 3 started with shell
      amp(one): iteration 3 failed (exit code 1), 1 file +1 -0"
    `)
    expect(s.git('fsck', '--strict', '--no-dangling')).toBe('')
    expect(s.git('log', '--format=%an', `refs/amp/sessions/${ids[0]}`)).toMatch(/^(A U Thor\n?)+$/)
  })

  it('and a plain push and fetch of branches is not burdened with it', async () => {
    const { s } = await readOnly()
    const remote = join(s.root, 'remote.git')
    s.gitAt(s.root, 'init', '-q', '--bare', remote)
    s.git('push', '-q', remote, 'main')
    expect(s.gitAt(remote, 'for-each-ref', '--format=%(refname)')).toBe('refs/heads/main')
    s.git('push', '-q', remote, 'refs/amp/*:refs/amp/*')
    expect(s.gitAt(remote, 'fsck', '--connectivity-only', '--no-dangling')).toBe('')
  })
})
