import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** What stands in the worktree's git directory. */
const gitDir = (s: Scene, id: string): string => s.gitAt(s.worktree(id), 'rev-parse', '--absolute-git-dir')

describe('nothing is lost or lands elsewhere:', () => {
  it('the main worktree is never a session’s, even with the branch checked out there', async () => {
    const s = scene()
    const id = await s.session('a')
    const branch = s.branch(id)
    s.git('worktree', 'remove', s.worktree(id))
    s.git('switch', '-q', branch)
    s.write({ '.env': 'SECRET=1\n' })
    const before = s.checkout()
    const answer = await s.iterate(id, 'echo 1 >a')
    expect([answer.code, answer.stderr]).toEqual([128, expect.stringContaining('checked out in the main worktree')])
    expect(s.checkout()).toBe(before)
    expect(s.exists('.git/HEAD')).toBe(true)
  })

  it('a worktree whose checkout was killed is finished first', async () => {
    const s = scene()
    s.commit({ 'b/c': '1\n', d: '1\n' })
    const id = await s.session('a')
    const dir = gitDir(s, id)
    rmSync(join(dir, 'index'))
    rmSync(join(dir, 'amp-session'))
    rmSync(join(s.worktree(id), 'b'), { recursive: true })
    writeFileSync(join(dir, 'locked'), 'initializing')
    writeFileSync(join(dir, 'index.lock'), '')
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.code).toBe(0)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a'])
    expect(s.read('b/c', s.worktree(id))).toBe('1\n')
  })

  it('a worktree that a killed new could not name is the session’s, also under another branch name', async () => {
    const s = scene()
    const id = await s.session('a')
    rmSync(join(gitDir(s, id), 'amp-session'))
    s.gitAt(s.worktree(id), 'branch', '-m', 'renamed')
    const unseen = s.commit({ mine: '1\n' }, 'Mine', s.worktree(id))
    s.gitAt(s.worktree(id), 'commit', '-q', '--amend', '-m', 'Better')
    s.commit({ up: '1\n' }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect([s.branch(id), s.subjects('main..renamed'), s.status(id)]).toEqual(['renamed', ['Better'], ''])
    expect(s.git('for-each-ref', '--contains', unseen, '--format=%(refname)')).toBe('refs/amp-local/oplog')
    expect(s.read(join(gitDir(s, id), 'amp-session'), '/')).toBe(`${id}\n`)
  })

  it('a pre-commit hook that resets and passes does not take the work', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('pre-commit', 'git reset -q --hard')
    const answer = await s.iterate(id, 'echo 1 >a')
    expect(answer.stdout).toContain('1 file +1 -0')
    expect(answer.stderr).toContain('warning: the pre-commit hook failed')
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('1')
    expect(s.status(id)).toBe('')
  })

  it('what a passing pre-commit hook replaced stays reachable', async () => {
    const s = scene()
    const id = await s.session('a')
    s.hook('pre-commit', 'echo formatted >a; git add a')
    await s.iterate(id, 'echo precious >a')
    s.git('gc', '-q', '--prune=now')
    const all = s.git('cat-file', '--batch-all-objects', '--batch-check=%(objectname) %(objecttype)').split('\n')
    const texts = all
      .filter((line) => line.endsWith('blob'))
      .map((line) => s.git('cat-file', 'blob', line.split(' ')[0] ?? ''))
    expect(texts).toContain('precious')
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('formatted')
  })

  it('an emptied orphan branch is the agent’s work, not the human’s', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'git checkout -q --orphan x; git rm -rfq .')
    await s.iterate(id, 'echo 1 >a')
    expect(
      s
        .git('log', '--format=%(trailers:key=Amp-Session,valueonly)', `main..${s.branch(id)}`)
        .split('\n')
        .filter(Boolean),
    ).toEqual([id, id])
  })

  it('a session branch deleted by plumbing comes back', async () => {
    const s = scene()
    const id = await s.session('a')
    const answer = await s.iterate(id, 'echo 1 >a; git update-ref -d "$(git symbolic-ref HEAD)"')
    expect(answer.code).toBe(0)
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(1)
  })

  it('records that an agent deletes are put back and told', async () => {
    const s = scene()
    const other = await s.session('b')
    const id = await s.session('a')
    const refs = s.git('for-each-ref', 'refs/amp/sessions', 'refs/amp-local')
    const answer = await s.iterate(
      id,
      `git update-ref -d refs/amp/sessions/${other}; git update-ref -d refs/amp-local/oplog`,
    )
    expect(plain(answer.stderr, s.root)).toContain(
      'refs/amp/sessions/<id> moved while the agent ran: <oid12> to nothing',
    )
    for (const line of refs.split('\n').filter((one) => one.includes(other)))
      expect(s.git('for-each-ref')).toContain(line)
    expect((await s.amp('show', other)).code).toBe(0)
  })

  it('what git cannot stage is told', async () => {
    const s = scene()
    const id = await s.session('a')
    const answer = await s.iterate(id, 'echo 1 >a; echo 1 >"git~1"')
    expect(answer.stderr).toContain('warning: not everything could be committed')
    expect(s.git('show', '--name-only', '--format=', s.branch(id))).toBe('a')
  })

  it('a session started from another one’s branch keeps out of that one’s squash', async () => {
    const s = scene()
    const a = await s.session('a')
    await s.iterate(a, 'echo 1 >a')
    const b = await s.session('b', { args: ['--base', s.branch(a)] })
    await s.iterate(b, 'echo 1 >b')
    await s.amp('squash', a, '-m', 'A squashed')
    await s.amp('squash', b, '-m', 'B squashed')
    expect(s.git('show', '--name-only', '--format=%s', s.branch(b))).toBe('B squashed\n\nb')
    expect(s.subjects(`main..${s.branch(b)}`)).toEqual(['amp: echo 1 >a', 'B squashed'])
  })

  it('after a rebase by hand the diff shows the session’s own work alone', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ upstream: '1\n' })
    s.gitAt(s.worktree(id), 'rebase', '-q', 'main')
    await s.iterate(id, 'echo 2 >b')
    const files = JSON.parse((await s.amp('diff', id, '--json')).stdout).files as { path: string }[]
    expect(files.map((file) => file.path)).toEqual(['a', 'b'])
  })

  it.each([
    ['branch.main.mergeOptions', '--squash'],
    ['merge.autoStash', 'true'],
  ])('a merge is what the base says afterwards, whatever %s=%s does', async (key, value) => {
    const s = scene()
    s.commit({ dirty: '1\n2\n3\n' })
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a; echo changed >dirty')
    s.git('config', key, value)
    if (key === 'merge.autoStash') s.write({ dirty: 'mine\n' })
    const answer = await s.amp('merge', '--keep', id)
    if (key === 'merge.autoStash') {
      expect([answer.code, s.read('dirty')]).toEqual([1, 'mine\n'])
      expect(s.git('status', '--porcelain')).toBe(' M dirty')
    } else {
      expect([answer.code, s.git('rev-parse', 'main')]).toEqual([0, s.git('rev-parse', s.branch(id))])
    }
  })

  it('a base in two checkouts is refused, and neither is left reversed', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.git('worktree', 'add', '-q', '-f', join(s.root, 'second'), 'main')
    const answer = await s.amp('merge', '--keep', id)
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('is checked out in')])
    expect(s.git('status', '--porcelain')).toBe('')
  })

  it('a symbolic ref as base moves the branch and its checkout', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.git('symbolic-ref', 'refs/heads/trunk', 'refs/heads/main')
    expect((await s.amp('merge', '--keep', id, '--into', 'trunk')).code).toBe(0)
    expect([s.git('status', '--porcelain'), s.read('a')]).toEqual(['', '1\n'])
  })

  it('names of refs are never redacted', async () => {
    const s = scene()
    s.env.DB_PASSWORD = 'postgres'
    s.env.API_TOKEN = 'hunter2hunter2'
    s.git('switch', '-q', '-c', 'upgrade-hunter2hunter2')
    const id = await s.session('a', { prompt: 'echo postgres >postgres.conf' })
    expect(s.snapshot(id).base.ref).toBe('refs/heads/upgrade-hunter2hunter2')
    expect(s.snapshot(id).title).toBe('echo postgres >postgres.conf')
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('merge', '--keep', id)).code).toBe(0)
  })

  it('the end of a private key that a test prints is not recorded', async () => {
    const s = scene()
    const key = `-----BEGIN PRIVATE KEY-----\n${`${'MIIEvgIBADANBgkqhkiG9w0B'.repeat(3)}\n`.repeat(60)}-----END PRIVATE KEY-----\n`
    s.write({ key }, s.root)
    const id = await s.session('a', { args: ['--test', `cat ${join(s.root, 'key')}; false`] })
    await s.iterate(id, 'echo 1 >a')
    const all = s.git('cat-file', '--batch-all-objects', '--batch')
    expect(all).not.toContain('MIIEvgIBADANBgkqhkiG9w0B')
    expect(all).toContain('[redacted]')
  })

  it('a hook that iterates is told no instead of running itself for ever', async () => {
    const s = scene()
    const id = await s.session('a')
    s.write({ mine: '1\n' }, s.worktree(id))
    s.env.GIT_AMP_HOOK = `pre-commit ${id} ${s.dir}/.git`
    const answer = await s.iterate(id, 'echo 1 >a')
    expect([answer.code, answer.stderr]).toEqual([128, expect.stringContaining('would run it again')])
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual([])
    delete s.env.GIT_AMP_HOOK
    s.hook('pre-commit', `test "$GIT_AMP_HOOK" = "pre-commit ${id} ${s.dir}/.git"`)
    expect((await s.iterate(id, 'echo 1 >a')).stderr).not.toContain('warning')
  })

  it('a hook may iterate another session, and another repository', async () => {
    const [s, other] = [scene(), scene()]
    const id = await s.session('a')
    s.env.GIT_AMP_HOOK = `pre-commit ${id} ${s.dir}/.git`
    other.env.GIT_AMP_HOOK = s.env.GIT_AMP_HOOK
    expect((await s.iterate(await s.session('b'), 'echo 1 >b')).code).toBe(0)
    expect((await other.iterate(await other.session('b'), 'echo 1 >b')).code).toBe(0)
    s.env.GIT_AMP_HOOK = Array(8).fill(`pre-commit x /elsewhere`).join('\n')
    expect((await s.iterate(id, 'echo 1 >a')).code).toBe(128)
  })

  it('a worktree that the user made keeps its files, with or without an index', async () => {
    const s = scene()
    const id = await s.session('a')
    const dir = gitDir(s, id)
    rmSync(join(dir, 'index'))
    rmSync(join(dir, 'amp-session'))
    s.write({ 'README.md': 'precious\n' }, s.worktree(id))
    await s.iterate(id, 'true')
    expect(s.read('README.md', s.worktree(id))).toBe('precious\n')
  })

  it('a worktree that another git-amp is making is left to it', async () => {
    const s = scene()
    s.commit({ '.gitattributes': '* filter=slow\n', a: '1\n' })
    s.git(
      'config',
      'filter.slow.smudge',
      `touch ${join(s.root, 'busy')}; while [ -e ${join(s.root, 'busy')} ]; do sleep 0.05; done; cat`,
    )
    const making = s.amp('new', 'slow', '-m', 'true', '--agent', 'shell', '-q')
    await s.until(() => s.exists('busy', s.root))
    const answer = await s.iterate('slow', 'echo 1 >b')
    s.git('config', '--unset', 'filter.slow.smudge')
    s.git('config', 'filter.slow.clean', 'cat')
    await s.until(() => {
      rmSync(join(s.root, 'busy'), { force: true })
      return s.git('worktree', 'list', '--porcelain').includes('initializing') === false
    })
    expect([answer.code, answer.stderr]).toEqual([128, expect.stringContaining('is being made')])
    expect((await making).code).toBe(0)
    expect((await s.iterate('slow', 'echo 1 >b')).code).toBe(0)
  })
})
