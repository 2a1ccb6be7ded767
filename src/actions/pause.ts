import { no } from '../errors.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { snapshotRef } from '../state/names.js'
import { refuseBusyWorktree, refuseRepositories, worktreeOf } from './shared/droppable.js'
import { findSession } from './shared/find.js'
import { reconcile } from './shared/reconcile.js'
import { record } from './shared/record.js'
import { oneHead, refuseMoved, refuseRunning } from './shared/sessions.js'
import { readStanding, writeSnapshot } from './shared/snapshot.js'
import { intoTrash, trashName } from './shared/trash.js'

export interface PauseOptions {
  session?: string | undefined
}

export interface PauseResult {
  tip: ChainTip
  path: string
  snapshot: Oid
}

/**
 * Pauses a session: everything uncommitted goes into a snapshot, staged, unstaged and untracked apart, and the worktree into the trash.
 */
export async function pauseSession(repo: Repo, options: PauseOptions): Promise<PauseResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const { name } = found.snapshot
  const worktree = await worktreeOf(repo, found)
  if (worktree === null || worktree.place === null) {
    if (found.snapshot.status === 'paused') throw no(`session ${name} is paused already`)
    throw no(`session ${name} has no worktree here, so there is nothing to pause`)
  }
  const { place } = worktree
  await refuseBusyWorktree(repo, found, worktree)
  // A pause that was killed is done again.
  const tip = found.snapshot.status === 'paused' ? found : (await reconcile(repo, found, { place })).tip
  await refuseRepositories(repo, tip, place)
  const head = oneHead(tip)
  const snapshot = await writeSnapshot(repo, {
    standing: await readStanding(repo, place),
    head,
    name: tip.snapshot.branch,
  })
  const trash = trashName(repo, tip.id)
  const ref = snapshotRef(tip.id)
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseMoved(repo, latest, head)
    return {
      subject: `amp(${tip.snapshot.slug}): paused`,
      events: [{ type: 'session.paused', data: { snapshot } }],
      code: [],
      moves: [{ ref, old: await repo.refs.read(ref), new: snapshot }],
      operation: {
        id: repo.newId(),
        command: 'pause',
        worktrees: [{ path: place.path, before: snapshot, after: null, trash }],
      },
    }
  })
  await intoTrash(repo, worktree, trash)
  return { tip: recorded?.tip ?? tip, path: place.path, snapshot }
}
