import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tryMerges } from '../../src/git/merge-many.js'
import { Git } from '../../src/git/run.js'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const numbered = Array.from({ length: 20 }, (_, at) => `${at + 1}`)
const text = (change: Record<number, string> = {}) =>
  `${numbered.map((line, at) => change[at + 1] ?? line).join('\n')}\n`

/** A session with uncommitted work. */
async function edited(s: Scene, name: string, files: Record<string, string>): Promise<string> {
  const id = await s.session(name)
  s.write(files, s.worktree(id))
  return id
}

async function open(s: Scene, name: string, files: Record<string, string>): Promise<string> {
  const id = await edited(s, name, files)
  s.commit({}, `Work of ${name}`, s.worktree(id))
  return id
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the answer holds
async function found(s: Scene, ...argv: string[]): Promise<any> {
  const answer = await s.amp('conflicts', '--json', ...argv)
  expect(answer.code).toBe(JSON.parse(answer.stdout).conflicts.length > 0 ? 1 : 0)
  return JSON.parse(answer.stdout)
}

describe('git amp conflicts', () => {
  it('names pairs, files and lines, and the order in which fewest have to be resolved', async () => {
    const s = scene()
    s.commit({ 'a.txt': text(), 'b.txt': 'x\n' })
    await open(s, 'a-wide', { 'a.txt': text({ 2: 'two', 12: 'twelve' }) })
    await open(s, 'b-top', { 'a.txt': text({ 2: 'TWO' }) })
    await edited(s, 'c-low', { 'a.txt': text({ 12: 'TWELVE' }), 'n.txt': 'n\n' })
    const gone = await s.session('d-gone')
    s.gitAt(s.worktree(gone), 'rm', '-q', 'b.txt')
    await open(s, 'e-kept', { 'b.txt': 'y\n' })
    const answer = await s.amp('conflicts')
    expect(answer.code).toBe(1)
    expect(
      plain(answer.stdout, s.root).replace(/\b(\w{4}) +(?=a-wide|b-top|c-low|d-gone|e-kept)/g, '<id> '),
    ).toMatchInlineSnapshot(`
      "<id> a-wide and <id> b-top
          a.txt  line 2 of a-wide, line 2 of b-top

      <id> a-wide and <id> c-low
          a.txt  line 12 of a-wide, line 12 of c-low

      <id> d-gone and <id> e-kept
          b.txt  modify/delete

      Land them in this order:
      1  <id> b-top   as it is
      2  <id> c-low   as it is; has uncommitted work
      3  <id> d-gone  as it is; has uncommitted work
      4  <id> e-kept  resolve <id> d-gone
      5  <id> a-wide  resolve <id> b-top, c-low
      "
    `)
    expect(plain(answer.stderr, s.root)).toMatch(/^hint: git amp merge \w{4}\n$/)
  })

  it('touches no worktree, and leaves no object behind', async () => {
    const s = scene()
    s.commit({ 'a.txt': text(), '.gitignore': 'ignored\n' })
    const ids = [
      await edited(s, 'a', { 'a.txt': text({ 2: 'A' }), ignored: 'x\n', 'new.txt': 'n\n' }),
      await edited(s, 'b', { 'a.txt': text({ 2: 'B' }) }),
    ]
    s.gitAt(s.worktree(ids[1] as string), 'add', 'a.txt')
    const objects = () => s.git('cat-file', '--batch-all-objects', '--batch-check')
    const state = () => [
      objects(),
      s.refs(),
      s.checkout(),
      ...ids.flatMap((id) => [s.status(id), readFileSync(join(s.dir, '.git/worktrees', id, 'index')).toString('hex')]),
    ]
    // A killed one left its own.
    const left = join(s.dir, '.git/amp/tmp/objects-left')
    mkdirSync(left, { recursive: true })
    utimesSync(left, 1, 1)
    const before = state()
    const { conflicts, order } = await found(s)
    expect(conflicts).toMatchObject([{ session: ids[0], other: ids[1], files: [{ path: 'a.txt', type: 'contents' }] }])
    expect(conflicts[0].files[0].hunks).toEqual([{ ours: { line: 2, count: 1 }, theirs: { line: 2, count: 1 } }])
    expect(order.map(({ hasUncommitted }: { hasUncommitted: boolean }) => hasUncommitted)).toEqual([true, true])
    expect(state()).toEqual(before)
    expect(readdirSync(join(s.dir, '.git/amp/tmp'))).toEqual([])
  })

  it('tries a merge again only when a side has changed', async () => {
    const s = scene()
    s.commit({ 'a.txt': text() })
    const [a, b] = [
      await open(s, 'a', { 'a.txt': text({ 2: 'A' }) }),
      await edited(s, 'b', { 'a.txt': text({ 2: 'B' }) }),
    ]
    await open(s, 'c', { 'c.txt': 'c\n' })
    expect((await found(s)).merges).toEqual({ known: 0, tried: 6 })
    const again = await found(s)
    expect(again.merges).toEqual({ known: 6, tried: 0 })
    expect(again.conflicts).toMatchObject([{ session: a, other: b }])
    s.write({ 'a.txt': text({ 3: 'B' }) }, s.worktree(b))
    expect((await found(s)).merges).toEqual({ known: 3, tried: 3 })
    s.write({ 'a.txt': text({ 15: 'B' }) }, s.worktree(b))
    expect(await found(s)).toMatchObject({ conflicts: [], merges: { known: 3, tried: 3 } })
    // The same files in a commit: history matters to its base alone.
    s.gitAt(s.worktree(b), 'commit', '-q', '-a', '-m', 'Mine')
    expect((await found(s)).merges).toEqual({ known: 5, tried: 1 })
    s.git('config', 'merge.renames', 'false')
    expect((await found(s)).merges).toEqual({ known: 0, tried: 6 })
    s.write({ '.git/amp/conflicts.json': '{"broken' })
    expect((await found(s)).merges).toEqual({ known: 0, tried: 6 })
  })

  it('knows one that stands on another session by its commits', async () => {
    const s = scene()
    s.commit({ 'a.txt': text() })
    const a = await open(s, 'a', { 'a.txt': text({ 2: 'A' }) })
    await s.session('b', { args: ['--base', s.branch(a)] })
    await s.iterate('b', "sed -i 's/^A$/B/' a.txt")
    const first = await found(s)
    expect(first).toMatchObject({ conflicts: [], merges: { tried: 3 } })
    s.gitAt(s.worktree(a), 'commit', '-q', '--amend', '-m', 'In other words')
    expect((await found(s)).conflicts).not.toEqual([])
  })

  it('looks at each against its base, at branches without a worktree, and at paused work', async () => {
    const s = scene()
    s.commit({ 'a.txt': text() })
    const a = await open(s, 'a', { 'a.txt': text({ 2: 'A' }) })
    const b = await open(s, 'b', { 'a.txt': text({ 12: 'B' }) })
    const c = await edited(s, 'c', { 'a.txt': text({ 12: 'C' }), 'only-here.txt': 'c\n' })
    const d = await open(s, 'd', { 'only-here.txt': 'd\n' })
    expect((await s.amp('pause', c)).code).toBe(0)
    s.git('worktree', 'remove', '--force', s.worktree(b))
    s.commit({ 'a.txt': text({ 2: 'UP' }) }, 'Upstream')
    const { conflicts, order } = await found(s)
    const pairs = conflicts.map((one: { session: string; other: string | null; base: string | null }) => [
      one.session,
      one.other ?? one.base,
    ])
    expect(pairs).toEqual([
      [a, 'refs/heads/main'],
      [b, c],
      [c, d],
    ])
    expect(order.map(({ session }: { session: string }) => session)).toEqual([b, d, a, c])
    expect(order.at(-1)).toMatchObject({ resolve: [b, d], resolveBase: false })
    expect((await s.amp('conflicts')).stdout).toContain('a and its base main\n')
    const some = await found(s, a, b)
    expect(some.conflicts).toHaveLength(1)
  })

  it('puts a mark into the list, until one of them moves', async () => {
    const s = scene()
    s.commit({ 'a.txt': text() })
    const work = (to: string) => `sed -i 's/^2$/${to}/' a.txt`
    const [a, b] = [await s.session('a'), await s.session('b')]
    await s.iterate(a, work('A'))
    await s.iterate(b, work('B'))
    const marks = async () => (await s.amp('list')).stdout.match(/><|idle/g)
    expect(await marks()).toEqual(['idle', 'idle'])
    await found(s)
    expect(await marks()).toEqual(['idle', '><', 'idle', '><'])
    await found(s, a)
    expect(await marks()).toEqual(['idle', '><', 'idle', '><'])
    await s.iterate(b, 'git checkout -q HEAD~ -- a.txt')
    expect(await marks()).toEqual(['idle', 'idle'])
    await found(s)
    expect(await marks()).toEqual(['idle', 'idle'])
    s.write({ '.git/amp/conflicts-seen.json': 'null' })
    expect(await marks()).toEqual(['idle', 'idle'])
  })

  it('answers where there is nothing, in a bare repository, and with a git that merges one pair at a time', async () => {
    const s = scene()
    const empty = await s.amp('conflicts')
    expect(empty).toEqual({ code: 0, stdout: '', stderr: 'hint: There are no open sessions.\n' })
    s.commit({ 'a.txt': text(), 'odd "é\t.txt': text() })
    const change = (word: string) => ({ 'a.txt': text({ 5: word }), 'odd "é\t.txt': text({ 9: word }) })
    await open(s, 'a', change('A'))
    expect((await s.amp('conflicts')).stdout).toBe('1 session, no conflicts\n')
    await open(s, 'b', change('B'))
    const here = await found(s)
    expect(here.conflicts[0].files.map(({ path }: { path: string }) => path)).toEqual(['a.txt', 'odd "é\t.txt'])
    s.gitAt(s.root, 'clone', '-q', '--mirror', 'repo', 'bare')
    const bare = JSON.parse((await s.ampAt(join(s.root, 'bare'), 'conflicts', '--json')).stdout)
    expect(bare.conflicts).toEqual(here.conflicts)
    const git = s.git('--exec-path')
    s.program(
      'git',
      `case " $* " in *" --stdin "*merge-tree*|*merge-tree*" --stdin "*) exit 129 ;; esac\nexec '${git}/git' "$@"`,
    )
    s.write({ '.git/amp/conflicts.json': '' })
    expect((await found(s)).conflicts).toEqual(here.conflicts)
    expect(existsSync(join(s.dir, '.git/amp/conflicts.json'))).toBe(true)
  })

  it('says which pairs git cannot merge, and merges the others', async () => {
    const s = scene()
    s.commit({ 'a.txt': text() })
    const [a, b] = [
      await open(s, 'a', { 'a.txt': text({ 2: 'A' }) }),
      await open(s, 'b', { 'a.txt': text({ 2: 'B' }) }),
    ]
    const [ours, theirs] = [s.git('rev-parse', s.branch(a)), s.git('rev-parse', s.branch(b))]
    const merges = await tryMerges(new Git(s.dir, s.env), [
      [ours, '1'.repeat(40)],
      [ours, theirs],
      [ours, ours],
    ])
    expect(merges).toMatchObject([null, { conflicts: [{ path: 'a.txt', type: 'contents' }] }, { conflicts: [] }])
  })
})
