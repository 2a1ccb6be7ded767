import { BrokenState, decodeState, type StateCommit } from './codec.js'
import type { CommitObject, ObjectStore, Oid } from './storage.js'

/** Reads one state commit; `ref` is for the error. */
export async function readState(objects: ObjectStore, oid: Oid, ref: string): Promise<StateCommit> {
  return decodeCommit(await objects.readCommit(oid), oid, ref)
}

export function decodeCommit(commit: CommitObject | null, oid: Oid, ref: string): StateCommit {
  if (commit === null) throw broken(ref, `its commit ${oid} is missing`)
  try {
    return decodeState(oid, commit)
  } catch (cause) {
    if (cause instanceof BrokenState) throw broken(ref, cause.message, cause.hints)
    throw cause
  }
}

/** What is said of a chain that cannot be read. */
export const broken = (ref: string, what: string, hints: readonly string[] = []): BrokenState =>
  new BrokenState(`${ref} is broken: ${what}`, [
    ...hints,
    `Fetch the ref again from a clone that has it, or remove it with "git update-ref -d ${ref}".`,
  ])
