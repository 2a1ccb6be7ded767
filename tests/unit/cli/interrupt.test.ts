import { expect, test } from 'vitest'
import { Interrupted, type SignalSource, watchSignals } from '../../../src/cli/interrupt.js'

function watched() {
  const listeners = new Map<string, (signal: NodeJS.Signals) => void>()
  const raised: string[] = []
  let time = 1000
  const source: SignalSource = {
    on: (name, listener) => listeners.set(name, listener),
    off: (name) => listeners.delete(name),
    raise: (name) => raised.push(`${name} with ${listeners.size} listeners`),
    elapsed: () => time,
  }
  const controller = new AbortController()
  watchSignals(source, controller)
  const press = (signal: NodeJS.Signals, at: number) => {
    time = 1000 + at
    listeners.get(signal)?.(signal)
  }
  return { press, raised, signal: controller.signal }
}

test('the first signal aborts, and the reason carries its name', () => {
  const { press, signal, raised } = watched()
  expect(signal.aborted).toBe(false)
  press('SIGTERM', 0)
  expect(signal.reason).toBeInstanceOf(Interrupted)
  expect(signal.reason).toMatchObject({ signal: 'SIGTERM', kind: 'interrupted' })
  expect(raised).toEqual([])
})

test('the same Ctrl-C comes twice through git and counts once', () => {
  const { press, raised } = watched()
  press('SIGINT', 0)
  press('SIGINT', 249)
  expect(raised).toEqual([])
})

test('a second one ends the process by the signal itself', () => {
  const { press, raised, signal } = watched()
  press('SIGINT', 0)
  press('SIGHUP', 250)
  expect(raised).toEqual(['SIGHUP with 0 listeners'])
  expect(signal.reason).toMatchObject({ signal: 'SIGINT' })
})
