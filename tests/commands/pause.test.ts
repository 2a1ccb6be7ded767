import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

const trash = (s: Scene) => join(s.dir, '.git/amp/trash')
const emptyTrash = (s: Scene) => rmSync(trash(s), { recursive: true, force: true })

/** A session whose worktree holds uncommitted work of every kind. */
async function messy(s: Scene): Promise<string> {
  const id = await s.session('a')
  await s.iterate(
    id,
    'for f in a b c d e f g h; do echo $f >$f; done; echo x >x; chmod +x x; ln -s a link; echo "*.o" >.gitignore',
  )
  const wt = s.worktree(id)
  s.write(
    {
      a: 'staged\n',
      b: 'worktree\n',
      added: '1\n',
      both: '1\n',
      intent: '1\n',
      'un tracked/ü\n': 'u\n',
      'x.o': 'ignored\n',
    },
    wt,
  )
  s.gitAt(wt, 'add', 'a', 'added', 'both')
  s.write({ a: 'staged and more\n', both: '2\n' }, wt)
  s.gitAt(wt, 'add', '-N', 'intent')
  s.gitAt(wt, 'rm', '-q', '--cached', 'c')
  s.gitAt(wt, 'rm', '-q', 'd')
  rmSync(join(wt, 'e'))
  s.gitAt(wt, 'update-index', '--assume-unchanged', 'f')
  s.write({ f: 'assumed and changed\n' }, wt)
  s.gitAt(wt, 'update-index', '--skip-worktree', 'g', 'h')
  rmSync(join(wt, 'h'))
  rmSync(join(wt, 'link'))
  symlinkSync('nowhere', join(wt, 'link'))
  symlinkSync('b', join(wt, 'untracked link'))
  s.write({ run: '#!/bin/sh\n' }, wt)
  chmodSync(join(wt, 'run'), 0o755)
  chmodSync(join(wt, 'x'), 0o644)
  return id
}

