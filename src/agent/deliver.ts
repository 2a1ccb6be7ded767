import { setTimeout } from 'node:timers/promises'
import type { Host } from '../host.js'
import { oneLine } from '../util/sanitize.js'
import { type AgentProcess, type Launch, launch } from './process.js'
import { Tail } from './reading.js'

/** A program that is told something and owes no answer. */
export interface Delivery extends Launch {
  /** Written to its stdin. */
  text: string
  limitMs: number
  /** Nobody waits any longer once this is aborted. */
  signal: AbortSignal
}

/**
 * Runs a program beside the work: out of reach of the terminal's signals, and no longer than its limit. What it leaves in the background
 * after it has ended is its own business.
 * @returns what went wrong, or null
 */
export async function deliver(host: Pick<Host, 'processes' | 'sleep'>, delivery: Delivery): Promise<string | null> {
  const child = await launch(delivery)
  if ('error' in child) return child.error
  const stderr = new Tail(child.stderr, () => {})
  child.stdout.resume()
  child.stdin.on('error', () => {})
  child.stdin.end(delivery.text)
  try {
    const exit = await endOf(child, delivery)
    if (exit === 'late') return `it took longer than ${delivery.limitMs / 1000} s and was stopped`
    if (exit === 'aborted' || exit.code === 0) return null
    await Promise.race([stderr.drained(host), setTimeout(200, null, { ref: false })])
    const said = oneLine(stderr.text.trim().split('\n').at(-1) ?? '')
    return `${exit.code === null ? `ended by ${exit.signal}` : `exit code ${exit.code}`}${said === '' ? '' : `: ${said}`}`
  } finally {
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy()
    // Whoever still runs now was too slow.
    if (!(await hasEnded(child))) host.processes.kill(-child.pid, 'SIGKILL')
  }
}

/** How the program ended, or why it is not waited for. The timer alone keeps nothing alive. */
async function endOf(child: AgentProcess, { limitMs, signal }: Delivery) {
  const done = new AbortController()
  const aborted = new Promise<'aborted'>((resolve) => {
    if (signal.aborted) resolve('aborted')
    signal.addEventListener('abort', () => resolve('aborted'), { signal: done.signal })
  })
  const late = setTimeout(limitMs, 'late' as const, { ref: false, signal: done.signal }).catch(() => 'late' as const)
  try {
    return await Promise.race([child.exited, aborted, late])
  } finally {
    done.abort()
  }
}

const hasEnded = (child: AgentProcess): Promise<boolean> =>
  Promise.race([child.exited.then(() => true), Promise.resolve().then(() => false)])
