import { describe, expect, it } from 'vitest'
import { install, sh } from '../helpers/bundle.js'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp range-diff', () => {
  it('compares the commits of two attempts, and passes options to git', async () => {
    const s = install(scene())
    const [a, b] = [await s.session('a'), await s.session('b')]
    await s.iterate(a, 'seq 30 >f')
    await s.iterate(a, 'echo 1 >only-a')
    s.commit({ up: '1' }, 'Upstream')
    s.gitAt(s.worktree(b), 'merge', '-q', 'main')
    await s.iterate(b, 'seq 30 >f; echo 31 >>f')
    const answer = await sh(s, 'git amp range-diff a b --no-patch')
    expect([answer.code, answer.stderr]).toEqual([0, ''])
    expect(answer.stdout.replace(/\b[0-9a-f]{7}\b/g, '<oid7>')).toMatchInlineSnapshot(`
      "1:  <oid7> ! 1:  <oid7> amp: seq 30 >f
      2:  <oid7> < -:  ------- amp: echo 1 >only-a
      "
    `)
    const json = JSON.parse((await s.amp('range-diff', 'a', 'b', '--json')).stdout)
    expect(json).toMatchObject({ schema: 'git-amp/range-diff@1', a: { session: a }, b: { session: b } })
    expect(json.commits).toEqual([
      {
        left: s.git('rev-parse', `${s.branch(a)}~1`),
        right: s.git('rev-parse', s.branch(b)),
        change: 'changed',
        subject: expect.any(String),
      },
      { left: s.git('rev-parse', s.branch(a)), right: null, change: 'removed', subject: 'amp: echo 1 >only-a' },
    ])
  })

  it('needs two sessions', async () => {
    const s = scene()
    const id = await s.session('a')
    expect((await s.amp('range-diff', id)).code).toBe(129)
    expect(plain((await s.amp('range-diff', id, 'nobody')).stderr, s.root)).toContain('nobody')
    expect((await s.amp('range-diff', id, id)).stderr).toBe('error: session a has no commits of its own to compare\n')
  })
})
