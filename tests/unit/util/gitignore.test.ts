import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Patterns } from '../../../src/util/gitignore.js'

const root = mkdtempSync(join(tmpdir(), 'git-amp-ignore-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Numbers that are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (state * 1664525 + 1013904223) >>> 0
    yield state / 2 ** 32
  }
}

const pick = <T>(random: Generator<number>, list: readonly T[]): T =>
  list[Math.floor(random.next().value * list.length)] as T

const names = ['a', 'b', 'ab', 'a.b', '.env', 'x-y', 'a b', '[a]', 'é']
const pieces = [
  'a',
  'b',
  '*',
  '?',
  '**',
  '.',
  '.env',
  '[ab]',
  '[!a]',
  '[a-c]',
  '\\a',
  '\\[',
  '[[:alpha:]]',
  'x-y',
  'é',
  '*b',
  'a*',
  '***',
]

describe('patterns of gitignore', () => {
  it('match what git says they match', () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, stdio: 'pipe' })
    git('init', '-q')
    const random = numbers(20261124)
    const paths = new Set<string>()
    for (const one of names)
      for (const two of names) paths.add(`${one}/${two}/`).add(`${one}/${two}/${pick(random, names)}.f`)
    for (const path of paths) {
      mkdirSync(join(root, path.replace(/[^/]*$/, '')), { recursive: true })
      if (!path.endsWith('/')) writeFileSync(join(root, path), '')
    }
    const isDirectory = new Map(
      [...paths].flatMap((path) => [
        [path.replace(/\/$/, ''), path.endsWith('/')],
        [path.split('/')[0] as string, true],
      ]),
    )
    const all = [...isDirectory.keys()]
    for (let round = 0; round < 150; round++) {
      const lines = Array.from({ length: 1 + Math.floor(random.next().value * 3) }, () => {
        const count = 1 + Math.floor(random.next().value * 3)
        const body = Array.from({ length: count }, () => pick(random, pieces)).join('/')
        return `${pick(random, ['', '', '', '!', '/', '#'])}${body}${pick(random, ['', '', '/', ' ', '\\ '])}`
      })
      const text = `${lines.join('\n')}\n`
      writeFileSync(join(root, '.git/info/exclude'), text)
      let said = ''
      try {
        said = execFileSync('git', ['check-ignore', '--no-index', '-z', '--stdin'], {
          cwd: root,
          input: all.join('\0'),
        }).toString()
      } catch {
        // Nothing matches.
      }
      const patterns = new Patterns(text)
      const ours = all.filter((path) => patterns.has(path, isDirectory.get(path) === true))
      expect([lines, [...new Set(ours)].sort()]).toEqual([lines, [...new Set(said.split('\0').filter(Boolean))].sort()])
    }
  })

  it('tells where in a directory something may be wanted', () => {
    const patterns = new Patterns('target/debug/deps\n/a/*/c\nx/**/y\n.env\n**/z\nq/\n')
    const into = [
      'target',
      'target/debug',
      'target/debug/deps',
      'target/other',
      'a',
      'a/b',
      'a/b/c',
      'x',
      'x/1/2',
      'q',
      'other',
    ]
    expect(into.filter((dir) => patterns.reachesInto(dir))).toEqual([
      'target',
      'target/debug',
      'a',
      'a/b',
      'x',
      'x/1/2',
    ])
    expect([new Patterns('# a\n\n!b\n').isEmpty, new Patterns('a').isEmpty]).toEqual([true, false])
  })
})
