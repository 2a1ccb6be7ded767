/**
 * What went wrong, as the user is told: a kind (which decides the exit code), a sentence, and what to do next.
 *
 * - `no`: a plain "no" (tests failed, conflict, the agent failed): exit 1, printed as `error:`
 * - `fatal`: the command cannot do its work: exit 128, printed as `fatal:`
 * - `usage`: the command line is wrong: exit 129, printed as `error:` with the usage
 * - `interrupted`: stopped by the user: exit 130
 * - `bug`: git-amp itself is wrong: exit 128, with a request to report it
 */
export type ErrorKind = 'no' | 'fatal' | 'usage' | 'interrupted' | 'bug'

/** Exit code of each kind; the same numbers as git's. */
export const exitCodes: Record<ErrorKind, number> = { no: 1, fatal: 128, usage: 129, interrupted: 130, bug: 128 }

/** An error that is printed as a sentence with hints, never as a stack. */
export class AmpError extends Error {
  override readonly name: string = 'AmpError'
  readonly kind: ErrorKind
  readonly hints: readonly string[]
  /** What a script may want to know of it. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    kind: ErrorKind,
    message: string,
    options: { hints?: readonly string[]; cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.kind = kind
    this.hints = options.hints ?? []
    this.details = options.details ?? {}
  }
}

/** `fatal:` with hints. */
export const fatal = (message: string, ...hints: string[]): AmpError => new AmpError('fatal', message, { hints })

/** A plain "no" with hints. */
export const no = (message: string, ...hints: string[]): AmpError => new AmpError('no', message, { hints })

/** A plain "no" because two changes do not go together; `where` tells scripts which. */
export const conflict = (
  message: string,
  where: { paths: readonly string[] } & Record<string, unknown>,
  ...hints: string[]
) => new AmpError('no', message, { hints, details: { conflict: where } })

/** A wrong command line. */
export const usage = (message: string, ...hints: string[]): AmpError => new AmpError('usage', message, { hints })
