import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp path', () => {
  it('prints the worktree', async () => {
    const s = scene()
    const id = await s.session('a')
    expect(await s.amp('path', 'a')).toEqual({ code: 0, stdout: `${s.worktree(id)}\n`, stderr: '' })
    expect((await s.amp('path', 'a', '-z')).stdout).toBe(`${s.worktree(id)}\0`)
    expect(JSON.parse((await s.amp('path', 'a', '--json')).stdout)).toEqual({
      schema: 'git-amp/path@1',
      session: id,
      path: s.worktree(id),
    })
    s.git('worktree', 'remove', s.worktree(id))
    const gone = await s.amp('path', 'a')
    expect([gone.code, plain(gone.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        128,
        "fatal: session a has no worktree here
      hint: "git amp iterate <id>" and "git amp exec <id> -- <command>" make it again from the branch.
      ",
      ]
    `)
  })
})
