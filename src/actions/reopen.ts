import { no } from '../errors.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { branchRef, snapshotRef } from '../state/names.js'
import { adopt } from './shared/adopt.js'
import { findSession } from './shared/find.js'
import { record } from './shared/record.js'
import { isOpenSession, oneHead, refuseRunning } from './shared/sessions.js'

export interface ReopenOptions {
  session?: string | undefined
}

export interface ReopenResult {
  tip: ChainTip
  /** The branch was made again. */
  madeBranch: boolean
  /** Uncommitted work that the session was removed with. */
  snapshot: Oid | null
}

/** Opens a closed or merged session again, with its branch; the next iteration makes its worktree. */
export async function reopenSession(repo: Repo, options: ReopenOptions): Promise<ReopenResult> {
  const tip = await findSession(repo, options.session, ['closed', 'merged'])
  await refuseRunning(repo, tip)
  if (isOpenSession(tip.snapshot)) throw no(`session ${tip.snapshot.name} is open`)
  const ref = branchRef(tip.snapshot.branch)
  const here = await repo.refs.read(ref)
  const isMissing = here === null
  const recorded = await record(repo, tip.id, (latest) => ({
    subject: `amp(${tip.snapshot.slug}): reopened`,
    events: [{ type: 'session.reopened', data: {} }],
    code: [],
    moves: isMissing ? [{ ref, old: null, new: oneHead(latest) }] : [],
    operation: { id: repo.newId(), command: 'reopen' },
  }))
  const reopened = recorded?.tip ?? tip
  const [head = '', ...others] = reopened.snapshot.heads
  // What plain git did on the branch meanwhile belongs to it.
  const isMoved = here !== null && here !== head && others.length === 0 && reopened.snapshot.rebasing === undefined
  const current = isMoved ? await adopt(repo, reopened, { from: head, to: here }) : reopened
  return { tip: current, madeBranch: isMissing, snapshot: await repo.refs.read(snapshotRef(tip.id)) }
}
