import { describe, expect, it } from 'vitest'
import { plain } from '../helpers/run.js'
import { scene } from '../helpers/scene.js'

async function written() {
  const s = scene()
  s.commit({ 'src/a.txt': 'one\n  two\nthree\n' })
  const id = await s.session('fix')
  await s.iterate(id, 'sed -i "s/three/three-1/" src/a.txt')
  await s.iterate(id, 'sed -i "s/  two/two/" src/a.txt; echo four-2 >>src/a.txt')
  await s.amp('squash', id, '-m', 'All')
  return { s, id, at: s.worktree(id) }
}

const shown = (text: string, root: string) =>
  plain(text, root)
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0000/g, '<when>')
    .replace(/^\^?[0-9a-f]{7,8} /gm, '<oid> ')

describe('git amp blame', () => {
  it('is git blame with session and iteration', async () => {
    const { s, at } = await written()
    const answer = await s.ampAt(at, 'blame', 'src/a.txt')
    expect(answer.code).toBe(0)
    expect(shown(answer.stdout, s.root)).toMatchInlineSnapshot(`
      "<oid>       (A U Thor <when> 1) one
      <oid> fix 2 (shell    <when> 2) two
      <oid> fix 1 (shell    <when> 3) three-1
      <oid> fix 2 (shell    <when> 4) four-2
      "
    `)
    const oids = (text: string) => text.split('\n').map((line) => line.slice(0, 8))
    expect(oids(answer.stdout)).toEqual(oids(`${s.gitAt(at, 'blame', '--abbrev=7', 'src/a.txt')}\n`))
    expect(shown((await s.ampAt(at, 'blame', '-s', 'src/a.txt')).stdout, s.root)).toMatchInlineSnapshot(`
      "<oid>       1) one
      <oid> fix 2 2) two
      <oid> fix 1 3) three-1
      <oid> fix 2 4) four-2
      "
    `)
    expect((await s.ampAt(at, 'blame', '-e', 'src/a.txt')).stdout).toContain('<author@example.com>')
    expect((await s.ampAt(at, 'blame', '-l', 'src/a.txt')).stdout).toMatch(/^[0-9a-f]{40} fix/m)
  })

  it('passes on what says which lines are looked at, and how', async () => {
    const { s, at } = await written()
    const count = async (...argv: string[]) => (await s.ampAt(at, 'blame', ...argv)).stdout.split('\n').length - 1
    expect(await count('-L', '2,3', 'src/a.txt')).toBe(2)
    expect(await count('-L2,+1', 'src/a.txt')).toBe(1)
    const plainly = (await s.ampAt(at, 'blame', '-L2,2', 'src/a.txt')).stdout
    const space = (await s.ampAt(at, 'blame', '-w', '-L2,2', 'src/a.txt')).stdout
    expect([plainly.includes('fix 2'), space.includes('fix')]).toEqual([true, false])
    expect((await s.ampAt(at, 'blame', 'main', '--', 'src/a.txt')).stdout).not.toContain('fix')
    expect((await s.ampAt(at, 'blame', 'main', 'src/a.txt')).stdout.split('\n')).toHaveLength(4)
    expect(await count('--ignore-rev', 'HEAD', 'src/a.txt')).toBe(4)
  })

  it('reads paths from the directory it is called in', async () => {
    const { s, at } = await written()
    expect((await s.ampAt(`${at}/src`, 'blame', 'a.txt')).stdout).toContain('four-2')
    expect((await s.ampAt(`${at}/src`, 'blame', '../src/a.txt')).stdout).toContain('four-2')
  })

  it('refuses what it does not print', async () => {
    const { s } = await written()
    for (const argv of [['-p', 'src/a.txt'], ['--date=iso', 'src/a.txt'], [], ['a', 'b', '--', 'src/a.txt']])
      expect((await s.amp('blame', ...argv)).code, argv.join(' ')).toBe(129)
    expect((await s.amp('blame', '--nonsense', 'src/a.txt')).code).toBe(128)
  })
})
