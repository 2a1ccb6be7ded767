import { present, unique } from '../util/collections.js'
import type { Stores, Writer } from './chain.js'
import { asciiJson, subjectLine } from './codec.js'
import { oplogRef } from './names.js'
import type { Oid, RefChange } from './storage.js'

/** One operation of the local log: what `undo` takes back. */
export interface Operation {
  id: string
  /** The command as typed, `squash`. */
  command: string
  session: string
  /** For people: the session's slug. */
  slug: string
  at: string
  refs: { ref: string; before: Oid | null; after: Oid | null }[]
}

/**
 * Writes the log entry of one transaction: JSON of every ref it moves, with all commits that were there before as parents, so
 * that nothing it replaces can be collected.
 * @returns the change of `refs/amp-local/oplog`
 */
export async function prepareOperation(
  stores: Stores,
  writer: Writer,
  what: Omit<Operation, 'refs'> & { changes: readonly RefChange[] },
): Promise<RefChange> {
  const { changes, ...rest } = what
  const old = await stores.refs.read(oplogRef)
  const refs = changes.map((change) => ({ ref: change.ref, before: change.old, after: change.new }))
  const operation: Operation = { ...rest, refs }
  const befores = changes.filter((change) => change.new !== change.old).map((change) => change.old)
  const oid = await stores.objects.writeCommit({
    tree: await stores.objects.writeTree([]),
    parents: unique(present([old, ...befores])),
    author: writer.author,
    committer: writer.author,
    message: `${subjectLine(`${what.command} ${what.slug}`)}\n\nAmp-Operation: ${asciiJson(operation)}\n`,
  })
  return { ref: oplogRef, old, new: oid }
}

/** Reads the log, newest first, as far as `limit`. What cannot be read ends it. */
export async function readOperations(stores: Stores, limit: number): Promise<Operation[]> {
  const operations: Operation[] = []
  let oid = await stores.refs.read(oplogRef)
  while (oid !== null && operations.length < limit) {
    const commit = await stores.objects.readCommit(oid)
    const json = /^Amp-Operation: (.*)$/m.exec(commit?.message ?? '')?.[1]
    const operation = json === undefined ? null : parseOperation(json)
    if (commit === null || operation === null) break
    operations.push(operation)
    // The first operation has no log before it: its first parent is a commit that it replaced.
    const parent = commit.parents[0]
    const isReplaced = operation.refs.some((ref) => ref.before === parent)
    oid = parent === undefined || isReplaced ? null : parent
  }
  return operations
}

function parseOperation(json: string): Operation | null {
  try {
    const operation = JSON.parse(json) as Partial<Operation> | null
    return Array.isArray(operation?.refs) ? (operation as Operation) : null
  } catch {
    return null
  }
}
