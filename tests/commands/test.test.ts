import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp test', () => {
  it('runs the test command on the worktree as it is, and records the result for that tree', async () => {
    const s = scene()
    const id = await s.session('a', { args: ['--test', 'echo one; echo two >&2; test -f ok'] })
    const failing = await s.amp('test', id)
    expect([failing.code, plain(failing.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "Testing: echo one; echo two >&2; test -f ok
        one
        two
      ",
      ]
    `)
    expect(failing.stdout).toMatch(/^tests fail \(exit code 1\) in /)
    s.write({ ok: '' }, s.worktree(id))
    const passing = await s.amp('test', id)
    expect(passing.code).toBe(0)
    expect(s.status(id)).toBe('?? ok')
    s.gitAt(s.worktree(id), 'add', 'ok')
    expect(s.snapshot(id).tested).toMatchObject({ tree: s.gitAt(s.worktree(id), 'write-tree'), exit: 0 })
    const known = await s.amp('test', id)
    expect(known).toEqual({
      code: 0,
      stdout: 'tests pass (this tree was tested before)\n',
      stderr: 'hint: Run them again with --force.\n',
    })
    expect((await s.amp('test', id, '--force')).stdout).toMatch(/^tests pass in /)
    expect(JSON.parse((await s.amp('test', id, '--force', '--json')).stdout)).toMatchObject({
      schema: 'git-amp/test@1',
      passed: true,
      ran: true,
      output: 'one\ntwo',
    })
  })

  it('calls a killed test command a failure, and needs a command', async () => {
    const s = scene()
    const none = await s.session('none')
    expect(await s.amp('test', none)).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: session none has no test command
      hint: Set one for all sessions with "git config amp.test '<command>'".
      ",
        "stdout": "",
      }
    `)
    s.git('config', 'amp.test', 'kill -TERM $$')
    const killed = await s.amp('test', none)
    expect([killed.code, killed.stdout]).toEqual([1, expect.stringMatching(/^tests fail \(ended by SIGTERM\) in /)])
    expect(s.snapshot(none).tested).toMatchObject({ exit: null })
    expect((await s.amp('show', none)).stdout).toMatch(/Tests: +fail/)
  })

  it('puts the result into the note of the iteration', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.git('config', 'amp.test', 'grep -q 1 a')
    expect((await s.amp('test', id)).code).toBe(0)
    expect(s.git('log', '-1', '--notes=amp', '--format=%N', s.branch(id)).trim()).toBe(
      `Session ${id} (a), iteration 1 by shell, tests pass: echo 1 >a`,
    )
  })

  it('records nothing when files change while the tests run', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: 'echo 1 >a', args: ['--test', 'echo late >late; test -f late'] })
    const iterated = await s.amp('iterate', id)
    expect([iterated.code, iterated.stderr]).toEqual([
      0,
      expect.stringContaining(
        'warning: files in the worktree changed while the tests ran, so their result is not recorded\n',
      ),
    ])
    expect(s.events(id)).not.toContain('test.recorded')
    s.write({ late: '' }, s.worktree(id))
    const answer = await s.amp('test', id)
    expect([answer.code, answer.stderr]).toEqual([0, expect.stringContaining('so their result is not recorded\n')])
    expect(answer.stdout).toMatch(/^tests pass in /)
    expect(s.snapshot(id).tested).toBeUndefined()
    expect(JSON.parse((await s.amp('test', id, '--json')).stdout)).toMatchObject({ passed: true, recorded: true })
    expect(s.events(id).at(-1)).toBe('test.recorded')
  })

  it('takes amp.test as it is now when the session has no command of its own, and so does iterate', async () => {
    const s = scene()
    const id = await s.session('a')
    s.git('config', 'amp.test', 'test -f ok')
    const iterated = await s.iterate(id, 'echo 1 >a', '--json')
    expect(iterated.code).toBe(1)
    const { session, iteration } = JSON.parse(iterated.stdout)
    expect(iteration.tests).toMatchObject({ command: 'test -f ok', exit: 1 })
    expect(session).toMatchObject({ worktree: s.worktree(id), state: 'idle' })
    expect([typeof iteration.endedAt, typeof iteration.durationMs]).toEqual(['string', 'number'])
    const tests = async () => /^Tests: +(.*)$/m.exec((await s.amp('show', id)).stdout)?.[1]
    expect(await tests()).toBe('fail (test -f ok)')
    s.commit({ b: '1' }, 'Mine', s.worktree(id))
    expect(await tests()).toBe('fail, for an earlier tree (test -f ok)')
    s.git('config', 'amp.test', 'true')
    expect((await s.amp('test', id)).code).toBe(0)
    expect(await tests()).toBe('pass (true)')
    s.write({ c: '1' }, s.worktree(id))
    expect(await tests()).toBe('pass, without the uncommitted changes (true)')
  })
})
