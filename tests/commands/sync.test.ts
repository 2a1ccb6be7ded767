import { chmodSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ageless, Clones } from '../helpers/clones.js'
import { plain } from '../helpers/run.js'

describe('git amp sync', () => {
  it('takes a session to another clone, with all its commits, and says what went where', async () => {
    const world = new Clones()
    const home = world.home()
    const id = await home.session('fix-it')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    const gone = await home.amp('sync')
    expect(gone).toMatchObject({ code: 0 })
    expect(plain(gone.stdout, world.scene.root)).toMatchInlineSnapshot(`
      "To $ROOT/hub.git
       * new  refs/amp/sessions/<id>  fix-it
       * new  refs/notes/amp
      "
    `)
    expect(plain(gone.stderr, world.scene.root)).toMatchInlineSnapshot(`
      "hint: "git for-each-ref refs/amp-local/remotes/origin" shows what is there.
      hint: 1 transcript stays here; "git amp sync --transcripts" pushes it.
      "
    `)
    // Again: nothing to do.
    const again = await home.amp('sync')
    expect(again).toMatchObject({ code: 0, stdout: '' })
    expect(again.stderr).toContain('up to date')
    const there = world.clone('there')
    const came = await there.amp('sync')
    expect(came).toMatchObject({ code: 0 })
    expect(plain(came.stdout, world.scene.root)).toMatchInlineSnapshot(`
      "From $ROOT/hub.git
       * new  refs/amp/sessions/<id>  fix-it, 3 events
       * new  refs/notes/amp
      "
    `)
    expect(there.shared()).toBe(home.shared())
    for (const command of ['list', 'log']) {
      const args = command === 'list' ? [] : [id]
      expect(ageless(await there.must(command, ...args))).toBe(ageless(await home.must(command, ...args)))
    }
    const alike = (text: string) => ageless(text).replace(/^(Worktree|Branch):.*$/gm, '')
    expect(alike(await there.must('show', id))).toBe(alike(await home.must('show', id)))
    // Plain git is as it was: nothing is stored, and nothing else moved.
    expect(there.git('config', '--get-all', 'remote.origin.fetch')).toBe('+refs/heads/*:refs/remotes/origin/*')
    expect(there.git('for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/remotes', 'refs/tags')).toBe(
      'refs/heads/main\nrefs/remotes/origin/HEAD\nrefs/remotes/origin/main',
    )
  })

  it('joins what went on at once, the same on both sides, and moves the branch that only followed', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const [one, two] = [await home.session('one'), await home.session('two')]
    await home.must('iterate', one, '-m', 'echo 1 >a')
    await home.must('sync')
    await there.must('sync')
    await there.must('iterate', one, '-m', 'echo there >b')
    await there.must('sync')
    // Here only the other session went on.
    await home.must('iterate', two, '-m', 'echo 2 >b')
    const answer = await home.must('sync', '--json')
    expect(JSON.parse(answer)).toMatchObject({ schema: 'git-amp/sync@1', followed: [one] })
    expect(home.git('rev-parse', home.snapshot(one).branch)).toBe(there.git('rev-parse', there.snapshot(one).branch))
    expect(world.scene.read('b', home.worktree(one))).toBe('there\n')
    expect(world.scene.gitAt(home.worktree(one), 'status', '--porcelain')).toBe('')
    await there.must('sync')
    expect(there.shared()).toBe(home.shared())
    expect((await home.must('show', one)).match(/diverged/)).toBe(null)
    // And now both at once.
    await there.must('iterate', one, '-m', 'echo theirs >c')
    await home.must('iterate', one, '-m', 'echo ours >c')
    const [mine, yours] = [
      home.git('rev-parse', home.snapshot(one).branch),
      there.git('rev-parse', there.snapshot(one).branch),
    ]
    await there.must('sync')
    const joined = await home.amp('sync')
    expect(joined.code).toBe(0)
    expect(joined.stdout).toContain('+ joined')
    expect(joined.stdout).toContain('diverged')
    await there.must('sync')
    await home.must('sync')
    expect(there.shared()).toBe(home.shared())
    expect(home.snapshot(one).heads).toEqual([mine, yours].sort())
    expect((await there.must('list')).replace(/ +/g, ' ')).toContain('one diverged')
    // Ended there, and followed here.
    await there.must('resolve', one, '--keep', yours)
    await there.must('sync')
    await home.must('sync')
    expect(home.git('rev-parse', home.snapshot(one).branch)).toBe(yours)
    expect(world.scene.read('c', home.worktree(one))).toBe('theirs\n')
    expect(home.git('cat-file', '-t', mine)).toBe('commit')
    await home.must('iterate', one, '-m', 'echo 4 >d')
  })

  it('leaves commits and changes of the user where they are', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    await home.must('sync')
    await there.must('sync')
    await there.must('iterate', id, '-m', 'echo 2 >a')
    await there.must('sync')
    const wt = home.worktree(id)
    const stood = home.git('rev-parse', home.snapshot(id).branch)
    world.scene.write({ a: 'mine\n' }, wt)
    const blocked = await home.amp('sync')
    expect(blocked.stdout).toContain('are in the way')
    expect(home.git('rev-parse', home.snapshot(id).branch)).toBe(stood)
    expect((await home.amp('iterate', id, '-m', 'true')).stderr).toContain('are in the way')
    expect(world.scene.read('a', wt)).toBe('mine\n')
    // Committed, it is work of its own: the session has diverged, and both are there.
    const mine = world.scene.commit({ a: 'mine\n' }, 'Mine', wt)
    const answer = await home.amp('iterate', id, '-m', 'true')
    expect(answer.code).toBe(128)
    expect(answer.stderr).toContain('diverged')
    expect(home.snapshot(id).heads).toEqual([mine, there.git('rev-parse', there.snapshot(id).branch)].sort())
    await home.must('resolve', id, '--keep', mine)
    await home.must('iterate', id, '-m', 'echo 3 >c')
    await home.must('sync')
    await there.must('sync')
    expect(there.git('rev-parse', there.snapshot(id).branch)).toBe(home.git('rev-parse', home.snapshot(id).branch))
  })

  it('does nothing with -n, and one way alone with --fetch and --push', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    await home.session('one')
    const before = home.shared()
    const dry = await home.amp('sync', '-n')
    expect(dry).toMatchObject({ code: 0 })
    expect(dry.stdout).toContain('* new')
    expect(world.git('for-each-ref', 'refs/amp')).toBe('')
    await home.must('sync', '--fetch')
    expect(world.git('for-each-ref', 'refs/amp')).toBe('')
    await home.must('sync', '--push')
    expect(world.git('for-each-ref', 'refs/amp')).not.toBe('')
    expect(home.shared()).toBe(before)
    await there.must('sync', '-n')
    expect(there.shared()).toBe('')
    await there.session('two')
    await there.must('sync', '--fetch')
    expect(there.shared().split('\n').length).toBe(2)
    expect(world.git('for-each-ref', 'refs/amp').split('\n').length).toBe(1)
    expect((await there.amp('sync', '--fetch', '--push')).code).toBe(129)
  })

  it('finds its remote, and says when there is none', async () => {
    const world = new Clones()
    const home = world.home()
    await home.session('one')
    home.git('remote', 'rename', 'origin', 'team')
    await home.must('sync')
    home.git('remote', 'add', 'other', world.hub)
    expect((await home.amp('sync')).stderr).toContain('several remotes')
    home.git('config', 'amp.remote', 'other')
    await home.must('sync')
    expect((await home.amp('sync', 'nope')).stderr).toContain("no remote 'nope'")
    await home.must('sync', '../hub.git')
    await home.must('sync', `file://${world.hub}`)
    home.git('config', '--unset', 'amp.remote')
    for (const name of ['team', 'other']) home.git('remote', 'remove', name)
    const none = await home.amp('sync')
    expect(none.code).toBe(128)
    expect(none.stderr).toContain('there is no remote to sync with')
  })
})

