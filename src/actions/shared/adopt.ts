import { diffSize } from '../../git/diff.js'
import { isAncestor, mergeBase } from '../../git/history.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { endBehind, headHere } from './behind.js'
import { record } from './record.js'
import { refuseRunning } from './sessions.js'

/** Records a head that moved by plain git, and the base with it when the session now stands on a later one. */
export async function adopt(repo: Repo, tip: ChainTip, move: { from: Oid; to: Oid }): Promise<ChainTip> {
  const cause = await causeOf(repo, move)
  const base = await baseOf(repo, tip, move.to)
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseRunning(repo, latest)
    if ((await headHere(repo, latest)) !== move.from) return null
    const total = await diffSize(repo.git, base, move.to)
    const moved = base === latest.snapshot.base.oid ? {} : { base }
    const subject = `amp(${tip.snapshot.slug}): branch moved to ${move.to.slice(0, 12)} (${cause})`
    return {
      subject,
      events: [{ type: 'head.moved', data: { ...move, cause, total, ...moved } }],
      code: [move.from, move.to, base],
    }
  })
  if (recorded !== null) await endBehind(repo, tip)
  return recorded?.tip ?? tip
}

/** The recorded base, or where the branch leaves the base branch now: after a rebase, or a merge of the base, that is a later commit. */
export async function baseOf(repo: Repo, tip: ChainTip, head: Oid): Promise<Oid> {
  const { ref, oid } = tip.snapshot.base
  const current = ref === null ? null : await repo.refs.read(ref)
  const fork = current === null ? null : await mergeBase(repo.git, head, current)
  if (fork === null || fork === oid || fork === head) return oid
  const isLater = await isAncestor(repo.git, oid, fork)
  return isLater || !(await isAncestor(repo.git, oid, head)) ? fork : oid
}

async function causeOf(repo: Repo, move: { from: Oid; to: Oid }): Promise<'manual' | 'amend' | 'external'> {
  if (await isAncestor(repo.git, move.from, move.to)) return 'manual'
  const [before, after] = await Promise.all([repo.objects.readCommit(move.from), repo.objects.readCommit(move.to)])
  const isAmend = before?.parents[0] !== undefined && before.parents[0] === after?.parents[0]
  return isAmend ? 'amend' : 'external'
}
