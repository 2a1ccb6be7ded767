/** Why an agent is stopped before it has ended by itself. */
export type StopCause = 'user' | 'timeout' | 'idle' | 'lingering'

/** Limits of one run; absent is no limit. */
export interface Limits {
  timeoutMs?: number | undefined
  /** Longest silence on stdout and stderr. */
  idleTimeoutMs?: number | undefined
}

/** How long an agent may live on after it has announced its end: a failed one (which may be waiting for a login) less. */
const lingerMs = { ok: 30_000, failed: 5_000 }

/** Everything that can end a run from outside, as one promise. */
export class Alarms {
  /** Settles with the first alarm; never, when there is none. */
  readonly rang: Promise<StopCause>
  private ring: (cause: StopCause) => void = () => {}
  private readonly timers = new Map<StopCause, NodeJS.Timeout>()
  private cleared = false
  private readonly onAbort = () => this.ring('user')

  constructor(
    private readonly signal: AbortSignal,
    private readonly limits: Limits,
  ) {
    this.rang = new Promise((resolve) => {
      this.ring = resolve
    })
    if (signal.aborted) this.ring('user')
    signal.addEventListener('abort', this.onAbort)
    this.set('timeout', limits.timeoutMs)
    this.touch()
  }

  /** The agent gave a sign of life. */
  touch(): void {
    const idle = this.timers.get('idle')
    if (idle === undefined) this.set('idle', this.limits.idleTimeoutMs)
    else idle.refresh()
  }

  /** The agent announced its end, or that it waits for somebody: nobody can answer it here. */
  ended(ok: boolean): void {
    this.set('lingering', ok ? lingerMs.ok : lingerMs.failed)
  }

  /** It has not ended, or does not wait any more. */
  goesOn(): void {
    clearTimeout(this.timers.get('lingering'))
    this.timers.delete('lingering')
  }

  /** Takes back everything that has not rung, for good. */
  clear(): void {
    this.cleared = true
    this.signal.removeEventListener('abort', this.onAbort)
    for (const timer of this.timers.values()) clearTimeout(timer)
    this.timers.clear()
  }

  private set(cause: StopCause, ms: number | undefined): void {
    if (this.cleared || ms === undefined || ms <= 0) return
    clearTimeout(this.timers.get(cause))
    // Timers longer than this (24 days) fire at once.
    this.timers.set(cause, setTimeout(this.ring, Math.min(ms, 2 ** 31 - 1), cause))
  }
}
