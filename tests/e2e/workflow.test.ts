import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { bundle, install, run, sh, start } from '../helpers/bundle.js'
import { scene } from '../helpers/scene.js'

// The bundle, as `git amp`.

describe('git amp, as git starts it', () => {
  it('takes -C, -c and --git-dir of git, and works in an alias', async () => {
    const s = install(scene())
    s.git('branch', 'stable')
    s.git('config', 'alias.start', '!cd sub && git amp new --agent shell -q')
    s.commit({ 'sub/x': '1' })
    const at = await sh(
      s,
      'git -C repo -c amp.base=stable -c user.name="C Option" amp new a -m "echo 1 >a" --agent shell -q',
      s.root,
    )
    const id = at.stdout.trim()
    expect(at).toMatchObject({ code: 0, stderr: '' })
    expect(s.snapshot(id)).toMatchObject({ base: { ref: 'refs/heads/stable' }, by: 'C Option <author@example.com>' })
    expect(await sh(s, `git -c user.name="C Option" amp iterate ${id}`)).toMatchObject({ code: 0 })
    expect(s.git('log', '-1', '--format=%an', s.branch(id))).toBe('C Option')
    expect((await sh(s, `git --git-dir=repo/.git amp show ${id} --json`, s.root)).code).toBe(0)
    const alias = await sh(s, 'git start b -m "echo 1 >b"')
    expect(alias).toMatchObject({ code: 0, stderr: '' })
    expect((await sh(s, `git amp iterate ${alias.stdout.trim()}`, join(s.dir, 'sub'))).code).toBe(0)
    expect(s.git('status', '--porcelain')).toBe('')
    const piped = await sh(s, 'set -o pipefail; for i in 1 2 3; do git amp list --json | head -1; done')
    expect(piped.stderr).toBe('')
    expect((await sh(s, 'git amp list --json >/dev/full')).stderr).toMatch(/^fatal: cannot write the output/)
    expect((await sh(s, 'git amp lits')).stderr).toMatch(
      /^error: unknown command 'lits'\nhint: Did you mean "git amp list"\?/,
    )
  })

  it('inside a hook: the outer commit holds only its own file', async () => {
    const s = install(scene())
    // The guard: what iterate commits runs the hook again.
    s.hook(
      'pre-commit',
      '[ -n "$IN_HOOK" ] || { export IN_HOOK=1; id=$(git amp new hooked -m "echo 1 >made" --agent shell -q) && git amp iterate $id; }',
    )
    s.write({ outer: '1', not: '1' })
    s.git('add', 'outer')
    const commit = await sh(s, 'git commit -q -m Outer --author "Somebody <s@example.com>" --date "@1000000000 +0000"')
    expect([commit.code, commit.stderr]).toEqual([0, expect.stringContaining('Iteration 1 of hooked')])
    expect(s.git('show', '--name-only', '--format=%an %at', 'HEAD')).toBe('Somebody 1000000000\n\nouter')
    const branch = s.git('for-each-ref', '--format=%(refname)', 'refs/heads/amp/')
    expect(s.git('log', '-1', '--format=%an %s', branch)).toBe('A U Thor amp: echo 1 >made')
    expect(s.git('diff', '--name-only', `${branch}~1`, branch)).toBe('made')
    expect(s.git('status', '--porcelain')).toBe('?? not')
  })

  it('starts eight sessions at once', async () => {
    const s = install(scene())
    s.git('config', 'core.filesRefLockTimeout', '0')
    const all = await Promise.all(
      Array.from({ length: 8 }, () => run(s, ['git', 'amp', 'new', 'same', '-m', 'x', '--agent', 'shell', '-q'])),
    )
    expect(all.map(({ code, stderr }) => [code, stderr])).toEqual(Array.from({ length: 8 }, () => [0, '']))
    expect(new Set(all.map(({ stdout }) => s.branch(stdout.trim()))).size).toBe(8)
    expect(s.git('worktree', 'list').split('\n')).toHaveLength(9)
    expect(s.git('for-each-ref', 'refs/amp/sessions').split('\n')).toHaveLength(8)
    expect(s.read('.git/info/exclude').match(/\.worktrees/g)?.length).toBeLessThanOrEqual(8)
    expect(s.git('fsck', '--no-dangling')).toBe('')
  })

  it('salvages and ends with 130 on one Ctrl-C', async () => {
    const s = install(scene())
    const id = await s.session('a')
    const { child, ended } = start(s, [
      'git',
      'amp',
      'iterate',
      id,
      '-m',
      'echo 1 >a; touch ready; while :; do sleep 0.1; done',
    ])
    await s.until(() => s.exists('ready', s.worktree(id)))
    process.kill(-(child.pid ?? 0), 'SIGINT') // as the terminal sends it: to git and to git-amp
    // git ends by the signal once git-amp has ended; a shell calls that 130.
    expect(await ended).toMatchObject({ code: null, signal: 'SIGINT' })
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual([expect.stringMatching(/\(interrupted\)$/)])
    expect(s.status(id)).toBe('')
  })

  it('moves a stale lock aside although the git around it works in the same directory', async () => {
    const s = install(scene())
    const id = await s.session('a')
    const lock = join(s.gitAt(s.worktree(id), 'rev-parse', '--absolute-git-dir'), 'index.lock')
    writeFileSync(lock, '')
    utimesSync(lock, 1, 1)
    const answer = await run(s, ['git', 'amp', 'iterate', '-m', 'echo 1 >a'], s.worktree(id))
    expect([answer.code, answer.stderr]).toEqual([0, expect.not.stringContaining('fatal')])
  })
})

