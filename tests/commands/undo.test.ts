import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { oplogRef } from '../../src/state/names.js'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'
import { standing } from '../helpers/standing.js'

const branches = (s: Scene) => s.git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads')
const operations = async (s: Scene): Promise<{ id: string; command: string; isUndone: boolean }[]> =>
  JSON.parse((await s.amp('oplog', '--json')).stdout).operations

describe('git amp oplog', () => {
  it('lists operations, newest first, in every form', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.amp('squash', id)
    const answer = await s.amp('oplog')
    expect(answer.code).toBe(0)
    expect(
      plain(answer.stdout, s.root)
        .replace(/\b[0-9a-f]{7}\b/g, '<oid7>')
        .replace(/ [0-9a-z]{4} a /g, ' <short> a ')
        .replace(/<age> +/g, '<age> '),
    ).toMatchInlineSnapshot(`
      "<id>  <age> squash   <short> a  amp/a/<time> <oid7>..<oid7>
      <id>  <age> iterate  <short> a  amp/a/<time> <oid7>..<oid7>
      <id>  <age> new      <short> a  amp/a/<time> (none)..<oid7>
      "
    `)
    expect((await s.amp('oplog', '-n', '1', '--format', '%(command)')).stdout).toBe('squash\n')
    expect((await s.amp('oplog', 'a', '--porcelain', '-z', '-n1')).stdout).toMatch(
      /^operation \w{12}\0at .*\0command squash\0/s,
    )
    expect((await operations(s)).map(({ command }) => command)).toEqual(['squash', 'iterate', 'new'])
    expect((await s.amp('oplog', '-n', 'x')).code).toBe(129)
    expect((await scene().amp('oplog')).stderr).toBe('hint: Nothing is recorded here yet.\n')
  })
})

