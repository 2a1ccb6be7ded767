import { expect, it } from 'vitest'
import { oneLine, printable } from '../../../src/util/sanitize.js'

it('takes out what moves a terminal', () => {
  expect(printable('\u001b[31mred\u001b[0m \u001b]0;title\u0007x\u001b]8;;http://a\u001b\\y\u001b(B')).toBe('red xy')
  expect(printable('a\u0000b\u0008c\u009bd\u007f\u202ee\r\nf\tg')).toBe('abcde\nf\tg')
})

it('makes one line of bounded length', () => {
  expect(oneLine('  a\n\n b\t c ')).toBe('a b c')
  expect(oneLine('😀'.repeat(300), 5)).toBe('😀😀😀😀…')
  expect(oneLine('x'.repeat(5), 5)).toBe('xxxxx')
})
