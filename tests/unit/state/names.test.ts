import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { branchRef, isId, isOid, newId, sessionRef } from '../../../src/state/names.js'

test('ids have their form, use the whole alphabet and do not repeat', () => {
  const ids = Array.from({ length: 2000 }, () => newId((n) => randomBytes(n)))
  expect(ids.every(isId)).toBe(true)
  expect(new Set(ids).size).toBe(2000)
  expect([...new Set(ids.join(''))].sort().join('')).toBe('0123456789abcdefghjkmnpqrstvwxyz')
  expect(newId((n) => new Uint8Array(n))).toBe('000000000000')
})

test.each([
  '',
  '4kz9',
  '4kz9w2m7qhtc0',
  '4KZ9W2M7QHTC',
  'ilouilouilou',
  '4kz9w2m7qht\n',
  '4kz9w2m7qhtc\n',
  '../../../etc',
  null,
  7,
  ['4kz9w2m7qhtc'],
])('%j is no id', (text) => expect(isId(text)).toBe(false))

test('object ids of both hashes', () => {
  expect([isOid('0'.repeat(40)), isOid('f'.repeat(64))]).toEqual([true, true])
  for (const text of [
    '0'.repeat(39),
    '0'.repeat(41),
    '0'.repeat(50),
    'F'.repeat(40),
    `${'0'.repeat(40)}\n`,
    'HEAD',
    '',
    null,
    7,
  ]) {
    expect(isOid(text)).toBe(false)
  }
})

test('refs', () => {
  expect(sessionRef('4kz9w2m7qhtc')).toBe('refs/amp/sessions/4kz9w2m7qhtc')
  expect(branchRef('amp/fix/1')).toBe('refs/heads/amp/fix/1')
})