describe('git amp demo', () => {
  it.each(['in a repository', 'with a detached HEAD', 'outside of one'])(
    '%s: runs the whole workflow, and leaves nothing behind',
    async (where) => {
      const s = install(scene())
      if (where === 'with a detached HEAD') s.git('checkout', '-q', '--detach')
      const tmp = join(s.root, 'tmp')
      mkdirSync(tmp)
      s.env.TMPDIR = tmp
      const [refs, before, began] = [s.refs(), s.checkout(), performance.now()]
      const answer = await run(s, ['git', 'amp', 'demo'], where === 'outside of one' ? tmp : s.dir)
      expect([answer.code, answer.stderr]).toEqual([0, ''])
      expect(performance.now() - began).toBeLessThan(15_000)
      expect(answer.stdout).toContain('$ git amp merge fix-greeting\n')
      expect(answer.stdout).toContain('The scratch repository is removed again.')
      expect(readdirSync(tmp)).toEqual([])
      expect([s.refs(), s.checkout()]).toEqual([refs, before])
    },
  )
})

describe('the package', () => {
  it('installs a git amp with manual pages', async () => {
    const s = scene()
    bundle()
    const home = join(import.meta.dirname, '../..')
    const npm = `npm --offline --no-audit --no-fund --loglevel=error --cache ${s.root}/cache`
    const packed = await sh(s, `${npm} pack --ignore-scripts --pack-destination ${s.root}`, home)
    expect(packed.code).toBe(0)
    const tgz = join(s.root, packed.stdout.trim().split('\n').at(-1) ?? '')
    const listed = (await sh(s, `tar -tzf ${tgz}`)).stdout
    expect(listed).toMatch(/^package\/man\/git-amp-iterate\.1$/m)
    expect(listed).toMatch(/^package\/completions\/_git-amp$/m)
    expect(listed).not.toMatch(/^package\/(src|tests)\//m)
    expect(await sh(s, `${npm} install -g --ignore-scripts --prefix ${s.root}/prefix ${tgz}`)).toMatchObject({
      code: 0,
    })
    s.env.PATH = `${s.root}/prefix/bin:${process.env.PATH}`
    const created = await run(s, ['git', 'amp', 'new', 'a', '-m', 'echo 1 >a', '--agent', 'shell', '--run', '-q'])
    expect(created).toMatchObject({ code: 0, stderr: '' })
    expect((await run(s, ['git', 'amp'])).stdout).toContain('iter 1')
    const man = existsSync(join(s.root, 'prefix/share/man/man1/git-amp.1'))
    expect(man || existsSync(join(s.root, 'prefix/lib/node_modules/git-amp/man/git-amp.1'))).toBe(true)
    expect((await run(s, ['git', 'amp', 'help', 'new'])).stdout).toContain('git amp new')
  })
})
