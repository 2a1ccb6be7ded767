import fs, { cpSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFsFromVolume, Volume } from 'memfs'
import { describe, expect, it } from 'vitest'
import { listSessions, type Place, readSession, readText, readTranscript } from '../../src/reader.js'
import { openRepo } from '../../src/repo.js'
import { historyOf, sessionsIn, transcriptOf } from '../../src/state/reading.js'
import { testHost } from '../helpers/host.js'
import { type Scene, scene } from '../helpers/scene.js'

// The reader and the git storage tell the same, and so does `--json`.

/** Sessions of every kind: with a long prompt, closed, diverged by a merge of chains, paused, with a transcript. */
async function lively(options: ConstructorParameters<typeof Scene>[0] = {}): Promise<Scene> {
  const s = scene(options)
  const one = await s.session('one')
  await s.iterate(one, `echo told; echo 1 >a # ${'x'.repeat(9000)}`)
  await s.iterate(one, 'exit 3')
  await s.session('two', { prompt: 'Tue es: ümläut' })
  const three = await s.session('three', { args: ['--test', 'true'] })
  await s.iterate(three, 'echo 3 >c')
  await s.amp('squash', three, '-m', 'Three')
  await s.amp('merge', three)
  const four = await s.session('four')
  await s.amp('remove', '-D', four)
  await s.amp('pause', await s.session('five'))
  return s
}

const ways: Record<string, (s: Scene) => unknown> = {
  'loose refs and objects': () => {},
  'packed refs': (s) => s.git('pack-refs', '--all'),
  'a collected repository': (s) => s.git('gc', '-q', '--prune=now'),
  'packed refs under newer loose ones': async (s) => {
    s.git('gc', '-q')
    // One whose last step is no end of an iteration: whether that runs only its machine knows.
    const { sessions } = await listSessions({ fs, dir: s.dir })
    const ref = `refs/amp/sessions/${sessions.find(({ name }) => name === 'four')?.id}`
    s.git('update-ref', ref, s.git('rev-parse', `${ref}~`))
  },
  'archived sessions': async (s) => {
    const refs = () => s.git('for-each-ref', '--format=%(refname)', 'refs/amp/sessions').split('\n').length
    const before = refs()
    await s.amp('gc')
    expect(refs()).toBeLessThan(before)
  },
}

