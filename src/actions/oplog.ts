import type { Repo } from '../repo.js'
import { type JoinedOperation, joinSteps, readOperations, undoneIn } from '../state/oplog.js'
import { findSession } from './shared/find.js'

export interface OplogOptions {
  /** Only operations of this session. */
  session?: string | undefined
  maxCount?: number | undefined
}

/** One command of the log, and whether it counts as undone. */
export interface LoggedOperation extends JoinedOperation {
  isUndone: boolean
}

/** So much of the log is read: far more than 90 days hold. */
export const longestLog = 100_000

/** The operations of this clone, newest first. */
export async function listOperations(repo: Repo, options: OplogOptions = {}): Promise<LoggedOperation[]> {
  const session = options.session === undefined ? null : (await findSession(repo, options.session)).id
  const all = await readOperations(repo, longestLog)
  const undone = undoneIn(all)
  const wanted = joinSteps(all).filter((operation) => session === null || operation.session === session)
  return wanted
    .slice(0, options.maxCount ?? wanted.length)
    .map((operation) => ({ ...operation, isUndone: operation.steps.every(({ id }) => undone.has(id)) }))
}
