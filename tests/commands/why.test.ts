import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

const lines = (text: string) => `${text.split(' ').join('\n')}\n`

/** A session of two iterations with a commit by hand between them, each in a line of its own. */
async function written(prompt = 'Begin'): Promise<{ s: Scene; id: string }> {
  const s = scene()
  s.commit({ 'a.txt': lines('one two three four five') })
  const id = await s.session('fix', { prompt })
  await s.iterate(id, 'sed -i "s/two/two-1/" a.txt; echo Two is done')
  s.commit({ 'a.txt': lines('one two-1 three-hand four five') }, 'By hand', s.worktree(id))
  await s.iterate(id, 'sed -i "s/four/four-2/" a.txt; echo six-2 >>a.txt')
  return { s, id }
}

// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the answer holds
async function reasons(s: Scene, place: string, options: { at?: string; rev?: string } = {}): Promise<any[]> {
  const rev = options.rev === undefined ? [] : ['--rev', options.rev]
  const answer = await s.ampAt(options.at ?? s.dir, 'why', place, '--json', ...rev)
  if (answer.code !== 0) throw new Error(answer.stderr)
  return JSON.parse(answer.stdout).reasons
}

/** Session, iteration (or human) of each line, as `blame` tells. */
async function who(s: Scene, options: { at?: string; rev?: string } = {}): Promise<string[]> {
  const rev = options.rev === undefined ? [] : [options.rev]
  const answer = await s.ampAt(options.at ?? s.dir, 'blame', ...rev, '--json', '--', 'a.txt')
  if (answer.code !== 0) throw new Error(answer.stderr)
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the answer holds
  return JSON.parse(answer.stdout).lines.map(({ text, session, iteration, among }: any) => {
    const n = iteration?.n ?? (among.length > 0 ? among.join('|') : 'human')
    return `${text} ${session?.slug ?? '-'} ${n}`
  })
}

const whole = ['one - human', 'two-1 fix 1', 'three-hand - human', 'four-2 fix 2', 'five - human', 'six-2 fix 2']
/** The same when the human's commit went into the squash. */
const inside = whole.map((line) => line.replace('three-hand -', 'three-hand fix'))

