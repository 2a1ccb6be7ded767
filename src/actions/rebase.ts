import { conflict, fatal, no } from '../errors.js'
import { diffSize } from '../git/diff.js'
import { type CommitInfo, commitsBetween, isAncestor, resolveCommit } from '../git/history.js'
import { mergeTrees, switchFiles } from '../git/merge.js'
import { CommitWriter } from '../git/rewrite.js'
import type { Git, Oid } from '../git/run.js'
import { isDirty } from '../git/status.js'
import type { TreeMerger } from '../git/three-way.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import { iterationsOf, noteLine } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { subjectOf } from '../util/message.js'
import { shellWord } from '../util/quote.js'
import { plural } from '../util/time.js'
import { refuseCheckedOut } from './shared/checkout.js'
import { findSession } from './shared/find.js'
import { settleOrLook } from './shared/look.js'
import { beginMove, endMove } from './shared/pending.js'
import type { Place } from './shared/place.js'
import { record } from './shared/record.js'
import { refuseMoved, refuseRunning } from './shared/sessions.js'
import { merging } from './shared/squash-plan.js'
import { squashBase } from './squash.js'

export interface RebaseOptions {
  session?: string | undefined
  /** A revision; without it the base as it is now. */
  onto?: string | undefined
  dryRun?: boolean | undefined
}

export interface RebaseResult {
  tip: ChainTip
  from: Oid
  to: Oid
  onto: Oid
  map: [Oid, Oid][]
  /** The branch stood on that commit already. */
  isUpToDate: boolean
  /** Commits left out because the base has their change already. */
  dropped: Oid[]
  unsigned: number
  isDryRun: boolean
  /** In a dry run: an interrupted iteration, whose leftovers would be committed first. */
  pending: number | null
}

/**
 * Rebases a session onto its base as it is now, in memory: no file is touched until it is known to work, and then the worktree is updated
 * once. A conflict changes nothing.
 */
export async function rebaseSession(repo: Repo, options: RebaseOptions): Promise<RebaseResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const isDryRun = options.dryRun === true
  const { tip, head, place, status, pending } = await settleOrLook(repo, found, isDryRun)
  if (pending === null && status !== null && isDirty(status)) {
    throw no(
      `the worktree of session ${tip.snapshot.name} has uncommitted changes`,
      `Commit them there first: ${shellWord(place?.path ?? '')}`,
    )
  }
  const onto = await ontoOf(repo, tip, options.onto)
  const start = await squashBase(repo, tip, head)
  const plain = { from: head, onto, isDryRun, pending }
  if (await isAncestor(repo.git, onto, head)) {
    return { ...plain, tip, to: head, map: [], isUpToDate: true, dropped: [], unsigned: 0 }
  }
  const replayed = await replay(repo, { commits: await commitsBetween(repo.git, start, head), onto, place })
  const result = {
    ...plain,
    to: replayed.tip,
    map: replayed.map,
    isUpToDate: false,
    dropped: replayed.dropped,
    unsigned: replayed.unsigned,
  }
  await refuseCheckedOut(repo, tip, place)
  if (isDryRun) return { ...result, tip }
  const move = { from: head, to: replayed.tip }
  const refusal = place === null ? null : await switchFiles(place.git, move, { dryRun: true })
  if (refusal !== null)
    throw no(
      `the worktree cannot follow the rebase: ${refusal}`,
      'Move the file in the way, then run the command again.',
    )
  if (place !== null) await beginMove(repo, place, { kind: 'rebase', ...move })
  const recorded = await recordRebase(repo, tip, { ...move, onto, map: replayed.map })
  const late = place === null ? null : await switchFiles(place.git, move)
  if (late !== null)
    throw fatal(`the branch is rebased, but the worktree could not follow: ${late}`, 'Run the command again.')
  if (place !== null) await endMove(repo, place)
  return { ...result, tip: recorded }
}

async function ontoOf(repo: Repo, tip: ChainTip, revision: string | undefined): Promise<Oid> {
  const { base, name } = tip.snapshot
  const wanted = revision ?? base.ref ?? base.oid
  const oid = await resolveCommit(repo.in(repo.location.topLevel ?? repo.location.gitDir), wanted)
  if (oid !== null) return oid
  throw fatal(`the base '${wanted}' of session ${name} is no commit here`, 'Name another one with --onto <revision>.')
}

interface Replay {
  commits: readonly CommitInfo[]
  onto: Oid
  place: Place | null
}

