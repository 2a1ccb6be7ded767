import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

/** A session with two iterations, and a base that has moved on. */
async function behind(test?: string) {
  const s = scene()
  s.commit({ kept: '1\n' })
  const id = await s.session('a', { args: test === undefined ? [] : ['--test', test] })
  await s.iterate(id, 'echo 1 >a')
  s.commit({ mine: '1\n' }, 'Mine', s.worktree(id))
  await s.iterate(id, 'echo 2 >a')
  s.commit({ up: '1\n' }, 'Upstream')
  return { s, id, wt: s.worktree(id) }
}

/** A session whose commit conflicts with the base. */
async function conflicting() {
  const s = scene()
  const id = await s.session('a')
  await s.iterate(id, 'echo "# Ours" >README.md')
  await s.iterate(id, 'echo 1 >a')
  s.commit({ 'README.md': '# Theirs\n' }, 'Upstream')
  return { s, id, wt: s.worktree(id) }
}

const branches = (s: Scene) => s.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads')
const commands = async (s: Scene): Promise<string[]> =>
  JSON.parse((await s.amp('oplog', '--json')).stdout).operations.map(
    (one: { command: string; isUndone: boolean }) => `${one.command}${one.isUndone ? ' (undone)' : ''}`,
  )

/** A remote with everything of the repository, which the base follows. */
function withRemote(s: Scene, name = 'origin'): string {
  const dir = join(s.root, `${name}.git`)
  s.gitAt(s.root, 'clone', '-q', '--bare', 'repo', `${name}.git`)
  s.git('remote', 'add', name, dir)
  s.git('fetch', '-q', name)
  s.git('branch', '-q', `--set-upstream-to=${name}/main`, 'main')
  return dir
}

describe('a merge is one operation', () => {
  it('of which undo takes back every step, and has them again', async () => {
    const { s, id, wt } = await behind('test -f a')
    s.write({ '.git/info/exclude': '.worktrees\n*.o\n' })
    s.write({ 'x.o': 'ignored' }, wt)
    const look = () => [
      branches(s),
      s.checkout(),
      existsSync(wt) ? [standing(s, wt), s.read('x.o', wt)] : [],
      s.snapshot(id).heads,
      s.snapshot(id).base,
      s.snapshot(id).status,
    ]
    const before = look()
    const answer = await s.amp('merge', id, '--squash', '-m', 'All')
    expect([answer.code, plain(answer.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "ok  squash    3 commits into 2
      ok  rebase    2 commits onto main <oid12>
      Testing: test -f a
      ok  test      pass
      ok  merge     main <oid12>..<oid12> (fast-forward)
      ok  clean up  worktree and branch removed
      Updated the checkout in $ROOT/repo
      hint: git amp undo takes all of it back
      ",
      ]
    `)
    expect(s.subjects('main~2..main')).toEqual(['All', 'Mine'])
    const after = look()
    expect(existsSync(wt)).toBe(false)
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect((await commands(s)).slice(0, 2)).toEqual(['merge', 'iterate'])
    const undone = await s.amp('undo')
    expect([undone.code, plain(undone.stdout, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "undid merge of a (<id>)
        amp/a/<time>: (none) -> <oid12>
        main: <oid12> -> <oid12>
      ",
      ]
    `)
    expect(look()).toEqual(before)
    expect((await commands(s)).slice(0, 2)).toEqual(['undo', 'merge (undone)'])
    const [{ id: undo }] = JSON.parse((await s.amp('oplog', '--json')).stdout).operations
    expect((await s.amp('undo', undo)).code).toBe(0)
    expect(look()).toEqual(after)
    expect(await s.amp('undo', undo)).toMatchObject({ code: 1, stderr: expect.stringContaining('is undone already') })
  })

  it('that is refused as a whole when one step cannot go back', async () => {
    const { s, id } = await behind()
    expect((await s.amp('merge', id)).code).toBe(0)
    const refuses = async (what: string) => {
      const [refs, now] = [s.refs(), s.checkout()]
      const answer = await s.amp('undo')
      expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining(what)])
      expect([s.refs(), s.checkout()]).toEqual([refs, now])
    }
    s.write({ a: 'edited' })
    await refuses('your changes in')
    s.git('checkout', '-q', 'a')
    s.commit({ more: '1' }, 'Later')
    await refuses('main moved since merge')
  })
})

