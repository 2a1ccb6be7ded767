import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

describe('git amp rebase', () => {
  it('moves the commits onto the base as it is now, and the worktree with them', async () => {
    const s = scene()
    const id = await s.session('a')
    s.commit({ mine: '1' }, 'Mine', s.worktree(id))
    await s.iterate(id, 'echo 1 >a')
    const branch = s.branch(id)
    const old = s.git('rev-parse', branch)
    const onto = s.commit({ up: 'stream' }, 'Upstream')
    const before = s.checkout()
    const answer = await s.amp('rebase', id)
    expect(answer.code).toBe(0)
    expect(plain(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "rebased 2 commits of amp/a/<time> onto <oid12>, now at <oid12>
      "
    `)
    expect(s.git('merge-base', branch, 'main')).toBe(onto)
    expect(s.subjects(`main..${branch}`)).toEqual(['Mine', 'amp: echo 1 >a'])
    const form = '--format=%an %ae %at|%B'
    expect(s.git('log', form, `main..${branch}`)).toBe(s.git('log', form, `main..${old}`))
    expect(s.read('up', s.worktree(id))).toBe('stream')
    expect(s.status(id)).toBe('')
    expect(s.checkout()).toBe(before)
    expect(s.git('log', '-1', '--notes=amp', '--format=%N', branch)).toContain(`Session ${id} (a), iteration 1`)
    expect(s.snapshot(id)).toMatchObject({ base: { oid: onto }, heads: [s.git('rev-parse', branch)] })
    expect((await s.amp('diff', id, '--name-only')).code).toBe(0)
    expect((await s.amp('rebase', id)).stdout).toContain('nothing to do: ')
    await s.iterate(id, 'echo 2 >a')
    expect(s.subjects(`main..${branch}`)).toHaveLength(3)
  })

  it('refuses uncommitted changes and files in the way', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a; echo up >.gitignore')
    s.commit({ up: 'stream' }, 'Upstream')
    const refs = s.refs()
    s.write({ 'README.md': 'edited' }, s.worktree(id))
    const dirty = await s.amp('rebase', id)
    expect([dirty.code, plain(dirty.stderr, s.root)]).toMatchInlineSnapshot(`
      [
        1,
        "error: the worktree of session a has uncommitted changes
      hint: Commit them there first: $ROOT/repo/.worktrees/<id>
      ",
      ]
    `)
    s.gitAt(s.worktree(id), 'checkout', '-q', '.')
    s.write({ new: 'untracked' }, s.worktree(id))
    expect((await s.amp('rebase', id)).code).toBe(1)
    expect(s.refs()).toBe(refs)
    expect(s.read('new', s.worktree(id))).toBe('untracked')
  })

  it('changes nothing with -n', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ up: 'stream' }, 'Upstream')
    const refs = s.refs()
    const answer = await s.amp('rebase', id, '-n')
    expect([answer.code, plain(answer.stdout, s.root)]).toMatchInlineSnapshot(`
      [
        0,
        "would rebase 1 commit of amp/a/<time> onto <oid12>
      ",
      ]
    `)
    expect(JSON.parse((await s.amp('rebase', id, '-n', '--json')).stdout)).toMatchObject({
      schema: 'git-amp/rebase@1',
      isDryRun: true,
    })
    expect(s.refs()).toBe(refs)
    expect(s.exists('up', s.worktree(id))).toBe(false)
  })

  it('goes onto another commit with --onto, and leaves out what the base has already', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    await s.iterate(id, 'echo 2 >b')
    const branch = s.branch(id)
    s.git('switch', '-q', '-c', 'other')
    // On another parent: on the same one and in the same second it would be the same commit.
    s.commit({ c: '1\n' })
    s.git('cherry-pick', `${branch}~1`)
    const answer = await s.amp('rebase', id, '--onto', 'other')
    expect(answer.code).toBe(0)
    expect(plain(answer.stderr, s.root)).toBe('Left out, because the base has the change already: <oid12>\n')
    expect(s.subjects(`other..${branch}`)).toEqual(['amp: echo 2 >b'])
    expect((await s.amp('rebase', id, '--onto', 'nowhere')).code).toBe(128)
  })

  it('says which signatures are lost, signs nothing with -n, and tells the post-rewrite hook as git does', async () => {
    const s = scene()
    s.program('gpg', `cat >/dev/null; echo x >>'${s.root}/signed'; echo "[GNUPG:] SIG_CREATED " >&2; echo signature`)
    s.git('config', 'commit.gpgSign', 'true')
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ same: '1' }, 'Same', s.worktree(id))
    s.commit({ b: '1' }, 'Own', s.worktree(id))
    const before = s.git('rev-list', '--reverse', `main..${s.branch(id)}`).split('\n')
    s.git('-c', 'commit.gpgSign=false', 'cherry-pick', '--no-commit', before[1] ?? '')
    s.git('-c', 'commit.gpgSign=false', 'commit', '-qm', 'Same as there')
    const count = () => s.read('../signed').split('\n').length
    const signed = count()
    expect(await s.amp('rebase', id, '-n')).toMatchObject({ code: 0, stderr: expect.not.stringContaining('signature') })
    expect(count()).toBe(signed)
    s.git('config', 'commit.gpgSign', 'false')
    s.hook('post-rewrite', `pwd >'${s.root}/told'; echo "$@" >>'${s.root}/told'; cat >>'${s.root}/told'; exit 1`)
    const answer = await s.amp('rebase', id)
    expect([answer.code, answer.stderr]).toEqual([
      0,
      expect.stringContaining('warning: 2 commits lost the signature, because it was written again\n'),
    ])
    const after = s.git('rev-list', '--reverse', `main..${s.branch(id)}`).split('\n')
    expect(s.read('../told')).toBe(`${s.worktree(id)}\nrebase\n${before[0]} ${after[0]}\n${before[2]} ${after[1]}\n`)
  })

  it('works without a worktree', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ up: 'stream' }, 'Upstream')
    s.git('worktree', 'remove', s.worktree(id))
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['amp: echo 1 >a'])
    expect(s.git('diff', '--name-only', `main...${s.branch(id)}`)).toBe('a')
  })

  it('loses nothing of another history that was merged into the session, and neither does merge or pick', async () => {
    const s = scene()
    s.git('switch', '-q', '--orphan', 'library')
    s.commit({ 'lib/a': '1\n' }, 'Library begins')
    s.commit({ 'lib/b': '1\n' }, 'Library goes on')
    s.git('switch', '-q', 'main')
    const id = await s.session('a')
    const [branch, wt] = [s.branch(id), s.worktree(id)]
    s.gitAt(wt, 'merge', '-q', '--no-edit', '--allow-unrelated-histories', 'library')
    await s.iterate(id, 'echo 2 >>lib/b')
    s.commit({ up: 'stream' }, 'Upstream')
    s.git('switch', '-q', '-c', 'plain', branch)
    s.git('rebase', '-q', 'main')
    s.git('switch', '-q', 'main')
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect(s.git('rev-parse', `${branch}^{tree}`)).toBe(s.git('rev-parse', 'plain^{tree}'))
    expect(s.subjects(`main..${branch}`)).toEqual(['Library begins', 'Library goes on', 'amp: echo 2 >>lib/b'])
    expect((await s.amp('undo')).code).toBe(0)
    s.git('switch', '-q', '-c', 'picked')
    expect((await s.amp('pick', id)).code).toBe(0)
    expect(s.git('ls-files', 'lib')).toBe('lib/a\nlib/b')
    s.git('switch', '-q', 'main')
    expect((await s.amp('merge', id)).code).toBe(0)
    expect(s.git('rev-parse', 'main^{tree}')).toBe(s.git('rev-parse', 'plain^{tree}'))
  })

  it('keeps ignored files of the worktree that the base would overwrite, also on the way into a conflict', async () => {
    const s = scene()
    s.commit({ '.gitignore': '*.env\nout/\n' })
    const id = await s.session('a')
    const wt = s.worktree(id)
    await s.iterate(id, 'echo 1 >a')
    for (const [name, theirs] of [
      ['my.env', 'my.env'],
      ['out/x', 'out/x'],
      ['out/x', 'out'],
      ['d.env', 'd.env/x'],
      ['dir/d.env', 'dir/d.env/x/y'],
    ] as const) {
      for (const files of [{ [theirs]: 'theirs' }, { [theirs]: 'theirs', a: 'conflict' }]) {
        s.write({ [name]: 'mine' }, wt)
        s.write(files)
        s.git('add', '--force', ...Object.keys(files))
        s.git('commit', '-q', '-m', 'Upstream')
        const refs = s.refs()
        const answer = await s.amp('rebase', id)
        expect([answer.code, answer.stderr]).toEqual([
          1,
          expect.stringContaining('ignored files would be overwritten: '),
        ])
        expect([s.refs(), s.read(name, wt)]).toEqual([refs, 'mine'])
        s.git('reset', '-q', '--hard', 'HEAD~1')
        s.gitAt(wt, 'clean', '-fdxq')
      }
    }
    s.write({ 'my.env': 'mine', 'out/y': 'mine' }, wt)
    s.write({ 'other.env': '1', 'out/x': '1' })
    s.git('add', '--force', 'other.env', 'out/x')
    s.git('commit', '-q', '-m', 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(0)
    expect([s.read('my.env', wt), s.read('out/y', wt), s.read('out/x', wt)]).toEqual(['mine', 'mine', '1'])
  })

  it('leaves such a history to git when it conflicts', async () => {
    const s = scene()
    s.git('switch', '-q', '--orphan', 'library')
    s.commit({ lib: '1\n' }, 'Library begins')
    s.git('switch', '-q', 'main')
    const id = await s.session('a')
    const wt = s.worktree(id)
    s.gitAt(wt, 'merge', '-q', '--no-edit', '--allow-unrelated-histories', 'library')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ lib: 'other\n' }, 'Upstream')
    expect((await s.amp('rebase', id)).code).toBe(1)
    s.write({ lib: 'both\n' }, wt)
    s.gitAt(wt, 'add', 'lib')
    expect((await s.amp('rebase', '--continue', id)).code).toBe(0)
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual(['Library begins', 'amp: echo 1 >a'])
    expect(s.read('lib', wt)).toBe('both\n')
  })

  it('is not led astray by what the user set for git log', async () => {
    const s = scene()
    for (const [key, value] of [
      ['log.showSignature', 'true'],
      ['log.date', 'relative'],
      ['format.pretty', 'oneline'],
    ] as const)
      s.git('config', key, value)
    const id = await s.session('a')
    s.program('gpg', 'cat >/dev/null; echo "[GNUPG:] SIG_CREATED " >&2; echo signature')
    s.commit({ mine: '1' }, 'Mine', s.worktree(id))
    s.gitAt(s.worktree(id), 'commit', '-q', '--amend', '-S', '-m', 'Mine\n\n\nBody')
    await s.iterate(id, 'echo 1 >a')
    const old = s.git('rev-parse', s.branch(id))
    s.commit({ up: 'stream' }, 'Upstream')
    expect((await s.amp('rebase', id)).stderr).toBe(
      'warning: 1 commit lost the signature, because it was written again\n',
    )
    const form = '--format=%an %ae %at|%B'
    const log = (tip: string) => s.git('-c', 'log.showSignature=false', 'log', form, `main..${tip}`)
    expect(log(s.branch(id))).toBe(log(old))
    const squashed = JSON.parse((await s.amp('squash', id, '-m', 'One', '--json')).stdout)
    expect(squashed.map).toHaveLength(2)
  })

  it('refuses while the branch is checked out in the user’s own worktree, and squash does', async () => {
    const s = scene()
    const id = await s.session('a')
    await s.iterate(id, 'echo 1 >a')
    s.commit({ up: 'stream' }, 'Upstream')
    s.git('worktree', 'remove', s.worktree(id))
    s.git('switch', '-q', s.branch(id))
    const [refs, before] = [s.refs(), s.checkout()]
    for (const command of ['rebase', 'squash']) {
      const answer = await s.amp(command, id)
      expect([answer.code, plain(answer.stderr, s.root)]).toEqual([
        128,
        'fatal: the branch of session a is checked out in $ROOT/repo, which is yours\n' +
          'hint: Switch that checkout to another branch first with "git -C $ROOT/repo switch -".\n',
      ])
    }
    expect([s.refs(), s.checkout(), s.git('status', '--porcelain')]).toEqual([refs, before, ''])
    s.git('switch', '-q', 'main')
    expect((await s.amp('rebase', id)).code).toBe(0)
  })
})
