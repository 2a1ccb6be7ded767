import { fatal } from '../../errors.js'
import { diffSize } from '../../git/diff.js'
import type { Oid } from '../../git/run.js'
import { isDirty, type Status } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import type { FailedHook, IterationRemarks, NewEvent } from '../../state/events.js'
import type { KeptWork } from '../../state/fold.js'
import { type IterationView, iterationsOf, noteLine } from '../../state/iterations.js'
import { branchRef } from '../../state/names.js'
import type { NoteLine } from '../../state/notes.js'
import type { OperationNote } from '../../state/oplog.js'
import { subjectOf } from '../../util/message.js'
import { shellWord } from '../../util/quote.js'
import { agentWords } from './collect.js'
import { sharesOf } from './kept.js'
import { beginMove, endMove } from './pending.js'
import type { Place } from './place.js'
import { record } from './record.js'
import { oneHead, refuseMoved, refuseRunning } from './sessions.js'
import { readStanding, writeSnapshot } from './snapshot.js'
import { type CommittedWork, commitShare, commitWork, hooksOf, type WorkToCommit } from './work.js'

export interface StandingEdits {
  place: Place
  status: Status
  policy: 'commit' | 'refuse'
}

/** What became of the edits that stood in the worktree. */
export interface CommittedEdits {
  tip: ChainTip
  /** The commit of what an earlier iteration had left uncommitted. */
  kept: { n: number; oid: Oid } | null
  /** The human's own commit. */
  oid: Oid | null
  /** What of hooks or signing failed, for the iteration to tell. */
  remarks: IterationRemarks
}

/** One commit of a share of the edits. */
interface Share {
  work: CommittedWork
  /** The iteration whose agent made them; null for the human. */
  kept: KeptWork | null
}

/** Edits that stand in the worktree become commits: those that a failed agent left its own, all others the human's. */
export async function commitStanding(repo: Repo, tip: ChainTip, edits: StandingEdits): Promise<CommittedEdits> {
  const nothing = { tip, kept: null, oid: null, remarks: {} }
  if (!isDirty(edits.status)) return nothing
  const { place } = edits
  const from = oneHead(tip)
  const agents = await agentsTree(repo, tip, { place, from })
  if (agents !== 'all' && edits.policy === 'refuse') {
    throw fatal(
      `the worktree of session ${tip.snapshot.name} has uncommitted changes`,
      `Commit them there: ${shellWord(place.path)}`,
      'Or leave --manual=refuse out, and they are committed as your own.',
    )
  }
  const standing = await readStanding(repo, place)
  const before = await writeSnapshot(repo, { standing, head: from, name: tip.snapshot.branch })
  // What is staged, and stands in no file, is gone from the index when everything is staged.
  const isStagedOnly = standing.index !== standing.tree && standing.index !== (await repo.treeOf(from))
  const as = isStagedOnly ? repo.as({ id: repo.newId(), command: 'commit' }) : repo
  if (isStagedOnly) await keep(as, tip, { kept: [before] })
  const shares = await commitShares(repo, tip, { ...edits, from, agents })
  const last = shares.at(-1)?.work
  const worktrees = [{ path: place.path, before, after: 'clean' as const }]
  if (last === undefined) return isStagedOnly ? { ...nothing, tip: await keep(as, tip, { worktrees }) } : nothing
  await beginMove(repo, place, { kind: 'commit', from, to: last.oid })
  const total = await diffSize(repo.git, tip.snapshot.base.oid, last.oid)
  const view = await viewOf(repo, tip, shares)
  const recorded = await record(as, tip.id, async (latest) => {
    await refuseMoved(repo, latest, from)
    return {
      subject: `amp(${tip.snapshot.slug}): ${stepWords(shares)}`,
      events: shares.map(({ kept, work }, at) =>
        moved({ kept, from: shares[at - 1]?.work.oid ?? from, to: work.oid, total }),
      ),
      code: [from, ...shares.flatMap(({ work }) => [work.oid, ...work.kept])],
      moves: [{ ref: branchRef(tip.snapshot.branch), old: from, new: last.oid }],
      notes: notesOf(latest, shares, view),
      operation: { id: repo.newId(), command: 'commit', worktrees },
    }
  })
  await endMove(repo, place)
  await (await hooksOf(repo, place)).run('post-commit')
  const keptShare = shares.find(({ kept }) => kept !== null)
  return {
    tip: recorded?.tip ?? tip,
    kept: keptShare?.kept ? { n: keptShare.kept.n, oid: keptShare.work.oid } : null,
    oid: shares.find(({ kept }) => kept === null)?.work.oid ?? null,
    remarks: remarksOf(shares),
  }
}