it('takes away a worktree that git was killed in before it had a branch: with it every fetch fails', async () => {
  const world = new Clones()
  const home = world.home()
  const id = await home.session('one')
  await home.must('sync')
  world.scene.gitAt(home.dir, 'worktree', 'remove', home.worktree(id))
  const left = join(home.dir, '.git', 'worktrees', id)
  const [zero, path] = ['0'.repeat(40), home.worktree(id)]
  world.scene.write({ HEAD: `${zero}\n`, commondir: '../..\n', gitdir: `${path}/.git\n`, locked: 'initializing' }, left)
  world.scene.write({ '.git': `gitdir: ${left}\n` }, path)
  utimesSync(join(left, 'locked'), 1, 1)
  // Something new has to come, or git looks at nothing.
  const there = world.clone('there')
  await there.must('sync')
  await there.must('iterate', id, '-m', 'echo 1 >a')
  await there.must('sync')
  expect(() => home.git('fetch', '-q', world.hub, `refs/amp/sessions/${id}`)).toThrow('bad object worktrees')
  await home.must('sync')
  expect(home.shared()).toBe(there.shared())
  await home.must('iterate', id, '-m', 'echo 2 >b')
})

it('names a lock that a killed git left, takes the rest, and the doctor moves it aside', async () => {
  const world = new Clones()
  const [home, there] = [world.home(), world.clone('there')]
  const [one, two] = [await home.session('one'), await home.session('two')]
  await home.must('sync')
  await there.must('sync')
  for (const id of [one, two]) await there.must('iterate', id, '-m', 'echo 1 >a')
  await there.must('sync')
  const lock = join(home.dir, '.git', 'refs', 'amp', 'sessions', `${one}.lock`)
  writeFileSync(lock, '')
  const answer = await home.amp('sync')
  expect(answer.code).toBe(1)
  expect(answer.stdout).toMatch(
    new RegExp(`! not taken +refs/amp/sessions/${one} .*is locked here by .*${one}.lock.*git amp doctor --fix`),
  )
  expect(answer.stdout).toMatch(new RegExp(` forward +refs/amp/sessions/${two}`))
  utimesSync(lock, 1, 1)
  await home.must('doctor', '--fix')
  await home.must('sync')
  expect(home.shared()).toBe(there.shared())
})

