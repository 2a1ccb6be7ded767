import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { install } from '../helpers/bundle.js'
import { type Clone, Clones } from '../helpers/clones.js'

/** Every line of the configuration, and the hooks. */
const written = (clone: Clone): string =>
  [clone.git('config', '--local', '--list'), clone.scene.exists('.git/hooks/pre-push', clone.dir)].join('\n')

/** Two clones, with `git amp` on PATH for the hook. */
function world(): { world: Clones; home: Clone; there: Clone } {
  const clones = new Clones()
  install(clones.scene)
  return { world: clones, home: clones.home(), there: clones.clone('there') }
}

describe('git amp install --sync', () => {
  it('shows what it writes, writes it once, and takes all of it away again', async () => {
    const { home, there } = world()
    const before = written(there)
    const planned = await there.amp('install', '--sync', '-n')
    expect(planned.code).toBe(0)
    expect(written(there)).toBe(before)
    const done = await there.amp('install', '--sync')
    expect(done.code).toBe(0)
    expect(done.stdout).toBe(planned.stdout.replaceAll('would write', 'wrote'))
    for (const line of there.git('config', '--local', '--list').split('\n'))
      if (!before.includes(line)) expect(done.stdout).toContain(`wrote config ${line.replace('=', ' = ')}\n`)
    for (const line of there.scene.read('.git/hooks/pre-push', there.dir).trimEnd().split('\n'))
      expect(done.stdout).toContain(`  ${line}\n`)
    const after = written(there)
    const again = await there.amp('install', '--sync')
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: 'All of it is installed already.\n' })
    expect(written(there)).toBe(after)
    const gone = await there.amp('install', '--sync', '--uninstall', '--json')
    expect(JSON.parse(gone.stdout)).toMatchObject({ schema: 'git-amp/install@1', isUninstall: true })
    expect(written(there)).toBe(before)
    expect((await there.amp('install', '--sync', '--uninstall')).stderr).toContain('Nothing is installed')
    expect((await home.amp('install')).code).toBe(129)
  })

  it('asks on a terminal', async () => {
    const { there } = world()
    const before = written(there)
    const no = await there.ampWith({ answers: 'n\n' }, 'install', '--sync')
    expect(no.code).toBe(1)
    expect(no.stderr).toContain('would write config remote.origin.fetch')
    expect(written(there)).toBe(before)
    expect((await there.ampWith({ answers: 'y\n' }, 'install', '--sync')).code).toBe(0)
    expect(written(there)).not.toBe(before)
  })

  it('lets git fetch and git push carry sessions, and changes nothing else of them', async () => {
    const { world: w, home, there } = world()
    await home.must('install', '--sync')
    await there.must('install', '--sync')
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    home.git('branch', 'private')
    home.git('branch', '--set-upstream-to=origin/main')
    home.git('push', '-q', '--dry-run')
    expect(w.git('for-each-ref', 'refs/amp')).toBe('')
    w.scene.commit({ b: '1\n' }, 'Own')
    home.git('push', '-q')
    expect(w.git('for-each-ref', '--format=%(refname)', 'refs/heads')).toBe('refs/heads/main')
    expect(w.git('rev-parse', 'main')).toBe(home.git('rev-parse', 'main'))
    expect(w.git('rev-parse', `refs/amp/sessions/${id}`)).toBe(home.git('rev-parse', `refs/amp/sessions/${id}`))
    expect(w.git('for-each-ref', 'refs/amp-private')).toBe('')
    const own = await there.session('own')
    there.git('config', 'fetch.prune', 'true')
    there.git('fetch', '-q')
    expect(there.git('rev-parse', `refs/amp-local/remotes/origin/sessions/${id}`)).toBe(
      w.git('rev-parse', `refs/amp/sessions/${id}`),
    )
    expect(there.git('rev-parse', 'refs/amp-local/remotes/origin/notes/amp')).toBe(w.git('rev-parse', 'refs/notes/amp'))
    expect(there.git('for-each-ref', '--format=%(refname)', 'refs/amp')).toBe(`refs/amp/sessions/${own}`)
    there.git('pull', '-q', '--ff-only')
    expect(there.git('rev-parse', 'main')).toBe(w.git('rev-parse', 'main'))
    await there.must('sync')
    await home.must('sync')
    expect(there.shared()).toBe(home.shared())
    // A session that went on elsewhere holds up no push of a branch.
    await there.must('iterate', '-f', id, '-m', 'echo 2 >b')
    await there.must('sync')
    await home.must('iterate', '-f', id, '-m', 'echo 3 >c')
    w.scene.commit({ c: '1\n' }, 'More')
    home.git('push', '-q')
    expect(w.git('rev-parse', 'main')).toBe(home.git('rev-parse', 'main'))
  })

  it('goes with a merge that pushes, and with a remote that is gone', async () => {
    const { world: w, home } = world()
    await home.must('install', '--sync')
    const id = await home.session('one')
    await home.must('iterate', id, '-m', 'echo 1 >a')
    await home.must('merge', '--push', id)
    expect(w.git('rev-parse', 'main')).toBe(home.git('rev-parse', 'main'))
    await home.must('sync')
    expect(w.git('rev-parse', `refs/amp/sessions/${id}`)).toBe(home.git('rev-parse', `refs/amp/sessions/${id}`))
    home.git('fsck', '--strict')
  })

  it('leaves a hook of the user and a shared hooks directory alone, and writes nothing by half', async () => {
    const { there } = world()
    const hook = join(there.dir, '.git/hooks/pre-push')
    writeFileSync(hook, '#!/bin/sh\nexit 0\n')
    chmodSync(hook, 0o755)
    const before = written(there)
    const refused = await there.amp('install', '--sync')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(`there is a pre-push hook of yours: ${hook}`)
    expect(refused.stderr).toContain('git amp sync --push')
    expect(written(there)).toBe(before)
    expect((await there.amp('install', '--sync', '--fetch')).code).toBe(0)
    expect((await there.amp('install', '--sync', '--uninstall')).code).toBe(0)
    expect(written(there)).toBe(before)
    expect(there.scene.read('.git/hooks/pre-push', there.dir)).toBe('#!/bin/sh\nexit 0\n')
    there.git('config', 'core.hooksPath', '.husky')
    expect((await there.amp('install', '--sync')).stderr).toContain('core.hooksPath is set')
  })

  it('not where git fetch overwrites sessions, which doctor names, or has nothing else to fetch', async () => {
    const { world: w, there } = world()
    w.scene.gitAt(w.scene.root, 'clone', '-q', '--bare', w.hub, 'bare.git')
    const bare = await w.scene.ampAt(join(w.scene.root, 'bare.git'), 'install', '--sync')
    expect([bare.code, bare.stderr]).toEqual([1, expect.stringContaining('has no fetch refspec')])
    there.git('config', '--add', 'remote.origin.fetch', '+refs/amp/*:refs/amp/*')
    const refused = await there.amp('install', '--sync')
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('overwrites the sessions here')])
    const named = await there.amp('doctor')
    expect(named.code).toBe(1)
    const cure = /git config --fixed-value --unset-all \S+ \S+/.exec(named.stdout)?.[0] ?? 'false'
    w.scene.program('cure', `cd ${there.dir} && ${cure}`)
    w.scene.gitAt(there.dir, '-c', 'alias.cure=!cure', 'cure')
    expect((await there.amp('doctor')).code).toBe(0)
    expect((await there.amp('install', '--sync')).code).toBe(0)
    expect((await there.amp('doctor')).code).toBe(0)
    const url = await there.amp('install', '--sync', w.hub)
    expect([url.code, url.stderr]).toEqual([1, expect.stringContaining('is no remote of this repository')])
  })
})
