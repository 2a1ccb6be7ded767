import { describe, expect, it } from 'vitest'
import { scene } from '../helpers/scene.js'

describe('for machines', () => {
  it('every command answers --json with one value that names its schema', async () => {
    const s = scene()
    const id = (await s.session('a', { prompt: 'echo 1 >a', args: ['--test', 'true'] })).trim()
    const json = async (...argv: string[]) => {
      const answer = await s.amp(...argv, '--json')
      expect([argv, answer.code]).toEqual([argv, 0])
      return JSON.parse(answer.stdout)
    }
    const session = { id, name: 'a', slug: 'a', branch: s.branch(id), base: { ref: 'refs/heads/main' }, agent: 'shell' }
    expect(await json('new', 'b', '-m', 'x', '--agent', 'shell')).toMatchObject({
      schema: 'git-amp/session@1',
      session: { slug: 'b', state: 'idle' },
    })
    expect(await json('iterate', id)).toMatchObject({
      schema: 'git-amp/iteration@1',
      session,
      iteration: { n: 1, outcome: 'success', files: 1 },
      tests: { exit: 0 },
    })
    // By name: both may have changed last in the same second.
    const list = await json('list', '--sort', 'name')
    expect(list).toMatchObject({
      schema: 'git-amp/list@1',
      sessions: [{ ...session, worktree: s.worktree(id), state: 'idle', isCurrent: false }, { slug: 'b' }],
    })
    expect(await json('--sort', 'name')).toEqual(list)
    expect(await json('show', id)).toMatchObject({
      schema: 'git-amp/show@1',
      session: { ...session, prompt: 'echo 1 >a', ahead: 1, behind: 0, uncommitted: 0 },
      iterations: [{ n: 1 }],
    })
    expect(await json('log', id)).toMatchObject({
      schema: 'git-amp/log@1',
      session: id,
      items: [{ kind: 'event' }, { kind: 'iteration' }],
    })
    expect(await json('diff', id)).toMatchObject({
      schema: 'git-amp/diff@1',
      session: id,
      files: [{ path: 'a', status: 'A', insertions: 1, deletions: 0 }],
    })
    expect(await json('test', id, '--force')).toMatchObject({ schema: 'git-amp/test@1', session: id, passed: true })
    expect(await json('path', id)).toEqual({ schema: 'git-amp/path@1', session: id, path: s.worktree(id) })
    expect(await json('squash', id, '-m', 'One')).toMatchObject({
      schema: 'git-amp/squash@1',
      session: id,
      isDryRun: false,
      commits: [{ subject: 'One', isManual: false, replaced: 1 }],
    })
    expect(await json('rebase', id)).toMatchObject({ schema: 'git-amp/rebase@1', session: id, isUpToDate: true })
    expect(await json('merge', id)).toMatchObject({
      schema: 'git-amp/merge@1',
      session: id,
      into: 'main',
      via: 'ff',
      updated: s.dir,
    })
  })

  it('list and log print --porcelain records, with -z for any value', async () => {
    const s = scene()
    const now = () => new Date('2026-01-02T03:04:05Z')
    const id = (await s.ampWith({ now }, 'new', 'ä b', '-m', 'Title\twith tab', '--agent', 'shell')).stdout.trim()
    const [worktree, base] = [s.worktree(id), s.git('rev-parse', 'main')]
    const lines = [
      `session ${id}`,
      'slug a-b',
      'name ä b',
      'state idle',
      'branch amp/a-b/20260102-030405',
      `worktree ${worktree}`,
      `base ${base}`,
      'baseref refs/heads/main',
      `head ${base}`,
      'iterations 0',
      'files 0',
      'insertions 0',
      'deletions 0',
      'agent shell',
      'created 2026-01-02T03:04:05Z',
      'updated 2026-01-02T03:04:05Z',
      'title Title\twith tab',
      '',
    ]
    expect((await s.amp('list', '--porcelain')).stdout).toBe(`${lines.join('\n')}\n`)
    expect((await s.amp('list', '--porcelain=v1', '-z')).stdout).toBe(`${lines.join('\0')}\0`)
    expect((await s.amp('list', '--porcelain=v9')).code).toBe(129)
    expect((await s.amp('log', id, '--porcelain', '-z')).stdout.split('\0').slice(0, 2)).toEqual([
      'kind created',
      'at 2026-01-02T03:04:05Z',
    ])
  })

  it('list and log print --format as for-each-ref does, and name an unknown field', async () => {
    const s = scene()
    const id = await s.session('a')
    expect((await s.amp('list', '--format', '%(id:short)%09%(slug)%%%0a')).stdout).toBe(`${id.slice(0, 4)}\ta%\n\n`)
    expect((await s.amp('list', '--format=%(slug)', '-z')).stdout).toBe('a\0')
    expect(await s.amp('list', '--format', '%(size)')).toMatchInlineSnapshot(`
      {
        "code": 129,
        "stderr": "error: unknown field name: size
      hint: Known fields: session, slug, name, state, branch, worktree, base, baseref, head, iterations, files, insertions, deletions, agent, tests, created, updated, title, id, id:short.
      usage: git amp list [<options>]
      ",
        "stdout": "",
      }
    `)
    expect((await s.amp('log', id, '--format', '%(nothing)')).code).toBe(129)
  })

  it('nothing is coloured or cut in a pipe, and -q leaves only the answer', async () => {
    const s = scene()
    const title = `long ${'title '.repeat(30)}`.trim()
    const answer = await s.amp('new', 'a', '-m', title, '--agent', 'shell', '-q')
    expect(answer.stderr).toBe('')
    const { stdout } = await s.amp('list')
    expect(stdout).toContain(title)
    expect(stdout).not.toContain('\u001b')
    s.git('config', 'color.ui', 'always')
    expect((await s.amp('list')).stdout).toContain('\u001b[')
  })
})
