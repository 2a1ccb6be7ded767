import { expect, test } from 'vitest'
import { csv } from '../../../src/util/csv.js'

test('fields are quoted where RFC 4180 asks for it', () => {
  const rows = [
    ['plain', 'with space', ''],
    ['a,b', 'say "hi"', 'two\nlines'],
  ]
  expect(csv(rows)).toBe('plain,with space,\r\n"a,b","say ""hi""","two\nlines"\r\n')
  expect(csv([])).toBe('')
})