/** Keeps what stood in the worktree, by an operation without an event. */
async function keep(repo: Repo, tip: ChainTip, what: Pick<OperationNote, 'kept' | 'worktrees'>): Promise<ChainTip> {
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseRunning(repo, latest)
    const operation = { id: repo.newId(), command: 'commit', ...what }
    return { subject: `amp(${tip.snapshot.slug}): staged changes kept`, events: [], code: [], operation }
  })
  return recorded?.tip ?? tip
}

/** The tree of the head with what a failed agent left; `all` when nothing else stands there, null when nothing of it does. */
async function agentsTree(
  repo: Repo,
  tip: ChainTip,
  { place, from }: { place: Place; from: Oid },
): Promise<Oid | 'all' | null> {
  const { kept } = tip.snapshot
  // The commit is a parent in the chain, but chains may come from elsewhere without their code.
  if (kept === undefined || (await repo.objects.readCommit(kept.commit)) === null) return null
  const { agent, all } = await sharesOf(repo, place, { kept, head: from })
  if (agent === (await repo.treeOf(from))) return null
  return agent === all ? 'all' : agent
}

interface ToCommit extends StandingEdits {
  from: Oid
  agents: Oid | 'all' | null
}

async function commitShares(repo: Repo, tip: ChainTip, { place, status, from, agents }: ToCommit): Promise<Share[]> {
  const { kept } = tip.snapshot
  const { nested } = status
  const shares: Share[] = []
  if (agents !== null && kept !== undefined) {
    const words = await keptWords(repo, tip, kept)
    const work =
      agents === 'all'
        ? await commitWork(repo, place, { ...words, parent: from, nested })
        : await commitShare(repo, place, { ...words, parent: from, tree: agents })
    shares.push({ kept, work })
  }
  if (agents !== 'all') {
    const parent = shares[0]?.work.oid ?? from
    const message = `Manual changes before iteration ${tip.snapshot.iterations + 1}`
    const work = await commitWork(repo, place, { parent, message, trailers: [], prefix: '', nested })
    shares.push({ kept: null, work })
  }
  let tree = await repo.treeOf(from)
  return shares.filter(({ work }) => {
    const isChange = work.tree !== tree
    tree = work.tree
    return isChange
  })
}

/** The words that the commit would have had. */
async function keptWords(
  repo: Repo,
  tip: ChainTip,
  { commit, iteration }: KeptWork,
): Promise<Pick<WorkToCommit, 'message' | 'trailers' | 'prefix'>> {
  const { prefix, trailers } = await agentWords(repo, tip, iteration)
  return { message: subjectOf((await repo.objects.readCommit(commit))?.message ?? ''), trailers, prefix }
}

const stepWords = (shares: readonly Share[]): string =>
  shares
    .map(({ kept }) => (kept === null ? 'manual changes' : `what iteration ${kept.n} had left is committed`))
    .join('; ')

const moved = (move: {
  kept: KeptWork | null
  from: Oid
  to: Oid
  total: Awaited<ReturnType<typeof diffSize>>
}): NewEvent => {
  const { kept, from, to, total } = move
  const cause = kept === null ? ({ cause: 'manual' } as const) : ({ cause: 'kept', iteration: kept.iteration } as const)
  return { type: 'head.moved', data: { from, to, ...cause, total } }
}

async function viewOf(repo: Repo, tip: ChainTip, shares: readonly Share[]): Promise<IterationView | undefined> {
  const id = shares.find(({ kept }) => kept !== null)?.kept?.iteration
  if (id === undefined) return undefined
  return iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).find((one) => one.id === id)
}

const notesOf = (tip: ChainTip, shares: readonly Share[], view: IterationView | undefined): NoteLine[] =>
  shares
    .filter(({ kept }) => kept !== null && view !== undefined)
    .map(({ work }) => ({
      commit: work.oid,
      line: noteLine({ id: tip.id, slug: tip.snapshot.slug }, view as IterationView),
    }))

function remarksOf(shares: readonly Share[]): IterationRemarks {
  const hooks = shares.flatMap(({ kept, work }) =>
    work.hooks.map((hook): FailedHook => ({ ...hook, commit: kept === null ? 'manual' : 'kept' })),
  )
  const unsigned = shares.map(({ work }) => work.unsigned).find((one) => one !== null)
  return { ...(hooks.length > 0 ? { hooks } : {}), ...(unsigned === undefined ? {} : { unsigned }) }
}
