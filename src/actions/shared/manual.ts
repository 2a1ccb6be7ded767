import { fatal } from '../../errors.js'
import { diffSize } from '../../git/diff.js'
import type { Oid } from '../../git/run.js'
import { isDirty, type Status } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import type { IterationRemarks } from '../../state/events.js'
import { branchRef } from '../../state/names.js'
import { shellWord } from '../../util/quote.js'
import { beginMove, endMove } from './pending.js'
import type { Place } from './place.js'
import { record } from './record.js'
import { oneHead, refuseMoved } from './sessions.js'
import { readStanding, writeSnapshot } from './snapshot.js'
import { commitWork, hooksOf } from './work.js'

export interface ManualEdits {
  place: Place
  status: Status
  policy: 'commit' | 'refuse'
}

/**
 * Edits that stand in the worktree are the human's: they become the human's own commit.
 * @returns what of hooks or signing failed as `remarks`, for the iteration to tell
 */
export async function commitManual(
  repo: Repo,
  tip: ChainTip,
  edits: ManualEdits,
): Promise<{ tip: ChainTip; oid: Oid | null; remarks: IterationRemarks }> {
  if (!isDirty(edits.status)) return { tip, oid: null, remarks: {} }
  const { place, status } = edits
  if (edits.policy === 'refuse') {
    throw fatal(
      `the worktree of session ${tip.snapshot.name} has uncommitted changes`,
      `Commit them there: ${shellWord(place.path)}`,
      'Or leave --manual=refuse out, and they are committed as your own.',
    )
  }
  const from = oneHead(tip)
  const before = await writeSnapshot(repo, {
    standing: await readStanding(repo, place),
    head: from,
    name: tip.snapshot.branch,
  })
  const message = `Manual changes before iteration ${tip.snapshot.iterations + 1}`
  const work = await commitWork(repo, place, { parent: from, message, trailers: [], prefix: '', nested: status.nested })
  if (work.tree === (await repo.objects.readCommit(from))?.tree) return { tip, oid: null, remarks: {} }
  const total = await diffSize(repo.git, tip.snapshot.base.oid, work.oid)
  await beginMove(repo, place, { kind: 'commit', from, to: work.oid })
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseMoved(repo, latest, from)
    return {
      subject: `amp(${tip.snapshot.slug}): manual changes`,
      events: [{ type: 'head.moved', data: { from, to: work.oid, cause: 'manual', total } }],
      code: [from, work.oid, ...work.kept],
      moves: [{ ref: branchRef(tip.snapshot.branch), old: from, new: work.oid }],
      operation: { id: repo.newId(), command: 'commit', worktrees: [{ path: place.path, before, after: 'clean' }] },
    }
  })
  await endMove(repo, place)
  await (await hooksOf(repo, place)).run('post-commit')
  const remarks: IterationRemarks = {
    ...(work.hooks.length > 0 ? { hooks: work.hooks.map((hook) => ({ ...hook, commit: 'manual' as const })) } : {}),
    ...(work.unsigned === null ? {} : { unsigned: work.unsigned }),
  }
  return { tip: recorded?.tip ?? tip, oid: work.oid, remarks }
}
