import type { Readable, Writable } from 'node:stream'
import type { BaseContext } from 'clipanion'
import type { Inquiry } from '../git/inquiry.js'
import type { Host } from '../host.js'
import type { Ui } from './ui.js'

/** A stream that may be a terminal. */
export type Output = Writable & { isTTY?: boolean; columns?: number }

/** What a command finds in its `context`: the doors to the machine and the terminal. */
export interface AmpContext extends BaseContext {
  readonly host: Host
  readonly ui: Ui
  stdin: Readable & { isTTY?: boolean }
  stdout: Output
  stderr: Output
  /** Aborted when the user stops the command. */
  readonly signal: AbortSignal
  /** The words after `--`; null when there is no `--`. */
  rest: readonly string[] | null
  /** Options that belong to git, in order, for commands with `passesOptions`. */
  passed: readonly string[]
  /** What git was asked while the command was loaded. */
  readonly early?: Inquiry | null
  /** Starts this git-amp again: program and leading arguments. */
  readonly self: readonly string[]
  /** Folder of this git-amp, which holds `man`, `completions` and `shell`; absent when there is none. */
  readonly packageDir?: string
}
