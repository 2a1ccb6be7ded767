import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Clone, Clones } from '../helpers/clones.js'
import { seeded } from '../helpers/repository.js'

/** A remote that somebody fills with what no git-amp writes, beside one session that is sound. */
async function hostile(): Promise<{
  world: Clones
  there: Clone
  sound: string
  other: string
  commit: (message: string, ...parents: string[]) => string
}> {
  const world = new Clones()
  const home = world.home()
  const [sound, other] = [await home.session('sound'), await home.session('other')]
  await home.must('iterate', sound, '-m', 'echo 1 >a')
  await home.must('sync')
  const commit = (message: string, ...parents: string[]) => {
    world.scene.write({ message }, world.scene.root)
    const tree = world.git('mktree', '--missing')
    return world.git(
      'commit-tree',
      ...parents.flatMap((parent) => ['-p', parent]),
      '-F',
      join(world.scene.root, 'message'),
      tree,
    )
  }
  return { world, there: world.clone('there', '--no-local'), sound, other, commit }
}

describe('what is written here', () => {
  it.each([
    '- fix this\n- and that',
    '# Title',
    '\u202eright to left\u202c',
    `${'x'.repeat(500)}`,
    '-x',
    '\x1b[31mred',
    '👩‍👩‍👧 ok',
    '> - *',
  ])('is taken elsewhere: a prompt %j', async (prompt) => {
    const world = new Clones()
    const [home, there] = [world.home(), world.clone('there')]
    await home.must('new', '--agent', 'shell', '-m', prompt)
    await home.must('new', `--name=${prompt}`, '--agent', 'shell', '-m', prompt)
    await home.must('sync')
    await there.must('sync')
    expect(there.shared()).toBe(home.shared())
    const names = (await there.must('list', '--format', '%(name)')).trim().split('\n')
    expect(names).toHaveLength(2)
    for (const name of names) expect(name).not.toMatch(/[\p{Cc}\u202a-\u202e]/u)
  })
})