/** A copy of a git directory in memory. */
function inMemory(gitdir: string): Place {
  const files = fs.readdirSync(gitdir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const volume = new Volume()
  for (const { parentPath, name } of files) {
    const dir = parentPath.replace(gitdir, '/repo.git')
    volume.mkdirSync(dir, { recursive: true })
    volume.writeFileSync(`${dir}/${name}`, readFileSync(join(parentPath, name)))
  }
  volume.mkdirSync('/repo.git/refs', { recursive: true })
  return { fs: createFsFromVolume(volume) as unknown as Place['fs'], gitdir: '/repo.git' }
}

const collect = async <T>(items: AsyncIterable<T> | null): Promise<T[] | null> => {
  if (items === null) return null
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

async function expectSame(s: Scene, place: Place): Promise<void> {
  const repo = await openRepo(testHost({ cwd: s.dir, env: s.env }))
  const listed = await listSessions(place)
  expect(listed).toEqual(await sessionsIn(repo))
  expect(listed.sessions.length).toBe(5)
  for (const session of listed.sessions) {
    const { id } = session
    const history = await readSession({ ...place, id })
    expect(history).toEqual(await historyOf(repo, id))
    expect(history?.session).toEqual(session)
    const shown = await s.show(id)
    expect(shown.session).toMatchObject(session)
    expect(shown.iterations).toEqual(history?.iterations)
    for (const { id: iteration, prompt } of history?.iterations ?? []) {
      const lines = await collect(await readTranscript({ ...place, id, iteration }))
      expect(lines).toEqual(await collect(await transcriptOf(repo, { id, iteration })))
      const text = await readText({ ...place, text: prompt })
      expect(lines?.filter(({ stream }) => stream === 'prompt').map((line) => line.text)).toEqual(text.split('\n'))
    }
  }
  repo.close()
}

describe('the reader tells what git tells', () => {
  let s: Scene | null = null

  it.each(Object.keys(ways))('with %s, on disk and in memory', async (way) => {
    s ??= await lively()
    await ways[way]?.(s)
    await expectSame(s, { fs, dir: s.dir })
    await expectSame(s, { fs, gitdir: join(s.dir, '.git') })
    await expectSame(s, inMemory(join(s.dir, '.git')))
  })
})

describe('the reader', () => {
  it('finds the repository from a linked worktree, a submodule and a bare clone', async () => {
    const s = scene()
    const id = await s.session('one')
    const ids = async (dir: string) => (await listSessions({ fs, dir })).sessions.map((one) => one.id)
    expect(await ids(s.worktree(id))).toEqual([id])
    expect(await ids(`${s.dir}/`)).toEqual([id])
    s.gitAt(s.root, 'clone', '-q', '--mirror', 'repo', 'bare.git')
    expect(await ids(join(s.root, 'bare.git'))).toEqual([id])
    s.gitAt(s.root, 'init', '-q', 'super')
    const outer = join(s.root, 'super')
    s.gitAt(outer, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', s.dir, 'inner')
    const inner = join(outer, 'inner')
    s.gitAt(inner, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*')
    expect(await ids(inner)).toEqual([id])
    // Its git directory is named by a relative path, which goes with it.
    renameSync(outer, join(s.root, 'moved'))
    expect(await ids(join(s.root, 'moved/inner'))).toEqual([id])
  })

  it('names what is broken and lists the rest', async () => {
    const s = scene()
    const [one, two] = [await s.session('one'), await s.session('two')]
    s.git('update-ref', `refs/amp/sessions/${one}`, s.git('rev-parse', 'HEAD'))
    const { sessions, broken } = await listSessions({ fs, dir: s.dir })
    expect(sessions.map((session) => session.id)).toEqual([two])
    expect(broken.map(({ ref }) => ref)).toEqual([`refs/amp/sessions/${one}`])
    await expect(readSession({ fs, dir: s.dir, id: one })).rejects.toThrow('is broken')
    expect(await readSession({ fs, dir: s.dir, id: '0'.repeat(12) })).toBeNull()
    expect(await readSession({ fs, dir: s.dir, id: '../../heads/main' })).toBeNull()
    expect(await readTranscript({ fs, dir: s.dir, id: two, iteration: 'none' })).toBeNull()
  })

  it('folds a history anew that an older git-amp wrote', async () => {
    const s = scene()
    const id = await s.session('one')
    await s.iterate(id, 'echo 1 >a')
    const before = await listSessions({ fs, dir: s.dir })
    const ref = `refs/amp/sessions/${id}`
    const text = s.git('cat-file', 'commit', ref).replace(/"fold":\d+/, '"fold":1')
    writeFileSync(join(s.root, 'commit'), `${text}\n`)
    s.git('update-ref', ref, s.git('hash-object', '-t', 'commit', '-w', join(s.root, 'commit')))
    expect(await listSessions({ fs, dir: s.dir })).toEqual(before)
  })

  it('refuses what it would read wrongly, and what is no repository', async () => {
    const s = scene({ objectFormat: 'sha256' })
    await s.session('one')
    await expect(listSessions({ fs, dir: s.dir })).rejects.toThrow(/is a sha256 repository.*knows only sha1/)
    await expect(listSessions({ fs, dir: s.root })).rejects.toThrow(`there is no repository in '${s.root}'`)
    await expect(listSessions({ fs })).rejects.toThrow("'dir' or 'gitdir'")
  })

  it('reads a shallow clone, and says what a partial one lacks', async () => {
    const s = await lively()
    s.git('config', 'uploadpack.allowFilter', 'true')
    const url = `file://${s.dir}`
    s.gitAt(s.root, 'clone', '-q', '--depth=1', url, 'shallow')
    s.gitAt(s.root, 'clone', '-q', '--filter=blob:none', url, 'partial')
    for (const name of ['shallow', 'partial']) {
      const dir = join(s.root, name)
      s.gitAt(dir, 'fetch', '-q', 'origin', 'refs/amp/*:refs/amp/*')
      expect(await listSessions({ fs, dir })).toEqual(await listSessions({ fs, dir: s.dir }))
    }
    const long = (await listSessions({ fs, dir: s.dir })).sessions.find(({ name }) => name === 'one')?.id ?? ''
    const dir = join(s.root, 'partial')
    const history = await readSession({ fs, dir, id: long })
    const prompt = history?.iterations[0]?.prompt ?? ''
    await expect(readText({ fs, dir, text: prompt })).rejects.toThrow('is missing')
    cpSync(join(s.dir, '.git/objects'), join(dir, '.git/objects'), { recursive: true, force: false })
    expect(await readText({ fs, dir, text: prompt })).toContain('x'.repeat(9000))
  })
})
