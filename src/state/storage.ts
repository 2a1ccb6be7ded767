/**
 * The two small interfaces through which sessions are kept. Two storages implement them: the git program
 * (`git/objects.ts`, `git/refs.ts`) and isomorphic-git over any `fs` (`state/isomorphic.ts`); `tests/contract/` holds both to the
 * same answers and the same object ids.
 */

/** A full object id. */
export type Oid = string

/** Who and when, as in a commit object: seconds since 1970 and the zone's offset in minutes east of UTC. */
export interface Stamp {
  name: string
  email: string
  seconds: number
  /** Minutes east of UTC, as in `+0130` = 90. */
  offset: number
}

/** A commit object without its signature and extra headers. */
export interface CommitObject {
  tree: Oid
  parents: readonly Oid[]
  author: Stamp
  committer: Stamp
  /** The message as stored, with its final newline. */
  message: string
}

/** One entry of a tree object. */
export interface TreeEntry {
  /** As in the object: `100644`, `40000`, `160000`, ... */
  mode: string
  name: string
  oid: Oid
}

/** Reads and writes objects. Reading what is absent gives null; what is broken or of another type throws. */
export interface ObjectStore {
  readCommit(oid: Oid): Promise<CommitObject | null>
  /** A commit and what is before it along first parents, at most `count` in all; for a store that answers many questions as quickly as one. */
  readLine?(oid: Oid, count: number): Promise<ReadonlyMap<Oid, CommitObject>>
  readTree(oid: Oid): Promise<TreeEntry[] | null>
  readBlob(oid: Oid): Promise<Uint8Array | null>
  writeCommit(commit: CommitObject): Promise<Oid>
  /** Entries in any order; they are written in git's order. */
  writeTree(entries: readonly TreeEntry[]): Promise<Oid>
  writeBlob(data: Uint8Array | string): Promise<Oid>
}

/** A ref and the commit it points at; `message` is null when that commit is missing or broken. */
export interface Tip {
  ref: string
  oid: Oid
  message: string | null
}

/** A ref that moves: `old` null means that it must not exist yet, `new` null deletes it. `old` equal to `new` only verifies. */
export interface RefChange {
  ref: string
  old: Oid | null
  new: Oid | null
}

/** Reads and moves refs. */
export interface RefStore {
  /** Where a ref points, or null. */
  read(ref: string): Promise<Oid | null>
  /** All refs below `prefix` (a whole path component), by name, each with the message of its commit. */
  tips(prefix: string): AsyncIterable<Tip>
  /**
   * All changes or none. Throws `RefMoved` when a ref is not where the caller last saw it, and `RefLocked` when it
   * could not be locked although it is.
   * @param reason the reflog's message
   */
  update(changes: readonly RefChange[], reason: string): Promise<void>
}

/** A ref was not where the caller last saw it: read again and decide again. */
export class RefMoved extends Error {
  override readonly name = 'RefMoved'
  constructor(readonly refs: readonly string[]) {
    super(`moved meanwhile: ${refs.join(', ')}`)
  }
}

/** A ref is where it was, but somebody holds its lock: wait and try again. */
export class RefLocked extends Error {
  override readonly name = 'RefLocked'
  constructor(
    readonly refs: readonly string[],
    options: { cause: unknown },
  ) {
    super(options.cause instanceof Error ? options.cause.message : 'a ref is locked', options)
  }
}
