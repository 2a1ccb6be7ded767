import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ageless, type Clone, Clones } from '../helpers/clones.js'
import { type Scene, scene } from '../helpers/scene.js'

const month = new Date().toISOString().slice(0, 7)
const archiveOf = `refs/amp/archive/${month}`

const refsBelow = (s: Scene | Clone, prefix: string): string => s.git('for-each-ref', '--format=%(refname)', prefix)

/** A session with an iteration, which is over. */
async function closed(s: Scene, name: string): Promise<string> {
  const id = await s.session(name)
  await s.iterate(id, `echo ${name} >${name}`)
  expect((await s.amp('remove', '-f', id)).code).toBe(0)
  return id
}

describe('git amp gc', () => {
  it('archives sessions that are over; they are found as before', async () => {
    const s = scene()
    const [id, other] = [await closed(s, 'one'), await s.session('two')]
    const before = await Promise.all(['show', 'log', 'transcript'].map((command) => s.amp(command, id)))
    const list = ['list', '-a', '--format', '%(id) %(state) %(name) %(updated)']
    const listed = await s.amp(...list)
    const used = await s.amp('usage', '--json')
    const gone = await s.amp('gc')
    expect(gone).toMatchObject({ code: 0, stdout: expect.stringMatching(/^archived 1 session\n/) })
    expect(refsBelow(s, 'refs/amp/sessions')).toBe(`refs/amp/sessions/${other}`)
    expect(refsBelow(s, 'refs/amp/archive')).toBe(archiveOf)
    expect(s.git('log', '--first-parent', '--format=%s', archiveOf)).toBe(
      `amp: 1 session archived\namp: archive of ${month}`,
    )
    for (const name of [id, id.slice(0, 4), 'one']) {
      const after = await Promise.all(['show', 'log', 'transcript'].map((command) => s.amp(command, name)))
      expect(after.map(({ stdout }) => ageless(stdout))).toEqual(before.map(({ stdout }) => ageless(stdout)))
    }
    expect((await s.amp(...list)).stdout).toBe(listed.stdout)
    expect((await s.amp('list')).stdout).not.toContain('one')
    expect((await s.amp('list', '--state', 'closed')).stdout).toContain('one')
    expect((await s.amp('usage', '--json')).stdout).toBe(used.stdout)
    expect(s.git('fsck', '--strict', '--no-dangling')).toBe('')
    expect((await s.amp('gc')).stdout).toMatch(/^archived 0 sessions\n/)
    expect((await s.amp('doctor', '--json')).stdout).not.toContain('"check":"chains"')
  })

  it('leaves what is open, has a worktree or is not whole', async () => {
    const s = scene()
    const id = await s.session('kept')
    await s.iterate(id, 'echo 1 >a')
    expect((await s.amp('merge', '--keep', id)).code).toBe(0)
    expect(s.snapshot(id).status).toBe('merged')
    expect((await s.amp('gc')).stdout).toMatch(/^archived 0 sessions\n/)
    expect((await s.amp('remove', id)).code).toBe(0)
    expect((await s.amp('gc')).stdout).toMatch(/^archived 1 session\n/)
    expect((await s.amp('list', '-a')).stdout).toContain('kept')
  })

  it('is no end: a session is opened again, closed and archived again', async () => {
    const s = scene()
    const id = await closed(s, 'one')
    await s.amp('gc')
    expect((await s.amp('list')).stderr).toBe('hint: There are no open sessions; "git amp list -a" shows 1 other.\n')
    const archived = s.git('rev-parse', archiveOf)
    expect((await s.amp('reopen', 'one')).code).toBe(0)
    expect(refsBelow(s, 'refs/amp/sessions')).toBe(`refs/amp/sessions/${id}`)
    expect(s.git('merge-base', '--is-ancestor', archived, archiveOf)).toBe('')
    await s.iterate(id, 'echo 2 >more')
    expect(s.snapshot(id).iterations).toBe(2)
    await s.amp('remove', '-f', id)
    await s.amp('gc')
    expect(refsBelow(s, 'refs/amp/sessions')).toBe('')
    const shown = JSON.parse((await s.amp('show', '--json', id)).stdout)
    expect(shown).toMatchObject({ session: { state: 'closed' } })
    expect(JSON.stringify(shown)).toContain('echo 2 >more')
  })

  it('takes nothing away from undo', async () => {
    const s = scene()
    const id = await closed(s, 'one')
    const tip = s.git('rev-parse', `refs/amp/sessions/${id}`)
    await s.amp('gc')
    expect((await s.amp('reopen', id)).code).toBe(0)
    expect((await s.amp('undo')).code).toBe(0)
    // The session was there before, closed.
    expect(s.snapshot(id).status).toBe('closed')
    expect(s.git('merge-base', '--is-ancestor', tip, `refs/amp/sessions/${id}`)).toBe('')
    await s.amp('gc')
    // Now the removal, too.
    expect((await s.amp('undo')).code).toBe(0)
    expect(s.snapshot(id).status).toBe('idle')
    expect(s.read('one', s.worktree(id))).toBe('one\n')
  })

  it('archives and forgets beside a running agent, which is not taken for the one who did it', async () => {
    const s = scene()
    const [gone, over, busy] = [await closed(s, 'gone'), await closed(s, 'over'), await s.session('busy')]
    await s.amp('gc')
    await s.amp('reopen', over)
    await s.amp('remove', '-f', over)
    const running = s.iterate(busy, 'touch begun; until [ -e go ]; do sleep 0.05; done; rm begun go; echo 1 >a')
    await s.until(() => s.exists('begun', s.worktree(busy)))
    expect((await s.amp('gc')).stdout).toMatch(/^archived 1 session\n/)
    expect((await s.amp('forget', '-f', gone)).code).toBe(0)
    const refs = refsBelow(s, 'refs/amp')
    s.write({ go: '' }, s.worktree(busy))
    expect(await running).toMatchObject({ code: 0, stderr: expect.not.stringContaining('moved while') })
    expect(refsBelow(s, 'refs/amp')).toBe(refs)
    expect(s.git('log', '--format=%B', archiveOf)).not.toContain(gone)
  })

  it('was killed before the refs went: the next one takes them', async () => {
    const s = scene()
    const id = await closed(s, 'one')
    const tip = s.git('rev-parse', `refs/amp/sessions/${id}`)
    await s.amp('gc')
    s.git('update-ref', `refs/amp/sessions/${id}`, tip)
    expect((await s.amp('list', '-a')).stdout.match(/one/g)).toHaveLength(1)
    await s.amp('gc')
    expect(refsBelow(s, 'refs/amp/sessions')).toBe('')
  })
})

