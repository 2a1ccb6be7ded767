import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scene } from '../helpers/scene.js'

describe('git amp exec', () => {
  it('runs a command in the worktree, and answers whether it succeeded', async () => {
    const s = scene()
    const id = await s.session('a')
    s.env.GIT_DIR = join(s.dir, '.git')
    const answer = await s.amp(
      'exec',
      'a',
      '--json',
      '--',
      'sh',
      '-c',
      'pwd; echo $GIT_AMP_SESSION; git rev-parse --show-toplevel; echo err >&2; exit 3',
    )
    delete s.env.GIT_DIR
    expect(answer.code).toBe(3)
    expect(JSON.parse(answer.stdout)).toEqual({
      schema: 'git-amp/exec@1',
      session: id,
      worktree: s.worktree(id),
      exit: 3,
      signal: null,
      stdout: `${s.worktree(id)}\n${id}\n${s.worktree(id)}\n`,
      stderr: 'err\n',
    })
    expect((await s.amp('exec', 'a', '--', 'true')).code).toBe(0)
    const killed = await s.amp('exec', 'a', '--', 'sh', '-c', 'kill -9 $$')
    expect([killed.code, killed.stderr]).toEqual([137, "error: 'sh' was ended by SIGKILL\n"])
    expect(await s.amp('exec', 'a', '--', 'no-such-program')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: cannot run 'no-such-program': no such command
      ",
        "stdout": "",
      }
    `)
    expect(await s.amp('exec', 'a')).toMatchInlineSnapshot(`
      {
        "code": 128,
        "stderr": "fatal: no command given
      hint: Write "git amp exec <session> -- <command>".
      ",
        "stdout": "",
      }
    `)
    const here = s.worktree(id)
    expect((await s.ampAt(here, 'exec', '--', 'sh', '-c', 'test "$PWD" = "$0"', here)).code).toBe(0)
    expect((await s.amp('exec', '--', 'true')).stderr).toMatch(/^fatal: no session given/)
    s.git('worktree', 'remove', s.worktree(id))
    expect((await s.amp('exec', 'a', '--', 'test', '-f', 'README.md')).code).toBe(0)
  })
})
