import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { Work } from '../helpers/work.js'

describe('git amp pick', () => {
  it('takes a commit into the branch that is checked out, as cherry-pick does', async () => {
    const w = await Work.begin()
    w.agent({ a: '1' })
    const mine = w.manual({ m: '1' }, 'Mine')
    w.agent({ b: '1' })
    w.s.write({ other: 'untracked' })
    const refs = w.s.git('for-each-ref', 'refs/amp', 'refs/heads/amp')
    const answer = await w.s.amp('pick', w.id, mine)
    expect([answer.code, plain(answer.stdout, w.s.root), answer.stderr]).toEqual([
      0,
      '<oid12> Mine\n',
      'Took 1 commit of a\n',
    ])
    expect(w.s.git('log', '-1', '--format=%an|%B')).toBe(`Änn Mine|Mine\n\n(cherry picked from commit ${mine})\n`)
    expect([w.s.exists('m'), w.s.exists('a')]).toEqual([true, false])
    expect(w.s.git('for-each-ref', 'refs/amp', 'refs/heads/amp')).toBe(refs)
  })

  it('takes all of the session’s own, and leaves out what is here already', async () => {
    const w = await Work.begin()
    w.agent({ a: '1' })
    w.manual({}, 'Nothing')
    w.agent({ b: '1' })
    w.s.commit({ b: '1' }, 'The same')
    w.git('merge', '-q', '--no-edit', 'main')
    w.agent({ c: '1' })
    const dry = await w.s.amp('pick', w.id, '-n')
    expect(dry.stdout.split('\n').map((line) => line.slice(13))).toEqual(['amp: 1', 'Nothing', 'amp: 2', 'amp: 3', ''])
    expect(w.s.subjects('main~1..main')).toEqual(['The same'])
    const answer = await w.s.amp('pick', w.id, '--json')
    expect(JSON.parse(answer.stdout)).toMatchObject({ schema: 'git-amp/pick@1', dropped: [expect.any(String)] })
    expect(answer.stderr).toContain('Left out, because the change is here already: ')
    expect(w.s.subjects('main~3..main')).toEqual(['amp: 1', 'Nothing', 'amp: 3'])
    expect(w.s.git('status', '--porcelain')).toBe('')
  })

  it('is an operation, which undo takes back and has again, also after a conflict', async () => {
    const w = await Work.begin({ b: '0' })
    w.agent({ a: '1' })
    w.agent({ b: '1' })
    const [before, head] = [w.s.git('rev-parse', 'main'), w.s.git('rev-parse', w.s.branch(w.id))]
    expect((await w.s.amp('pick', w.id)).code).toBe(0)
    const picked = w.s.git('rev-parse', 'main')
    const undone = await w.s.amp('undo')
    expect([undone.code, undone.stdout]).toEqual([0, expect.stringContaining('undid pick of a')])
    expect([w.s.git('rev-parse', 'main'), w.s.git('status', '--porcelain')]).toEqual([before, ''])
    const [again] = JSON.parse((await w.s.amp('oplog', '--json')).stdout).operations
    expect((await w.s.amp('undo', again.id)).code).toBe(0)
    expect([w.s.git('rev-parse', 'main'), w.s.git('status', '--porcelain')]).toEqual([picked, ''])
    expect((await w.s.amp('undo')).stdout).toContain('undid pick of a')
    w.s.commit({ b: 'other' }, 'Other')
    const other = w.s.git('rev-parse', 'main')
    expect((await w.s.amp('pick', w.id)).code).toBe(1)
    w.s.git('cherry-pick', '--abort')
    expect(w.s.subjects(`${other}..main`)).toEqual(['amp: 1'])
    expect((await w.s.amp('undo')).stdout).toContain('undid pick of a')
    expect([w.s.git('rev-parse', 'main'), w.s.git('rev-parse', w.s.branch(w.id))]).toEqual([other, head])
    w.s.git('switch', '-q', '--detach')
    expect((await w.s.amp('pick', w.id, `${w.s.branch(w.id)}~1`)).code).toBe(0)
  })

  it('takes a commit that a squash replaced', async () => {
    const w = await Work.begin()
    w.agent({ a: '1' })
    const second = w.agent({ b: '1' })
    await w.squash()
    expect((await w.s.amp('pick', w.id, second)).code).toBe(0)
    expect(w.s.git('ls-files')).toBe('README.md\nb')
  })

  it('stages the changes to some paths, from where the user is', async () => {
    const w = await Work.begin({ 'sub/gone': '1', 'sub/f': 'x\n' })
    w.agent({ 'sub/f': 'y\n', 'sub/new': '\0binary', other: '1' })
    w.manual({ 'sub/f': 'z\n' }, 'Mine')
    w.git('rm', '-q', 'sub/gone')
    const last = w.manual({}, 'Remove')
    const answer = await w.s.ampAt(`${w.s.dir}/sub`, 'pick', w.id, '--', '.')
    expect(answer).toEqual({
      code: 0,
      stdout: 'sub/f\nsub/gone\nsub/new\n',
      stderr: 'Staged changes to 3 files of a\n',
    })
    expect(w.s.git('status', '--porcelain')).toBe('M  sub/f\nD  sub/gone\nA  sub/new')
    expect(w.s.git('rev-parse', ':sub/new')).toBe(w.s.git('rev-parse', `${w.branch}:sub/new`))
    w.s.git('reset', '-q', '--hard')
    expect((await w.s.amp('pick', w.id, last, '--', 'sub')).stdout).toBe('sub/gone\n')
    expect((await w.s.amp('pick', w.id, '--', 'nowhere')).stderr).toBe(
      'error: session a changes nothing in these paths\n',
    )
    expect((await w.s.amp('pick', w.id, '--')).code).toBe(129)
  })

  it('takes staged changes back with undo, and has them again, beside what the user has done there', async () => {
    const w = await Work.begin({ f: 'x\n', gone: '1\n', own: '1\n' })
    w.agent({ f: 'y\n', 'sub/new': 'of the agent\n' })
    w.git('rm', '-q', 'gone')
    w.manual({}, 'Remove')
    w.s.write({ own: '2\n', staged: 'of mine\n', untracked: '1\n' })
    w.s.git('add', 'staged')
    const look = () => [
      w.s.git('status', '--porcelain', '-uall'),
      w.s.git('diff', 'HEAD'),
      w.s.git('ls-files', '--stage'),
    ]
    const before = look()
    expect((await w.s.amp('pick', w.id, '--', '.')).code).toBe(0)
    const picked = look()
    expect(picked[0]).toBe('M  f\nD  gone\n M own\nA  staged\nA  sub/new\n?? untracked')
    expect((await w.s.amp('oplog', '-n1')).stdout).toContain(`staged in ${w.s.dir}`)
    // What is staged nowhere else is not collected.
    w.s.git('gc', '-q', '--prune=now')
    const undone = await w.s.amp('undo')
    expect([undone.code, undone.stdout, undone.stderr]).toEqual([
      0,
      expect.stringContaining('undid pick of a'),
      `Updated the checkout in ${w.s.dir}\n`,
    ])
    expect(look()).toEqual(before)
    const [again] = JSON.parse((await w.s.amp('oplog', '--json')).stdout).operations
    expect((await w.s.amp('undo', again.id)).code).toBe(0)
    expect(look()).toEqual(picked)
    w.s.write({ f: 'mine\n' })
    const edited = await w.s.amp('undo')
    expect([edited.code, edited.stderr]).toEqual([1, expect.stringContaining('are in the way')])
    w.s.git('add', 'f')
    expect((await w.s.amp('undo')).stderr).toContain('was committed or changed since: f\n')
    w.s.git('commit', '-q', '-m', 'Taken')
    const kept = look()
    expect((await w.s.amp('undo')).stderr).toContain('was committed or changed since: f, gone, sub/new\n')
    expect(look()).toEqual(kept)
  })

  it('touches nothing that the user changed, and takes nothing then', async () => {
    const w = await Work.begin({ f: 'x\n' })
    w.agent({ a: '1' })
    w.agent({ f: 'agent\n' })
    w.s.write({ f: 'mine\n' })
    const before = [w.s.checkout(), w.s.refs()]
    for (const args of [[], ['--', 'f']]) {
      const answer = await w.s.amp('pick', w.id, ...args)
      expect(answer).toEqual({
        code: 1,
        stdout: '',
        stderr: 'error: your changes here are in the way: f\nhint: Commit or stash them, then run the command again.\n',
      })
      expect([w.s.checkout(), w.s.refs()]).toEqual(before)
    }
    w.s.git('checkout', '-q', 'f')
    w.s.write({ a: 'untracked' })
    expect((await w.s.amp('pick', w.id)).stderr).toContain('in the way: a\n')
  })

  it('leaves a conflict to git, to be finished there', async () => {
    const w = await Work.begin({ f: 'x\n' })
    const first = w.agent({ f: 'agent\n' })
    w.agent({ a: '1' })
    w.s.commit({ f: 'up\n' }, 'Upstream')
    const answer = await w.s.amp('pick', w.id)
    expect([answer.code, plain(answer.stderr, w.s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: 'amp: 1' (<oid12>) conflicts in f
      hint: Resolve it, "git add" the files, and run "git cherry-pick --continue"; "git cherry-pick --abort" takes it back.
      hint: Not picked yet: <oid12>
      ",
      ]
    `)
    expect(w.s.git('rev-parse', 'CHERRY_PICK_HEAD')).toBe(first)
    expect((await w.s.amp('pick', w.id)).stderr).toContain('there are conflicts here already: f')
    w.s.write({ f: 'both\n' })
    w.s.git('add', 'f')
    w.s.git('-c', 'core.editor=true', 'cherry-pick', '--continue')
    expect(w.s.subjects('main~1..main')).toEqual(['amp: 1'])
    const paths = await w.s.amp('pick', w.id, '--', 'f')
    expect([paths.code, paths.stderr]).toEqual([
      1,
      expect.stringContaining('the change conflicts in f\nhint: Resolve it and "git add" the files.'),
    ])
    expect(w.s.git('status', '--porcelain')).toBe('UU f')
  })

  it('refuses commits that are not the session’s, merges, and its own worktree', async () => {
    const w = await Work.begin()
    expect((await w.s.amp('pick', w.id)).stderr).toBe('error: session a has no commits to pick\n')
    w.agent({ a: '1' })
    const up = w.s.commit({ up: '1' }, 'Upstream')
    expect((await w.s.amp('pick', w.id, up)).stderr).toContain(`fatal: ${up} is no commit of session a\n`)
    expect((await w.s.amp('pick', w.id, 'nothing')).stderr).toContain("fatal: 'nothing' is no commit here\n")
    w.git('merge', '-q', '--no-edit', 'main')
    expect((await w.s.amp('pick', w.id, w.branch)).stderr).toContain('is a merge, which cannot be picked')
    expect((await w.s.ampAt(w.wt, 'pick', w.id)).stderr).toBe('error: this is the worktree of session a itself\n')
    expect((await w.s.amp('pick')).code).toBe(129)
  })
})
