import { afterEach, expect, test } from 'vitest'
import { localDay } from '../../../src/util/time.js'

const { TZ } = process.env
afterEach(() => {
  process.env.TZ = TZ
})

test.each([
  ['UTC', '2026-11-03'],
  ['Pacific/Auckland', '2026-11-04'],
  ['America/Los_Angeles', '2026-11-03'],
])('the day is the local one: %s', (zone, day) => {
  process.env.TZ = zone
  expect(localDay('2026-11-03T23:30:00Z')).toBe(day)
})

test('what is no date has no day', () => {
  expect(localDay('soon')).toBe('unknown')
})
