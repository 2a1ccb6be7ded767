import { expect, test } from 'vitest'
import { splitWords } from '../../../src/util/words.js'

test.each([
  ['a b  c', ['a', 'b', 'c']],
  [' \t a \n', ['a']],
  ['', []],
  [`'a b' "c d"`, ['a b', 'c d']],
  [`a'b'"c"d`, ['abcd']],
  [`'' ""`, ['', '']],
  [`a\\ b \\' \\"`, ['a b', "'", '"']],
  [`'a\\b'`, ['a\\b']],
  [`"a\\b \\" \\\\ \\$ \\\` c"`, ['a\\b " \\ $ ` c']],
  ['$HOME ~ * `x` $(y) a|b;c >d #e', ['$HOME', '~', '*', '`x`', '$(y)', 'a|b;c', '>d', '#e']],
])('%j is split into %j', (command, words) => {
  expect(splitWords(command)).toEqual(words)
})

test.each([`'a`, `"a`, `"a\\"`, 'a\\'])('%j is not finished', (command) => {
  expect(splitWords(command)).toBeNull()
})