describe('a remote that refuses', () => {
  it('hidden refs: each is named, and nothing here is harmed', async () => {
    const world = new Clones()
    const home = world.home()
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    world.git('config', 'transfer.hideRefs', 'refs/amp')
    const before = home.shared()
    const answer = await home.amp('sync')
    expect(answer.code).toBe(1)
    expect(answer.stdout).toContain(`! refused  refs/amp/sessions/${id}`)
    expect(answer.stdout).toContain('hidden ref')
    expect(answer.stderr).toContain('git config amp.remote <url>')
    // The notes are not hidden.
    expect(answer.stdout).toContain('* new      refs/notes/amp')
    expect(home.shared()).toBe(before)
    await home.must('iterate', id, '-m', 'echo 2 >a')
    world.git('config', '--unset', 'transfer.hideRefs')
    await home.must('sync')
    expect(world.git('rev-parse', `refs/amp/sessions/${id}`)).toBe(home.git('rev-parse', `refs/amp/sessions/${id}`))
  })

  it('one that takes sessions and shows none: they are pushed once', async () => {
    const world = new Clones()
    const home = world.home()
    const id = await home.session('one')
    world.git('config', 'uploadpack.hideRefs', 'refs/amp')
    expect(await home.must('sync')).toContain(`* new  refs/amp/sessions/${id}`)
    const again = await home.amp('sync')
    expect(again).toMatchObject({ code: 0, stdout: '' })
    await home.must('iterate', id, '-m', 'echo 1 >a')
    expect(await home.must('sync')).toContain(`refs/amp/sessions/${id}`)
    expect(world.git('rev-parse', `refs/amp/sessions/${id}`)).toBe(home.git('rev-parse', `refs/amp/sessions/${id}`))
  })

  it('an update hook that takes one ref and not another', async () => {
    const world = new Clones()
    const home = world.home()
    const [one, two] = [await home.session('one'), await home.session('two')]
    const hook = join(world.hub, 'hooks', 'update')
    writeFileSync(hook, `#!/bin/sh\ncase $1 in *${one}) printf 'no \\033[31mway\\n' >&2; exit 1;; esac\n`)
    chmodSync(hook, 0o755)
    const answer = await home.amp('sync')
    expect(answer.code).toBe(1)
    expect(answer.stdout).toMatch(new RegExp(`! refused +refs/amp/sessions/${one}.*hook declined`))
    expect(answer.stdout).toMatch(new RegExp(`\\* new +refs/amp/sessions/${two}`))
    expect(answer.stderr).toMatch(/^remote: no .*way$/m)
    expect(answer.stdout + answer.stderr).not.toContain('\x1b')
    expect(world.git('for-each-ref', '--format=%(refname)', 'refs/amp')).toBe(`refs/amp/sessions/${two}`)
  })

  it('a read-only one and one that is not there', async () => {
    const world = new Clones()
    const home = world.home()
    await home.session('one')
    const before = home.shared()
    const hook = join(world.hub, 'hooks', 'pre-receive')
    writeFileSync(hook, '#!/bin/sh\nexit 1\n')
    chmodSync(hook, 0o755)
    const readOnly = await home.amp('sync')
    expect(readOnly.code).toBe(1)
    expect(readOnly.stdout).toContain('! refused')
    home.git('config', 'remote.origin.pushurl', join(world.scene.root, 'nowhere.git'))
    const nowhere = await home.amp('sync')
    expect(nowhere.code).toBe(1)
    expect(nowhere.stdout).toContain('! refused')
    home.git('config', 'remote.origin.url', join(world.scene.root, 'nowhere.git'))
    const gone = await home.amp('sync')
    expect(gone).toMatchObject({ code: 1, stdout: '' })
    expect(gone.stderr).toContain('error: cannot fetch from')
    home.git('config', 'remote.origin.url', 'user@box.example:x')
    home.git('config', 'core.sshCommand', 'echo "ssh: box.example is not there" >&2; false')
    const nobody = await home.amp('sync')
    expect(nobody.stderr).toContain('cannot fetch from user@box.example:x: ssh: box.example is not there')
    expect(home.shared()).toBe(before)
  })

  it('carries sessions whatever their prompts, names and authors are', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const start = ['new', '-q', '--agent', 'shell', '-m']
    await home.must(...start, '- list the flags\n- and sort them')
    await home.must(...start, 'true', '--name=-x')
    await home.must(...start, 'true', '--name', 'a\u202eb\u009bc')
    await home.must(...start, `${'x'.repeat(500)}`)
    home.git('config', 'user.name', 'E\u202evil')
    await home.must(...start, 'true', '--name', 'last')
    await home.must('sync')
    await there.must('sync')
    const { sessions } = JSON.parse(await there.must('list', '--json'))
    const names = sessions.map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(['list the flags', '-x', 'a b c', 'last']))
    expect(names).toHaveLength(5)
  })
})
