import { chownSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Clone, goesOn, shared } from '../helpers/clones.js'
import { fakeSsh, gitDaemon, httpServer } from '../helpers/servers.js'

/** Home and another clone that both speak to the hub by this address. */
async function both(world: Awaited<ReturnType<typeof shared>>['world'], home: Clone, url: string): Promise<Clone> {
  home.git('remote', 'set-url', 'origin', url)
  const there = world.clone('there')
  there.git('remote', 'set-url', 'origin', url)
  return there
}

describe('sync over', () => {
  it.each(['ssh://host/path', 'host:path'])('ssh, %s', async (form) => {
    const { world, home, id } = await shared()
    const ssh = fakeSsh(world.scene)
    const url = form.startsWith('ssh:') ? `ssh://user@box.example${world.hub}` : `user@box.example:${world.hub}`
    const there = await both(world, home, url)
    // One by the environment, the other by its configuration.
    there.git('config', 'core.sshCommand', ssh)
    home.git('config', 'core.sshCommand', '/nowhere/ssh')
    world.scene.env.GIT_SSH_COMMAND = ssh
    await goesOn(home, there, id)
    expect(new Set(world.scene.read('ssh.log', world.scene.root).trim().split('\n'))).toEqual(
      new Set(['user@box.example']),
    )
    const listed = await there.must('list', '--remote', 'origin')
    expect(listed).toContain('one')
  })

  it('http', async () => {
    const { world, home, id } = await shared()
    world.git('config', 'http.receivepack', 'true')
    const url = `${await httpServer(world.scene)}/hub.git`
    await goesOn(home, await both(world, home, url), id)
    // Nobody may push there any more: each ref is named, and nothing here is harmed.
    world.git('config', 'http.receivepack', 'false')
    await home.must('iterate', id, '-m', 'echo 3 >c')
    const before = home.shared()
    const refused = await home.amp('sync')
    expect(refused.code).toBe(1)
    expect(refused.stdout).toMatch(new RegExp(`! refused +refs/amp/sessions/${id}.*403`))
    expect(home.shared()).toBe(before)
  })

  it('http with a login, which nobody can be asked for', async () => {
    const { world, home, id } = await shared()
    world.git('config', 'http.receivepack', 'true')
    const url = `${await httpServer(world.scene, 'ada:secret')}/hub.git`
    const there = await both(world, home, url)
    await home.session('two')
    for (const words of [['sync'], ['sync', '--push'], ['list', '--remote', 'origin']]) {
      const answer = await home.amp(...words)
      expect(answer.code).toBe(1)
      expect(answer.stderr + answer.stdout).toMatch(/could not read Username/)
      expect(answer.stderr + answer.stdout).toContain('credential')
    }
    for (const clone of [home, there]) clone.git('remote', 'set-url', 'origin', url.replace('//', '//ada:secret@'))
    await home.must('sync')
    await goesOn(home, there, id)
    // The password is for git alone.
    const told = await there.amp('sync', '--json')
    expect(told.stdout + told.stderr).not.toContain('secret')
    expect(JSON.parse(told.stdout).url).toContain('ada:***@')
    for (const clone of [home, there]) clone.git('remote', 'set-url', 'origin', url.replace('//', '//ada:wrong@'))
    const wrong = await there.amp('sync')
    expect(wrong.code).toBe(1)
    expect(wrong.stdout + wrong.stderr).not.toContain('wrong')
    expect(wrong.stderr).toContain('Authentication failed')
  })

  it('git daemon', async () => {
    const { world, home, id } = await shared()
    await goesOn(home, await both(world, home, `${await gitDaemon(world.scene)}/hub.git`), id)
  })

  it('file://', async () => {
    const { world, home, id } = await shared()
    await goesOn(home, await both(world, home, `file://${world.hub}`), id)
  })

  it.skipIf(process.getuid?.() !== 0)('a repository of another user, which git has to be told to trust', async () => {
    const { world, home, id } = await shared()
    const there = world.clone('there')
    const give = (dir: string, owner: number) => {
      chownSync(dir, owner, owner)
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' }))
        chownSync(join(dir, name), owner, owner)
    }
    give(world.hub, 12345)
    const refused = await home.amp('sync')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/^error: cannot fetch from .*: detected dubious ownership/)
    expect(refused.stderr).toContain(`git config --global --add safe.directory ${world.hub}`)
    world.scene.gitAt(world.scene.root, 'config', '--global', '--add', 'safe.directory', world.hub)
    await goesOn(home, there, id)
    // A clone of somebody else's, with sessions in it.
    give(there.dir, 12345)
    for (const words of [['list'], ['sync'], ['iterate', id]]) {
      const answer = await there.amp(...words)
      expect([answer.code, answer.stdout]).toEqual([128, ''])
      expect(answer.stderr).toContain(`git config --global --add safe.directory ${there.dir}`)
    }
    world.scene.gitAt(world.scene.root, 'config', '--global', '--add', 'safe.directory', there.dir)
    world.scene.gitAt(world.scene.root, 'config', '--global', '--add', 'safe.directory', there.worktree(id))
    expect((await there.amp('iterate', id, '-m', 'echo 3 >c')).code).toBe(0)
    await there.must('sync')
    await home.must('sync')
    expect(home.shared()).toBe(there.shared())
  })
})
