import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { ageless, Clones } from '../helpers/clones.js'
import { standing } from '../helpers/standing.js'

describe('a session in another clone', () => {
  it('is resumed there with branch and worktree, and goes on', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    await home.must('sync')
    await there.must('sync')
    const path = (await there.must('resume', id)).trim()
    expect(path).toBe(there.worktree(id))
    expect(standing(world.scene, path)).toBe(standing(world.scene, home.worktree(id)))
    expect((await there.amp('resume', id)).stderr).toContain('is not paused')
    await there.must('iterate', id, '-m', 'echo 2 >b')
    await there.must('sync')
    await home.must('sync')
    expect(world.scene.read('b', home.worktree(id))).toBe('2\n')
    // A session that is done is not brought back unasked.
    await home.must('merge', id)
    await home.must('sync')
    await there.must('sync')
    expect((await there.amp('resume', id)).stderr).toContain('git amp reopen')
  })

  it('that was paused is restored as it was, once its work was pushed with a yes', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    world.scene.write({ a: 'changed\n', staged: '1\n', 'dir/new file': 'untracked\n' }, home.worktree(id))
    world.scene.gitAt(home.worktree(id), 'add', 'staged')
    const before = standing(world.scene, home.worktree(id))
    await home.must('pause', id)
    const kept = await home.amp('sync')
    expect(kept.stderr).toContain('the uncommitted work of 1 paused session stays here')
    expect(world.git('for-each-ref', 'refs/amp-private')).toBe('')
    await there.must('sync')
    const missing = await there.amp('resume', id)
    expect(missing.code).toBe(128)
    expect(missing.stderr).toContain('git amp sync --snapshots')
    // A no, and then a yes that was shown the untracked files. The first question is about transcripts.
    const no = await home.ampWith({ answers: 'n\nn\n' }, 'sync')
    expect(no.stderr).toContain('dir/new file')
    expect(no.stderr).toContain('1 untracked file')
    expect(world.git('for-each-ref', 'refs/amp-private')).toBe('')
    await home.ampWith({ answers: 'n\ny\n' }, 'sync')
    expect(world.git('for-each-ref', '--format=%(refname)', 'refs/amp-private')).toBe(
      `refs/amp-private/snapshots/${id}`,
    )
    await there.must('sync')
    const path = (await there.must('resume', id)).trim()
    expect(standing(world.scene, path)).toBe(before)
    // It is back in a worktree: the remote's copy is over.
    await there.must('sync')
    expect(world.git('for-each-ref', 'refs/amp-private')).toBe('')
    await home.must('sync')
    expect(home.snapshot(id).status).toBe('idle')
  })

  it('that was paused goes on without its work only when asked to', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    world.scene.write({ a: 'changed\n' }, home.worktree(id))
    await home.must('pause', id)
    await home.must('sync')
    await there.must('sync')
    const answer = await there.amp('resume', id, '-f')
    expect(answer.code).toBe(0)
    expect(answer.stderr).toContain('uncommitted work is in')
    await there.must('iterate', id, '-m', 'echo 1 >b')
    expect((await there.amp('oplog')).code).toBe(0)
    there.git('fsck', '--strict')
  })

  it('whose iteration has not ended elsewhere is shown so, and needs -f here, also on one machine', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    const stop = new AbortController()
    const running = home.ampWith(
      { signal: stop.signal, host: { hostname: 'box' } },
      'iterate',
      id,
      '-m',
      'echo 1 >a; exec sleep 600',
    )
    try {
      await world.scene.until(() => home.snapshot(id).iterations === 1)
      await home.must('sync')
      await there.must('sync')
      for (const hostname of ['elsewhere', 'box']) {
        const listed = await there.ampWith({ host: { hostname } }, 'list')
        expect(listed.stdout).toContain('running on box')
        expect((await there.ampWith({ host: { hostname } }, 'show', id)).stdout).toMatch(
          /running iteration 1 on box since \d{4}-/,
        )
        const refused = await there.ampWith({ host: { hostname } }, 'iterate', id, '-m', 'echo 2 >b')
        expect(refused.code).toBe(128)
        expect(refused.stderr).toContain('began on box at ')
        expect(refused.stderr).toContain('use -f')
      }
      expect(there.snapshot(id).open.length).toBe(1)
      expect((await there.amp('iterate', id, '-f', '-m', 'echo 2 >b')).code).toBe(0)
      await there.must('sync')
      // It came while the agent works here: its end does not take the place of what came.
      await home.must('sync')
    } finally {
      stop.abort()
      await running
    }
    await home.must('sync')
    await there.must('sync')
    expect(there.shared()).toBe(home.shared())
    expect(home.snapshot(id).heads.length).toBe(2)
    expect(home.snapshot(id).open).toEqual([])
    expect((await there.must('list')).replace(/ +/g, ' ')).toContain('one diverged')
    const refused = await there.amp('squash', id)
    expect(refused.stderr).toContain('git amp resolve')
    const keep = home.snapshot(id).heads[0] ?? ''
    await home.must('resolve', id, '--keep', keep)
    await home.must('sync')
    await there.must('sync')
    expect(there.git('rev-parse', there.snapshot(id).branch)).toBe(keep)
  })

  it('is listed from the remote without anything being kept', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    await home.must('sync')
    const state = () => [
      there.git('for-each-ref'),
      there.git('count-objects', '-v'),
      there.git('config', '--list', '--local'),
    ]
    const before = state()
    const answer = await there.amp('list', '--remote', 'origin')
    expect([answer.code, ageless(answer.stdout)]).toEqual([0, ageless(await home.must('list'))])
    expect(state()).toEqual(before)
    expect(readdirSync(join(there.dir, '.git', 'amp'))).toEqual([])
    const json = JSON.parse(await there.must('list', '--remote', world.hub, '--json'))
    expect(json.sessions[0].id).toBe(id)
    const gone = await there.amp('list', '--remote', join(world.scene.root, 'nowhere.git'))
    expect(gone).toMatchObject({ code: 1, stdout: '' })
  })

  it('tells its transcript when that was pushed, by setting, flag or a yes that is remembered', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo said')
    await home.ampWith({ answers: 'n\n' }, 'sync')
    expect(world.git('for-each-ref', 'refs/amp-private')).toBe('')
    home.git('config', 'amp.transcripts', 'never')
    expect((await home.amp('sync')).stderr).toContain('1 transcript stays here')
    home.git('config', '--unset', 'amp.transcripts')
    const yes = await home.ampWith({ answers: 'y\n' }, 'sync')
    expect(yes.stderr).toContain('Push transcripts')
    expect(world.git('for-each-ref', '--format=%(refname)', 'refs/amp-private')).toBe(
      `refs/amp-private/transcripts/${id}`,
    )
    await there.must('sync')
    expect(await there.must('transcript', id)).toBe(await home.must('transcript', id))
    // Remembered for this remote, and for no other.
    await home.must('iterate', id, '-m', 'echo more')
    expect((await home.amp('sync')).stderr).not.toContain('transcript')
    world.scene.gitAt(world.scene.root, 'init', '-q', '--bare', 'other.git')
    expect((await home.amp('sync', '../other.git')).stderr).toContain('1 transcript stays here')
    // Nor when the remote is somewhere else now.
    home.git('remote', 'set-url', '--push', 'origin', join(world.scene.root, 'other.git'))
    await home.must('iterate', id, '-m', 'echo elsewhere')
    expect((await home.amp('sync')).stderr).toContain('1 transcript stays here')
    home.git('config', '--unset', 'remote.origin.pushurl')
    expect((await home.amp('sync')).stderr).not.toContain('transcript')
    await home.must('sync', '../other.git', '--transcripts')
    // Two clones that went on have both.
    await there.must('sync')
    await there.must('resume', id)
    await there.must('iterate', id, '-m', 'echo there')
    await there.must('sync', '--transcripts')
    await home.must('sync')
    expect(await home.must('transcript', id)).toBe(await there.must('transcript', id))
    expect(await home.must('transcript', id)).toContain('there')
  })
})
