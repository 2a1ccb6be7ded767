import { execFileSync, spawn } from 'node:child_process'
import { existsSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** A session with one iteration whose commit adds `a`. */
async function begun(): Promise<{ s: Scene; id: string; branch: string; wt: string }> {
  const s = scene()
  const id = await s.session('a', { prompt: 'echo 1 >a' })
  await s.amp('iterate', id)
  return { s, id, branch: s.branch(id), wt: s.worktree(id) }
}

/** The next iteration, which adds `b`, ends in one commit on what was there, and the chain agrees with the branch. */
async function goesOn(s: Scene, id: string, branch = s.branch(id)): Promise<void> {
  const before = s.git('rev-parse', branch)
  const answer = await s.iterate(id, 'echo b >b')
  expect([answer.code, answer.stderr]).toEqual([0, expect.not.stringMatching(/fatal|internal/)])
  expect(s.git('rev-parse', `${s.branch(id)}~1`)).toBe(before)
  expect(s.snapshot(id).heads).toEqual([s.git('rev-parse', s.branch(id))])
}

const gitDirOf = (s: Scene, wt: string): string => s.gitAt(wt, 'rev-parse', '--absolute-git-dir')

describe('between iterations, plain git', () => {
  it('commits: they are the human’s and are recorded', async () => {
    const { s, id, branch, wt } = await begun()
    const own = s.commit({ mine: '1' }, 'Mine', wt)
    await goesOn(s, id)
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo 1 >a', 'Mine', 'amp: echo b >b'])
    expect(s.events(id).slice(3)).toEqual(['head.moved', 'iteration.started', 'iteration.finished'])
    expect(s.git('log', '--format=%P', '-1', `refs/amp/sessions/${id}~2`)).toContain(own)
  })

  it.each([
    ['amends', (s: Scene, wt: string) => s.gitAt(wt, 'commit', '-q', '--amend', '-m', 'amp: better'), 'amend'],
    ['resets', (s: Scene, wt: string) => s.gitAt(wt, 'reset', '-q', '--hard', 'main'), 'external'],
    [
      'rebases',
      (s: Scene, wt: string) => {
        s.commit({ base: '1' })
        s.gitAt(wt, 'rebase', '-q', 'main')
      },
      'external',
    ],
  ])('%s: the new commits are the session’s, and the old ones stay reachable', async (_verb, change, cause) => {
    const { s, id, branch, wt } = await begun()
    const old = s.git('rev-parse', branch)
    change(s, wt)
    await goesOn(s, id)
    const message = s.git('log', '-1', '--format=%B', `refs/amp/sessions/${id}~2`)
    expect(message).toContain(`"cause":"${cause}"`)
    s.gitAt(wt, 'reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect(s.git('cat-file', '-t', old)).toBe('commit')
  })

  it('renames the branch', async () => {
    const { s, id, branch } = await begun()
    s.git('branch', '-m', branch, 'my/name')
    await goesOn(s, id, 'my/name')
    expect(s.branch(id)).toBe('my/name')
    expect((await s.amp('path', 'my/name')).stdout.trim()).toBe(s.worktree(id))
  })

  it('moves the worktree', async () => {
    const { s, id, wt } = await begun()
    const moved = join(s.root, 'moved')
    s.git('worktree', 'move', wt, moved)
    await goesOn(s, id)
    expect(existsSync(join(moved, 'b'))).toBe(true)
    expect((await s.amp('path', id)).stdout.trim()).toBe(moved)
    expect(existsSync(wt)).toBe(false)
  })

  it('removes the worktree: it is made again', async () => {
    const { s, id, wt } = await begun()
    rmSync(wt, { recursive: true })
    expect((await s.amp('path', id)).code).toBe(128)
    const answer = await s.iterate(id, 'echo 2 >c')
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "Worktree made again: $ROOT/repo/.worktrees/<id>
      Iteration 2 of a: shell is working...
      "
    `)
    expect(answer.code).toBe(0)
    s.git('worktree', 'remove', '--force', wt)
    await goesOn(s, id)
    expect(s.read('a', wt)).toBe('1\n')
  })

  it('deletes the branch: it is made again where the session knows it', async () => {
    const { s, id, branch, wt } = await begun()
    s.git('worktree', 'remove', '--force', wt)
    s.git('branch', '-q', '-D', branch)
    expect((await s.iterate(id, 'echo 2 >c')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo 1 >a', 'amp: echo 2 >c'])
    s.git('update-ref', '-d', `refs/heads/${branch}`)
    expect((await s.iterate(id, 'echo 3 >c')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo 1 >a', 'amp: echo 2 >c', 'amp: echo 3 >c'])
  })

  it('switches to another branch, or is in the middle of something: the iteration is refused with the way out', async () => {
    const { s, id, branch, wt } = await begun()
    const refused = async () => {
      const refs = s.refs()
      const answer = await s.iterate(id, 'echo 2 >c')
      expect(answer.code).toBe(128)
      expect(s.refs()).toBe(refs)
      return plain(answer.stderr, s.root)
    }
    s.gitAt(wt, 'switch', '-q', '-c', 'side')
    expect(await refused()).toMatchInlineSnapshot(`
      "fatal: the worktree of session a is on branch side, not on amp/a/<time>
      hint: Run "git -C $ROOT/repo/.worktrees/<id> switch amp/a/<time>".
      "
    `)
    s.gitAt(wt, 'checkout', '-q', '--detach')
    expect(await refused()).toMatch(/^fatal: the worktree of session a is on a detached HEAD, not on amp/)
    s.gitAt(wt, 'switch', '-q', branch)
    s.commit({ a: 'other' })
    expect(() => s.gitAt(wt, 'merge', 'main')).toThrow()
    expect(await refused()).toMatchInlineSnapshot(`
      "fatal: a merge is in progress in the worktree of session a
      hint: Run "git -C $ROOT/repo/.worktrees/<id> merge --continue",
      hint: or "git -C $ROOT/repo/.worktrees/<id> merge --abort".
      "
    `)
    s.gitAt(wt, 'merge', '--abort')
    expect(() => s.gitAt(wt, 'rebase', 'main')).toThrow()
    expect(await refused()).toMatch(/^fatal: a rebase is in progress in the worktree of session a\n/)
    s.gitAt(wt, 'rebase', '--abort')
    s.write({ patch: s.git('format-patch', '--stdout', '-1', 'main') }, s.root)
    expect(() => s.gitAt(wt, 'am', join(s.root, 'patch'))).toThrow()
    expect(await refused()).toMatch(/^fatal: an am is in progress .*\nhint: Run "git -C \S+ am --continue",\n/)
    s.gitAt(wt, 'am', '--abort')
    s.git('switch', '-q', '-c', 'picked')
    s.commit({ c: '1' })
    s.commit({ d: '1' })
    expect(() => s.gitAt(wt, 'cherry-pick', 'picked~2', 'picked~1', 'picked')).toThrow()
    s.gitAt(wt, 'commit', '-qam', 'Picked the first')
    expect(await refused()).toMatch(/^fatal: a cherry-pick is in progress in the worktree of session a\n/)
    s.gitAt(wt, 'cherry-pick', '--abort')
    await goesOn(s, id)
  })
})

describe('after something was killed', () => {
  /** An iteration as a killed git-amp leaves it: begun, its lease a dead process’, its edits in the worktree. */
  async function killed(lease: Record<string, unknown> | null) {
    const { s, id, branch, wt } = await begun()
    const stop = new AbortController()
    const running = s.ampWith({ signal: stop.signal }, 'iterate', id, '-m', 'exec sleep 600')
    await s.until(() => s.snapshot(id).open.length > 0)
    const open = s.git('rev-parse', `refs/amp/sessions/${id}`)
    const iteration = s.snapshot(id).open[0]?.iteration ?? ''
    stop.abort()
    await running
    s.git('update-ref', `refs/amp/sessions/${id}`, open)
    if (lease !== null)
      s.write(
        {
          [`${iteration}.json`]: JSON.stringify({
            session: id,
            iteration,
            host: 'test-host',
            boot: 'test-boot',
            ...lease,
          }),
        },
        join(s.dir, '.git/amp/leases'),
      )
    s.write({ left: 'by the agent\n', a: '2\n' }, wt)
    return { s, id, branch, wt }
  }

  it.each([
    ['of a process that is gone', { pid: 999_999_999, start: '1' }],
    ['of a process whose number is another’s now', { pid: process.pid, start: 'earlier' }],
    ['of an earlier boot', { pid: process.pid, start: null, boot: 'before' }],
    ['cut by a full disk', { pid: 'x' }],
    ['none at all', null],
  ])('a session with a lease %s is interrupted, and the next iteration salvages it', async (_what, lease) => {
    const { s, id, branch, wt } = await killed(lease)
    const list = await s.amp('list')
    expect(list.stdout).toMatch(/^! .* a +interrupted/)
    expect(list.stderr).toContain(
      `hint: ${id.slice(0, 4)} was interrupted; "git amp iterate ${id.slice(0, 4)}" keeps its work and goes on`,
    )
    const answer = await s.iterate(id, 'echo b >b')
    expect(plain(answer.stderr, s.root)).toBe(
      'Iteration 2 was interrupted; its work is kept in <oid12>\nIteration 3 of a: shell is working...\n',
    )
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo 1 >a', 'amp: echo 1 >a (interrupted)', 'amp: echo b >b'])
    expect(s.git('diff', '--name-status', `${branch}~2`, `${branch}~1`)).toBe('M\ta\nA\tleft')
    expect((await s.show(id)).iterations.map((one) => one.outcome)).toEqual(['success', 'interrupted', 'success'])
    expect(s.gitAt(wt, 'status', '--porcelain')).toBe('')
  })

  it('a lock of the index or of HEAD in the worktree is moved aside', async () => {
    const { s, id, wt } = await begun()
    const gitDir = s.gitAt(wt, 'rev-parse', '--absolute-git-dir')
    for (const name of ['index.lock', 'HEAD.lock']) {
      writeFileSync(join(gitDir, name), '')
      utimesSync(join(gitDir, name), 1, 1)
    }
    await goesOn(s, id)
    expect(existsSync(join(gitDir, 'index.lock'))).toBe(false)
  })

  it('a stale lock is no pager’s and no reader’s, and that of a commit in the editor stays', async () => {
    const { s, id, wt } = await begun()
    const lock = join(gitDirOf(s, wt), 'index.lock')
    const reader = spawn('git', ['cat-file', '--batch'], { cwd: wt, env: s.env as NodeJS.ProcessEnv })
    writeFileSync(lock, '')
    utimesSync(lock, 1, 1)
    await goesOn(s, id)
    expect(existsSync(lock)).toBe(false)
    reader.kill()
    s.write({ a: 'edited\n' }, wt)
    const env = { ...s.env, GIT_EDITOR: `touch ${s.root}/open; sleep 600; true` } as NodeJS.ProcessEnv
    const commit = spawn('git', ['commit', '-qa'], { cwd: wt, env, detached: true })
    await s.until(() => s.exists('open', s.root))
    utimesSync(lock, 1, 1)
    const sleep = () => new Promise<void>((resolve) => setTimeout(resolve, 1))
    const answer = await s.ampWith({ host: { sleep } }, 'iterate', id, '-m', 'echo c >c')
    process.kill(-(commit.pid ?? 0), 'SIGKILL')
    expect([answer.code, answer.stderr]).toEqual([128, expect.stringMatching(/^fatal: git \(process \d+\) holds '/)])
  })

  it.each([
    ['the branch', (branch: string) => `refs/heads/${branch}`, ['(interrupted)', 'then']],
    ['the session', (_branch: string, id: string) => `refs/amp/sessions/${id}`, ['then']],
    ['the notes', () => 'refs/notes/amp', ['(interrupted)', 'then']],
  ] as const)('a lock of %s is named, and nothing is lost', async (_what, refOf, expected) => {
    const { s, id, branch } = await begun()
    const ref = refOf(branch, id)
    const lock = join(s.dir, '.git', `${ref}.lock`)
    s.write({ [`${ref}.lock`]: '' }, join(s.dir, '.git'))
    s.git('config', 'core.filesRefLockTimeout', '0')
    const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms / 50))
    const answer = await s.ampWith({ host: { sleep } }, 'iterate', id, '-m', 'echo 2 >c')
    expect(answer.code).toBe(128)
    expect(answer.stderr).toContain('fatal: a ref stays locked: ')
    expect(answer.stderr).toContain(`hint: If no git command is running, remove the stale lock file '${lock}'.\n`)
    rmSync(lock)
    expect((await s.iterate(id, 'echo then >d')).code).toBe(0)
    expect(s.subjects(`main..${branch}`).slice(1)).toEqual(expected.map((word) => expect.stringContaining(word)))
    expect(s.status(id)).toBe('')
  })

  it('what was recorded and not yet done is done: the branch follows the chain', async () => {
    const { s, id, branch, wt } = await begun()
    const head = s.git('rev-parse', branch)
    s.write(
      { 'amp-pending': JSON.stringify({ kind: 'commit', from: s.git('rev-parse', 'main'), to: head }) },
      gitDirOf(s, wt),
    )
    s.git('update-ref', `refs/heads/${branch}`, 'main')
    const answer = await s.amp('squash', id, '-m', 'one')
    expect(answer.code).toBe(0)
    expect(s.git('rev-parse', `${branch}^{tree}`)).toBe(s.git('rev-parse', `${head}^{tree}`))
    await goesOn(s, id)
    expect(s.exists('amp-pending', gitDirOf(s, wt))).toBe(false)
  })

  it('what was left half done is left to the user who went on from there', async () => {
    const { s, id, branch, wt } = await begun()
    const [main, head] = [s.git('rev-parse', 'main'), s.git('rev-parse', branch)]
    s.write({ 'amp-pending': JSON.stringify({ kind: 'commit', from: main, to: head }) }, gitDirOf(s, wt))
    s.gitAt(wt, 'reset', '-q', '--hard', 'main')
    await goesOn(s, id)
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo b >b'])
    expect(s.exists('amp-pending', gitDirOf(s, wt))).toBe(false)
  })

  it.each([
    ['before its branch', (s: Scene, branch: string, old: string) => s.git('update-ref', `refs/heads/${branch}`, old)],
    ['before its files', () => {}],
  ])('a rebase that was killed %s followed is finished', async (_what, undo) => {
    const { s, id, branch, wt } = await begun()
    const old = s.git('rev-parse', branch)
    s.commit({ up: 'stream' }, 'Upstream')
    const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
    // The refs have moved, and the files do not follow.
    const path = s.env.PATH
    s.program(
      'git',
      `case "$*" in *"read-tree -m -u"*--dry-run*) ;; *"read-tree -m -u"*) exit 1;; esac; exec ${real} "$@"`,
    )
    expect((await s.amp('rebase', id)).code).toBe(128)
    s.env.PATH = path
    undo(s, branch, old)
    const refs = s.refs()
    expect((await s.amp('merge', '-n', id)).stdout).toMatch(/^would merge .* \(fast-forward\): /)
    expect([s.refs(), s.exists('amp-pending', gitDirOf(s, wt))]).toEqual([refs, true])
    const answer = await s.iterate(id, 'echo b >b')
    expect(answer.code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['amp: echo 1 >a', 'amp: echo b >b'])
    expect([s.read('up', wt), s.status(id)]).toEqual(['stream', ''])
    expect(s.exists('amp-pending', gitDirOf(s, wt))).toBe(false)
  })

  it('a file that git was killed in is written again, and one of the human’s is not', async () => {
    for (const [there, code] of [
      ['', 0],
      ['str', 0],
      ['stray', 128],
    ] as const) {
      const { s, id, branch, wt } = await begun()
      s.commit({ up: 'stream', more: '1' }, 'Upstream')
      const real = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim()
      const path = s.env.PATH
      const dies = `printf %s '${there}' >up; printf 1 >more; exit 1`
      s.program(
        'git',
        `case "$*" in *"read-tree -m -u"*--dry-run*) ;; *"read-tree -m -u"*) ${dies};; esac; exec ${real} "$@"`,
      )
      expect((await s.amp('rebase', id)).code).toBe(128)
      s.env.PATH = path
      const next = await s.amp('squash', id, '-m', 'One')
      expect([next.code, s.read('up', wt)]).toEqual([code, code === 0 ? 'stream' : there])
      if (code === 0) expect([s.status(id), s.subjects(`main..${branch}`)]).toEqual(['', ['One']])
      else expect(next.stderr).toContain('has changes of yours: up')
    }
  })

  it('the files of before, which the human took back after a rebase, are the human’s', async () => {
    const { s, id, branch, wt } = await begun()
    const old = s.git('rev-parse', branch)
    s.commit({ up: 'stream' }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(0)
    s.gitAt(wt, 'restore', `--source=${old}`, '-S', '-W', ':/')
    expect((await s.iterate(id, 'echo b >b')).code).toBe(0)
    expect(s.git('ls-tree', '--name-only', branch)).toBe('README.md\na\nb')
  })

  it('a soft reset by the human is the human’s', async () => {
    const { s, id, branch, wt } = await begun()
    s.gitAt(wt, 'reset', '-q', '--soft', 'main')
    await goesOn(s, id).catch(() => {})
    expect(s.subjects(`main..${branch}`)).toEqual(['Manual changes before iteration 2', 'amp: echo b >b'])
  })

  it('a soft reset and a stash by the human are the human’s', async () => {
    const { s, id, branch, wt } = await begun()
    s.gitAt(wt, 'reset', '-q', '--soft', 'HEAD~1')
    s.gitAt(wt, 'stash', '-q')
    s.gitAt(wt, 'stash', 'pop', '-q')
    expect((await s.iterate(id, 'echo b >b')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['Manual changes before iteration 2', 'amp: echo b >b'])
  })

  it('a repository that was moved goes on in its worktrees there', async () => {
    const { s, id } = await begun()
    const moved = join(s.root, 'elsewhere')
    renameSync(s.dir, moved)
    expect((await s.ampAt(moved, 'list')).stdout).toContain(' a ')
    expect((await s.ampAt(moved, 'iterate', id, '-m', 'echo b >b')).code).toBe(0)
    expect((await s.ampAt(moved, 'path', id)).stdout).toBe(`${join(moved, '.worktrees', id)}\n`)
    expect(s.gitAt(join(moved, '.worktrees', id), 'status', '--porcelain')).toBe('')
  })
})
