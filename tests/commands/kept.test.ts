import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Scene, scene } from '../helpers/scene.js'

/** A session whose agent failed after the script, and whose work was left in the worktree. */
async function kept(script: string): Promise<{ s: Scene; id: string; at: string }> {
  const s = scene()
  s.git('config', 'amp.onFailure', 'keep')
  const id = await s.session('keep')
  await s.iterate(id, `${script}; exit 4`)
  return { s, id, at: s.worktree(id) }
}

const filesOf = (s: Scene, commit: string): string[] =>
  s.git('show', '--format=', '--name-status', commit).split('\n').filter(Boolean)

describe('amp.onFailure=keep', () => {
  it('remembers what was left as a commit that no branch has, and tells its size', async () => {
    const { s, id } = await kept('echo 1 >a; echo x >>README.md')
    const { keptAs, kept: isKept, files } = s.ended(id) as { keptAs: string; kept: boolean; files: number }
    expect([isKept, files, s.snapshot(id).kept?.commit]).toEqual([true, 2, keptAs])
    expect(filesOf(s, keptAs)).toEqual(['M\tREADME.md', 'A\ta'])
    expect(s.git('log', '-1', '--format=%s', keptAs)).toBe('amp: echo 1 >a; echo x >>README.md; exit 4 (failed)')
    // Reachable from the session: a worktree that is gone takes nothing with it.
    expect(s.git('rev-list', `refs/amp/sessions/${id}`).split('\n')).toContain(keptAs)
    expect((await s.amp('show', id)).stdout).toContain(
      `Left:         by iteration 1, uncommitted (${keptAs.slice(0, 12)})`,
    )
  })

  it('the next iteration commits what was left as the work of its agent', async () => {
    const { s, id } = await kept('echo 1 >a')
    const answer = await s.iterate(id, 'echo 2 >b', '--manual=refuse')
    expect(answer).toMatchObject({ code: 0, stderr: expect.stringContaining('Committed what iteration 1 had left') })
    expect(answer.stderr).not.toContain('as your own')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a; exit 4 (failed)', 'amp: echo 2 >b'])
    const [first] = JSON.parse((await s.amp('show', id, '--json')).stdout).iterations
    expect(first).toMatchObject({ outcome: 'failed', to: s.git('rev-parse', `${s.branch(id)}~1`), remarks: {} })
    expect(s.git('log', '-1', '--format=%(trailers:key=Amp-Iteration,valueonly)', first.to).trim()).toBe(first.id)
    expect(s.git('notes', '--ref=amp', 'show', first.to)).toContain('iteration 1 by shell')
    expect(s.snapshot(id).kept).toBeUndefined()
  })

  it('only what the user changed since is the commit of the user', async () => {
    const { s, id, at } = await kept('echo 1 >a; echo 1 >b; echo 1 >junk; echo x >>README.md')
    s.write({ b: '1\nmine\n', own: 'own\n' }, at)
    rmSync(join(at, 'junk'))
    const refused = await s.iterate(id, 'true', '--manual=refuse')
    expect([refused.code, refused.stderr]).toEqual([128, expect.stringContaining('has uncommitted changes')])
    const answer = await s.iterate(id, 'echo 2 >c')
    expect(answer.stderr).toMatch(/Committed what iteration 1 had left .*\nCommitted the changes found .* as your own/)
    const [agents, mine] = s.git('rev-list', '--reverse', `main..${s.branch(id)}`).split('\n') as [string, string]
    expect(filesOf(s, agents)).toEqual(['M\tREADME.md', 'A\ta', 'A\tb'])
    expect(s.git('show', `${agents}:b`)).toBe('1')
    expect(filesOf(s, mine)).toEqual(['M\tb', 'A\town'])
    expect(s.subjects(`main..${s.branch(id)}`)[1]).toBe('Manual changes before iteration 2')
  })

  it('what was thrown away stays away, and what the user committed is the commit of the user', async () => {
    const { s, id, at } = await kept('echo 1 >a; echo 1 >b')
    rmSync(join(at, 'a'))
    s.gitAt(at, 'add', 'b')
    s.gitAt(at, 'commit', '-qm', 'I take b')
    await s.iterate(id, 'true')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['I take b'])
    s.write({ a: '1\n' }, at)
    await s.iterate(id, 'true')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['I take b', 'Manual changes before iteration 3'])
  })

  it('a file where a directory was, a mode, a name with a newline', async () => {
    const { s, id, at } = await kept(
      'rm README.md; mkdir README.md; echo 1 >README.md/a; echo 1 >"n\nl"; chmod +x "n\nl"',
    )
    s.write({ own: '1\n' }, at)
    await s.iterate(id, 'true')
    const [agents] = s.git('rev-list', '--reverse', `main..${s.branch(id)}`).split('\n') as [string]
    expect(s.git('ls-tree', '-r', agents).split('\n')).toEqual([
      expect.stringMatching(/^100644 blob .*\tREADME.md\/a$/),
      expect.stringMatching(/^100755 blob .*\t"n\\nl"$/),
    ])
  })

  it('undo takes the commit back, and the edits are known as the agent’s again', async () => {
    const { s, id } = await kept('echo 1 >a; echo 1 >b')
    await s.iterate(id, 'true')
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(1)
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.status(id).split('\n').sort()).toEqual(['?? a', '?? b'])
    expect(s.snapshot(id).kept?.n).toBe(1)
    await s.iterate(id, 'true')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a; echo 1 >b; exit 4 (failed)'])
  })

  it('a pause keeps the difference', async () => {
    const { s, id, at } = await kept('echo 1 >a')
    s.write({ own: '1\n' }, at)
    await s.amp('pause', id)
    await s.amp('resume', id)
    await s.iterate(id, 'true')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual([
      'amp: echo 1 >a; exit 4 (failed)',
      'Manual changes before iteration 2',
    ])
  })

  it('a hook that fails on it is told, and the commit is made', async () => {
    const { s, id } = await kept('echo 1 >a')
    s.hook('pre-commit', 'exit 3')
    expect((await s.iterate(id, 'true')).stderr).toContain(
      'the pre-commit hook failed (exit code 3); the commit of what an earlier iteration left was made without it',
    )
    expect(s.subjects(`main..${s.branch(id)}`)).toHaveLength(1)
  })
})
