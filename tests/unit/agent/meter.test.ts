import { describe, expect, it } from 'vitest'
import { Meter } from '../../../src/agent/meter.js'

const tokens = (...[input = 0, output = 0, cacheRead = 0, cacheWrite = 0]: number[]) => ({
  input,
  output,
  cacheRead,
  cacheWrite,
})

describe('what a run used', () => {
  it('is nothing when nothing was told', () => {
    const meter = new Meter()
    expect(meter.soFar).toBeNull()
    expect(meter.read()).toEqual({ usage: null, models: [], costUsd: null, threadTotal: null })
  })

  it('is the sum of its steps', () => {
    const meter = new Meter()
    for (const model of ['a', 'b', 'a']) {
      meter.add({ type: 'usage', usage: tokens(1, 2, 3, 4), scope: 'step', model })
      meter.add({ type: 'cost', usd: 0.1, scope: 'step', model })
    }
    expect(meter.read()).toEqual({
      usage: tokens(3, 6, 9, 12),
      models: [
        { model: 'a', ...tokens(2, 4, 6, 8), costUsd: 0.2 },
        { model: 'b', ...tokens(1, 2, 3, 4), costUsd: 0.1 },
      ],
      costUsd: 0.3,
      threadTotal: { models: [expect.objectContaining({ model: 'a', input: 2 }), expect.anything()] },
    })
  })

  it('is what the run tells at its end, and not its steps as well', () => {
    const meter = new Meter()
    meter.add({ type: 'usage', usage: tokens(1), scope: 'step' })
    expect(meter.soFar).toEqual(tokens(1))
    meter.add({ type: 'usage', usage: tokens(5), scope: 'run' })
    meter.add({ type: 'usage', usage: tokens(7), scope: 'run' })
    meter.add({ type: 'usage', usage: tokens(7), scope: 'run', model: 'a' })
    expect(meter.soFar).toEqual(tokens(7))
    expect(meter.read()).toMatchObject({ usage: tokens(7), models: [{ model: 'a', ...tokens(7) }] })
  })

  it('is what the total of the thread grew by', () => {
    const meter = new Meter()
    meter.add({ type: 'usage', usage: tokens(10, 5, 3), scope: 'thread' })
    meter.add({ type: 'cost', usd: 0.3, scope: 'thread' })
    const before = { usage: tokens(4, 1, 3), costUsd: 0.1 }
    expect(meter.read(before)).toEqual({
      usage: tokens(6, 4, 0),
      models: [],
      costUsd: 0.2,
      threadTotal: { usage: tokens(10, 5, 3), costUsd: 0.3 },
    })
    expect(meter.read()).toMatchObject({ usage: tokens(10, 5, 3), costUsd: 0.3 })
  })

  it('is the total itself when the thread began to count anew', () => {
    const meter = new Meter()
    meter.add({ type: 'usage', usage: tokens(2, 1), scope: 'thread' })
    expect(meter.read({ usage: tokens(100, 50) }).usage).toEqual(tokens(2, 1))
  })

  it('leaves out models of the thread that this run did not use', () => {
    const meter = new Meter()
    for (const model of ['old', 'new']) {
      meter.add({ type: 'usage', usage: tokens(10, 5), scope: 'thread', model })
      meter.add({ type: 'cost', usd: 0.2, scope: 'thread', model })
    }
    const before = { models: [{ model: 'old', ...tokens(10, 5), costUsd: 0.2 }] }
    expect(meter.read(before).models).toEqual([{ model: 'new', ...tokens(10, 5), costUsd: 0.2 }])
  })

  it('is counted once when the run was killed, and the next one tells of both', () => {
    const thread = (input: number) => ({ type: 'usage', usage: tokens(input), scope: 'thread', model: 'a' }) as const
    const first = new Meter()
    first.add(thread(10))
    const killed = new Meter()
    killed.add({ type: 'usage', usage: tokens(4), scope: 'step', model: 'a' })
    const known = killed.read(first.read().threadTotal ?? undefined)
    expect(known).toMatchObject({ usage: tokens(4), threadTotal: { models: [{ model: 'a', ...tokens(14) }] } })
    const third = new Meter()
    third.add(thread(20))
    expect(third.read(known.threadTotal ?? undefined).models).toEqual([{ model: 'a', ...tokens(6) }])
  })
})
