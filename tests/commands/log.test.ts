import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { story, timeless } from '../helpers/story.js'

describe('git amp log', () => {
  it('tells iterations, manual commits and events in order', async () => {
    const { s, id } = await story()
    const answer = await s.amp('log', id)
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(timeless(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "2026-01-02 10:00              created       printf "1\\n2\\n" >a
      2026-01-02 10:01  <oid10>  iteration 1   printf "1\\n2\\n" >a [1 file +2 -0, tests fail]
      2026-01-02 10:02  <oid10>  manual        My own
      2026-01-02 10:03  <oid10>  iteration 2   printf "1\\n3\\n" >a [1 file +1 -1, tests pass]
      "
    `)
    await s.amp('squash', id, '-m', 'One', '--manual=include')
    await s.amp('merge', id)
    const kinds = (await s.amp('log', id, '--format', '%(kind)')).stdout.trim().split('\n')
    expect(kinds).toEqual(['created', 'iteration', 'moved', 'iteration', 'squashed', 'merged', 'merged'])
  })

  it('passes options and paths to git log', async () => {
    const { s, id, branch } = await story()
    const file = join(s.root, 'out')
    expect((await s.amp('log', id, `--output=${file}`, '--pretty=format:%s%n%N', '--', 'a')).code).toBe(0)
    expect(s.read('out', s.root).replace(/\n+/g, '\n')).toBe(
      `amp: printf "1\\n3\\n" >a\nSession ${id} (fix-it), iteration 2 by shell, tests pass: printf "1\\n3\\n" >a\namp: printf "1\\n2\\n" >a\nSession ${id} (fix-it), iteration 1 by shell, tests fail: printf "1\\n2\\n" >a\n`,
    )
    await s.amp('log', id, `--output=${file}`, '-n', '1', '--pretty=%H')
    expect(s.read('out', s.root).trim()).toBe(s.git('rev-parse', branch))
  })
})
