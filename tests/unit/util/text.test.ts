import { describe, expect, test } from 'vitest'
import { groupBy, present, unique } from '../../../src/util/collections.js'
import { compileFormat } from '../../../src/util/format.js'
import { shortSubject, subjectOf, trailerValues, withTrailers } from '../../../src/util/message.js'
import { duration, parseDuration, plainTime, plural, relativeDate } from '../../../src/util/time.js'
import { fitText, padText, textWidth } from '../../../src/util/width.js'

describe('compileFormat', () => {
  const fields = ['id', 'name']
  test.each([
    ['%(id) %(name)', 'x y'],
    ['%%(id)%%', '%(id)%'],
    ['%(id)%00%09%0a%(name)', 'x\0\t\ny'],
    ['%', '%'],
    ['%z %(id', '%z %(id'],
    ['', ''],
    ['$& $1 %(id)', '$& $1 x'],
    ['%c3%a9', 'é'],
  ])('%j', (format, text) => {
    expect(compileFormat(format, fields)({ id: 'x', name: 'y' })).toBe(text)
  })
  test('a value is not looked into, and a missing one is empty', () => {
    expect(compileFormat('%(id)|%(name)', fields)({ id: '%(name)%00' })).toBe('%(name)%00|')
  })
  test.each(['%(nope)', '%()', '%(id )', '%(constructor)', '%(id:short)'])(
    '%s is refused, with the fields there are',
    (format) => {
      expect(() => compileFormat(format, fields)).toThrow(/unknown field name/)
      try {
        compileFormat(format, fields)
      } catch (error) {
        expect((error as { hints: string[] }).hints).toEqual(['Known fields: id, name.'])
      }
    },
  )
})

describe('time', () => {
  const now = new Date('2027-03-01T12:00:00Z')
  const minute = 60
  const hour = 60 * minute
  const day = 24 * hour
  // As `git log --date=relative` says it (date.c, show_date_relative).
  test.each([
    [-1, 'in the future'],
    [0, '0 seconds ago'],
    [1, '1 second ago'],
    [89, '89 seconds ago'],
    [90, '2 minutes ago'],
    [89 * minute, '89 minutes ago'],
    [90 * minute, '2 hours ago'],
    [35 * hour, '35 hours ago'],
    [36 * hour, '2 days ago'],
    [13 * day, '13 days ago'],
    [14 * day, '2 weeks ago'],
    [69 * day, '10 weeks ago'],
    [70 * day, '2 months ago'],
    [364 * day, '12 months ago'],
    [365 * day, '1 year ago'],
    [400 * day, '1 year, 1 month ago'],
    [730 * day, '2 years ago'],
    [1000 * day, '2 years, 9 months ago'],
    [2000 * day, '5 years ago'],
  ])('%d s is %s', (seconds, text) => {
    expect(relativeDate(new Date(now.getTime() - seconds * 1000).toISOString(), now)).toBe(text)
  })
  test('no date is unknown', () => expect(relativeDate('', now)).toBe('unknown'))
  test.each([
    [0, '0 ms'],
    [340.4, '340 ms'],
    [999, '999 ms'],
    [999.6, '1 s'],
    [1000, '1 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [200_000, '3 min 20 s'],
    [3_599_600, '1 h'],
    [3_900_000, '1 h 5 min'],
    [90_000_000, '25 h'],
  ])('%d ms is %s', (ms, text) => expect(duration(ms)).toBe(text))
  test.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['1.5m', 90_000],
    ['2h', 7_200_000],
    ['250ms', 250],
    ['0', 0],
    ['', null],
    ['-1', null],

    ['1 m', null],
    ['1e3', null],
    ['1m\n', null],
    ['٣', null],
  ])('a length of %j', (text, ms) => expect(parseDuration(text)).toBe(ms))
  test('plain time and plurals', () => {
    expect(plainTime('2026-11-22T10:10:10.123Z')).toBe('2026-11-22 10:10:10')
    expect([plural(0, 'commit'), plural(1, 'commit'), plural(2, 'commit')]).toEqual([
      '0 commits',
      '1 commit',
      '2 commits',
    ])
  })
})

