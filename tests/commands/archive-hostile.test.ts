import { describe, expect, it } from 'vitest'
import { type Clone, Clones } from '../helpers/clones.js'

const month = new Date().toISOString().slice(0, 7)
const archiveOf = `refs/amp/archive/${month}`

/** An archived session at the hub, and a clone that does not have it. */
async function world() {
  const hub = new Clones()
  const [home, there] = [hub.home(), hub.clone('there')]
  const id = await home.session('one')
  await home.must('iterate', id, '-m', 'echo 1 >a')
  await home.must('remove', '-f', id)
  await home.must('gc')
  await home.must('sync')
  const [root, tip] = [home.git('rev-parse', `${archiveOf}~`), home.git('rev-parse', `${archiveOf}^2`)]
  /** Puts what somebody made at home on a ref of the hub. */
  const plant = (oid: string, ref = archiveOf) => {
    hub.git('fetch', '-q', home.dir, oid)
    hub.git('update-ref', ref, oid)
  }
  return { hub, home, there, id, root, tip, plant }
}

const archived = (home: Clone, entries: readonly [string, string][], how: { root: string; month?: string }): string => {
  const lines = entries.map(([id, tip]) => `Amp-Archived: ${id} ${tip}\n`).join('')
  const parents = [how.root, ...new Set(entries.map(([, tip]) => tip))].flatMap((oid) => ['-p', oid])
  const text = `amp: x\n\nAmp-Format: 1\nAmp-Entity: archive ${how.month ?? month}\nAmp-State-Parents: 1\n${lines}`
  return home.git('commit-tree', home.git('mktree', '--missing'), ...parents, '-m', text)
}

/** The same chain with another root. */
function forged(home: Clone, tip: string): string {
  let last = ''
  for (const oid of home.git('rev-list', '--reverse', '--first-parent', tip).split('\n')) {
    const [, parent = ''] = home.git('rev-list', '--parents', '-1', oid).split(' ')
    const parents = home.git('show', '-s', '--format=%P', oid).split(' ').filter(Boolean)
    const all = parents.map((one) => (one === parent && last !== '' ? last : one)).flatMap((one) => ['-p', one])
    const message = home.git('show', '-s', '--format=%B', oid)
    last = home.git('-c', 'user.name=Evil', 'commit-tree', `${oid}^{tree}`, ...all, '-m', message)
  }
  return last
}

describe('git amp sync with archives that somebody made by hand', () => {
  it('takes none with a chain of another session, nor one that does not hold what it names', async () => {
    const { home, there, id, root, tip, plant } = await world()
    await there.must('sync')
    const tree = home.git('mktree', '--missing')
    const text = (entries: string) =>
      `amp: x\n\nAmp-Format: 1\nAmp-Entity: archive ${month}\nAmp-State-Parents: 1\n${entries}`
    const hostile: [string, string[]][] = [
      [text(`Amp-Archived: 0123456789ab ${tip}\n`), ['-p', root, '-p', tip]],
      [text(`Amp-Archived: ${id} ${tip}\n`), ['-p', root]],
      [text(''), ['-p', root, '-p', tip]],
      [text(`Amp-Archived: ../../x ${tip}\n`), ['-p', root, '-p', tip]],
      ['no archive\n', ['-p', root]],
      [text('').replace(month, '1999-13'), ['-p', root]],
      [text('').replace(month, '1999-12'), ['-p', root]],
      [text('x'.repeat(300_000)), ['-p', root]],
    ]
    for (const [message, parents] of hostile) {
      home.scene.write({ text: message })
      plant(home.git('commit-tree', tree, ...parents, '-F', 'text'))
      const shared = there.shared()
      const came = await there.amp('sync', '--fetch')
      expect(came).toMatchObject({ code: 1, stdout: expect.stringMatching(/! not taken +refs\/amp\/archive/) })
      expect(there.shared()).toBe(shared)
    }
  })

  it('goes on when archives or tombstones are no commits', async () => {
    const { home, there, plant } = await world()
    home.scene.write({ text: 'x' })
    const blob = home.git('hash-object', '-w', 'text')
    const id = await home.session('two')
    await home.must('sync')
    for (const ref of [archiveOf, 'refs/amp/tombstones']) {
      plant(blob, ref)
      const came = await there.amp('sync', '--fetch')
      expect(came).toMatchObject({ code: 1, stdout: expect.stringContaining(`! not taken  ${ref}`) })
      expect(came.stdout).toContain('is a blob where a commit is expected')
      expect(there.snapshot(id).slug).toBe('two')
    }
  })

  it('takes what is sound from one that also holds a chain that is refused', async () => {
    const { hub, home, there, id, root, tip, plant } = await world()
    const head = home.git('rev-parse', 'HEAD')
    plant(
      archived(
        home,
        [
          [id, tip],
          ['0123456789ab', head],
        ].sort() as [string, string][],
        { root },
      ),
    )
    for (const words of ['! not all +refs\\S+ +1 archived session ', '! not taken +refs\\S+ +']) {
      expect(await there.amp('sync')).toMatchObject({
        code: 1,
        stdout: expect.stringMatching(new RegExp(`${words}\\(of session 0123456789ab, `)),
      })
      expect(await there.must('list', '-a')).toContain('one')
      expect(there.shared()).not.toContain('sessions')
    }
    expect(there.git('rev-list', '--count', '--first-parent', archiveOf)).toBe('2')
    expect(hub.git('log', '-1', '--format=%B', archiveOf)).toContain('0123456789ab')
  })

  it('does not join two histories under one id', async () => {
    const { home, there, id, root, tip, plant } = await world()
    const tips = [tip, forged(home, tip)].sort().map((oid) => [id, oid] as [string, string])
    plant(archived(home, tips, { root }))
    expect(await there.amp('sync')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`(of session ${id}, another chain here has the same id)`),
    })
    expect(there.shared()).not.toContain(id)
    expect((await there.amp('show', id)).code).toBe(128)
  })

  it('deletes no ref at the remote for an archive that it did not take', async () => {
    const { hub, home, there, root, plant } = await world()
    const two = await home.session('two')
    await home.must('sync')
    const tip = home.git('rev-parse', `refs/amp/sessions/${two}`)
    const head = home.git('rev-parse', 'HEAD')
    const bad = [
      [two, tip],
      ['0123456789ab', head],
    ].sort() as [string, string][]
    plant(archived(home, bad, { root }))
    there.git('fetch', '-q', 'origin', '+refs/amp/*:refs/amp-local/remotes/origin/*')
    expect((await there.amp('sync', '--push')).stdout).not.toContain('deleted')
    expect(hub.git('rev-parse', `refs/amp/sessions/${two}`)).toBe(tip)
  })
})