describe('git amp undo', () => {
  it('takes back squash, rebase, merge and iterate step by step, and each undo as well', async () => {
    const s = scene()
    const id = await s.session('a')
    const states: string[] = []
    const look = () =>
      [
        branches(s),
        standing(s, s.worktree(id)),
        s.checkout(),
        JSON.stringify(s.snapshot(id).heads),
        s.snapshot(id).base.oid,
        s.snapshot(id).status,
        s.git('notes', '--ref=amp', 'list').split('\n').sort().join(),
      ].join('\n--\n')
    await s.iterate(id, 'echo 1 >a; echo x >"sp ace"')
    states.push(look())
    await s.iterate(id, 'echo 2 >a; rm "sp ace"; ln -s a link')
    s.commit({ up: '1' }, 'Upstream')
    states.push(look())
    expect((await s.amp('squash', id, '-m', 'One')).code).toBe(0)
    states.push(look())
    expect((await s.amp('rebase', id)).code).toBe(0)
    states.push(look())
    expect((await s.amp('merge', '--keep', id)).code).toBe(0)
    const last = look()
    // Nothing needs a reflog.
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    for (const expected of states.slice(1).reverse()) {
      const answer = await s.amp('undo')
      expect(answer.stderr).not.toContain('error')
      expect(look()).toBe(expected)
      s.git('reflog', 'expire', '--expire=now', '--all')
      s.git('gc', '-q', '--prune=now')
    }
    // Upstream moved after the iteration, and has nothing to do with it.
    expect((await s.amp('undo')).code).toBe(0)
    expect(standing(s, s.worktree(id))).toBe(states[0]?.split('\n--\n')[1])
    const undos = (await operations(s)).filter(({ command }) => command === 'undo')
    expect(undos).toHaveLength(4)
    for (const undo of [...undos]) expect((await s.amp('undo', undo.id)).code).toBe(0)
    expect(look()).toBe(last)
    expect(s.events(id).filter((type) => type === 'operation.undone')).toHaveLength(8)
    expect(s.git('fsck', '--connectivity-only', '--no-dangling')).toBe('')
  })

  it('brings uncommitted edits back that an iteration had committed', async () => {
    const s = scene()
    const id = await s.session('a')
    const wt = s.worktree(id)
    await s.iterate(id, 'printf "1\\n2\\n" >a; echo b >b; echo c >c; echo d >d; chmod +x d')
    s.write({ a: 'staged\n', b: 'worktree\n', 'dir/new': 'untracked\n', added: '1\n', intent: '1\n' }, wt)
    s.gitAt(wt, 'add', 'a', 'added')
    s.gitAt(wt, 'add', '-N', 'intent')
    s.write({ a: 'staged and more\n' }, wt)
    s.gitAt(wt, 'rm', '-q', '--cached', 'c')
    s.gitAt(wt, 'update-index', '--assume-unchanged', 'd')
    const before = standing(s, wt)
    await s.iterate(id, 'echo 3 >a; rm b')
    expect((await operations(s)).slice(0, 2).map(({ command }) => command)).toEqual(['iterate', 'commit'])
    const after = standing(s, wt)
    expect((await s.amp('undo')).code).toBe(0)
    const answer = await s.amp('undo')
    expect(answer.stderr).toContain('updated')
    expect(standing(s, wt)).toBe(before)
    // And there again.
    for (const undo of (await operations(s)).filter(({ command }) => command === 'undo').slice(0, 2))
      expect((await s.amp('undo', undo.id)).stderr).toContain('updated')
    expect(standing(s, wt).split('\n').slice(0, 2)).toEqual(after.split('\n').slice(0, 2))
    expect(s.status(id)).toBe('')
  })

  it('keeps what is staged and stands in no file, and brings it back', async () => {
    for (const file of ['1\n', '3\n']) {
      const s = scene()
      const id = await s.session('a')
      const wt = s.worktree(id)
      await s.iterate(id, 'echo 1 >a')
      s.write({ a: 'staged\n' }, wt)
      s.gitAt(wt, 'add', 'a')
      s.write({ a: file }, wt)
      const [before, oid] = [standing(s, wt), s.gitAt(wt, 'rev-parse', ':a')]
      expect((await s.iterate(id, 'echo 2 >b')).code).toBe(0)
      expect(s.git('rev-list', '--objects', '--no-object-names', oplogRef).split('\n')).toContain(oid)
      expect((await operations(s)).slice(0, 2).map(({ command }) => command)).toEqual(['iterate', 'commit'])
      expect((await s.amp('undo')).code).toBe(0)
      expect((await s.amp('undo')).code).toBe(0)
      expect(standing(s, wt)).toBe(before)
    }
  })

  it('refuses to take an older removal back past what came since', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.amp('remove', '-D', id)
    await s.amp('reopen', id)
    await s.iterate(id, 'echo 1 >a')
    await s.amp('remove', '-f', '-D', id)
    const removals = (await operations(s)).filter(({ command }) => command === 'remove')
    const refs = s.refs()
    expect((await s.amp('undo', removals[1]?.id ?? '')).stderr).toMatch(/moved since remove .*, by .*remove/)
    expect(s.refs()).toBe(refs)
    expect((await s.amp('undo', removals[0]?.id ?? '')).code).toBe(0)
    expect(s.git('rev-parse', s.branch(id))).toBe(s.snapshot(id).heads[0])
  })

  it('refuses what something newer moved, and says what', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    await s.amp('squash', id)
    const [, second] = await operations(s)
    const refs = s.refs()
    const answer = await s.amp('undo', second?.id ?? '')
    expect(answer.code).toBe(1)
    expect(plain(answer.stderr, s.root)).toMatchInlineSnapshot(`
      "error: session a moved since iterate (<id>), by squash (<id>)
      hint: Nothing was changed.
      hint: Undo that first: git amp undo <id>
      "
    `)
    expect(s.refs()).toBe(refs)
    s.commit({ mine: '1' }, 'Mine', s.worktree(id))
    const manual = await s.amp('undo')
    expect(plain(manual.stderr, s.root)).toMatchInlineSnapshot(`
      "error: session a moved since squash (<id>), by plain git or in another clone
      hint: Nothing was changed.
      "
    `)
    expect((await s.amp('undo', 'zzzz')).code).toBe(128)
  })

  it('refuses when edits of the user are in the way, and carries others along', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a; echo 1 >b')
    await s.iterate(id, 'echo 2 >a')
    s.write({ a: 'mine' }, s.worktree(id))
    const refs = s.refs()
    expect((await s.amp('undo')).stderr).toContain('are in the way')
    expect(s.refs()).toBe(refs)
    s.gitAt(s.worktree(id), 'checkout', '-q', 'a')
    s.write({ b: 'mine' }, s.worktree(id))
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.status(id)).toBe(' M b')
    expect(s.read('a', s.worktree(id))).toBe('1\n')
    // The base likewise.
    s.gitAt(s.worktree(id), 'checkout', '-q', 'b')
    await s.amp('merge', '--keep', id)
    s.write({ a: 'mine' })
    const now = s.refs()
    expect((await s.amp('undo')).stderr).toContain('are in the way')
    expect(s.refs()).toBe(now)
    expect(s.read('a')).toBe('mine')
  })

  it('refuses in the middle of a conflict', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ a: 'other\n' }, 'Upstream')
    try {
      s.gitAt(s.worktree(id), 'merge', 'main')
    } catch {
      // It conflicts.
    }
    const refs = s.refs()
    const answer = await s.amp('undo')
    expect(answer.code).not.toBe(0)
    expect(answer.stderr).toContain('in progress')
    expect(s.refs()).toBe(refs)
  })

  it('takes back a new session, worktree and branch, and has it again', async () => {
    const s = scene()
    const id = await s.session('a')
    const [refs, wt] = [branches(s), standing(s, s.worktree(id))]
    s.write({ ignored: '1', '.git/info/exclude': '.worktrees\nignored\n' })
    const answer = await s.amp('undo')
    expect(answer.stderr).toContain('removed')
    expect(s.exists('', s.worktree(id))).toBe(false)
    expect(s.git('branch', '--list', 'amp/*')).toBe('')
    expect(s.snapshot(id).status).toBe('closed')
    const [undo] = await operations(s)
    expect((await s.amp('undo', undo?.id ?? '')).stderr).toContain('restored')
    expect([branches(s), standing(s, s.worktree(id))]).toEqual([refs, wt])
    expect(s.snapshot(id).status).toBe('idle')
    expect((await s.iterate(id, 'echo 1 >a')).code).toBe(0)
    expect((await s.amp('undo')).code).toBe(0)
    // Work that was not recorded keeps it.
    s.write({ work: '1' }, s.worktree(id))
    expect((await s.amp('undo')).stderr).toContain('changes that were made since')
  })

  it('goes back to where an iteration began, when its agent made commits of its own', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    const before = [s.git('rev-parse', s.branch(id)), standing(s, s.worktree(id))]
    for (const script of ['echo 2 >a; git commit -qam own', 'git commit -q --allow-empty -m own']) {
      await s.iterate(id, script)
      expect((await s.amp('undo')).code).toBe(0)
      expect([s.git('rev-parse', s.branch(id)), standing(s, s.worktree(id))]).toEqual(before)
      expect(s.snapshot(id).heads).toEqual([before[0]])
    }
  })

  it('refuses to bring a worktree back, or to take one away, whose branch stands elsewhere now', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    await s.amp('pause', id)
    const branch = s.branch(id)
    s.git('update-ref', `refs/heads/${branch}`, `${branch}~`)
    const moved = await s.amp('undo')
    expect([moved.code, plain(moved.stderr, s.root)]).toEqual([
      1,
      expect.stringMatching(/^error: amp\/a\/<time> moved since pause .*\nhint: Nothing was changed\./),
    ])
    s.git('update-ref', `refs/heads/${branch}`, s.snapshot(id).heads[0] ?? '')
    expect((await s.amp('resume', id)).code).toBe(0)
    s.gitAt(s.worktree(id), 'reset', '-q', '--soft', 'HEAD~')
    expect(await s.amp('undo')).toMatchObject({ code: 1, stderr: expect.stringContaining('changes that were made') })
    expect(s.status(id)).toBe('M  a')
  })

  it('refuses to take a new session back that went on, and a merge of which the session moved since, before any step goes', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('merge', id)).code).toBe(0)
    const refs = s.refs()
    const [merge, , begun] = await operations(s)
    const answer = await s.amp('undo', begun?.id ?? '')
    expect([answer.code, plain(answer.stderr, s.root)]).toEqual([
      1,
      expect.stringMatching(/^error: session a moved since new /),
    ])
    expect([merge?.command, s.refs()]).toEqual(['merge', refs])
    expect((await s.amp('reopen', id)).code).toBe(0)
    const reopened = s.refs()
    expect((await s.amp('undo', merge?.id ?? '')).stderr).toContain('moved since merge')
    expect(s.refs()).toBe(reopened)
  })

  it('takes a worktree away with a branch that goes, and deletes no branch under work', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.amp('remove', '-D', id)
    await s.amp('reopen', id)
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('undo')).code).toBe(0)
    const wt = s.worktree(id)
    const before = standing(s, wt)
    s.write({ mine: '1' }, wt)
    const refs = s.refs()
    expect((await s.amp('undo')).stderr).toContain('changes that were made since')
    expect([s.refs(), s.status(id)]).toEqual([refs, '?? mine'])
    s.gitAt(wt, 'clean', '-qfd')
    const other = join(s.root, 'other')
    s.git('worktree', 'add', '-q', '--force', other, s.branch(id))
    expect((await s.amp('undo')).code).not.toBe(0)
    s.git('worktree', 'remove', other)
    expect((await s.amp('undo')).stderr).toContain('removed')
    expect([s.exists('.', wt), s.git('branch', '--list', 'amp/*')]).toEqual([false, ''])
    const [undo] = await operations(s)
    expect((await s.amp('undo', undo?.id ?? '')).code).toBe(0)
    expect(standing(s, wt)).toBe(before)
  })

  it('moves another session’s branch back that a merge went into, with its worktree, and that session takes it up', async () => {
    const s = scene()
    const a = await s.session('a')
    await s.iterate(a, 'echo 1 >a')
    const b = await s.session('b', { args: ['--base', s.branch(a)] })
    await s.iterate(b, 'echo 1 >b')
    s.commit({ mine: '1' }, 'Mine', s.worktree(a))
    const before = [branches(s), standing(s, s.worktree(a)), standing(s, s.worktree(b))]
    expect((await s.amp('merge', b, '--no-rebase')).code).toBe(0)
    // Its chain has what came from the merge, and not yet what the undo does.
    expect((await s.amp('rebase', a)).stderr).not.toContain('Rebased')
    expect(s.snapshot(a).heads).toEqual([s.git('rev-parse', s.branch(a))])
    expect((await s.amp('undo')).stderr).toContain('Updated the checkout in')
    expect([branches(s), standing(s, s.worktree(a)), standing(s, s.worktree(b))]).toEqual(before)
    expect((await s.amp('squash', a)).code).toBe(0)
    expect(s.snapshot(a).heads).toEqual([s.git('rev-parse', s.branch(a))])
    expect(s.events(a).slice(-2)).toEqual(['head.moved', 'session.squashed'])
  })

  it('opens a session again that a merge found in the base', async () => {
    const s = scene()
    const id = await s.session('a')
    s.gitAt(s.worktree(id), 'commit', '-q', '--allow-empty', '-m', 'Mine')
    s.git('merge', '-q', s.branch(id))
    const before = standing(s, s.worktree(id))
    expect((await s.amp('merge', id)).code).toBe(0)
    expect(s.snapshot(id).status).toBe('merged')
    expect((await s.amp('undo')).code).toBe(0)
    expect([s.snapshot(id).status, standing(s, s.worktree(id))]).toEqual(['idle', before])
  })

  it('keeps commits that were amended before git-amp saw them, without a reflog', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    const wt = s.worktree(id)
    const unseen = s.commit({ b: '1' }, 'Mine', wt)
    s.gitAt(wt, 'commit', '-q', '--amend', '-m', 'Better')
    expect((await s.amp('squash', id)).code).toBe(0)
    s.git('reflog', 'expire', '--expire=now', '--all')
    s.git('gc', '-q', '--prune=now')
    expect(s.git('cat-file', '-t', unseen)).toBe('commit')
    // What was amended away may be a secret: nothing that can be pushed leads there.
    expect(s.git('for-each-ref', '--contains', unseen, '--format=%(refname)')).toBe(oplogRef)
  })

  it('only shows what it would do with -n', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    const refs = s.refs()
    const answer = await s.amp('undo', '-n')
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "would undo iterate of a (<id>)
        amp/a/<time>: <oid12> -> <oid12>
      "
    `)
    expect(s.refs()).toBe(refs)
    const json = JSON.parse((await s.amp('undo', '--json')).stdout)
    expect(json).toMatchObject({ schema: 'git-amp/undo@1', operation: { command: 'iterate' }, session: id })
    expect(s.git('cat-file', '-t', oplogRef)).toBe('commit')
    expect((await s.amp('undo', json.operation.id)).stderr).toContain('undone already')
  })
})
