import { expect, test } from 'vitest'
import { dollars, exactDollars, grouped, parseDollars, shortCount } from '../../../src/util/amounts.js'

test('counts are grouped, or short', () => {
  expect([0, 999, 1000, 1234567, 12345678901].map(grouped)).toEqual([
    '0',
    '999',
    '1,000',
    '1,234,567',
    '12,345,678,901',
  ])
  expect([0, 7, 999, 1000, 1234, 12345, 123456, 999_499, 999_500, 1_500_000, 1_234_000_000].map(shortCount)).toEqual([
    '0',
    '7',
    '999',
    '1k',
    '1.23k',
    '12.3k',
    '123k',
    '999k',
    '1M',
    '1.5M',
    '1230M',
  ])
})

test('an amount below a cent is not zero', () => {
  expect([0, 0.00001, 0.0042, 0.01, 1.5, 1234567.891].map(dollars)).toEqual([
    '$0.00',
    '<$0.0001',
    '$0.0042',
    '$0.01',
    '$1.50',
    '$1,234,567.89',
  ])
  expect(exactDollars(0.1 + 0.2)).toBe(0.3)
})

test('an amount is a number above zero, with or without its sign', () => {
  expect(['5', '2.50', '$2.5', '.5', ' 1 '].map(parseDollars)).toEqual([5, 2.5, 2.5, 0.5, 1])
  expect(['', '0', '-1', '1e3', '1,5', 'five', '$', 'Infinity', '0x10', '.'].map(parseDollars)).toEqual(
    Array(10).fill(null),
  )
})
