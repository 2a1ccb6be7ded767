import { describe, expect, it } from 'vitest'
import { Queue } from '../../src/actions/batch/queue.js'

const job = (repo: string, n: number, agent = 'shell') => ({ repo, n, agent })
const names = (jobs: readonly ({ repo: string; n: number } | null)[]) =>
  jobs.map((one) => (one === null ? null : `${one.repo}${one.n}`))

describe('the queue of a batch run', () => {
  it('lets repositories take turns, whatever their share', () => {
    const queue = new Queue([job('a', 1), job('a', 2), job('a', 3), job('b', 1), job('c', 1)], 9)
    expect(names(Array.from({ length: 6 }, () => queue.take(0)))).toEqual(['a1', 'b1', 'c1', 'a2', 'a3', null])
  })

  it('holds each repository to its limit', () => {
    const queue = new Queue([job('a', 1), job('a', 2), job('b', 1)], 1)
    const [first] = [queue.take(0), queue.take(0)]
    expect(queue.take(0)).toBeNull()
    if (first !== null && first !== undefined) queue.release(first)
    expect(names([queue.take(0)])).toEqual(['a2'])
  })

  it('waits with what is tried again, and with all jobs of an agent that is told to slow down', () => {
    const queue = new Queue([job('a', 1, 'amp'), job('b', 1, 'amp'), job('c', 1, 'shell')], 9)
    const failed = queue.take(0)
    if (failed !== null) queue.add(failed, 50)
    queue.cool('amp', 50)
    expect(names([queue.take(10), queue.take(10)])).toEqual(['c1', null])
    expect(queue.nextTime()).toBe(50)
    expect(names([queue.take(50), queue.take(50)])).toEqual(['b1', 'a1'])
    expect(queue.nextTime()).toBeNull()
  })
})
