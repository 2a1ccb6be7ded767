import { describe, expect, it } from 'vitest'
import { guessMerge } from '../../src/git/guess.js'

const lines = (...numbers: (number | string)[]): string => numbers.map((one) => `${one}\n`).join('')

describe('guessMerge', () => {
  it('finds the place of a change by the lines around it', () => {
    const base = lines(1, 2, 3, 4, 5, 6, 7, 8, 9)
    expect(guessMerge(base, lines(0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9), lines(1, 2, 3, 4, 'x', 'y', 6, 7, 8, 9))).toBe(
      lines(0, 0, 1, 2, 3, 4, 'x', 'y', 6, 7, 8, 9),
    )
    expect(guessMerge(base, lines(1, 2, 3, 4, 5, 6, 7, 8), lines(2, 3, 4, 5, 6, 7, 8, 9))).toBe(
      lines(2, 3, 4, 5, 6, 7, 8),
    )
    expect(guessMerge('1\n2\n3\n4\n5', '0\n1\n2\n3\n4\n5', '1\n2\n3\n4\n5\n6')).toBe('0\n1\n2\n3\n4\n5\n6')
  })

  it.each([
    ['what it changes was changed', lines(1, 2, 'a', 4, 5), lines(1, 2, 'b', 4, 5)],
    ['lines around it were changed', lines(1, 'a', 3, 4, 5), lines(1, 2, 'b', 4, 5)],
    [
      'there are two such places',
      lines(1, 2, 3, 4, 5, 6, 7, 8, 2, 3, 4, 5, 6, 7, 8),
      lines(1, 2, 3, 4, 'b', 6, 7, 8, 9),
    ],
    ['a line only begins like it', '11\n2\n3\n4\n5\n', lines('b', 2, 3, 4, 5)],
  ])('gives up when %s', (_, ours, theirs) => {
    const base = theirs.includes('9') ? lines(1, 2, 3, 4, 5, 6, 7, 8, 9) : lines(1, 2, 3, 4, 5)
    expect(guessMerge(base, ours, theirs)).toBe(null)
  })
})
