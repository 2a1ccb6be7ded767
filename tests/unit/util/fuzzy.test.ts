import { expect, test } from 'vitest'
import { fuzzyScore, fuzzySort } from '../../../src/util/fuzzy.js'

const sort = (typed: string, ...texts: string[]) => fuzzySort(typed, texts, (text) => text)

test('letters count in their order, wherever they are', () => {
  expect(fuzzyScore('fxp', 'fix-parser')).not.toBeNull()
  expect(fuzzyScore('pxf', 'fix-parser')).toBeNull()
  expect(fuzzyScore('FIX', 'fix')).toBe(fuzzyScore('fix', 'FIX'))
  expect(fuzzyScore('', 'anything')).toBe(0)
})

test('the best comes first: a run of letters, starts of words, then what is less scattered', () => {
  expect(sort('parse', 'pair arrays see', 'sparse', 'fix-parser')).toEqual(['fix-parser', 'sparse', 'pair arrays see'])
  expect(sort('fp', 'floppy', 'fix-parser')).toEqual(['fix-parser', 'floppy'])
})

test('words may come in any order, and equals keep theirs', () => {
  expect(sort('quotes fix', 'fix-parser handle quotes', 'docs')).toEqual(['fix-parser handle quotes'])
  expect(sort('a', 'a1', 'a2', 'b')).toEqual(['a1', 'a2'])
  expect(sort('  ', 'z', 'a')).toEqual(['z', 'a'])
})

test('characters outside of the first plane, and what means something in a regular expression', () => {
  expect(sort('🎉', 'x 🎉', 'y')).toEqual(['x 🎉'])
  expect(sort('(*[\\', 'a(*[\\', 'a')).toEqual(['a(*[\\'])
})
