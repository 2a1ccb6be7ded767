import { expect, test } from 'vitest'
import { closest } from '../../../src/util/closest.js'
import { escapeControls } from '../../../src/util/escape.js'
import { shellWord } from '../../../src/util/quote.js'

test.each([
  ['/home/me/repo', '/home/me/repo'],
  ['/my repo', "'/my repo'"],
  ["it's $HOME", "'it'\\''s $HOME'"],
  ['', "''"],
])('%j is the word %s of a shell', (text, word) => {
  expect(shellWord(text)).toBe(word)
})

test.each([
  ['plain äß 漢字 👩‍👩‍👧', 'plain äß 漢字 👩‍👩‍👧'],
  ['\u001b[31mred\u001b[m', '\\x1b[31mred\\x1b[m'],
  ['a\nb\tc\r\u0000', 'a\\nb\\x09c\\x0d\\x00'],
  ['\u007f\u0080\u009b', '\\x7f\\x80\\x9b'],
  ['\u202egnp.exe\u2066', '\\u202egnp.exe\\u2066'],
])('%j is shown as %j', (text, shown) => {
  expect(escapeControls(text)).toBe(shown)
})

test('characters to keep stay', () => {
  expect(escapeControls('a\nb\tc\u0007', '\n\t')).toBe('a\nb\tc\\x07')
})

test.each([
  ['lsit', ['list']],
  ['sh', ['show']],
  ['shwo', ['show']],
  ['iterat', ['iterate']],
  ['itterate', ['iterate']],
  ['merg', ['merge']],
  ['banana', []],
  ['x', []],
])('%s is close to %j', (word, expected) => {
  expect(closest(word, ['list', 'show', 'iterate', 'merge', 'rebase'])).toEqual(expected)
})