describe('git amp doctor', () => {
  /** Takes an object away, as a disk does. */
  const lose = (s: Scene, oid: string) => rmSync(join(s.dir, '.git/objects', oid.slice(0, 2), oid.slice(2)))

  it('mends an archive with a broken chain: the others stay in it, and nothing that is left goes', async () => {
    const s = scene()
    const [one, two] = [await closed(s, 'one'), await closed(s, 'two')]
    await s.amp('gc')
    const [tip] =
      new RegExp(`(?<=^Amp-Archived: ${one} ).*$`, 'm').exec(s.git('log', '-1', '--format=%B', archiveOf)) ?? []
    lose(s, s.git('rev-parse', `${tip}~1`))
    const seen = await s.amp('doctor')
    expect(seen.code).toBe(1)
    expect(seen.stdout).toContain(
      `keep 1 session that can be read, give ${one} a ref of its own again, in the place of`,
    )
    expect(seen.stdout).toContain(`git fetch --refetch <clone> ${archiveOf}`)
    expect((await s.amp('doctor', '--fix')).stdout).toContain(`of session ${one}, its commit`)
    expect(s.git('rev-parse', `refs/amp/sessions/${one}`)).toBe(tip)
    expect((await s.amp('show', two)).code).toBe(0)
    expect(s.git('log', '--format=%B', archiveOf)).not.toContain(one)
    expect((await s.amp('doctor')).stdout).toContain(`the history of session ${one} is broken`)
  })

  it('takes the sound copy of a remote, and keeps what only the one here has', async () => {
    const all = new Clones()
    const home = all.home()
    const [one, two] = [await closed(all.scene, 'one'), await closed(all.scene, 'two')]
    await home.must('reopen', two)
    await home.must('gc')
    await home.must('sync')
    const sent = home.git('rev-parse', archiveOf)
    await home.must('remove', '-f', two)
    const three = await closed(all.scene, 'three')
    await home.must('gc')
    const [tip] =
      new RegExp(`(?<=^Amp-Archived: ${two} ).*$`, 'm').exec(home.git('log', '-1', '--format=%B', archiveOf)) ?? []
    lose(all.scene, home.git('rev-parse', `${tip}~1`))
    expect((await home.amp('doctor', '--fix')).stdout).toMatch(
      /take the copy of origin .*, keep 1 session that can be read/,
    )
    expect(home.git('merge-base', '--is-ancestor', sent, archiveOf)).toBe('')
    for (const id of [one, three]) expect((await home.amp('show', id)).code).toBe(0)
    expect(home.git('rev-parse', `refs/amp/sessions/${two}`)).toBe(tip)
  })

  it('says how to get back what nobody can name, and leaves it', async () => {
    const s = scene()
    await closed(s, 'one')
    await s.amp('gc')
    const stood = s.git('rev-parse', archiveOf)
    lose(s, s.git('rev-parse', `${archiveOf}~1`))
    const fixed = await s.amp('doctor', '--fix')
    expect(fixed.code).toBe(1)
    expect(fixed.stdout).toContain(`git fetch --refetch <clone> ${archiveOf}`)
    expect(fixed.stdout).not.toContain('update-ref -d')
    expect(s.git('rev-parse', archiveOf)).toBe(stood)
    expect((await s.amp('show', 'one')).stderr).toContain('git amp doctor')
  })
})

