import { describe, expect, test } from 'vitest'
import { conflictHunks } from '../../../src/util/conflict-hunks.js'
import { landingOrder } from '../../../src/util/landing-order.js'
import { seeded } from '../../helpers/repository.js'

const clash = (pair: string, weight = 1) => ({ a: pair[0] ?? '', b: pair[1] ?? '', weight })

/** How many have to be brought together with what is before them. */
const cost = (order: readonly string[], clashes: ReturnType<typeof clash>[], late: ReadonlySet<string>) =>
  order.filter(
    (one, at) =>
      late.has(one) ||
      clashes.some(({ a, b }) => (a === one && order.indexOf(b) < at) || (b === one && order.indexOf(a) < at)),
  ).length

describe('the order to land in', () => {
  test('lets one wait that is in the way of many, and the cheapest of the others be next', () => {
    expect(landingOrder(['a', 'b', 'c', 'd'], [clash('ab'), clash('ac'), clash('ad')], new Set())).toEqual([...'bcda'])
    expect(landingOrder(['a', 'b', 'c'], [clash('ab', 5), clash('ac', 2), clash('bc', 3)], new Set())).toEqual([
      ...'acb',
    ])
    expect(landingOrder(['a', 'b'], [clash('ab')], new Set(['a']))).toEqual(['b', 'a'])
    expect(landingOrder([], [], new Set())).toEqual([])
  })

  test('is as cheap as any other, in all small cases', () => {
    const random = seeded(3)
    const orders = (all: string[]): string[][] =>
      all.length < 2
        ? [all]
        : all.flatMap((one) => orders(all.filter((other) => other !== one)).map((rest) => [one, ...rest]))
    for (let round = 0; round < 60; round++) {
      const all = [...'abcdef']
      const pairs = all.flatMap((a, at) => all.slice(at + 1).map((b) => a + b))
      const clashes = pairs.filter(() => random() < 0.5).map((pair) => clash(pair))
      const late = new Set(all.filter(() => random() < 0.2))
      const best = Math.min(...orders(all).map((order) => cost(order, clashes, late)))
      const order = landingOrder(all, clashes, late)
      expect([...order].sort()).toEqual(all)
      expect(cost(order, clashes, late)).toBe(best)
    }
  })

  test('comes for a hundred that all clash, or none', () => {
    const all = Array.from({ length: 100 }, (_, at) => `${at}`)
    const clashes = all.flatMap((a, at) => all.slice(at + 1).map((b) => ({ a, b, weight: 1 })))
    expect(landingOrder(all, clashes, new Set())).toHaveLength(100)
    const random = seeded(5)
    const some = clashes.filter(() => random() < 0.3)
    expect(new Set(landingOrder(all, some, new Set())).size).toBe(100)
  })
})

test('hunks are told by the lines of each side, and markers in the file itself are none', () => {
  const names = ['aaaa', 'bbbb'] as const
  const ours = 'one\n<<<<<<< x\nTWO\nthree\nfour\n'
  const theirs = 'zero\none\n<<<<<<< x\ntwo!\nthree\n'
  const merged =
    'zero\none\n<<<<<<< x\n<<<<<<< aaaa\nTWO\n=======\ntwo!\n>>>>>>> bbbb\nthree\n<<<<<<< aaaa:f\nfour\n=======\n>>>>>>> bbbb:g\n'
  expect(conflictHunks({ merged, ours, theirs, names })).toEqual([
    { ours: { line: 3, count: 1 }, theirs: { line: 4, count: 1 } },
    { ours: { line: 5, count: 1 }, theirs: { line: 5, count: 0 } },
  ])
})
