import { reapIteration } from '../../agent/reap.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { OpenIteration } from '../../state/fold.js'
import { iterationsOf, noteLine } from '../../state/iterations.js'
import { branchRef } from '../../state/names.js'
import { shortSubject } from '../../util/message.js'
import { adopt } from './adopt.js'
import { headFor, headHere } from './behind.js'
import { type Collected, collect } from './collect.js'
import { iterateOperation } from './ending.js'
import { type Heard, heardOf } from './heard.js'
import { dropLease, type Lease, leaseOf, timeOfDeath, whereabouts } from './lease.js'
import type { Place } from './place.js'
import { record } from './record.js'
import { type Kept, keepTranscript, sweepSpools } from './transcript.js'

/** What was picked up of an iteration that was killed. */
export interface Salvaged {
  n: number
  /** The commit of what it left; null when it left nothing. */
  to: Oid | null
}

export type OnSalvaged = (salvaged: Salvaged) => void

export interface SalvageOptions {
  place: Place | null
  onSalvaged?: OnSalvaged | undefined
  /** The user says that iterations of which this process cannot tell have ended. */
  force?: boolean | undefined
}

/** Whether an iteration that has no end is over. With `force` that is said of any that began in this repository's directory. */
async function isOver(repo: Repo, open: OpenIteration, force: boolean): Promise<boolean> {
  const where = await whereabouts(repo, open)
  if (where === 'dead') return true
  return force && (where === 'unknown' || (where === 'elsewhere' && (await leaseOf(repo, open.iteration)) !== null))
}

/**
 * Iterations that git-amp did not live to finish here: nothing of them runs on, and what they left becomes their commit. Commits made after
 * git-amp was killed are the human's, and stay as they are.
 */
export async function salvage(
  repo: Repo,
  tip: ChainTip,
  { place, onSalvaged, force }: SalvageOptions,
): Promise<ChainTip> {
  let current = tip
  for (const open of tip.snapshot.open) {
    if (!(await isOver(repo, open, force === true))) continue
    await reapIteration(repo.host, open.iteration)
    if (place !== null) current = await adoptLater(repo, current, { place, open })
    const from = await headHere(repo, current)
    const subject = `${shortSubject(current.snapshot.title, 50)} (interrupted)`
    const work =
      place === null ? null : await collect(repo, current, { place, from, subject, iteration: open.iteration })
    const { id, snapshot } = current
    const taped = { session: id, slug: snapshot.slug, worktree: place?.path ?? null }
    const kept = await keepTranscript(repo, { ...taped, iteration: open.iteration, n: open.n })
    const lease = await leaseOf(repo, open.iteration)
    const heard = await heardOf(repo, { ...open, kept, thread: snapshot.thread }).catch(() => null)
    current = await recordInterrupted(repo, current, { open, from, work, kept, lease, heard })
    await dropLease(repo, open.iteration)
    onSalvaged?.({ n: open.n, to: work === null || work.to === from ? null : work.to })
  }
  const { snapshot } = current
  const worktree = place?.path ?? null
  const open = snapshot.open.map(({ iteration }) => iteration)
  await sweepSpools(repo, { session: tip.id, slug: snapshot.slug, worktree, open })
  return current
}

/**
 * When the branch gained commits after git-amp had died, what stands there is taken up as it is. When nobody knows when it died, commits count
 * as the human's: they stay, where an agent's would be replaced.
 */
async function adoptLater(
  repo: Repo,
  tip: ChainTip,
  { place, open }: { place: Place; open: OpenIteration },
): Promise<ChainTip> {
  const died = await timeOfDeath(repo, open.iteration)
  const [head, branch] = await Promise.all([
    repo.worktreeRef(place.gitDir, 'HEAD'),
    repo.refs.read(branchRef(tip.snapshot.branch)),
  ])
  if (head === null || head !== branch || head === (await headHere(repo, tip))) return tip
  const commit = await repo.objects.readCommit(head)
  // Commits have whole seconds: one of the second of the death may be the agent's last.
  const isLater = commit !== null && (died === null || commit.committer.seconds * 1000 > died)
  return isLater ? adopt(repo, tip, { from: await headHere(repo, tip), to: head }) : tip
}

interface Interrupted {
  open: OpenIteration
  from: Oid
  work: Collected | null
  kept: Kept
  /** Of the git-amp that was killed. */
  lease: Lease | null
  /** What the agent had told until then; null when nobody can read it. */
  heard: Heard | null
}

async function recordInterrupted(
  repo: Repo,
  tip: ChainTip,
  { open, from, work, kept, lease, heard }: Interrupted,
): Promise<ChainTip> {
  const to = work?.to ?? from
  const isChange = to !== from
  const reason = 'interrupted'
  const data = {
    iteration: open.iteration,
    from,
    reason,
    commits: work?.commits ?? [],
    ...(work === null ? {} : { total: work.total, ...work.size, ...work.remarks }),
    ...(heard === null ? {} : { ...heard.usage, toolCalls: heard.toolCalls }),
    ...(heard === null || heard.durationMs === null ? {} : { durationMs: heard.durationMs }),
    ...(kept.transcript === null ? {} : { transcript: kept.transcript }),
    ...(kept.problem === null ? {} : { untold: kept.problem }),
    ...(lease?.thread === undefined ? {} : { thread: lease.thread }),
    ...(lease?.threadPlace === undefined ? {} : { threadPlace: lease.threadPlace }),
  }
  const view = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).find((one) => one.id === open.iteration)
  const recorded = await record(repo, tip.id, async (latest) => {
    const replaced = await headFor(repo, latest, from)
    return {
      subject: `amp(${latest.snapshot.slug}): iteration ${open.n} ${reason}`,
      events: [{ type: 'iteration.failed', data: { ...data, from: replaced, ...(isChange ? { to } : {}) } }],
      code: [from, replaced, to, ...(work?.replaced ?? [])],
      moves: work === null ? [] : [work.move],
      notes:
        isChange && view !== undefined
          ? [{ commit: to, line: noteLine({ id: latest.id, slug: latest.snapshot.slug }, view) }]
          : [],
      ...(work === null || work.move.old === work.move.new
        ? {}
        : { operation: iterateOperation(open.iteration, work.move, replaced) }),
    }
  })
  return recorded?.tip ?? tip
}
