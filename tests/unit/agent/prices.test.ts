import { describe, expect, test } from 'vitest'
import { type Price, priceOf } from '../../../src/agent/prices.js'

const usage = { input: 1_000_000, output: 200_000, cacheRead: 0, cacheWrite: 0 }
const table: Record<string, Price> = {
  big: { input: 3, output: 15, source: 'list A' },
  'vendor/small-1.5': { input: 0.25, output: 1.25, cacheRead: 0.025, cacheWrite: 0, source: 'list B' },
}
const priceFor = (model: string) => table[model] ?? null

describe('a cost by the price table', () => {
  test('is the sum over kinds of tokens and models, with its sources', () => {
    expect(priceOf({ usage }, 'big', priceFor)).toMatchObject({ costUsd: 6, costSource: 'list A' })
    const models = [
      { model: 'big', ...usage },
      { model: 'vendor/small-1.5', input: 10, output: 20, cacheRead: 1_000_000, cacheWrite: 7 },
    ]
    const all = { input: 1_000_010, output: 200_020, cacheRead: 1_000_000, cacheWrite: 7 }
    const priced = priceOf({ usage: all, models }, null, priceFor)
    expect(priced).toMatchObject({ costUsd: 6.0250275, costSource: 'list A; list B' })
    expect(priced?.models?.map((one) => one.costUsd)).toEqual([6, 0.0250275])
  })

  test.each([
    ['no model is known', { usage }, null],
    ['the model has no price', { usage }, 'other'],
    ['a kind of token that was used has no price', { usage: { ...usage, cacheRead: 1 } }, 'big'],
    [
      'one of the models has no price',
      {
        usage,
        models: [
          { model: 'big', ...usage },
          { model: 'x', ...usage },
        ],
      },
      'big',
    ],
    ['the models account for a part only', { usage, models: [{ model: 'big', ...usage, output: 1 }] }, 'big'],
    ['nothing is known of the tokens', {}, 'big'],
  ])('is none when %s', (_, spent, model) => {
    expect(priceOf(spent, model, priceFor)).toBeNull()
  })

  test('needs no price for what was not used', () => {
    expect(priceOf({ usage: { ...usage, output: 0 } }, 'vendor/small-1.5', priceFor)?.costUsd).toBe(0.25)
  })
})
