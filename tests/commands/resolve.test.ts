import { describe, expect, it } from 'vitest'
import { diverged } from '../helpers/diverged.js'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

describe('git amp resolve', () => {
  it('keeps one head, and the other stays reachable', async () => {
    const s = scene()
    const { id, ours, theirs } = await diverged(s)
    const wt = s.worktree(id)
    const before = standing(s, wt)
    for (const [command, ...args] of [['squash'], ['rebase'], ['merge'], ['iterate'], ['pause'], ['remove', '-f']]) {
      const answer = await s.amp(command ?? '', id, ...args)
      expect(answer.code).toBe(128)
      expect(answer.stderr).toContain(`git amp resolve ${id.slice(0, 4)} --keep <head>`)
    }
    expect((await s.amp('resolve', id, '--keep', 'main')).stderr).toContain('is no head')
    const refs = s.refs()
    expect((await s.amp('resolve', id, '--keep', theirs, '-n')).stdout).toContain('would keep')
    expect(s.refs()).toBe(refs)
    const answer = await s.amp('resolve', id, '--keep', theirs.slice(0, 9))
    expect(answer.code).toBe(0)
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "kept <oid12> of a; not on the branch any more: <oid12>
      "
    `)
    expect(s.git('rev-parse', s.branch(id))).toBe(theirs)
    expect(s.status(id)).toBe('')
    expect([s.exists('b', wt), s.exists('c', wt)]).toEqual([false, true])
    expect(s.snapshot(id)).toMatchObject({ heads: [theirs], changes: { files: 2 } })
    expect((await s.amp('log', id)).stdout).toContain('heads-resolved')
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect(s.git('cat-file', '-t', ours)).toBe('commit')
    expect((await s.amp('resolve', id, '--keep', ours)).stderr).toBe('error: session a has not diverged\n')
    // And back: it has diverged again.
    expect((await s.amp('undo')).code).toBe(0)
    expect(standing(s, wt)).toBe(before)
    expect(s.snapshot(id).heads).toEqual([ours, theirs].sort())
    expect((await s.amp('resolve', id, '--keep', ours)).code).toBe(0)
    expect(standing(s, wt)).toBe(before)
    expect((await s.iterate(id, 'echo 3 >d')).code).toBe(0)
  })

  it('refuses when edits are in the way, or commits of the user would be lost', async () => {
    const s = scene()
    const { id, ours, theirs } = await diverged(s)
    const wt = s.worktree(id)
    s.write({ c: 'mine' }, wt)
    const refs = s.refs()
    const answer = await s.amp('resolve', id, '--keep', theirs)
    expect(answer).toMatchObject({ code: 1 })
    expect(answer.stderr).toContain('are in the way')
    const mine = s.commit({ c: 'mine' }, 'Mine', wt)
    expect((await s.amp('resolve', id, '--keep', theirs)).stderr).toContain('commits of your own')
    expect(s.refs().replace(mine, ours)).toBe(refs)
    expect((await s.amp('resolve', id, '--keep', s.branch(id))).code).toBe(0)
    expect(s.snapshot(id).heads).toEqual([mine])
    expect(s.git('log', '-1', '--format=%P', `refs/amp/sessions/${id}`)).toContain(theirs)
  })

  it('takes up a branch that was renamed', async () => {
    const s = scene()
    const { id, ours } = await diverged(s)
    s.gitAt(s.worktree(id), 'branch', '-m', 'renamed')
    expect((await s.amp('resolve', id, '--keep', ours)).code).toBe(0)
    expect([s.branch(id), s.git('rev-parse', 'renamed'), s.status(id)]).toEqual(['renamed', ours, ''])
    expect(s.git('branch', '--list', 'amp/*')).toBe('')
  })

  it('is not taken back past another resolution: a session always has a head', async () => {
    const s = scene()
    const { id, ours, theirs } = await diverged(s)
    expect((await s.amp('resolve', id, '--keep', ours)).code).toBe(0)
    expect((await s.amp('undo')).code).toBe(0)
    const [last] = JSON.parse((await s.amp('oplog', '--json')).stdout).operations
    expect((await s.amp('resolve', id, '--keep', theirs)).code).toBe(0)
    expect((await s.amp('undo', last.id)).stderr).toMatch(/moved since undo .*, by resolve/)
    expect(s.snapshot(id).heads).toEqual([theirs])
  })
})
