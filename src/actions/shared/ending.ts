import type { AgentRun } from '../../agent/adapter.js'
import { fatal } from '../../errors.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import type { Outcome, Spent } from '../../state/events.js'
import { type IterationView, noteLine } from '../../state/iterations.js'
import type { OperationNote } from '../../state/oplog.js'
import type { RefChange } from '../../state/storage.js'
import { plural } from '../../util/time.js'
import { headFor } from './behind.js'
import type { Collected } from './collect.js'
import { record } from './record.js'

/** An iteration whose agent has ended, and what it left. */
export interface Ended {
  from: Oid
  iteration: IterationView
  run: AgentRun
  work: Collected
  /** Why it failed; null when it did not. */
  reason: string | null
  spent: Spent
  /** Review comments that the agent was told: its changes resolve them. */
  comments: readonly string[]
}

/** The log entry of an iteration. The agent may have moved the branch, and an undo goes back to where it began. */
export const iterateOperation = (id: string, { ref }: RefChange, head: Oid): OperationNote => ({
  id,
  command: 'iterate',
  began: [{ ref, oid: head }],
})

/** Records the end: event, branch and note move in one transaction. */
export async function recordEnd(repo: Repo, tip: ChainTip, ended: Ended): Promise<ChainTip> {
  const { from, iteration, run, work, reason } = ended
  const common = {
    iteration: iteration.id,
    exit: run.exit,
    durationMs: run.durationMs,
    toolCalls: run.toolCalls,
    commits: work.commits,
    total: work.total,
    ...work.size,
    ...work.remarks,
    ...ended.spent,
    ...(run.text === null ? {} : { summary: run.text }),
  }
  const isChange = work.to !== from
  const outcome: Outcome = isChange ? 'success' : 'no-change'
  const failure = {
    ...(isChange ? { to: work.to } : {}),
    ...(run.signal === null ? {} : { signal: run.signal }),
    ...(run.waiting === null ? {} : { waiting: run.waiting }),
  }
  const event = (now: Oid) =>
    reason === null
      ? ({ type: 'iteration.finished', data: { ...common, from: now, to: work.to, outcome } } as const)
      : ({ type: 'iteration.failed', data: { ...common, from: now, ...failure, reason } } as const)
  const view = { ...iteration, to: isChange ? work.to : null }
  const size = `${plural(work.size.files, 'file')} +${work.size.insertions} -${work.size.deletions}`
  const words = isChange ? size : work.remarks.kept === true ? `${size} left uncommitted` : 'no change'
  const recorded = await record(repo, tip.id, async (latest) => {
    if (!latest.snapshot.open.some((open) => open.iteration === iteration.id)) return null
    const replaced = await headFor(repo, latest, from)
    const open = latest.snapshot.comments ?? []
    const resolved = reason === null && isChange ? ended.comments.filter((id) => open.includes(id)) : []
    return {
      subject: `amp(${latest.snapshot.slug}): iteration ${iteration.n} ${reason === null ? 'finished' : `failed (${reason})`}, ${words}`,
      events: [
        event(isChange ? replaced : from),
        ...resolved.map((comment) => ({
          type: 'comment.resolved' as const,
          data: { comment, iteration: iteration.id },
        })),
      ],
      code: [from, replaced, work.to, ...work.replaced],
      moves: [work.move],
      notes: isChange ? [{ commit: work.to, line: noteLine({ id: latest.id, slug: latest.snapshot.slug }, view) }] : [],
      ...(work.move.old === work.move.new ? {} : { operation: iterateOperation(iteration.id, work.move, replaced) }),
    }
  })
  if (recorded !== null) return recorded.tip
  throw fatal(
    `iteration ${iteration.n} of session ${tip.snapshot.name} was taken up by another command while it ran`,
    'What it left then is in the session; what came later is in the worktree.',
  )
}

/** What the run used, as far as its agent told. */
export const spent = (run: AgentRun): Spent => ({
  ...runUsage(run),
  ...(run.thread === null ? {} : { thread: run.thread }),
})

/** Tokens and cost alone. */
export const runUsage = ({
  usage,
  models,
  costUsd,
  threadTotal,
}: Pick<AgentRun, 'usage' | 'models' | 'costUsd' | 'threadTotal'>): Spent => ({
  ...(usage === null ? {} : { usage }),
  ...(models.length === 0 ? {} : { models }),
  ...(costUsd === null ? {} : { costUsd, costSource: 'agent' }),
  ...(threadTotal === null ? {} : { threadTotal }),
})