describe('a hostile remote', () => {
  it('is looked through: what is wrong is named and not taken, the rest is', async () => {
    const { world, there, sound, other, commit } = await hostile()
    const tip = world.git('rev-parse', `refs/amp/sessions/${other}`)
    const text = world.git('log', '-1', '--format=%B', tip)
    const parents = world.git('log', '-1', '--format=%P', tip).split(' ')
    const blob = world.git('hash-object', '-w', join(world.scene.root, 'gitconfig'))
    const ids = ['aaaaaaaaaaa1', 'aaaaaaaaaaa2', 'aaaaaaaaaaa3', 'aaaaaaaaaaa4', 'aaaaaaaaaaa5', 'aaaaaaaaaaa6']
    const tag = world.git('commit-tree', '-m', 'x', world.git('mktree', '--missing'))
    const bad: Record<string, string> = {
      [`refs/amp/sessions/${ids[0]}`]: blob,
      [`refs/amp/sessions/${ids[1]}`]: commit(text, ...parents),
      [`refs/amp/sessions/${ids[2]}`]: commit(`${text}\n${'x'.repeat(300_000)}`, ...parents),
      [`refs/amp/sessions/${ids[3]}`]: tag,
      [`refs/amp/sessions/${ids[4]}/below`]: tip,
      'refs/amp/sessions/not-an-id': tip,
      [`refs/amp/sessions/${ids[5]}`]: commit('amp\n\nAmp-Format: 99\n'),
      [`refs/amp/batches/${ids[0]}`]: tip,
      [`refs/amp-private/transcripts/${sound}`]: tip,
      'refs/amp/tombstones': tip,
      [`refs/amp/sessions/${other}`]: commit(text.replaceAll('other', 'x\\u001b]0;owned\\u0007'), ...parents),
    }
    for (const [ref, oid] of Object.entries(bad)) world.git('update-ref', ref, oid)
    const answer = await there.amp('sync')
    expect(answer.code).toBe(1)
    for (const ref of Object.keys(bad)) expect(answer.stdout).toContain(`! not taken  ${ref} `)
    expect((answer.stdout + answer.stderr).replaceAll('\n', '')).not.toMatch(/\p{Cc}|owned/u)
    expect(there.git('for-each-ref', '--format=%(refname)', 'refs/amp', 'refs/amp-private', 'refs/notes')).toBe(
      `refs/amp/sessions/${sound}\nrefs/notes/amp`,
    )
    expect((await there.must('list')).split('\n').length).toBe(2)
    // Work goes on, and what is wrong there is not overwritten.
    await there.must('iterate', sound, '-m', 'echo 2 >b')
    const again = await there.amp('sync')
    expect(again.code).toBe(1)
    expect(again.stdout).toContain(`  forward  refs/amp/sessions/${sound}`)
    for (const [ref, oid] of Object.entries(bad)) expect(world.git('rev-parse', ref)).toBe(oid)
  })

  it('is listed without what is wrong, and nothing is printed raw', async () => {
    const { world, there, sound, other, commit } = await hostile()
    const tip = world.git('rev-parse', `refs/amp/sessions/${other}`)
    const text = world.git('log', '-1', '--format=%B', tip)
    const bad = text
      .replaceAll('"name":"other"', '"name":"x\\u001b]0;owned\\u0007"')
      .replaceAll('"slug":"other"', '"slug":"../x"')
    expect(bad).not.toBe(text)
    world.git('update-ref', `refs/amp/sessions/${other}`, commit(bad, `${tip}~`, world.git('rev-parse', 'main')))
    // A sound one may say anything in its prompt.
    const prompt = 'red \u001b[31m and \u202e left'
    const told = (await there.must('new', 'told', '--agent', 'shell', '-m', prompt, '-q')).trim()
    await there.must('sync', '--push')
    for (const form of [[], ['--porcelain'], ['--format', '%(id) %(name) %(title)']]) {
      const answer = await there.amp('list', '--remote', 'origin', ...form)
      expect(answer.stdout).toContain(form.length === 0 ? 'sound' : sound)
      expect(answer.stdout).not.toContain('owned')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is not printed
      expect(answer.stdout + answer.stderr).not.toMatch(/[\u001b\u0007\u202e]/)
      expect(answer.stderr).toContain(`refs/amp/sessions/${other}`)
    }
    expect((await there.amp('log', told, '--porcelain')).stdout).not.toContain('\u001b')
  })

  it('a history of mine that was replaced there is not taken, and mine stays', async () => {
    const { world, sound, other } = await hostile()
    const home = world.home()
    const before = home.git('rev-parse', `refs/amp/sessions/${sound}`)
    world.git('update-ref', `refs/amp/sessions/${sound}`, world.git('rev-parse', `refs/amp/sessions/${other}`))
    const answer = await home.amp('sync')
    expect(answer.code).toBe(1)
    expect(answer.stdout).toContain('! not taken')
    expect(answer.stdout).toContain('another chain here has the same id')
    expect(home.git('rev-parse', `refs/amp/sessions/${sound}`)).toBe(before)
  })

  it('that lacks objects is fetched from as far as it goes', async () => {
    const { world, there, sound, other } = await hostile()
    // Below the tip, so that the remote shows the ref and cannot give it.
    const lost = world.git('rev-parse', `refs/amp/sessions/${other}^`)
    rmSync(join(world.hub, 'objects', lost.slice(0, 2), lost.slice(2)))
    const answer = await there.amp('sync')
    expect(answer.code).toBe(1)
    expect(answer.stdout).toMatch(new RegExp(`! not taken +refs/amp/sessions/${other} .*cannot give it`))
    expect(answer.stdout).toMatch(new RegExp(`\\* new +refs/amp/sessions/${sound}`))
    expect((await there.must('list')).split('\n').length).toBe(2)
  })

  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000)
  it(`random commits are never taken and harm nothing (FUZZ_SEED=${seed})`, async () => {
    const { world, there, sound, commit } = await hostile()
    const random = seeded(seed)
    const tip = world.git('rev-parse', `refs/amp/sessions/${sound}`)
    const text = world.git('log', '-1', '--format=%B', tip)
    const parents = world.git('log', '-1', '--format=%P', tip).split(' ')
    const names: string[] = []
    for (let count = 0; count < 40; count++) {
      const at = Math.floor(random() * text.length)
      const noise = ['\x1b[2J', '"', '\n', '}', '0', '../', '\u202e', '9'.repeat(40)][Math.floor(random() * 8)] ?? ''
      const message = `${text.slice(0, at)}${noise}${text.slice(at + Math.floor(random() * 30))}`
      const some = parents.filter(() => random() < 0.8)
      // Under a name of its own none of them can be true: the entity that it names is another one.
      const id = `f00000000${String(count).padStart(3, '0')}`
      world.git('update-ref', `refs/amp/sessions/${id}`, commit(message === '' ? 'x' : message, ...some))
      names.push(id)
    }
    const answer = await there.amp('sync')
    expect(answer.code).toBe(1)
    for (const id of names) expect(answer.stdout).toContain(`! not taken  refs/amp/sessions/${id} `)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: there must be none
    expect(answer.stdout + answer.stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/)
    expect(there.git('for-each-ref', 'refs/amp').split('\n').length).toBe(2)
  })
})