describe('a merge that stops', () => {
  it('that did not come to its last ref goes back all the same', async () => {
    const { s, id, wt } = await behind()
    const before = [branches(s), standing(s, wt)]
    const branch = s.branch(id)
    expect((await s.amp('merge', id, '--squash', '-m', 'All')).code).toBe(0)
    // The branch of the session is the last to go.
    s.git('branch', branch, 'main')
    const undone = await s.amp('undo')
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining('undid merge of a')])
    expect([branches(s), standing(s, wt)]).toEqual(before)
  })

  it('in a conflict goes on when that is resolved, also by plain git', async () => {
    for (const way of ['merge', 'rebase', 'git']) {
      const { s, id, wt } = await conflicting()
      const stopped = await s.amp('merge', id)
      expect(stopped.code).toBe(1)
      if (way === 'merge') {
        expect(plain(stopped.stderr, s.root)).toMatchInlineSnapshot(`
          "error: 'amp: echo "# Ours" >README.md' (<oid12>) conflicts with the base in README.md
          hint: Resolve it in $ROOT/repo/.worktrees/<id> and "git add" the files, then go on with "git amp merge --continue <id>".
          hint: "git amp merge --abort <id>" takes everything back.
          "
        `)
        expect((await s.amp('merge', '--continue', id)).stderr).toContain('conflicts with the base in README.md')
        expect((await s.amp('merge', id)).code).toBe(128)
        expect((await s.amp('show', id)).stdout).toContain(`merge; go on with "git amp merge --continue ${id}"`)
      }
      expect(s.git('log', '-1', '--format=%s', 'main')).toBe('Upstream')
      s.write({ 'README.md': '# Both\n' }, wt)
      s.gitAt(wt, 'add', 'README.md')
      if (way === 'rebase') expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
      if (way === 'git') s.gitAt(wt, '-c', 'core.editor=true', 'rebase', '--continue')
      const answer = await s.amp('merge', '--continue', id)
      expect([way, answer.code, answer.stderr]).toEqual([way, 0, expect.stringContaining('ok  merge')])
      expect([s.read('README.md'), s.read('a')]).toEqual(['# Both\n', '1\n'])
      expect([existsSync(wt), s.snapshot(id).status]).toEqual([false, 'merged'])
      expect((await s.amp('merge', '--continue', id)).stderr).toContain('no merge of session a is in progress')
      expect((await s.amp('undo')).code).toBe(0)
      expect([s.read('README.md'), s.snapshot(id).status]).toEqual(['# Theirs\n', 'idle'])
    }
  })

  it('is taken back by --abort, squash and all', async () => {
    const { s, id, wt } = await conflicting()
    const before = [branches(s), standing(s, wt), s.snapshot(id).heads]
    expect((await s.amp('merge', id, '--squash', '-m', 'All')).code).toBe(1)
    s.write({ 'README.md': 'half resolved' }, wt)
    const answer = await s.amp('merge', '--abort', id)
    expect([answer.code, plain(answer.stdout, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "aborted: amp/a/<time> is at <oid12> again
      ",
      ]
    `)
    expect([branches(s), standing(s, wt), s.snapshot(id).heads]).toEqual(before)
    expect((await s.amp('merge', '--abort', id)).code).toBe(1)
    expect(s.snapshot(id)).toMatchObject({ status: 'idle' })
  })

  it('when the tests fail on what would land goes on after they are mended, or is taken back', async () => {
    const { s, id, wt } = await behind('echo looking; ! test -f up || test -f mended')
    const before = [branches(s), standing(s, wt)]
    const stopped = await s.amp('merge', id)
    expect([stopped.code, plain(stopped.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "ok  rebase    3 commits onto main <oid12>
      Testing: echo looking; ! test -f up || test -f mended
      no  test      exit code 1
                    looking
      error: the tests fail on what would land (exit code 1)
      hint: With --no-test it is merged whatever they say.
      hint: When it is put right, go on with "git amp merge --continue <id>".
      hint: "git amp merge --abort <id>" takes everything back.
      ",
      ]
    `)
    // The steps that --abort takes back are no garbage.
    await s.amp('gc', '--older-than', '0')
    expect((await s.amp('merge', '--abort', id)).code).toBe(0)
    expect([branches(s), standing(s, wt)]).toEqual(before)
    expect((await s.amp('merge', id, '-m', 'x', '--no-ff')).code).toBe(1)
    await s.iterate(id, 'echo 1 >mended')
    const late = await s.amp('merge', '--abort', id)
    expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('go on instead: git amp merge --continue')])
    const answer = await s.amp('merge', '--continue', id)
    expect([answer.code, answer.stdout]).toEqual([0, expect.stringContaining('(merge commit)')])
    expect(s.git('log', '-1', '--format=%s', 'main')).toBe('x')
    // What was done in between stays.
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.read('mended', wt)).toBe('1\n')
  })

  it('without having changed anything leaves nothing to go on with', async () => {
    const s = scene()
    const id = await s.session('a', { args: ['--test', 'false'] })
    await s.iterate(id, 'echo 1 >a')
    const heads = branches(s)
    expect((await s.amp('merge', id)).stderr).toContain('the tests fail on what would land')
    expect((await s.amp('merge', '--continue', id)).stderr).toContain('no merge of session a is in progress')
    expect(branches(s)).toBe(heads)
    const json = JSON.parse((await s.amp('merge', id, '--json')).stdout)
    expect(json).toMatchObject({ schema: 'git-amp/no@1', tests: { command: 'false', exit: 1 } })
    expect((await s.amp('merge', id, '--no-test')).code).toBe(0)
  })

  it.each([
    [['--continue', '--abort']],
    [['--continue', '-m', 'x']],
    [['--abort', '--squash']],
    [['--test']],
    [['--pr', '--keep']],
  ])('and words that do not go together: %j', async (args) => {
    const { s, id } = await behind()
    expect((await s.amp('merge', id, ...args)).code).toBe(129)
  })
})

