import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp squash', () => {
  it('makes one commit of the amp: commits, from the merge base, with the same tree and all trailers', async () => {
    const s = scene()
    const id = await s.session('a', { prompt: 'echo 1 >a' })
    await s.amp('iterate', id)
    await s.iterate(id, 'echo 2 >b')
    const branch = s.branch(id)
    const [start, old, tree] = ['main', branch, `${branch}^{tree}`].map((rev) => s.git('rev-parse', rev))
    const upstream = s.commit({ up: 'stream' }, 'Upstream')
    const before = s.checkout()
    const answer = await s.amp('squash', id, '-m', 'Add a and b', '-m', 'Both of them.')
    expect(answer.code).toBe(0)
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "<oid12> Add a and b (2 commits)
      "
    `)
    expect(answer.stderr).toMatchInlineSnapshot(`
      "Squashed 2 commits into 1
      "
    `)
    const { iterations } = await s.show(id)
    expect(s.git('log', '-1', '--format=%P %T%n%B', branch).trim()).toBe(
      `${start} ${tree}\nAdd a and b\n\nBoth of them.\n\nAmp-Session: ${id}\nAmp-Iteration: ${iterations[0]?.id}\nAmp-Iteration: ${iterations[1]?.id}`,
    )
    expect(s.git('rev-parse', 'main')).toBe(upstream)
    expect(s.checkout()).toBe(before)
    expect(s.status(id)).toBe('')
    expect(s.git('log', '-1', '--notes=amp', '--format=%N', branch).trim().split('\n')).toHaveLength(2)
    expect(s.events(id).at(-1)).toBe('session.squashed')
    expect(s.git('log', '-1', '--format=%P', `refs/amp/sessions/${id}`).split(' ')).toContain(old)
  })

  it('and merge keep what the base gained meanwhile', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ up: 'stream', 'README.md': '# Changed upstream\n' }, 'Upstream')
    expect((await s.amp('squash', id)).code).toBe(0)
    expect((await s.amp('merge', id)).code).toBe(0)
    expect(s.git('show', 'main:README.md')).toBe('# Changed upstream')
    expect(s.git('ls-tree', '--name-only', 'main')).toBe('README.md\na\nup')
    expect(s.git('status', '--porcelain')).toBe('')
  })

  it('keeps manual commits between them, with author, date and message', async () => {
    const s = scene()
    const id = await s.session('a')
    const wt = s.worktree(id)
    const own = s.commit({ first: '1' }, 'First of mine', wt)
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    s.env.GIT_AUTHOR_NAME = 'Ann Other'
    s.env.GIT_AUTHOR_EMAIL = 'ann@example.com'
    s.env.GIT_AUTHOR_DATE = '1700000000 +0530'
    const second = s.commit({ second: '1' }, 'Second of mine\n\nWith a body.', wt)
    for (const name of ['GIT_AUTHOR_NAME', 'GIT_AUTHOR_EMAIL', 'GIT_AUTHOR_DATE']) delete s.env[name]
    await s.iterate(id, 'echo 3 >a')
    const branch = s.branch(id)
    const tree = s.git('rev-parse', `${branch}^{tree}`)
    const answer = await s.amp('squash', id, '-m', 'The work')
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "<oid12> First of mine (manual)
      <oid12> The work (3 commits)
      <oid12> Second of mine (manual)
      "
    `)
    expect(s.subjects(`main..${branch}`)).toEqual(['First of mine', 'The work', 'Second of mine'])
    // Its parent is unchanged, so it is the very same commit.
    expect(s.git('rev-parse', `${branch}~2`)).toBe(own)
    const form = '--format=%an %ae %ad|%B|%N'
    expect(s.git('log', '-1', '--date=raw', form, branch)).toBe(s.git('log', '-1', '--date=raw', form, second))
    expect(s.git('rev-parse', `${branch}^{tree}`)).toBe(tree)
    expect(s.snapshot(id).heads).toEqual([s.git('rev-parse', branch)])
    // Nothing is left to be done.
    expect((await s.amp('squash', id, '-m', 'The work', '--manual', 'include')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['The work'])
    expect(s.git('rev-parse', `${branch}^{tree}`)).toBe(tree)
  })

  it('takes uncommitted edits with it as they are', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a; echo 1 >b')
    s.write({ a: 'edited', new: 'x' }, s.worktree(id))
    s.gitAt(s.worktree(id), 'add', 'a')
    expect((await s.amp('squash', id)).code).toBe(0)
    expect(s.status(id)).toBe('M  a\n?? new')
  })

  it('keeps commits apart from a merge that is not of the base only with --manual=include', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    const wt = s.worktree(id)
    s.gitAt(wt, 'switch', '-q', '-c', 'side', 'main')
    s.commit({ side: '1' }, 'Side', wt)
    s.gitAt(wt, 'switch', '-q', s.branch(id))
    s.gitAt(wt, 'merge', '-q', '--no-edit', 'side')
    const branch = s.branch(id)
    const head = s.git('rev-parse', branch)
    expect(await s.amp('squash', id)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "error: the branch contains a merge, so its commits cannot be kept apart
      hint: With --manual=include everything becomes one commit, manual commits too.
      ",
        "stdout": "",
      }
    `)
    expect(s.git('rev-parse', branch)).toBe(head)
    expect((await s.amp('squash', id, '--manual=include', '-m', 'All')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['All'])
    expect(s.git('rev-parse', `${branch}~1`)).toBe(s.git('rev-parse', 'main'))
    expect(s.git('rev-parse', `${branch}^{tree}`)).toBe(s.git('rev-parse', `${head}^{tree}`))
  })

  it('keeps another history that was merged before the agent began, each commit with its change', async () => {
    const s = scene()
    s.git('switch', '-q', '--orphan', 'library')
    s.commit({ 'lib/a': '1\n' }, 'Library begins')
    s.commit({ 'lib/b': '1\n' }, 'Library goes on')
    s.git('switch', '-q', 'main')
    const id = await s.session('a')
    const [branch, wt] = [s.branch(id), s.worktree(id)]
    s.gitAt(wt, 'merge', '-q', '--no-edit', '--allow-unrelated-histories', 'library')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    const tree = s.git('rev-parse', `${branch}^{tree}`)
    expect((await s.amp('squash', id, '-m', 'All')).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['Library begins', 'Library goes on', 'All'])
    expect(s.git('show', '--format=', '--name-only', `${branch}~2`)).toBe('lib/a')
    expect(s.git('rev-parse', `${branch}^{tree}`)).toBe(tree)
  })

  it('changes nothing with -n', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    const refs = s.refs()
    const answer = await s.amp('squash', id, '-n', '-m', 'One')
    const stdout = answer.stdout.replace(/\b[0-9a-f]{7}\b/g, '<oid7>')
    expect({ ...answer, stdout }).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "Would squash 2 commits into 1
      ",
        "stdout": "1:  <oid7> < -:  ------- amp: echo 1 >a
      2:  <oid7> < -:  ------- amp: echo 2 >a
      -:  ------- > 1:  <oid7> One
      ",
      }
    `)
    expect(s.refs()).toBe(refs)
    expect(JSON.parse((await s.amp('squash', id, '--dry-run', '--json')).stdout)).toMatchObject({
      schema: 'git-amp/squash@1',
      isDryRun: true,
    })
    expect(s.refs()).toBe(refs)
  })

  it('has something to squash, and a message', async () => {
    const s = scene()
    const id = await s.session('a')
    expect(await s.amp('squash', id)).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "error: session a has no amp: commits to squash
      ",
        "stdout": "",
      }
    `)
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('squash', id, '-m', ' ')).stderr).toBe('fatal: the message is empty\n')
    expect((await s.amp('squash', id, '--manual=drop')).code).toBe(129)
    s.write({ message: 'From a file\n\nBody.\n' })
    await s.amp('squash', id, '-F', 'message')
    expect(s.git('log', '-1', '--format=%B', s.branch(id))).toMatch(/^From a file\n\nBody\.\n\nAmp-Session/)
  })

  it('asks the commit-msg hook about the message', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.hook(
      'commit-msg',
      'grep -q "^fix: " "$1" || { echo "say fix: or feat:" >&2; exit 1; }; echo "Checked-by: hook" >>"$1"',
    )
    const refs = s.refs()
    expect(await s.amp('squash', id, '-m', 'Wrong')).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "error: the commit-msg hook refused the message
      hint: say fix: or feat:
      ",
        "stdout": "",
      }
    `)
    expect(s.refs()).toBe(refs)
    expect((await s.amp('squash', id, '-m', 'fix: it')).code).toBe(0)
    expect(s.git('log', '-1', '--format=%B', s.branch(id))).toContain('Checked-by: hook')
  })

  it('works without a worktree, and on a branch whose base is gone', async () => {
    const s = scene()
    s.git('switch', '-q', '-c', 'topic')
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    s.git('worktree', 'remove', s.worktree(id))
    s.git('switch', '-q', 'main')
    s.git('branch', '-q', '-D', 'topic')
    expect((await s.amp('squash', id, '-m', 'One')).code).toBe(0)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['One'])
  })

  it('does not move the branch when an iteration began while the commit-msg hook ran', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    s.hook('commit-msg', `touch ${s.root}/asked; while [ ! -e ${s.root}/go ]; do sleep 0.05; done`)
    const squashing = s.amp('squash', id, '-m', 'One')
    await s.until(() => s.exists('asked', s.root))
    const running = s.iterate(
      id,
      `touch ${s.root}/begun; while [ ! -e ${s.root}/go ]; do sleep 0.05; done; sleep 1; echo 3 >a`,
    )
    await s.until(() => s.exists('begun', s.root))
    s.write({ go: '' }, s.root)
    const answer = await squashing
    expect([answer.code, answer.stderr]).toEqual([128, expect.stringContaining('iteration 3 of session a is running')])
    expect((await running).code).toBe(0)
    expect(s.snapshot(id).heads).toEqual([s.git('rev-parse', s.branch(id))])
    expect(s.git('rev-list', '--count', `main..${s.branch(id)}`)).toBe('3')
  })

  it('keeps the words of an earlier squash, and makes a deleted branch again', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('squash', id, '-m', 'My words', '-m', 'And why')).code).toBe(0)
    await s.iterate(id, 'echo 2 >a')
    const branch = s.branch(id)
    s.git('worktree', 'remove', s.worktree(id))
    s.git('branch', '-q', '-D', branch)
    const answer = await s.amp('squash', id)
    expect([answer.code, s.subjects(`main..${branch}`)]).toEqual([0, ['My words']])
    const body = s.git('log', '-1', '--format=%b', branch)
    expect(body).toMatch(/^And why\n\nAmp-Session: \w+\nAmp-Iteration: \w+\nAmp-Iteration: \w+\n?$/)
    s.git('branch', '-q', '-D', branch)
    s.commit({ up: 'stream' }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect(s.subjects(`main..${branch}`)).toEqual(['My words'])
  })

  it('signs and encodes as the session’s branch asks for, in UTF-8', async () => {
    const s = scene()
    s.program('gpg', 'cat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo signature')
    s.git('config', 'i18n.commitEncoding', 'ISO-8859-1')
    s.write({ signing: '[commit]\n\tgpgSign = true\n' }, s.root)
    s.git('config', 'includeIf.onbranch:amp/**.path', join(s.root, 'signing'))
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a # räpö')
    await s.iterate(id, 'echo 2 >a')
    const raw = () => s.git('cat-file', '-p', s.branch(id))
    expect(raw()).toContain('gpgsig signature')
    expect(s.git('log', '--encoding=UTF-8', '--format=%s', '-1', `${s.branch(id)}~1`)).toBe('amp: echo 1 >a # räpö')
    await s.amp('squash', id, '-m', 'Räpö')
    expect(raw()).toMatch(/gpgsig signature[\s\S]*\nRäpö\n/)
    expect(raw()).not.toContain('\nencoding ')
  })

  it('names the runs between own commits, and writes a squashed session not again', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >a')
    s.commit({ a: '3\n' }, 'Mine', s.worktree(id))
    await s.iterate(id, 'echo 4 >a')
    const first = await s.amp('squash', id, '-m', 'One')
    expect(first.stderr.replace(/[0-9a-f]{12}/, '<oid12>')).toBe(
      "'Mine' (<oid12>) and the commits around it cannot change places: it conflicts in a; each run of amp: commits becomes one\n" +
        'Squashed 3 commits into 2, one for each run between your own; own commits stay: 1 commit\n',
    )
    const refs = s.refs()
    const again = await s.amp('squash', id)
    expect([again.code, again.stderr.split('\n').slice(1).join('\n')]).toEqual([
      0,
      'Each run of them is already one commit; own commits stay: 1 commit\n',
    ])
    expect(s.refs()).toBe(refs)
    expect((await s.amp('squash', id, '--manual=include', '-m', 'All')).code).toBe(0)
    expect((await s.amp('squash', id)).stderr).toBe('It is already one commit\n')
  })
})