describe('git amp why', () => {
  it('tells the story of a line, and names the human of another one', async () => {
    const { s, id } = await written()
    const at = s.worktree(id)
    const answer = await s.ampAt(at, 'why', 'a.txt:2')
    expect(answer.code).toBe(0)
    expect(plain(answer.stdout, s.root).replace(/\d{4}-\S+ \S+ UTC/, '<when>')).toMatchInlineSnapshot(`
      "a.txt:2
          two-1

      Session:    <id> fix
      Iteration:  1 by shell
      When:       <when>, <age>
      Commit:     <oid12> amp: sed -i "s/two/two-1/" a.txt; echo Two is done

      Prompt:
          sed -i "s/two/two-1/" a.txt; echo Two is done

      The agent said:
          Two is done
      "
    `)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "hint: git amp show <short> --iteration 1
      "
    `)
    const human = await s.ampAt(at, 'why', 'a.txt:3')
    expect(plain(human.stdout, s.root).replace(/\d{4}-\S+ \S+ UTC/, '<when>')).toMatchInlineSnapshot(`
      "a.txt:3
          three-hand

      Session:    <id> fix
      Iteration:  none, it is a commit by hand in the session
      By:         A U Thor <author@example.com>
      When:       <when>, <age>
      Commit:     <oid12> By hand
      "
    `)
    expect(human.stderr).toBe('')
    const older = await s.ampAt(at, 'why', 'a.txt:1')
    expect(older.stdout).toContain('Iteration:  none, it is a commit by hand\n')
  })

  it('shows several reasons as a table', async () => {
    const { s, id } = await written()
    const answer = await s.ampAt(s.worktree(id), 'why', 'a.txt')
    expect(
      plain(answer.stdout, s.root)
        .replace(/\b[0-9a-f]{10}\b/g, '<oid10>')
        .replace(/<age> +/g, '<age> '),
    ).toMatchInlineSnapshot(`
      "a.txt
      1, 5  <oid10>          A U Thor  <age> Change
      2     <oid10>  fix  1  shell     <age> sed -i "s/two/two-1/" a.txt; echo Two is done
      3     <oid10>          A U Thor  <age> By hand
      4, 6  <oid10>  fix  2  shell     <age> sed -i "s/four/four-2/" a.txt; echo six-2 >>a.txt
      "
    `)
  })

  it('goes through squashes, kept apart or with the commits by hand', async () => {
    const { s, id } = await written()
    const at = s.worktree(id)
    await s.amp('squash', id, '-m', 'All', '--manual=include')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['All'])
    expect(await who(s, { at })).toEqual(inside)
    const [two] = await reasons(s, 'a.txt:2', { at })
    expect(two).toMatchObject({ session: { id }, iteration: { n: 1, agent: 'shell' }, summary: 'Two is done' })
    expect(two.commit).not.toBe(two.written)
    expect((await s.amp('undo')).code).toBe(0)
    await s.amp('squash', id, '-m', 'Apart')
    expect(await who(s, { at })).toEqual(whole)
  })

  it('goes through a rebase, a squash of a squash, a merge, and into an archive', async () => {
    const { s, id } = await written()
    await s.amp('squash', id, '-m', 'First', '--manual=include')
    await s.iterate(id, 'echo seven-3 >>a.txt')
    await s.amp('squash', id, '-m', 'Second', '--manual=include')
    s.commit({ 'a.txt': lines('zero one two three four five') }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect((await s.amp('merge', id, '--no-ff')).code).toBe(0)
    const now = ['zero - human', ...inside, 'seven-3 fix 3']
    expect(await who(s)).toEqual(now)
    expect((await s.amp('gc')).code).toBe(0)
    expect(s.git('for-each-ref', 'refs/amp/sessions')).toBe('')
    expect(await who(s)).toEqual(now)
    expect(await reasons(s, 'a.txt:3')).toMatchObject([{ iteration: { n: 1 }, summary: 'Two is done' }])
  })

  it('goes through a cherry-pick of a squash, and one that lost its trailers', async () => {
    const { s, id } = await written()
    await s.amp('squash', id, '-m', 'All', '--manual=include')
    s.git('switch', '-q', '-c', 'release')
    s.commit({ 'other.txt': 'x\n' })
    s.git('cherry-pick', '-x', s.branch(id))
    expect(await who(s)).toEqual(inside)
    s.git('commit', '-q', '--amend', '-m', 'Quotes (#12)')
    expect(await reasons(s, 'a.txt:6')).toMatchObject([{ session: { id }, iteration: { n: 2 } }])
    expect(await reasons(s, 'a.txt:2')).toMatchObject([{ session: { id }, iteration: { n: 1 } }])
    expect(await reasons(s, 'a.txt:1')).toMatchObject([{ session: null, iteration: null }])
  })

  it('names the iteration of a commit that was picked alone and written by hand', async () => {
    const { s, id } = await written()
    const { iterations } = await s.show(id)
    s.git('switch', '-q', '-c', 'release')
    s.git('cherry-pick', '--no-commit', iterations[0]?.to)
    s.git('commit', '-q', '-m', 'Only this')
    expect(await reasons(s, 'a.txt:2')).toMatchObject([{ session: { id }, iteration: { n: 1 } }])
  })

  it('names all that it may be where a conflict changed the line', async () => {
    const { s, id } = await written()
    await s.amp('squash', id, '-m', 'All', '--manual=include')
    s.commit({ 'a.txt': lines('one TWO three four five') }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(1)
    const at = s.worktree(id)
    s.write({ 'a.txt': lines('one TWO-both three-hand four-2 five six-2') }, at)
    s.gitAt(at, 'add', 'a.txt')
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    expect(await who(s, { at })).toEqual([
      'one - human',
      'TWO-both fix 1|2',
      'three-hand fix human',
      'four-2 fix 2',
      'five - human',
      'six-2 fix 2',
    ])
    const answer = await s.ampAt(at, 'why', 'a.txt:2')
    expect(answer.stdout).toContain('Iteration:  one of 1, 2; it was changed when their commits were put together\n')
  })

  it('works in a clone that has synced, and says what is missing in one that has not', async () => {
    const { s, id } = await written()
    await s.amp('squash', id, '-m', 'All', '--manual=include')
    await s.amp('merge', id)
    s.gitAt(s.root, 'clone', '-q', '--bare', 'repo', 'hub')
    s.git('remote', 'add', 'origin', join(s.root, 'hub'))
    expect((await s.amp('sync')).code).toBe(0)
    s.gitAt(s.root, 'clone', '-q', 'hub', 'clone')
    const clone = join(s.root, 'clone')
    const before = await s.ampAt(clone, 'why', 'a.txt:2')
    expect(before.stdout).toContain(`Session:    ${id}  (its chain is not in this clone)\n`)
    expect(before.stderr).toBe(`hint: "git amp sync" brings session ${id}, if the remote has it.\n`)
    s.gitAt(clone, 'fetch', '-q', 'origin', 'refs/notes/amp:refs/notes/amp')
    expect(await reasons(s, 'a.txt:2', { at: clone })).toMatchObject([{ session: { id, slug: 'fix' }, among: [1, 2] }])
    expect((await s.ampAt(clone, 'sync')).code).toBe(0)
    expect(await who(s, { at: clone })).toEqual(inside)
    expect(await who(s, { at: join(s.root, 'hub'), rev: 'main' })).toEqual(inside)
  })

  it('tells of lines that are not committed, in the worktree of a session and elsewhere', async () => {
    const { s, id } = await written()
    s.write({ 'a.txt': lines('ONE two three four five') })
    expect((await s.amp('why', 'a.txt:1')).stdout).toContain('none yet; it is not in the worktree of a session')
    const at = s.worktree(id)
    s.write({ 'a.txt': lines('one two-1 three-hand four-2 five six-2 seven') }, at)
    const [reason] = await reasons(s, 'a.txt:7', { at })
    expect(reason).toMatchObject({ commit: null, session: null, worktreeOf: id })
    expect((await s.ampAt(at, 'why', 'a.txt:7')).stdout).toContain(`Session:  ${id} fix\n`)
    expect((await s.ampAt(at, 'blame', 'a.txt')).stdout).toMatch(/^00000000 +\(Not Committed Yet .* 7\) seven$/m)
  })

  it('says what is wrong with a file or a line', async () => {
    const { s, id } = await written()
    const say = async (...argv: string[]) => {
      const { code, stderr } = await s.amp('why', ...argv)
      return `${code} ${stderr.split('\n')[0]}`
    }
    expect(await say('a.txt:99')).toBe("128 fatal: 'a.txt' has only 5 lines")
    expect(await say('a.txt:0')).toBe("128 fatal: '0' is no range of lines")
    expect(await say('a.txt:4,2')).toBe("128 fatal: '4,2' is no range of lines")
    expect(await say('nothing.txt')).toBe("128 fatal: 'nothing.txt' is not known to git: no commit has it")
    expect(await say('../other:1')).toBe("128 fatal: '../other' is outside of this worktree")
    expect(await say('a.txt', '--rev', 'nowhere')).toBe("128 fatal: 'nowhere' is no commit here")
    s.commit({ 'dir/b': '1\n' })
    expect(await say('dir')).toBe("128 fatal: 'dir' is a directory")
    s.git('rm', '-q', 'a.txt')
    s.git('commit', '-q', '-m', 'Remove')
    const gone = s.git('rev-parse', 'HEAD').slice(0, 12)
    const answer = await s.amp('why', 'a.txt:1')
    expect([answer.code, answer.stderr]).toEqual([
      128,
      `fatal: 'a.txt' is not here any more: ${gone} deleted it\nhint: It can be asked for as it was before: --rev ${gone}^\n`,
    ])
    expect(await reasons(s, 'a.txt:1', { rev: 'HEAD^' })).toHaveLength(1)
    expect(await reasons(s, 'a.txt:2', { rev: s.branch(id) })).toMatchObject([{ iteration: { n: 1 } }])
  })

  it('follows renames, names with odd characters, and files whose names look like lines', async () => {
    const s = scene()
    const id = await s.session('odd')
    await s.iterate(id, `printf 'a\\nb\\n' > 'tab\there "é".txt'; printf 'x\\n' > f:3`)
    await s.iterate(id, `echo c >> 'tab\there "é".txt'`)
    await s.amp('squash', id, '-m', 'All')
    const at = s.worktree(id)
    s.gitAt(at, 'mv', 'tab\there "é".txt', 'plain.txt')
    s.gitAt(at, 'commit', '-q', '-m', 'Rename')
    expect(await reasons(s, 'plain.txt:1', { at })).toMatchObject([{ iteration: { n: 1 } }])
    expect(await reasons(s, 'plain.txt:3', { at })).toMatchObject([{ iteration: { n: 2 } }])
    expect(await reasons(s, 'f:3', { at })).toMatchObject([{ lines: [{ line: 1, text: 'x' }] }])
  })

  it('escapes what a terminal would act on', async () => {
    const s = scene()
    const id = await s.session('esc')
    await s.iterate(id, `printf '\\033[31mred\\007\\n' > a.txt; printf 'said \\033[2J\\n'`)
    const at = s.worktree(id)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    const control = /[\x00-\x08\x0b-\x1f\x7f]/
    expect((await s.ampAt(at, 'why', 'a.txt:1')).stdout).not.toMatch(control)
    expect((await s.ampAt(at, 'blame', 'a.txt')).stdout).not.toMatch(control)
  })

  it('is not led round in a circle by what somebody else recorded', async () => {
    const { s, id } = await written()
    await s.amp('squash', id, '-m', 'All', '--manual=include')
    const ref = `refs/amp/sessions/${id}`
    const text = s.git('cat-file', 'commit', ref)
    const map = /"map":(\[.*?\]\])/.exec(text)?.[1] ?? ''
    const turned = JSON.parse(map).map(([from, to]: string[]) => [to, from])
    // The squash is said to be made of what stands on top of it.
    const above = s.commit({ 'a.txt': `${s.read('a.txt', s.worktree(id))}more\n` }, 'Above', s.worktree(id))
    const added = JSON.stringify([...turned, [above, s.git('rev-parse', `${above}^`)], ['--x\nfff', 3], 'no pair'])
    const forged = text.replace(map, `${map.slice(0, -1)},${added.slice(1)}`)
    s.write({ forged })
    const oid = s.git('hash-object', '-t', 'commit', '-w', 'forged')
    s.git('update-ref', ref, oid)
    expect((await s.ampAt(s.worktree(id), 'blame', 'a.txt')).code).toBe(0)
  })
})
