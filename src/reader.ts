import { fatal } from './errors.js'
import { longText, type Stores } from './state/chain.js'
import type { LongText } from './state/events.js'
import type { FilePromises } from './state/file-refs.js'
import { findGitDir } from './state/find-git-dir.js'
import { openIsomorphic } from './state/isomorphic.js'
import {
  historyOf,
  type Session,
  type SessionHistory,
  sessionsIn,
  type TranscriptLine,
  transcriptOf,
} from './state/reading.js'
import type { BrokenSession } from './state/sessions.js'

// `git-amp/reader`: sessions for editors, bots and pages, without a git program. It reads, and never writes.

export { AmpError } from './errors.js'
export type { AmpEvent, LongText } from './state/events.js'
export type { IterationView } from './state/iterations.js'
export type { Session, SessionHistory, TranscriptLine } from './state/reading.js'
export type { BrokenSession, SessionState } from './state/sessions.js'

/** Any `fs` that isomorphic-git takes, with promises: that of node, memfs, LightningFS. What is used of it is this. */
export interface ReaderFs {
  promises: Pick<FilePromises, 'readFile' | 'readdir' | 'stat' | 'lstat'>
}

/** Where a repository is. */
export interface Place {
  fs: ReaderFs
  /** A worktree, the main one or a linked one, or a bare repository. */
  dir?: string
  /** The git directory, where it is known. */
  gitdir?: string
}

/**
 * Lists the sessions of a repository, open and closed ones, by id. One that cannot be read is named and does not hide the others.
 * @throws AmpError when the repository cannot be read
 */
export async function listSessions(place: Place): Promise<{ sessions: Session[]; broken: BrokenSession[] }> {
  return sessionsIn(await open(place))
}

/**
 * Reads what happened in a session. A value too long for a commit message is `{oid, bytes, head}` here; `readText` reads it whole.
 * @returns null when there is no such session
 * @throws AmpError when the repository or the session cannot be read
 */
export async function readSession(place: Place & { id: string }): Promise<SessionHistory | null> {
  return historyOf(await open(place), place.id)
}

/** The whole text of a value of an event or an iteration. @throws AmpError when it is missing, as in a partial clone */
export async function readText(place: Place & { text: LongText }): Promise<string> {
  return typeof place.text === 'string' ? place.text : longText((await open(place)).objects, place.text)
}

/**
 * Reads what the agent printed in an iteration, line by line.
 * @param place with the ids of the session and of the iteration
 * @returns null when there is no transcript of it here: transcripts are pushed only by their owner's will
 */
export async function readTranscript(
  place: Place & { id: string; iteration: string },
): Promise<AsyncGenerator<TranscriptLine> | null> {
  return transcriptOf(await open(place), place)
}

async function open({ fs, dir, gitdir }: Place): Promise<Stores> {
  if (dir === undefined && gitdir === undefined) throw fatal("say where the repository is: 'dir' or 'gitdir'")
  const whole = fs as { promises: FilePromises }
  return openIsomorphic({ fs: whole, gitdir: await findGitDir(fs.promises, gitdir ?? `${dir}`) })
}
