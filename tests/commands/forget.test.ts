import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Clones } from '../helpers/clones.js'
import { plain } from '../helpers/run.js'

describe('git amp forget', () => {
  it('takes a session away everywhere, and no old clone brings it back', async () => {
    const world = new Clones()
    const [home, there, old] = [world.home(), world.clone('there'), world.clone('old')]
    const [id, other] = [await home.session('gone'), await home.session('stays')]
    for (const one of [id, other]) await home.must('iterate', one, '-m', 'echo 1 >a')
    await home.must('sync', '--transcripts')
    await there.must('sync')
    await old.must('sync')
    const branch = home.snapshot(id).branch
    await home.must('remove', id, '-f')
    expect((await home.amp('forget', id)).code).toBe(1)
    const dry = await home.must('forget', id, '-n')
    expect(dry).toContain('would forget')
    expect(home.git('for-each-ref', `refs/amp/sessions/${id}`)).not.toBe('')
    const answer = await home.ampWith({ answers: 'y\n' }, 'forget', id)
    expect(answer.code).toBe(0)
    expect(plain(answer.stdout, world.scene.root)).toMatchInlineSnapshot(`
      "forgot session <id>
        refs/amp/sessions/<id>
        refs/amp-private/transcripts/<id>
      the branch amp/gone/<time> is code, and stays where it is
      "
    `)
    expect(answer.stderr).toContain('git amp sync origin')
    expect(home.git('for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/amp-private')).toBe(
      `refs/amp-private/transcripts/${other}\nrefs/amp/sessions/${other}\nrefs/amp/tombstones`,
    )
    expect(home.git('log', '--notes=amp', '--format=%N', '--all')).not.toContain(id)
    const synced = await home.must('sync')
    expect(synced).toContain(`- deleted  refs/amp/sessions/${id}`)
    expect(world.git('for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/amp-private')).not.toContain(id)
    // In another clone it is forgotten as well; what it had of its own is not lost.
    await old.must('iterate', id, '-m', 'echo old >b')
    const came = await there.must('sync')
    expect(came).toContain(`- forgotten  refs/amp/sessions/${id}`)
    const kept = await old.must('sync')
    expect(kept).toContain(`refs/amp-local/forgotten/sessions/${id}`)
    expect(old.git('rev-parse', '--verify', `refs/amp-local/forgotten/sessions/${id}`)).toMatch(/^[0-9a-f]{40}$/)
    expect(old.git('branch', '--list', branch)).toContain(branch)
    for (const clone of [home, there, old]) {
      await clone.must('sync')
      expect(clone.git('for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/amp-private')).not.toContain(id)
      expect(clone.shared()).toBe(home.shared())
      expect((await clone.must('list', '-a')).split('\n').length).toBe(2)
    }
    expect(world.git('for-each-ref', '--format=%(refname)')).not.toContain(id)
    // A clone that knows nothing of it pushes it by hand: the next sync takes it away again.
    old.git('push', '-q', 'origin', `refs/amp-local/forgotten/sessions/${id}:refs/amp/sessions/${id}`)
    await there.must('sync')
    expect(there.git('for-each-ref', `refs/amp/sessions/${id}`)).toBe('')
    expect(world.git('for-each-ref', `refs/amp/sessions/${id}`)).toBe('')
  })

  it('is complete in a clone that is behind: nothing is kept there', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('sync')
    await there.must('sync')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    await home.must('remove', '-f', id)
    await home.must('sync')
    await home.must('forget', '-f', id)
    await home.must('sync')
    expect(await there.must('sync')).toMatch(/- forgotten +refs\/amp\/sessions\/\S+\n/)
    expect(there.git('for-each-ref', '--format=%(refname)')).not.toContain(id)
  })

  it('takes the transcripts alone, and later ones of the session are others', async () => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo secret')
    await home.must('sync', '--transcripts')
    await there.must('sync')
    await home.must('forget', id, '--transcript', '-f')
    expect((await home.amp('forget', id, '--transcript', '-f')).code).toBe(1)
    await home.must('iterate', id, '-m', 'echo harmless')
    await home.must('sync', '--transcripts')
    await there.must('sync', '--transcripts')
    await home.must('sync')
    for (const clone of [home, there]) {
      const text = (await clone.amp('transcript', id)).stdout
      expect([clone.name, text.includes('secret'), text.includes('harmless')]).toEqual([clone.name, false, true])
    }
    expect((await there.must('show', id)).length).toBeGreaterThan(0)
    expect(home.shared()).toBe(there.shared())
  })

  it('refuses while a worktree of it is there, and a remote that denies deletions is told of', async () => {
    const world = new Clones()
    const home = world.home()
    const id = await home.session('one')
    await home.must('sync')
    expect((await home.amp('forget', id, '-f')).stderr).toContain(`git amp remove ${id.slice(0, 4)}`)
    await home.must('remove', id)
    await home.must('forget', id, '-f')
    // git itself denies only the deletion of branches.
    world.git('config', 'receive.denyDeletes', 'true')
    const hook = join(world.hub, 'hooks', 'update')
    writeFileSync(hook, '#!/bin/sh\ncase $3 in *[!0]*) ;; *) exit 1;; esac\n')
    chmodSync(hook, 0o755)
    const answer = await home.amp('sync')
    expect(answer.code).toBe(1)
    expect(answer.stdout).toMatch(new RegExp(`! refused +refs/amp/sessions/${id}.*hook declined`))
    expect(answer.stdout).toMatch(/\* new +refs\/amp\/tombstones/)
    rmSync(hook)
    await home.must('sync')
    expect(world.git('for-each-ref', `refs/amp/sessions/${id}`)).toBe('')
    expect((await home.amp('sync')).stdout).toBe('')
  })
})
