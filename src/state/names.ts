/** Names of refs and ids. Pure; see "Refs" in the state format. */

/** Where session chains live: `refs/amp/sessions/<id>`. */
export const sessionsPrefix = 'refs/amp/sessions'
/** Where batch chains live: `refs/amp/batches/<id>`. */
export const batchesPrefix = 'refs/amp/batches'
/** Where closed sessions are kept, a ref for each month: `refs/amp/archive/<yyyy-mm>`. */
export const archivesPrefix = 'refs/amp/archive'
/** What was forgotten, so that it does not come back. */
export const tombstonesRef = 'refs/amp/tombstones'
/** Where transcripts and paused work live: they leave this clone by consent alone. */
export const transcriptsPrefix = 'refs/amp-private/transcripts'
export const snapshotsPrefix = 'refs/amp-private/snapshots'
/** Derived: what `git log --notes=amp` shows. */
export const notesRef = 'refs/notes/amp'
/** Local: the operation log. */
export const oplogRef = 'refs/amp-local/oplog'

/** Crockford's base32 in lower case: no `i l o u`, so that ids are easy to read out. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
/** 12 characters of 5 bits: 60 random bits. */
const idLength = 12
const idPattern = /^[0-9a-hjkmnp-tv-z]{12}$/

/**
 * A new random id for a session, an iteration or an event.
 * @param random gives `n` random bytes
 */
export function newId(random: (n: number) => Uint8Array): string {
  return [...random(idLength)].map((byte) => alphabet[byte % 32]).join('')
}

/** Whether `text` has the form of an id. */
export const isId = (text: unknown): text is string => typeof text === 'string' && idPattern.test(text)

/** The chain's ref of a session. */
export const sessionRef = (id: string): string => `${sessionsPrefix}/${id}`

/** The chain's ref of a batch run. */
export const batchRef = (id: string): string => `${batchesPrefix}/${id}`

/** Whether `text` names a month, `2026-11`. */
export const isMonth = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-(0[1-9]|1[0-2])$/.test(text)

/** The ref of a month's archive. */
export const archiveRef = (month: string): string => `${archivesPrefix}/${month}`

/** The ref of what agents said in a session: it leaves this clone by consent alone. */
export const transcriptRef = (id: string): string => `${transcriptsPrefix}/${id}`

/** The ref of a paused session's uncommitted work: it leaves this clone by consent alone. */
export const snapshotRef = (id: string): string => `${snapshotsPrefix}/${id}`

/** The full ref of a branch. */
export const branchRef = (branch: string): string => `refs/heads/${branch}`

/** The branch of a full ref. */
export const branchName = (ref: string): string => ref.replace(/^refs\/heads\//, '')

/** Whether `text` has the form of an object id of sha1 or sha256. */
export const isOid = (text: unknown): text is string =>
  typeof text === 'string' && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)
