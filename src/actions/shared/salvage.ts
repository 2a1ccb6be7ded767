import { reapIteration } from '../../agent/reap.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { OpenIteration } from '../../state/fold.js'
import { iterationsOf, noteLine } from '../../state/iterations.js'
import { shortSubject } from '../../util/message.js'
import { type Collected, collect } from './collect.js'
import { dropLease, isHeldHere } from './lease.js'
import type { Place } from './place.js'
import { record } from './record.js'
import { oneHead } from './sessions.js'

/** What was picked up of an iteration that was killed. */
export interface Salvaged {
  n: number
  /** The commit of what it left; null when it left nothing. */
  to: Oid | null
}

/** Iterations that git-amp did not live to finish here: nothing of them runs on, and what they left becomes their commit. */
export async function salvage(
  repo: Repo,
  tip: ChainTip,
  { place, onSalvaged }: { place: Place; onSalvaged(salvaged: Salvaged): void },
): Promise<ChainTip> {
  let current = tip
  for (const open of tip.snapshot.open) {
    if (open.host !== repo.host.hostname || (await isHeldHere(repo, open.iteration)) !== null) continue
    await reapIteration(repo.host, open.iteration)
    const from = oneHead(current)
    const subject = `${shortSubject(current.snapshot.title, 50)} (interrupted)`
    const work = await collect(repo, current, { place, from, subject, iteration: open.iteration })
    current = await recordInterrupted(repo, current, { open, from, work })
    await dropLease(repo, open.iteration)
    onSalvaged({ n: open.n, to: work.to === from ? null : work.to })
  }
  return current
}

async function recordInterrupted(
  repo: Repo,
  tip: ChainTip,
  { open, from, work }: { open: OpenIteration; from: Oid; work: Collected },
): Promise<ChainTip> {
  const isChange = work.to !== from
  const reason = 'interrupted'
  const data = {
    iteration: open.iteration,
    from,
    reason,
    commits: work.commits,
    total: work.total,
    ...work.size,
    ...work.remarks,
  }
  const view = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).find((one) => one.id === open.iteration)
  const recorded = await record(repo, tip.id, (latest) => ({
    subject: `amp(${latest.snapshot.slug}): iteration ${open.n} ${reason}`,
    events: [{ type: 'iteration.failed', data: isChange ? { ...data, to: work.to } : data }],
    code: [from, work.to, ...work.replaced],
    moves: [work.move],
    notes:
      isChange && view !== undefined
        ? [{ commit: work.to, line: noteLine({ id: latest.id, slug: latest.snapshot.slug }, view) }]
        : [],
    ...(work.move.old === work.move.new ? {} : { operation: { id: open.iteration, command: 'iterate' } }),
  }))
  return recorded?.tip ?? tip
}