/** Writes each commit again on the new base, by three-way merges in memory. Merges of the base vanish, as in `git rebase`. */
async function replay(repo: Repo, { commits, onto, place }: Replay) {
  // Merge attributes and drivers are those of the worktree that the merge runs in.
  const git = place?.git ?? repo.git
  for (const commit of commits) if (commit.parents.length > 1) await refuseOwnContent(git, commit)
  const plain = commits.filter(({ parents }) => parents.length === 1)
  const laid = await merging(repo, git, (merger) => layOn(repo, merger, { commits: plain, onto }))
  if ('paths' in laid) throw conflicting(laid.commit, laid.paths, { onto, place })
  const writer = await CommitWriter.open(git, repo.catFile)
  const map: [Oid, Oid][] = []
  let tip = onto
  for (const { commit, tree, isDropped } of laid.steps) {
    if (!isDropped) tip = await writer.again(commit, { tree, parents: [tip] })
    map.push([commit.oid, tip])
  }
  await repo.catFile.flush()
  const dropped = laid.steps.filter(({ isDropped }) => isDropped).map(({ commit }) => commit.oid)
  return { tip, map, dropped, unsigned: writer.unsigned }
}

/** A commit and its tree on the new base. */
interface Laid {
  commit: CommitInfo
  tree: Oid
  /** The base has its change already. */
  isDropped: boolean
}

type Line = { commits: readonly CommitInfo[]; onto: Oid }

/** The commits on the new base, or the one that does not go there. */
async function layOn(
  repo: Repo,
  merger: TreeMerger,
  { commits, onto }: Line,
): Promise<{ steps: Laid[] } | { commit: CommitInfo; paths: string[] }> {
  const steps: Laid[] = []
  let tip = await repo.treeOf(onto)
  for (const commit of commits) {
    const before = await repo.treeOf(commit.parents[0] ?? '')
    const merged = await merger.merge({ base: before, ours: tip, theirs: commit.tree })
    if (merged.kind === 'conflict') return { commit, paths: merged.paths }
    steps.push({ commit, tree: merged.tree, isDropped: merged.tree === tip && before !== commit.tree })
    tip = merged.tree
  }
  return { steps }
}

/** A merge that a machine would make again vanishes; what somebody wrote in one would be lost. */
async function refuseOwnContent(git: Git, commit: CommitInfo): Promise<void> {
  const [ours = '', theirs = ''] = commit.parents
  const again = commit.parents.length === 2 ? await mergeTrees(git, ours, theirs) : null
  if (again?.kind === 'clean' && again.tree === commit.tree) return
  throw no(
    `the merge '${subjectOf(commit.message)}' (${commit.oid.slice(0, 12)}) has changes of its own, which a rebase would lose`,
    'Squash the session with --manual=include first, or rebase it by hand with "git rebase --rebase-merges".',
  )
}

function conflicting(commit: CommitInfo, paths: readonly string[], where: { onto: Oid; place: Place | null }) {
  const [files, short] = [paths.join(', '), commit.oid.slice(0, 12)]
  const there = where.place === null ? '' : `git -C ${shellWord(where.place.path)} rebase ${where.onto.slice(0, 12)}`
  return conflict(
    `'${subjectOf(commit.message)}' (${short}) conflicts with the base in ${files}`,
    { onto: where.onto, commit: commit.oid, paths },
    ...(there === '' ? [] : [`To resolve it by hand, run "${there}"; git-amp takes the result up by itself.`]),
  )
}

async function recordRebase(
  repo: Repo,
  tip: ChainTip,
  rebase: { from: Oid; to: Oid; onto: Oid; map: [Oid, Oid][] },
): Promise<ChainTip> {
  const { from, to, onto, map } = rebase
  const total = await diffSize(repo.git, onto, to)
  const views = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const moved = new Map(map)
  const notes = views.flatMap((view) => {
    const commit = view.to === null ? undefined : moved.get(view.to)
    // The tests were run on another tree: the line says nothing of them.
    return commit === undefined || commit === onto
      ? []
      : [{ commit, line: noteLine({ id: tip.id, slug: tip.snapshot.slug }, { ...view, tests: null }) }]
  })
  const branch = branchRef(tip.snapshot.branch)
  // A branch that the user deleted is made again.
  const old = await repo.refs.read(branch)
  const recorded = await record(repo, tip.id, async (latest) => {
    await refuseMoved(repo, latest, from)
    return {
      subject: `amp(${latest.snapshot.slug}): rebased ${plural(map.length, 'commit')} onto ${onto.slice(0, 12)}`,
      events: [{ type: 'session.rebased', data: { from, to, onto, map, total } }],
      code: [from, to, onto],
      moves: [{ ref: branch, old: old === null ? null : from, new: to }],
      notes,
      operation: { id: repo.newId(), command: 'rebase' },
    }
  })
  return recorded?.tip ?? tip
}