describe('git amp sync', () => {
  const syncAll = async (...clones: Clone[]) => {
    for (let round = 0; round < 3; round++)
      for (const clone of clones) expect(await clone.amp('sync')).toMatchObject({ code: 0 })
    for (const clone of clones) expect(clone.shared()).toBe(clones[0]?.shared())
  }

  async function world(): Promise<{ world: Clones; home: Clone; there: Clone; id: string }> {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    await syncAll(home, there)
    return { world, home, there, id }
  }

  it('takes archives along, and the refs away from the remote and from other clones', async () => {
    const { world: all, home, there, id } = await world()
    await home.must('remove', '-f', id)
    await home.must('gc')
    expect((await home.must('sync', '-n')).split('\n')).toContainEqual(
      expect.stringMatching(/- deleted +refs\/amp\/sessions\/\* +1 archived session/),
    )
    const sent = await home.must('sync')
    expect(sent).toMatch(/\* new +refs\/amp\/archive/)
    expect(sent).toMatch(/- deleted +refs\/amp\/sessions\/\* +1 archived session/)
    expect(all.git('for-each-ref', '--format=%(refname)', 'refs/amp')).toBe(archiveOf)
    const came = await there.must('sync')
    expect(came).toMatch(/\* new +refs\/amp\/archive\S+ +1 archived session\n/)
    expect(there.shared()).toBe(home.shared())
    expect(ageless(await there.must('log', 'one'))).toBe(ageless(await home.must('log', 'one')))
    expect((await there.amp('sync')).stdout).toBe('')
    const fresh = all.clone('fresh')
    expect(await fresh.must('list', '-a', '--remote', 'origin')).toContain('one')
    expect(await fresh.must('list', '--remote', 'origin')).toBe('')
    expect(fresh.shared()).toBe('')
    await fresh.must('sync')
    expect(await fresh.must('list', '-a')).toContain('one')
    // A session of the archive is opened again where it came to.
    await fresh.must('reopen', 'one')
    await syncAll(fresh, home, there)
    expect(there.snapshot(id).status).toBe('idle')
  })

  it('leaves a session its ref that went on elsewhere meanwhile', async () => {
    const { home, there, id } = await world()
    await home.must('remove', '-f', id)
    await home.must('sync')
    await home.must('gc')
    await there.must('sync')
    await there.must('reopen', id)
    await syncAll(home, there)
    expect(home.snapshot(id).status).toBe('idle')
    await home.must('remove', '-f', id)
    await home.must('gc')
    await syncAll(there, home)
    expect(refsBelow(there, 'refs/amp/sessions')).toBe('')
  })

  it.each(['open', 'archived'])(
    'lets the branch follow a session that was archived here, and comes back %s',
    async (how) => {
      const { home, there, id } = await world()
      await there.must('resume', id)
      await there.must('iterate', id, '-m', 'echo 2 >b')
      await home.must('remove', '-f', id)
      await home.must('gc')
      await home.must('sync')
      if (how === 'archived') {
        await there.must('remove', '-f', id)
        await there.must('gc')
      }
      await there.must('sync')
      await there.must('gc')
      await syncAll(there, home)
      if (how === 'archived') await home.must('reopen', id)
      else await home.must('resume', id)
      const { branch, heads } = home.snapshot(id)
      expect(home.git('rev-parse', branch)).toBe(heads[0])
      expect(home.git('show', '--format=%s', '--name-only', branch)).toContain('echo 2 >b')
      expect(home.git('log', '--format=%B', `refs/amp/sessions/${id}`)).not.toContain('"head.moved"')
    },
  )

  it('joins archives that two clones made, and histories that went apart', async () => {
    const { home, there, id } = await world()
    const [here, two] = [await home.session('two'), await there.session('three')]
    await home.must('remove', '-f', here)
    await there.must('remove', '-f', two)
    await home.must('remove', '-f', id)
    await there.must('remove', '-f', id)
    await home.must('gc')
    await there.must('gc')
    await syncAll(home, there)
    // What they said of the one session is joined, and goes on as one history.
    expect(refsBelow(home, 'refs/amp/sessions')).toBe(`refs/amp/sessions/${id}`)
    await there.must('gc')
    await syncAll(home, there)
    expect(refsBelow(home, 'refs/amp/sessions')).toBe('')
    for (const clone of [home, there]) {
      const { sessions } = JSON.parse(await clone.must('list', '-a', '--json'))
      expect(sessions.map(({ id: one }: { id: string }) => one).sort()).toEqual([id, here, two].sort())
    }
  })

  it('forgets archived sessions, also where others archived more meanwhile', async () => {
    const { world: all, home, there, id } = await world()
    const kept = await there.session('kept')
    await home.must('remove', '-f', id)
    await home.must('gc')
    await syncAll(home, there)
    const old = all.clone('old')
    await old.must('sync')
    await there.must('remove', '-f', kept)
    await there.must('gc')
    expect((await home.must('forget', '-f', id)).split('\n')).toContainEqual(`  ${archiveOf}`)
    expect((await home.amp('show', id)).code).toBe(128)
    await syncAll(home, there, old)
    expect((await old.amp('show', id)).code).toBe(128)
    expect(await home.must('list', '-a')).toContain('kept')
    for (const dir of [home, there, old]) expect(dir.git('log', '--format=%B', archiveOf)).not.toContain(id)
    expect(all.git('log', '--format=%B', archiveOf)).not.toContain(id)
  })

  it('never pushes over an archive that was fetched and not joined yet', async () => {
    const { world: all, home, there, id } = await world()
    const two = await there.session('two')
    await home.must('remove', '-f', id)
    await home.must('gc')
    await home.must('sync')
    await there.must('remove', '-f', two)
    await there.must('gc')
    there.git('fetch', '-q', '-p', 'origin', '+refs/amp/archive/*:refs/amp-local/remotes/origin/archive/*')
    const stood = all.git('rev-parse', archiveOf)
    expect(await there.amp('sync', '--push')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/! refused +refs\/amp\/archive/),
    })
    expect(all.git('rev-parse', archiveOf)).toBe(stood)
    await syncAll(there, home)
    expect(all.git('log', '--format=%B', archiveOf)).toMatch(new RegExp(`${id}[^]*${two}|${two}[^]*${id}`))
  })

  it('says when the remote keeps the refs, and goes on', async () => {
    const { world: all, home, there, id } = await world()
    const hook = join(all.hub, 'hooks/update')
    writeFileSync(hook, '#!/bin/sh\ncase $3 in *[1-9a-f]*) exit 0;; esac\necho nothing is deleted here >&2\nexit 1\n')
    chmodSync(hook, 0o755)
    await home.must('remove', '-f', id)
    await home.must('gc')
    const kept = await home.amp('sync')
    expect(kept).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/keeps 1 ref of archived sessions: .*hook declined/),
    })
    await there.must('sync')
    expect(refsBelow(there, 'refs/amp/sessions')).toBe('')
  })
})

