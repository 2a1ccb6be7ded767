import { describe, expect, it } from 'vitest'
import { scene } from '../helpers/scene.js'

describe('git amp open', () => {
  it('starts the editor in the worktree, which it makes again', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.amp('remove', '-f', id)
    await s.amp('reopen', id)
    // One argument, whatever is in it; the command itself is the user's own, as git's editor is.
    s.git('config', 'amp.editor', 'sh -c \'printf "%s\\n" "$#" "$1" "$PWD" >"$1/seen"\' -')
    expect(await s.amp('open', id)).toMatchObject({ code: 0 })
    expect(s.read('seen', s.worktree(id))).toBe(`1\n${s.worktree(id)}\n${s.worktree(id)}\n`)
    expect((await s.amp('open', id, '--with', 'exit 7;')).code).toBe(7)
  })
})

describe('git amp for-each', () => {
  it('prints all sessions, archived ones too', async () => {
    const s = scene()
    const [one, two] = [await s.session('one'), await s.session('two')]
    const branch = s.branch(one)
    await s.amp('remove', one)
    await s.amp('gc')
    expect((await s.amp('for-each', '--sort', 'name')).stdout).toBe(
      `${one} closed\t${branch}\n${two} idle\t${s.branch(two)}\n`,
    )
    expect((await s.amp('for-each', '--state', 'idle', '-z', '--format', '%(name)%0a')).stdout).toBe('two\n\0')
    expect((await s.amp('for-each', '--count', '0')).stdout).toBe('')
    expect(await s.amp('for-each', '--format', '%(nope)')).toMatchObject({
      code: 129,
      stderr: expect.stringContaining('unknown field name: nope'),
    })
  })
})

describe('git amp rev-parse', () => {
  it('turns what a session is called into its id, and into its commits', async () => {
    const s = scene()
    const [one, two, three] = [await s.session('one'), await s.session('two'), await s.session('three')]
    await s.iterate(one, 'echo 1 >a')
    for (const name of ['one', one.slice(0, 6), s.branch(one), s.worktree(one), '-', '@{-1}'])
      expect([name, (await s.amp('rev-parse', name)).stdout]).toEqual([name, `${one}\n`])
    expect((await s.amp('rev-parse', '@{-2}')).stdout).toBe(`${three}\n`)
    expect((await s.amp('rev-parse', '@{-3}')).stdout).toBe(`${two}\n`)
    expect((await s.amp('rev-parse', '@{-4}')).stderr).toContain('only 3 sessions were used before')
    expect((await s.amp('rev-parse', '--head', one)).stdout).toBe(`${s.git('rev-parse', s.branch(one))}\n`)
    expect((await s.amp('rev-parse', '--branch', one)).stdout).toBe(`refs/heads/${s.branch(one)}\n`)
    expect((await s.amp('rev-parse', '--chain', one)).stdout).toBe(
      `${s.git('rev-parse', `refs/amp/sessions/${one}`)}\n`,
    )
    expect((await s.amp('rev-parse', '--base', '--head', one)).code).toBe(129)
    expect((await s.amp('rev-parse', 'nope')).code).toBe(128)
  })
})