describe('what comes after a merge', () => {
  it('keeps worktree and branch with --keep, from inside of the worktree, and when something is in the way', async () => {
    const { s, id, wt } = await behind()
    const inside = await s.ampAt(wt, 'merge')
    expect([inside.code, inside.stderr]).toEqual([0, expect.stringContaining('you are in the worktree')])
    expect(existsSync(wt)).toBe(true)
    const again = await s.amp('merge', id)
    expect([again.code, again.stderr]).toEqual([
      0,
      expect.stringContaining('ok  clean up  worktree and branch removed'),
    ])
    const other = await s.session('b')
    await s.iterate(other, 'echo 1 >b')
    s.gitAt(s.root, 'init', '-q', join(s.worktree(other), 'nested'))
    s.write({ '.git/info/exclude': '.worktrees\nnested\n' })
    const kept = await s.amp('merge', other)
    expect([kept.code, kept.stderr]).toEqual([0, expect.stringMatching(/^! {3}clean up {2}kept: /m)])
    expect(existsSync(s.worktree(other))).toBe(true)
  })

  it('pushes the base to its remote or the one that is named, and undo says what stays', async () => {
    for (const args of [['--push'], ['--push=origin'], ['--push', 'origin']]) {
      const { s, id } = await behind()
      const remote = withRemote(s)
      expect((await s.amp('merge', id, '--push', 'nowhere')).stderr).toContain("there is no remote 'nowhere'")
      const answer = await s.amp('merge', id, ...args)
      expect([args, answer.code, answer.stderr]).toEqual([
        args,
        0,
        expect.stringContaining('ok  push      main to origin\n'),
      ])
      expect(s.gitAt(remote, 'rev-parse', 'main')).toBe(s.git('rev-parse', 'main'))
      const undone = await s.amp('undo')
      expect(undone.stderr).toContain('warning: what main had is in origin/main too, and stays there')
    }
  })

  it('takes the remote for one also where the session is that of the worktree', async () => {
    const { s, wt } = await behind()
    withRemote(s)
    const answer = await s.ampAt(wt, 'merge', '--push', 'origin')
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('ok  push      main to origin\n')])
  })

  it('notices a stale base, and refuses to push it before anything is done', async () => {
    const { s, id } = await behind()
    const remote = withRemote(s)
    s.git('push', '-q', 'origin', `${s.commit({ more: '1' }, 'More')}:main`)
    s.git('reset', '-q', '--hard', 'HEAD~1')
    const refs = s.refs()
    const refused = await s.amp('merge', id, '--push')
    expect([refused.code, plain(refused.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: main is 1 commit behind origin/main, as fetched last: what is pushed would be refused
      hint: Bring it up to date first: "git pull" on main.
      ",
      ]
    `)
    expect(s.refs()).toBe(refs)
    const answer = await s.amp('merge', id)
    expect([answer.code, answer.stderr]).toEqual([
      0,
      expect.stringContaining('!   base      main is 1 commit behind origin/main'),
    ])
    expect(s.gitAt(remote, 'log', '-1', '--format=%s', 'main')).toBe('More')
  })

  it('is merged here when the push is refused, and --continue pushes again', async () => {
    const { s, id } = await behind()
    const remote = withRemote(s)
    const hook = join(remote, 'hooks/update')
    s.write({ 'hooks/update': '#!/bin/sh\necho closed today >&2\nexit 1\n' }, remote)
    s.gitAt(remote, 'config', 'core.hooksPath', 'hooks')
    const { chmodSync, rmSync } = await import('node:fs')
    chmodSync(hook, 0o755)
    s.env.MY_TOKEN = 'not-for-a-file'
    const answer = await s.amp('merge', id, '--push')
    expect(Object.keys(JSON.parse(s.read(`.git/amp/merges/${id}.json`)))).toEqual(['plan', 'within'])
    expect([answer.code, plain(answer.stderr, s.root).split('\n').slice(-6)]).toMatchInlineSnapshot(`
      [
        1,
        [
          "ok  clean up  worktree and branch removed",
          "no  push      origin",
          "error: 'main' could not be pushed to origin: [remote rejected] (hook declined)",
          "hint: closed today",
          "hint: It is merged here. When that is put right: git amp merge --continue <id>",
          "",
        ],
      ]
    `)
    expect(s.snapshot(id).status).toBe('merged')
    rmSync(hook)
    const again = await s.amp('merge', '--continue', id)
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('main has everything of')])
    expect(s.gitAt(remote, 'rev-parse', 'main')).toBe(s.git('rev-parse', 'main'))
  })

  it('goes well with several others at once, and leaves nothing of them in the checkout', async () => {
    const s = scene()
    const ids: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const id = await s.session(name)
      await s.iterate(id, `echo 1 >${name}`)
      ids.push(id)
    }
    s.write({ mine: '1' })
    const answers = await Promise.all(ids.map((id) => s.amp('merge', id)))
    expect(answers.map(({ code, stderr }) => (code === 0 ? '' : stderr))).toEqual(['', '', '', '', '', ''])
    expect(s.git('ls-files')).toBe('README.md\na\nb\nc\nd\ne\nf')
    expect([s.git('status', '--porcelain'), s.git('rev-list', '--count', 'main')]).toEqual(['?? mine', '7'])
  })

  it('says when it brings back what the base has lost since', async () => {
    const s = scene()
    const [a, b] = [await s.session('a'), await s.session('b')]
    await s.iterate(a, 'echo 1 >a')
    await s.iterate(b, 'echo 1 >b')
    expect((await s.amp('merge', a)).code).toBe(0)
    expect((await s.amp('rebase', b)).code).toBe(0)
    s.git('reset', '-q', '--hard', 'HEAD~1')
    const words = "!   base      1 commit more than the session's own: main had it before\n"
    for (const options of [['-n'], []]) expect((await s.amp('merge', b, ...options)).stderr).toContain(words)
    expect(s.subjects('main~2..main')).toEqual(['amp: echo 1 >a', 'amp: echo 1 >b'])
  })

  it('that a hook refuses leaves the checkout of the base as it was', async () => {
    const { s, id } = await behind()
    await s.iterate(id, 'echo 2 >kept')
    s.write({ staged: '1\n', new: '1\n' })
    s.git('add', 'staged')
    s.write({ staged: '2\n' })
    const look = () => [s.git('status', '--porcelain'), s.git('diff', 'HEAD'), s.git('diff', '--cached')]
    const before = look()
    s.hook('reference-transaction', '[ "$1" != prepared ] || ! grep -q refs/heads/main')
    const answer = await s.amp('merge', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('aborted by hook')])
    expect(look()).toEqual(before)
    s.hook('reference-transaction', '')
    expect((await s.amp('merge', '--continue', id)).code).toBe(0)
    expect(s.git('status', '--porcelain')).toBe('AM staged\n?? new')
  })

  it('says whom it waits for, and for what, when another merge is at the base', async () => {
    const { s, id } = await behind()
    const turn = join(s.dir, '.git/amp/locks/landing.json')
    let ms = Date.now()
    const owner = { pid: process.pid, host: 'test-host', token: 'other', at: ms, work: 'merge of session b into main' }
    s.write({ '.git/amp/locks/landing.json': JSON.stringify(owner) })
    const waits: number[] = []
    const host = {
      now: () => new Date(ms),
      sleep: async (time: number) => {
        waits.push(time)
        ms += 100
        if (waits.length === 15) rmSync(turn)
      },
    }
    const answer = await s.ampWith({ host }, 'merge', id)
    expect([answer.code, answer.stderr.split('\n').filter((line) => line.startsWith('Waiting'))]).toEqual([
      0,
      [`Waiting for process ${process.pid} on test-host: merge of session b into main`],
    ])
    expect(waits.length).toBeGreaterThanOrEqual(15)
  })

  it('merges commits that come to nothing, as git does', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'rm a')
    const head = s.git('rev-parse', s.branch(id))
    expect((await s.amp('merge', id)).code).toBe(0)
    expect(s.git('rev-parse', 'main')).toBe(head)
  })

  it('knows a session that was squash-merged by hand, and cleans it up', async () => {
    const { s, id, wt } = await behind()
    s.git('merge', '-q', '--squash', s.branch(id))
    s.git('commit', '-q', '-m', 'By hand')
    const main = s.git('rev-parse', 'main')
    const answer = await s.amp('merge', id)
    expect([answer.code, answer.stdout]).toEqual([0, expect.stringContaining('main has everything of')])
    expect([s.git('rev-parse', 'main'), existsSync(wt), s.snapshot(id).status]).toEqual([main, false, 'merged'])
  })
})
