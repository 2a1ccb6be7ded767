import { AmpError, exitCodes } from '../errors.js'
import { GitError } from '../git/run.js'
import { RefLocked, RefMoved } from '../state/storage.js'
import { escapeControls } from '../util/escape.js'
import { systemWords } from '../util/system.js'
import type { AmpContext } from './context.js'

/**
 * Tells the user what went wrong: the one place that prints errors.
 * @param usageLines how the command is called, shown with a wrong command line
 * @returns the exit code
 */
export function report(thrown: unknown, context: AmpContext, usageLines: string): number {
  const { ui, stderr, host, signal } = context
  if (signal.aborted && isEcho(thrown, signal)) return exitCodes.interrupted
  const error = asAmpError(thrown)
  const prefix = error.kind === 'fatal' || error.kind === 'bug' ? 'fatal' : 'error'
  ui.error(prefix, safe(error.message), error.hints.map(safe))
  if (error.kind === 'usage' && usageLines !== '') stderr.write(usageLines)
  if (isOn(host.env.GIT_AMP_DEBUG) && thrown instanceof Error) stderr.write(`${safe(stackOf(thrown))}\n`)
  return signal.aborted ? exitCodes.interrupted : exitCodes[error.kind]
}

const safe = (text: string): string => escapeControls(text, '\n\t')

const isOn = (value: string | undefined): boolean => value !== undefined && !/^(|0|false|no|off)$/i.test(value)

/** Whether the error only says that we were told to stop, which the user knows. */
function isEcho(thrown: unknown, signal: AbortSignal): boolean {
  if (thrown === signal.reason) return true
  if (thrown instanceof GitError) return thrown.exit.signal !== null
  return thrown instanceof Error && thrown.name === 'AbortError'
}

function asAmpError(thrown: unknown): AmpError {
  if (thrown instanceof AmpError) {
    return thrown.kind === 'bug'
      ? new AmpError('bug', thrown.message, { hints: [...thrown.hints, ...bugHints] })
      : thrown
  }
  if (thrown instanceof RefMoved) {
    return new AmpError('fatal', `${thrown.refs.join(', ')} changed while the command ran`, {
      hints: ['Another command was faster; nothing was written. Run yours again.'],
    })
  }
  if (thrown instanceof RefLocked) {
    return new AmpError('fatal', `${thrown.refs.join(', ')} is locked: ${thrown.message}`, {
      hints: ['Wait for the other git process and run the command again.'],
    })
  }
  // clipanion's own errors, told by name: its classes are not exported.
  if (thrown instanceof Error && /^(UsageError|UnknownSyntaxError|AmbiguousSyntaxError)$/.test(thrown.name)) {
    return new AmpError('usage', sentence(thrown.message))
  }
  const system = systemError(thrown)
  if (system !== null) return system
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new AmpError('bug', `internal error: ${message}`, { hints: bugHints })
}

const diskFull = 'Free some disk space and run the command again: what was recorded before is intact.'
const notAllowed = 'Look at the owner and the permissions of the path.'
const noPath = 'Look at the path.'

/** Errors of the system that are no mistakes of git-amp, and what helps. */
const systemHints: Readonly<Record<string, string>> = {
  ENOSPC: diskFull,
  EDQUOT: diskFull,
  EROFS: 'Mount it for writing, or work in a clone elsewhere.',
  EACCES: notAllowed,
  EPERM: notAllowed,
  EMFILE: 'Raise the limit with "ulimit -n".',
  ENOENT: noPath,
  ENOTDIR: noPath,
  EISDIR: noPath,
  EEXIST: noPath,
  ELOOP: noPath,
  ENAMETOOLONG: noPath,
}

function systemError(thrown: unknown): AmpError | null {
  const { code, path, syscall } = (thrown ?? {}) as { code?: unknown; path?: unknown; syscall?: unknown }
  const hint = typeof code === 'string' ? systemHints[code] : undefined
  if (hint === undefined) return null
  const what = `${typeof syscall === 'string' ? syscall : 'write'}${typeof path === 'string' ? ` '${path}'` : ''}`
  return new AmpError('fatal', `cannot ${what}: ${systemWords(thrown)}`, { hints: [hint], cause: thrown })
}

const bugHints = [
  'This is a mistake in git-amp. Please report it with the command you ran;',
  'GIT_AMP_DEBUG=1 in the environment shows where it happened.',
]

/** The first line, as git writes it: lower case, no full stop. */
const sentence = (message: string): string => {
  const line = message.split('\n', 1)[0] ?? ''
  return line.charAt(0).toLowerCase() + line.slice(1).replace(/\.$/, '')
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${stackOf(error.cause)}` : ''
  return `${error.stack ?? error.message}${cause}`
}
