import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { scene } from '../helpers/scene.js'
import { story, timeless } from '../helpers/story.js'

describe('git amp log', () => {
  it('tells iterations, manual commits and events in order', async () => {
    const { s, id } = await story()
    const answer = await s.amp('log', id)
    expect(answer).toMatchObject({ code: 0, stderr: '' })
    expect(timeless(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "2026-01-02 10:00:00              created       printf "1\\n2\\n" >a
      2026-01-02 10:01:00  <oid10>  iteration 1   printf "1\\n2\\n" >a [1 file +2 -0, tests fail]
      2026-01-02 10:02:00  <oid10>  manual        My own
      2026-01-02 10:03:00  <oid10>  iteration 2   printf "1\\n3\\n" >a [1 file +1 -1, tests pass]
      "
    `)
    await s.amp('squash', id, '-m', 'One', '--manual=include')
    await s.amp('merge', '--keep', id)
    const kinds = (await s.amp('log', id, '--format', '%(kind)')).stdout.trim().split('\n')
    expect(kinds).toEqual(['created', 'iteration', 'moved', 'iteration', 'squashed', 'merge-intent', 'merged'])
  })

  it('keeps its columns below one another when a word is long', async () => {
    const { s, id } = await story()
    await s.amp('comment', id, 'a:1', '-m', 'Why?')
    const lines = (await s.amp('log', id)).stdout.trimEnd().split('\n')
    const starts = lines.map((line) => line.search(/printf|My own|a:1 Why/))
    expect(lines.at(-1)).toContain('  comment added  a:1 Why?')
    expect(new Set(starts).size).toBe(1)
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

  /** A session whose steps share one second, with own commits that are dated long before and after. */
  async function crowded() {
    const s = scene()
    const frozen = { now: () => new Date('2026-01-02T10:00:00Z') }
    const own = (name: string, date: string) => {
      Object.assign(s.env, { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date })
      s.commit({ [name]: '1\n' }, `Own ${name}`, s.worktree(id))
      delete s.env.GIT_AUTHOR_DATE
      delete s.env.GIT_COMMITTER_DATE
    }
    const created = await s.ampWith(frozen, 'new', 'a', '-m', 'true', '--agent', 'shell', '-q')
    const id = created.stdout.trim()
    own('one', '2030-01-01T00:00:00Z')
    await s.ampWith(frozen, 'iterate', id, '-m', 'echo 1 >a')
    own('two', '2001-01-01T00:00:00Z')
    await s.ampWith(frozen, 'iterate', id, '-m', 'echo 2 >a')
    own('three', '2026-01-02T10:00:00Z')
    const told = async () =>
      (await s.amp('log', id, '--format', '%(kind) %(text)')).stdout
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('moved'))
        .map((line) => line.replace(/ \[.*/, ''))
    return { s, id, frozen, told }
  }
  const order = ['created true', 'commit Own one', 'iteration echo 1 >a', 'commit Own two', 'iteration echo 2 >a']

  it('keeps the order of the branch and of the chain, whatever the dates say', async () => {
    const { s, id, frozen, told } = await crowded()
    expect(await told()).toEqual([...order, 'commit Own three'])
    await s.ampWith(frozen, 'squash', id, '-m', 'One')
    expect(await told()).toEqual([...order, 'commit Own three', 'squashed 5 commits'])
    s.commit({ up: '1' }, 'Upstream')
    await s.ampWith(frozen, 'rebase', id)
    expect((await told()).slice(0, 7)).toEqual([...order, 'commit Own three', 'squashed 5 commits'])
  })

  it.each([['rebase'], ['merge']])('has no commits of the base after a %s by hand', async (verb) => {
    const { s, id, told } = await crowded()
    s.commit({ up: '1\n' }, 'Upstream')
    s.gitAt(s.worktree(id), verb, '-q', ...(verb === 'merge' ? ['--no-edit'] : []), 'main')
    expect(await told()).toEqual([...order, 'commit Own three'])
    const file = join(s.root, 'out')
    await s.amp('log', id, `--output=${file}`, '--format=%s', '--no-merges')
    expect(s.read('out', s.root).trim().split('\n').reverse()).toEqual([
      'Own one',
      'amp: echo 1 >a',
      'Own two',
      'amp: echo 2 >a',
      'Own three',
    ])
    expect((await s.amp('diff', id, '--json')).stdout).not.toContain('"up"')
    expect((await s.show(id)).session.changes).toEqual({ files: 4, insertions: 4, deletions: 0 })
    await s.amp('test', id)
    await s.iterate(id, 'true')
    expect(await told()).toEqual([...order, 'commit Own three', 'iteration true'])
    await s.amp('merge', '--keep', id)
    expect((await told()).slice(0, 7)).toEqual([...order, 'commit Own three', 'iteration true'])
  })

  it('tells the whole story of a session that went on after its merge', async () => {
    const { s, id, told } = await crowded()
    await s.amp('merge', '--keep', id, '--no-ff')
    s.commit({ up: '1\n' }, 'Upstream')
    s.gitAt(s.worktree(id), 'merge', '-q', 'main')
    await s.iterate(id, 'echo 3 >a')
    const merged = ['merge-intent into main (merge, intent)', 'merged into main (merge)']
    expect(await told()).toEqual([...order, 'commit Own three', ...merged, 'iteration echo 3 >a'])
  })

  it('names what plain git did to the branch, and fits a terminal', async () => {
    const { s, id, branch } = await story()
    const old = s.git('rev-parse', branch)
    s.gitAt(s.worktree(id), 'commit', '-q', '--amend', '-m', 'amended')
    await s.amp('test', id)
    const text = (await s.amp('log', id, '--format', '%(kind) %(text)')).stdout
    expect(text).toContain(
      `moved amended with plain git: ${old.slice(0, 10)} to ${s.git('rev-parse', branch).slice(0, 10)}`,
    )
    s.env.GIT_PAGER_IN_USE = 'true'
    s.env.COLUMNS = '85'
    s.env.NO_COLOR = '1'
    const lines = (await s.amp('log', id)).stdout.trimEnd().split('\n')
    expect(lines[1]).toMatch(/printf.*… \[1 file \+2 -0, tests fail\]$/)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(85)
  })
})