describe('git amp pause and resume', () => {
  it('keep an edit that the index alone does not tell from what was checked out', async () => {
    const s = scene()
    // What else tells them apart is the time of the inode, which nobody can set.
    s.git('config', 'core.trustCtime', 'false')
    const id = await s.session('a')
    const wt = s.worktree(id)
    const then = new Date(Date.now() - 60_000)
    s.write({ 'README.md': '# Project\n' }, wt)
    utimesSync(join(wt, 'README.md'), then, then)
    s.gitAt(wt, 'update-index', '--refresh')
    // Written in the second in which the index was, as long as it was.
    s.write({ 'README.md': '# Edited!\n' }, wt)
    utimesSync(join(wt, 'README.md'), then, then)
    utimesSync(s.gitAt(wt, 'rev-parse', '--path-format=absolute', '--git-path', 'index'), then, then)
    expect((await s.amp('pause', id)).code).toBe(0)
    emptyTrash(s)
    expect((await s.amp('resume', id)).code).toBe(0)
    expect(s.read('README.md', wt)).toBe('# Edited!\n')
  })

  it.each(['trash', 'snapshot'])('bring everything back as it was, from the %s', async (from) => {
    const s = scene()
    const id = await messy(s)
    const [before, checkout] = [standing(s, s.worktree(id)), s.checkout()]
    const answer = await s.amp('pause', id)
    expect(answer.code).toBe(0)
    expect(plain(answer.stdout, s.root)).toBe('paused a: <oid12>\n')
    expect(existsSync(s.worktree(id))).toBe(false)
    expect(s.git('worktree', 'list').split('\n')).toHaveLength(1)
    expect(s.checkout()).toBe(checkout)
    expect((await s.amp('list')).stdout).toContain('paused')
    expect(s.events(id).at(-1)).toBe('session.paused')
    const ref = `refs/amp-private/snapshots/${id}`
    expect(s.ended(id)).toEqual({ snapshot: s.git('rev-parse', ref) })
    expect(s.git('log', '-1', '--format=%P', `refs/amp/sessions/${id}`)).not.toContain(s.git('rev-parse', ref))
    if (from === 'snapshot') emptyTrash(s)
    s.git('gc', '-q', '--prune=now')
    for (const command of ['iterate', 'squash', 'merge', 'rebase'])
      expect((await s.amp(command, id)).stderr).toContain('is paused')
    const resumed = await s.amp('resume', id)
    expect(resumed).toMatchObject({ code: 0, stdout: `${s.worktree(id)}\n` })
    expect(standing(s, s.worktree(id))).toBe(before)
    expect(existsSync(join(s.worktree(id), 'x.o'))).toBe(from === 'trash')
    expect(s.snapshot(id)).toMatchObject({ status: 'idle' })
    expect(s.snapshot(id)).not.toHaveProperty('paused')
    expect(s.refs()).not.toContain(ref)
    expect((await s.amp('resume', id)).stderr).toBe('error: session a is not paused\n')
    // Undone one after the other, and again.
    expect((await s.amp('undo')).stderr).toContain('removed')
    expect(s.snapshot(id).status).toBe('paused')
    expect((await s.amp('undo')).stderr).toContain('restored')
    expect(standing(s, s.worktree(id))).toBe(before)
    expect(s.snapshot(id).status).toBe('idle')
    expect(s.git('fsck', '--connectivity-only', '--no-dangling')).toBe('')
  })

  it('resumes in another clone that has the refs', async () => {
    const s = scene()
    const id = await messy(s)
    const before = standing(s, s.worktree(id))
    await s.amp('pause', id)
    const clone = join(s.root, 'clone')
    s.gitAt(s.root, 'clone', '-q', '--no-local', 'repo', 'clone')
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*')
    const missing = await s.ampAt(clone, 'resume', id)
    expect(missing.code).toBe(128)
    expect(missing.stderr).toContain('is not in this clone')
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/amp-private/*:refs/amp-private/*')
    const answer = await s.ampAt(clone, 'resume', id)
    expect(answer.code).toBe(0)
    expect(standing(s, answer.stdout.trim())).toBe(before)
  })

  it('works on a clean session, and in its own worktree', async () => {
    const s = scene()
    const id = await s.session('a')
    const before = standing(s, s.worktree(id))
    expect((await s.ampAt(s.worktree(id), 'pause')).code).toBe(0)
    expect((await s.amp('pause', id)).stderr).toContain('paused already')
    expect((await s.amp('resume', id)).code).toBe(0)
    expect(standing(s, s.worktree(id))).toBe(before)
  })

  it('refuses what a snapshot cannot hold', async () => {
    const s = scene()
    const id = await s.session('a')
    const wt = s.worktree(id)
    const refusal = async () => {
      const refs = s.refs()
      const answer = await s.amp('pause', id)
      expect(answer.code).toBe(1)
      expect(s.refs()).toBe(refs)
      expect(existsSync(wt)).toBe(true)
      return answer.stderr
    }
    s.write({ '.gitignore': 'build\n' }, wt)
    s.gitAt(wt, 'init', '-q', 'build/deep/nested')
    expect(await refusal()).toContain(
      'holds another repository, which may be the only copy of something: build/deep/nested/',
    )
    rmSync(join(wt, 'build'), { recursive: true })
    s.gitAt(wt, 'init', '-q', '--bare', 'bare')
    expect(await refusal()).toContain('bare/')
    rmSync(join(wt, 'bare'), { recursive: true })
    s.git('worktree', 'lock', '--reason', 'mine', wt)
    expect(await refusal()).toContain('is locked: mine')
    s.git('worktree', 'unlock', wt)
    s.git('worktree', 'add', '-q', '--detach', join(wt, 'inner'))
    expect(await refusal()).toContain('another worktree stands inside')
    s.git('worktree', 'remove', join(wt, 'inner'))
    s.commit({ a: '1\n' }, 'Mine', wt)
    s.commit({ a: '2\n' }, 'Upstream')
    expect(() => s.gitAt(wt, 'merge', 'main')).toThrow()
    expect(await refusal()).toContain('a merge is in progress')
    s.gitAt(wt, 'merge', '--abort')
    expect((await s.amp('pause', id)).code).toBe(0)
  })

  it('refuses to resume over a branch that moved, and leaves the work where it is with -f', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.write({ a: 'mine' }, s.worktree(id))
    await s.amp('pause', id)
    const head = s.git('rev-parse', s.branch(id))
    s.git('branch', '-f', s.branch(id), s.commit({ up: '1' }, 'Upstream'))
    const refs = s.refs()
    const answer = await s.amp('resume', id)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "error: the branch of session a moved while it was paused: from <oid12> to <oid12>
      hint: Set it back: git branch -f amp/a/<time> <oid12>
      hint: or resume with -f, and then run "git stash apply <oid12>" in the worktree.
      "
    `)
    expect(s.refs()).toBe(refs)
    s.git('branch', '-f', s.branch(id), head)
    s.git('branch', '-f', s.branch(id), 'main')
    const forced = await s.amp('resume', id, '-f')
    expect(forced.code).toBe(0)
    expect(s.status(id)).toBe('')
    expect(forced.stderr).toContain('stash apply')
  })

  it('has the branch again that was deleted meanwhile, by resume and by undo', async () => {
    for (const command of [['resume', 'a'], ['undo']]) {
      const s = scene()
      const id = await s.session('a')
      await s.iterate(id, 'echo 1 >a')
      s.write({ a: '2', b: '1' }, s.worktree(id))
      const before = standing(s, s.worktree(id))
      await s.amp('pause', id)
      s.git('branch', '-q', '-D', s.branch(id))
      expect((await s.amp(...command)).code).toBe(0)
      expect(standing(s, s.worktree(id))).toBe(before)
      expect((await s.amp('iterate', id, '-m', 'true')).code).toBe(0)
    }
  })

  it('finishes what was killed', async () => {
    const s = scene()
    const id = await messy(s)
    const wt = s.worktree(id)
    const before = standing(s, wt)
    // Killed after the record, before the worktree went: the work is still there.
    await s.amp('pause', id)
    const [name = ''] = readdirSync(trash(s))
    const gitDir = join(s.dir, '.git/worktrees', id)
    mkdirSync(join(s.dir, '.git/worktrees'), { recursive: true })
    renameSync(join(trash(s), name, 'worktree'), wt)
    renameSync(join(trash(s), name, 'git'), gitDir)
    expect((await s.amp('resume', id)).code).toBe(0)
    expect(standing(s, wt)).toBe(before)
    // Killed between the two renames.
    await s.amp('pause', id)
    const half = readdirSync(trash(s)).find((one) => existsSync(join(trash(s), one, 'git'))) ?? ''
    mkdirSync(join(s.dir, '.git/worktrees'), { recursive: true })
    renameSync(join(trash(s), half, 'git'), gitDir)
    expect((await s.amp('resume', id)).code).toBe(0)
    expect(standing(s, wt)).toBe(before)
  })
})
