import { expect, test } from 'vitest'
import {
  formatCommit,
  formatStamp,
  formatTree,
  parseCommit,
  parseStamp,
  parseTree,
} from '../../../src/state/object-text.js'

const stamp = { name: 'A', email: 'a@b', seconds: 1_700_000_000, offset: 0 }

test.each([
  [0, '+0000'],
  [90, '+0130'],
  [-210, '-0330'],
  [-30, '-0030'],
  [840, '+1400'],
])('a zone of %d minutes is %s, and back', (offset, zone) => {
  expect(formatStamp({ ...stamp, offset })).toBe(`A <a@b> 1700000000 ${zone}`)
  expect(parseStamp(formatStamp({ ...stamp, offset }))).toEqual({ ...stamp, offset })
})

test.each([
  ['A <a@b> 5 -0000', { name: 'A', email: 'a@b', seconds: 5, offset: 0 }],
  ['<a@b> 5 +0100', { name: '', email: 'a@b', seconds: 5, offset: 60 }],
  ['A B  C <> 5 +0100', { name: 'A B  C', email: '', seconds: 5, offset: 60 }],
  ['A <a@b> -5 +0100', { name: 'A', email: 'a@b', seconds: -5, offset: 60 }],
  ['A <a@b>', { name: 'A', email: 'a@b', seconds: 0, offset: 0 }],
  ['', { name: '', email: '', seconds: 0, offset: 0 }],
])('the stamp %j of an odd commit', (text, wanted) => {
  expect(parseStamp(text)).toEqual(wanted)
})

test('extra headers, their continued lines and a signature are skipped', () => {
  const text = `tree ${'1'.repeat(40)}
parent ${'2'.repeat(40)}
parent ${'3'.repeat(40)}
author A <a@b> 5 +0100
committer C <c@d> 6 -0100
mergetag object ${'4'.repeat(40)}
 type commit
 tree ${'5'.repeat(40)}
 
 parent x
gpgsig -----BEGIN PGP SIGNATURE-----
 
 abc
 -----END PGP SIGNATURE-----

Subject

tree of life
`
  expect(parseCommit(text)).toEqual({
    tree: '1'.repeat(40),
    parents: ['2'.repeat(40), '3'.repeat(40)],
    author: { name: 'A', email: 'a@b', seconds: 5, offset: 60 },
    committer: { name: 'C', email: 'c@d', seconds: 6, offset: -60 },
    message: 'Subject\n\ntree of life\n',
  })
})

test('a commit without a message, and the text of one', () => {
  const commit = { tree: '1'.repeat(40), parents: ['2'.repeat(40)], author: stamp, committer: stamp, message: '' }
  expect(parseCommit(formatCommit(commit))).toEqual(commit)
  expect(parseCommit(formatCommit(commit).trimEnd())).toEqual(commit)
  expect(formatCommit({ ...commit, message: 'm\n' })).toBe(
    `tree ${commit.tree}\nparent ${commit.parents[0]}\nauthor A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n\nm\n`,
  )
})

test.each([20, 32])('a tree of %d byte ids comes back in the order of git', (bytes) => {
  const oid = '0a'.repeat(bytes)
  const entry = (mode: string, name: string) => ({ mode, name, oid })
  const sorted = [
    entry('100644', 'a-'),
    entry('100644', 'a.b'),
    entry('40000', 'a'),
    entry('160000', 'a0'),
    entry('120000', 'é'),
  ]
  expect(parseTree(Buffer.from(formatTree([...sorted].reverse())), bytes)).toEqual(sorted)
  expect(formatTree([]).length).toBe(0)
  expect(parseTree(Buffer.alloc(0), bytes)).toEqual([])
})
