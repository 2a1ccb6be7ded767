import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ageless, Clone, goesOn, shared } from '../helpers/clones.js'

describe('sync', () => {
  it('between sha256 repositories', async () => {
    const { world, home, id } = await shared({ objectFormat: 'sha256' })
    await goesOn(home, world.clone('there'), id)
  })

  it('in a shallow clone', async () => {
    const { world, home, id } = await shared()
    await goesOn(home, world.clone('there', '--depth=1', '--no-local'), id)
  })

  it('in a partial clone, where list and show fetch nothing', async () => {
    const { world, home, id } = await shared()
    world.git('config', 'uploadpack.allowFilter', 'true')
    world.git('config', 'uploadpack.allowAnySHA1InWant', 'true')
    world.scene.gitAt(world.scene.root, 'clone', '-q', '--filter=blob:none', `file://${world.hub}`, 'there')
    const there = new Clone(world.scene, 'there', join(world.scene.root, 'there'))
    await there.must('sync')
    const missing = there.git('rev-list', '--objects', '--all', '--missing=print', '--quiet')
    there.git('remote', 'set-url', 'origin', join(world.scene.root, 'nowhere.git'))
    expect(ageless(await there.must('list'))).toBe(ageless(await home.must('list')))
    there.git('remote', 'set-url', 'origin', `file://${world.hub}`)
    expect(there.git('rev-list', '--objects', '--all', '--missing=print', '--quiet')).toBe(missing)
    await goesOn(home, there, id)
  })

  it('in a bare clone and in a linked worktree', async () => {
    const { world, home, id } = await shared()
    world.scene.gitAt(world.scene.root, 'clone', '-q', '--bare', world.hub, 'bare.git')
    const bare = new Clone(world.scene, 'bare', join(world.scene.root, 'bare.git'))
    await bare.must('sync')
    expect(bare.shared()).toBe(home.shared())
    expect(ageless(await bare.must('list'))).toBe(ageless(await home.must('list')))
    await bare.must('squash', id, '-m', 'One')
    await bare.must('sync')
    home.git('worktree', 'add', '-q', '--detach', join(world.scene.root, 'linked'))
    await new Clone(world.scene, 'home', join(world.scene.root, 'linked')).must('sync')
    expect(bare.shared()).toBe(home.shared())
    expect(home.git('rev-parse', home.snapshot(id).branch)).toBe(home.snapshot(id).heads[0])
  })

  it('of a session inside a submodule, which the superproject does not see', async () => {
    const { world, home, id } = await shared()
    world.scene.gitAt(world.scene.root, 'config', '--global', 'protocol.file.allow', 'always')
    for (const name of ['outer', 'other']) {
      const outer = join(world.scene.root, name)
      world.scene.gitAt(world.scene.root, 'init', '-q', name)
      world.scene.gitAt(outer, 'submodule', '--quiet', 'add', world.hub, 'lib')
      world.scene.gitAt(outer, 'commit', '-qm', 'Add lib')
    }
    const [one, two] = ['outer', 'other'].map(
      (name) => new Clone(world.scene, name, join(world.scene.root, name, 'lib')),
    )
    if (one === undefined || two === undefined) throw new Error('no clones')
    await goesOn(home, one, id)
    await goesOn(one, two, id)
    const outer = join(world.scene.root, 'outer')
    expect(world.scene.gitAt(outer, 'status', '--porcelain', '--ignore-submodules=none')).toBe('')
    expect(world.scene.gitAt(outer, 'for-each-ref', 'refs/amp')).toBe('')
  })

  it('of a session in a superproject, whose submodules stay as they are', async () => {
    const { world, home, id } = await shared()
    const { scene } = world
    scene.gitAt(scene.root, 'config', '--global', 'protocol.file.allow', 'always')
    scene.gitAt(scene.root, 'init', '-q', '--bare', 'lib.git')
    scene.gitAt(scene.root, 'clone', '-q', 'lib.git', 'lib')
    const lib = scene.commit({ code: '1\n' }, 'Lib', join(scene.root, 'lib'))
    scene.gitAt(join(scene.root, 'lib'), 'push', '-q', 'origin', 'HEAD')
    home.git('submodule', '--quiet', 'add', join(scene.root, 'lib.git'), 'lib')
    home.git('commit', '-qm', 'Add lib')
    home.git('push', '-q', 'origin', 'main')
    const with_ = await home.session('with-lib')
    // The agent sees the submodule as a new worktree has it: empty, and it is not taken for a deletion.
    await home.must('iterate', with_, '-m', 'ls -A lib >seen; echo 1 >a')
    expect(home.git('ls-tree', home.snapshot(with_).branch, 'lib')).toContain(lib)
    await home.must('sync', '--transcripts')
    const there = world.clone('there', '--recurse-submodules')
    await goesOn(home, there, with_)
    expect(there.git('submodule', 'status')).toMatch(new RegExp(`^ ${lib} lib`))
    expect(there.git('status', '--porcelain')).toBe('')
    expect(scene.gitAt(join(there.dir, 'lib'), 'for-each-ref', 'refs/amp')).toBe('')
    await goesOn(home, there, id)
  })

  it('by relative paths, file:// and refspecs that somebody configured', async () => {
    const { world, home, id } = await shared()
    const there = world.clone('there')
    there.git('remote', 'set-url', 'origin', '../hub.git')
    mkdirSync(join(there.dir, 'sub'))
    await new Clone(world.scene, 'there', join(there.dir, 'sub')).must('sync')
    expect(there.shared()).toBe(home.shared())
    there.git('remote', 'set-url', 'origin', `file://${world.hub}`)
    // All that a user may have set: nothing else is fetched, pruned or pushed.
    there.git('config', '--add', 'remote.origin.fetch', '+refs/amp/*:refs/amp/*')
    there.git('config', 'fetch.prune', 'true')
    there.git('config', 'fetch.pruneTags', 'true')
    there.git('config', 'push.followTags', 'true')
    there.git('config', 'push.default', 'matching')
    there.git('config', 'remote.origin.mirror', 'true')
    there.git('config', 'push.recurseSubmodules', 'on-demand')
    world.scene.write({ 'hooks/pre-push': '#!/bin/sh\nexit 1\n' }, join(there.dir, '.git'))
    there.git('tag', '-a', 'mine', '-m', 'mine')
    there.git('branch', 'private')
    const own = await there.session('own')
    await there.must('sync')
    expect(there.git('tag')).toBe('mine')
    expect(there.git('rev-parse', '--verify', `refs/amp/sessions/${own}`)).toBe(
      world.git('rev-parse', `refs/amp/sessions/${own}`),
    )
    expect(world.git('for-each-ref', '--format=%(refname)', 'refs/heads', 'refs/tags')).toBe('refs/heads/main')
    there.git('config', '--unset', 'remote.origin.mirror')
    await home.must('sync')
    await goesOn(home, there, id)
  })

  it('pushes branches when it is told to, and only what the session knows is replaced', async () => {
    const { world, home, id } = await shared()
    home.git('config', 'amp.pushBranches', 'true')
    const branch = home.snapshot(id).branch
    await home.must('sync')
    expect(world.git('rev-parse', branch)).toBe(home.git('rev-parse', branch))
    await home.must('iterate', id, '-m', 'echo 2 >b')
    await home.must('squash', id, '-m', 'One')
    await home.must('sync')
    expect(world.git('rev-parse', branch)).toBe(home.git('rev-parse', branch))
    // A commit that somebody pushed to it is nobody's to overwrite.
    const foreign = world.git(
      'commit-tree',
      '-p',
      world.git('rev-parse', branch),
      '-m',
      'Foreign',
      `${world.git('rev-parse', branch)}^{tree}`,
    )
    world.git('update-ref', `refs/heads/${branch}`, foreign)
    await home.must('iterate', id, '-m', 'echo 3 >c')
    const answer = await home.amp('sync')
    expect(answer.code).toBe(1)
    expect(answer.stdout).toMatch(/! refused +refs\/heads\/amp\/one\/.*does not know/)
    expect(world.git('rev-parse', branch)).toBe(foreign)
  })
})
