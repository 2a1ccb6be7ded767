import type { Repo } from '../repo.js'
import { branchRef } from '../state/names.js'
import { headOf } from './diff.js'
import { findSession } from './shared/find.js'

/** What the name of a session stands for. */
export interface ResolvedSession {
  id: string
  head: string
  base: string
  branch: string
  chain: string
}

/** Resolves what a user calls a session. @throws AmpError when there is none, or more than one */
export async function resolveSession(repo: Repo, name: string): Promise<ResolvedSession> {
  const tip = await findSession(repo, name)
  const { id, oid, snapshot } = tip
  const head = await headOf(repo, tip)
  return { id, head, base: snapshot.base.oid, branch: branchRef(snapshot.branch), chain: oid }
}
