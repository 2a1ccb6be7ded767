import { expect, it } from 'vitest'
import type { BatchNews } from '../../../src/actions/batch/run.js'
import { BatchProgress } from '../../../src/cli/batch.js'

const item = (n: number, status: string) => ({
  n,
  status,
  dir: '/r',
  usage: { input: 600, output: 0, cacheRead: 0, cacheWrite: 0 },
  costUsd: 0.5,
})
const news = (one: object): BatchNews => one as BatchNews

it('the view of a run says how far it is, what it has cost, and what is at work', () => {
  const progress = new BatchProgress(({ n }) => `item ${n}`)
  expect(progress.title(0)).toBe('reading the plan')
  const items = [1, 2, 3].map((n) => item(n, 'queued'))
  progress.add(news({ type: 'begun', view: { items, tip: { snapshot: { name: 'nightly' } } }, todo: 3 }), 1000)
  progress.add(news({ type: 'item', item: item(1, 'running') }), 1000)
  progress.add(news({ type: 'item', item: item(2, 'running') }), 1000)
  expect(progress.detail(3000)).toEqual(['item 1  starting  0:02', 'item 2  starting  0:02'])
  progress.add(news({ type: 'item', item: item(1, 'fail') }), 5000)
  expect(progress.title(5000)).toBe(
    'nightly  1/3 done, 1 failed, 1 running, 4 s so far, about 8 s left, 1.8k tokens, $1.50',
  )
  expect(progress.detail(5000)).toHaveLength(1)
})