describe('width', () => {
  test.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['漢字', 4],
    ['ｶﾅ', 2],
    ['한글', 4],
    ['😀', 2],
    ['👩‍👩‍👧', 2],
    ['👍🏽', 2],
    ['…', 1],
    ['a漢b', 4],
    ['𠀀', 2],
  ])('%j takes %d', (text, width) => expect(textWidth(text)).toBe(width))
  test.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['漢字漢字', 8, '漢字漢字'],
    ['漢字漢字', 7, '漢字漢…'],
    ['漢字漢字', 6, '漢字…'],
    ['abc', 1, '…'],
    ['abc', 0, ''],
    ['', 0, ''],
  ])('%j in %d', (text, columns, fitted) => {
    expect(fitText(text, columns)).toBe(fitted)
    expect(textWidth(fitText(text, columns))).toBeLessThanOrEqual(columns)
  })
  test('no cut makes a text too wide or leaves half a character', () => {
    const text = 'a漢e\u0301😀👩‍👩‍👧b👍🏽字'
    for (let columns = 0; columns < 16; columns++) {
      expect(textWidth(fitText(text, columns))).toBeLessThanOrEqual(columns)
      expect(fitText(text, columns)).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
    }
  })
  test('padding', () => {
    expect([padText('漢', 4), padText('漢', 4, 'start'), padText('abc', 2)]).toEqual(['漢  ', '  漢', 'abc'])
  })
})

describe('messages', () => {
  test.each([
    ['subject', [], 'subject\n'],
    ['subject\n\n\n', [['A', '1']], 'subject\n\nA: 1\n'],
    [
      'subject\n\nbody',
      [
        ['A', '1'],
        ['B', '2'],
      ],
      'subject\n\nbody\n\nA: 1\nB: 2\n',
    ],
    ['subject\n\nSigned-off-by: x <y>', [['A', '1']], 'subject\n\nSigned-off-by: x <y>\nA: 1\n'],
    ['subject\n\nNote: this\nis text', [['A', '1']], 'subject\n\nNote: this\nis text\n\nA: 1\n'],
    ['fix: subject', [['A', '1']], 'fix: subject\n\nA: 1\n'],
  ] as const)('trailers of %j', (message, trailers, text) => expect(withTrailers(message, trailers)).toBe(text))
  test('values of a trailer', () => {
    const message = 's\n\nAmp-Iteration: not here\n\nx: 1\nAmp-Iteration: a\namp-iteration:  b \n'
    expect(trailerValues(message, 'Amp-Iteration')).toEqual(['a', 'b'])
    expect(trailerValues('Amp-Iteration: a', 'Amp-Iteration')).toEqual([])
    expect(trailerValues('', 'A')).toEqual([])
  })
  test('subjects', () => {
    expect([subjectOf('a\nb'), subjectOf('')]).toEqual(['a', ''])
    expect(shortSubject('fix  the\nlogin\x1b form', 72)).toBe('fix the login form')
    expect(shortSubject('one two three four', 10)).toBe('one two…')
    expect(shortSubject('incomprehensibilities', 10)).toBe('incompreh…')
    expect(shortSubject('😀'.repeat(20), 10)).toBe(`${'😀'.repeat(9)}…`)
    for (let width = 1; width < 20; width++)
      expect([...shortSubject('one two three four five', width)].length).toBeLessThanOrEqual(width)
  })
})

test('collections', () => {
  expect([...groupBy([1, 2, 3, 4], (n) => n % 2)]).toEqual([
    [1, [1, 3]],
    [0, [2, 4]],
  ])
  expect(present([0, null, '', undefined, false])).toEqual([0, '', false])
  expect(unique(['b', 'a', 'b'])).toEqual(['b', 'a'])
})