describe('refs of archived sessions', () => {
  it.each(['true', 'false'])('go from a remote that says it can do all at once: %s', async (atomic) => {
    const world = new Clones()
    const home = world.home()
    const ids = [await closed(world.scene, 'one'), await closed(world.scene, 'two'), await closed(world.scene, 'three')]
    await home.must('sync')
    await home.must('gc')
    world.git('config', 'receive.advertiseAtomic', atomic)
    const log = join(world.hub, 'transactions')
    const hook = join(world.hub, 'hooks', 'reference-transaction')
    writeFileSync(hook, `#!/bin/sh\n[ "$1" = committed ] && grep -c refs/amp/sessions >>'${log}'\nexit 0\n`)
    chmodSync(hook, 0o755)
    await home.must('sync')
    const counts = world.scene
      .read('transactions', world.hub)
      .trim()
      .split('\n')
      .filter((count) => count !== '0')
    expect(counts.includes(`${ids.length}`)).toBe(atomic === 'true')
    expect(world.git('for-each-ref', 'refs/amp/sessions')).toBe('')
    // One that is refused holds up no others.
    const [kept, gone] = [await closed(world.scene, 'kept'), await closed(world.scene, 'gone')]
    await home.must('sync')
    await home.must('gc')
    const update = join(world.hub, 'hooks', 'update')
    writeFileSync(update, `#!/bin/sh\ncase $1 in *${kept}) exit 1;; esac\n`)
    chmodSync(update, 0o755)
    await home.must('sync')
    expect(world.git('for-each-ref', '--format=%(refname)', 'refs/amp/sessions')).toBe(`refs/amp/sessions/${kept}`)
    expect(gone).not.toBe(kept)
  })
})
