import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'
import { story, timeless } from '../helpers/story.js'

describe('git amp show', () => {
  it('shows one session', async () => {
    const { s, id } = await story()
    s.commit({ up: '1' })
    s.write({ new: '1' }, s.worktree(id))
    s.gitAt(s.worktree(id), 'init', '-q', 'nested')
    const answer = await s.amp('show', id)
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(timeless(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "Session:      <id> Fix it
      State:        idle
      Branch:       amp/fix-it/<time> at <oid12>
      Base:         main, from <oid12> (3 ahead, 1 behind)
      Worktree:     $ROOT/repo/.worktrees/<id>
      Uncommitted:  1 path; 1 nested repository: nested/
      Agent:        shell
      Tests:        pass, without the uncommitted changes (grep -q 3 a)
      Changes:      2 files +3 -0
      Started:      2026-01-02 10:00:00 UTC by A U Thor <author@example.com>

          printf "1\\n2\\n" >a

          : More words.

      1  done  <oid10>  +2  -0  tests fail  <time>  printf "1\\n2\\n" >a
      2  done  <oid10>  +1  -1  tests pass  <time>  printf "1\\n3\\n" >a
      "
    `)
  })

  it('shows one iteration', async () => {
    const { s, id } = await story()
    expect(timeless((await s.amp('show', id, '--iteration', '1')).stdout, s.root)).toMatchInlineSnapshot(`
      "Iteration:  1 by shell on test-host
      Outcome:    done
      Commit:     <oid>
      Parent:     <oid>
      Changes:    1 file +2 -0
      Tests:      fail
      Started:    2026-01-02 10:01:00 UTC
      Took:       <time>

      Prompt:
          printf "1\\n2\\n" >a

          : More words.

      Files:
          A a
      "
    `)
    expect(await s.amp('show', id, '--iteration', '3')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: session Fix it has no iteration 3
      hint: It has iterations 1 to 2.
      ",
        "stdout": "",
      }
    `)
    expect((await s.amp('show', id, '--iteration', 'x')).code).toBe(129)
    const none = await s.session('none')
    expect((await s.amp('show', none, '--iteration', '1')).stderr).toContain('hint: It has none yet.')
  })

  it('says so when worktree, branch and base are gone', async () => {
    const { s, id, branch } = await story()
    s.git('worktree', 'remove', s.worktree(id))
    s.git('branch', '-q', '-D', branch)
    s.git('branch', '-m', 'main', 'trunk')
    const { code, stdout } = await s.amp('show', id)
    expect(code).toBe(0)
    expect(plain(stdout, s.root)).toContain('not here; its commits are kept by the session')
    expect(stdout).toContain('(none here)')
  })

  it('tells of a base that is gone, a rebase by hand, and work after a merge', async () => {
    const s = scene()
    s.git('branch', 'start')
    const id = await s.session('a', { args: ['--base', 'start'] })
    await s.iterate(id, 'echo 1 >a')
    await s.amp('merge', id)
    await s.iterate(id, 'echo 2 >a')
    const fact = async (name: string) => new RegExp(`^${name}: +(.*)$`, 'm').exec((await s.amp('show', id)).stdout)?.[1]
    const start = s.git('rev-parse', 'start').slice(0, 12)
    expect(await fact('State')).toBe(`idle; merged before, into start at ${start}`)
    expect(await fact('Base')).toBe(`start, from ${start} (1 ahead)`)
    s.commit({ a: 'other\n' })
    expect(() => s.gitAt(s.worktree(id), 'rebase', 'main')).toThrow()
    expect(await fact('In progress')).toBe('rebase; finish it with "git rebase --continue" in the worktree')
    const list = await s.amp('list')
    expect([list.stdout[0], list.stderr]).toEqual([
      '!',
      `hint: ${id.slice(0, 4)} is being rebased; finish it in its worktree with "git rebase --continue"\n`,
    ])
    s.gitAt(s.worktree(id), 'rebase', '--abort')
    s.git('branch', '-D', 'start')
    expect(await fact('Base')).toMatch(/^start \(gone\), from [0-9a-f]{12}$/)
  })
})
