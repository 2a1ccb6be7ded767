import { AmpError } from '../errors.js'

/** Why `context.signal` is aborted: the user or the system asked git-amp to end. */
export class Interrupted extends AmpError {
  override readonly name = 'Interrupted'
  constructor(readonly signal: NodeJS.Signals) {
    super('interrupted', `stopped by ${signal}`)
  }
}

/** The part of `process` that signals need. */
export interface SignalSource {
  on(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  off(event: NodeJS.Signals, listener: (signal: NodeJS.Signals) => void): unknown
  /** Sends a signal to this process. */
  raise(signal: NodeJS.Signals): void
  /** Milliseconds that only grow. */
  elapsed(): number
}

const watched: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP']

/** Git forwards Ctrl-C to its children, which have it from the terminal already: the second within this time is the same one. */
const debounceMs = 250

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts, so that a command can stop its agent and record what there is; a second one ends this
 * process by that signal.
 */
export function watchSignals(source: SignalSource, controller: AbortController): void {
  let first: number | null = null
  const listener = (signal: NodeJS.Signals) => {
    if (first === null) {
      first = source.elapsed()
      controller.abort(new Interrupted(signal))
    } else if (source.elapsed() - first >= debounceMs) {
      for (const name of watched) source.off(name, listener)
      source.raise(signal)
    }
  }
  for (const name of watched) source.on(name, listener)
}
