import { fatal } from '../../errors.js'
import { treeSizes } from '../../git/diff.js'
import type { Oid } from '../../git/run.js'
import { isDirty, readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import type { ChangeSize, IterationRemarks } from '../../state/events.js'
import { branchRef } from '../../state/names.js'
import type { RefChange } from '../../state/storage.js'
import { present, unique } from '../../util/collections.js'
import { withTrailers } from '../../util/message.js'
import { restoreGitFile } from './git-file.js'
import { keepWork } from './kept.js'
import { clearStaleLocks } from './lock.js'
import type { AllRefs } from './moved.js'
import { beginMove, endMove } from './pending.js'
import type { Place } from './place.js'
import { quitUnfinished } from './unfinished.js'
import { commitWork, hooksOf } from './work.js'

/** What an agent left in the worktree, as exactly one commit on `from`, or as nothing. */
export interface Collected {
  /** The commit; `from` itself when the files are the same. */
  to: Oid
  /** Tree of `to`. */
  tree: Oid
  /** Commits the agent made by itself, oldest first; `to` replaces them. */
  commits: Oid[]
  /** Commits to keep reachable: where the agent left HEAD and the branch. */
  replaced: Oid[]
  size: ChangeSize
  total: ChangeSize
  remarks: IterationRemarks
  /** Moves the branch to `to`, from wherever the agent left it. */
  move: RefChange
  /** Runs after the refs have moved: ends the move, and runs the user's `post-commit` hook. */
  after(): Promise<void>
}

/** More paths of one kind are not listed: the event stays small. */
const listedPaths = 20
/** More own commits of an agent than this are kept reachable, but not listed. */
const listedCommits = 50

export interface CollectOptions {
  place: Place
  from: Oid
  subject: string
  iteration: string
  /** Leave what the agent did as uncommitted changes, and remember what they are. */
  keep?: boolean
  /** All refs as the agent left them, when they are read anyway. */
  refs?: Promise<AllRefs>
}

/**
 * Takes up whatever an agent did in the worktree: edits, own commits, another branch, a half-done merge or rebase. Nothing moves yet but the
 * worktree's HEAD, which is put back on the session's branch.
 */
export async function collect(
  repo: Repo,
  tip: ChainTip,
  { place, from, subject, iteration, keep = false, refs }: CollectOptions,
): Promise<Collected> {
  const { branch } = tip.snapshot
  const replacedGit = await restoreGitFile(repo, place)
  await clearStaleLocks(repo, place)
  await quitUnfinished(repo, place)
  const [status, branchTip, link] = await Promise.all([
    readStatus(place.git),
    repo.refs.read(branchRef(branch)),
    linkOf(repo, branchRef(branch), refs),
  ])
  const isLeft = status.branch !== branch
  if (link !== null) await unlinkBranch(repo, branchRef(branch), branchTip)
  if (branchTip === null)
    await repo.refs.update([{ ref: branchRef(branch), old: null, new: from }], 'amp: branch restored')
  if (isLeft) {
    await place.git.run(['symbolic-ref', '-m', 'amp: back to the session', 'HEAD', branchRef(branch)])
  }
  const replaced = unique(present([status.head, branchTip])).filter((oid) => oid !== from)
  const nested = status.nested
  // Clean against another commit, or against none (an orphan branch), says nothing of `from`.
  const isSame = !isDirty(status) && status.head === from && replaced.length === 0
  const words = await agentWords(repo, tip, iteration)
  const message = `${words.prefix} ${subject}`
  const fromTree = await repo.treeOf(from)
  const work = isSame || keep ? null : await commitWork(repo, place, { ...words, parent: from, message, nested })
  const kept =
    isSame || !keep ? null : await keepWork(repo, place, { from, message: withTrailers(message, words.trailers) })
  const isChange = work !== null && work.tree !== fromTree
  const to = isChange ? work.oid : from
  const tree = isChange ? work.tree : fromTree
  const [commits, [size, total]] = await Promise.all([
    ownCommits(repo, from, replaced),
    sizes(repo, { base: tip.snapshot.base.oid, fromTree, tree, kept }),
  ])
  const remarks: IterationRemarks = {
    ...(work !== null && work.hooks.length > 0 ? { hooks: work.hooks } : {}),
    ...(work !== null && isChange && work.unsigned !== null ? { unsigned: work.unsigned } : {}),
    ...(nested.length > 0 ? { nested: nested.slice(0, listedPaths) } : {}),
    ...(work !== null && work.unstaged !== '' ? { unstaged: work.unstaged } : {}),
    ...(status.unmerged.length > 0 ? { conflicts: status.unmerged.slice(0, listedPaths) } : {}),
    ...(status.submodules.length > 0 ? { submodules: status.submodules.slice(0, listedPaths) } : {}),
    ...(kept === null ? {} : { kept: true, keptAs: kept }),
    ...(replacedGit === null ? {} : { replacedGit }),
    ...(isLeft ? { left: status.branch ?? 'detached' } : {}),
  }
  const move = { ref: branchRef(branch), old: branchTip ?? from, new: to }
  if (move.old !== to) await beginMove(repo, place, { kind: 'commit', from: move.old, to })
  return {
    to,
    tree,
    commits,
    replaced: unique([...replaced, ...(work?.kept ?? []), ...present([kept])]),
    size,
    total,
    remarks,
    move,
    after: async () => {
      await endMove(repo, place)
      if (isChange) await (await hooksOf(repo, place)).run('post-commit')
    },
  }
}

/** The ref that a symbolic ref points at; null for an ordinary ref, and for none. */
async function linkOf(repo: Repo, ref: string, refs?: Promise<AllRefs>): Promise<string | null> {
  // One that points at nothing is in no list.
  const listed = await refs
  if (listed?.oids.has(ref)) return listed.links.get(ref) ?? null
  const target = await repo.git.text(['symbolic-ref', '--quiet', ref], { ok: [0, 1, 128] }) // 1, 128: an ordinary ref, or none
  return target === '' ? null : target
}

/** An agent may have made the branch a symbolic ref, and git would move the branch that it points at. */
async function unlinkBranch(repo: Repo, ref: string, tip: Oid | null): Promise<void> {
  await repo.git.run(['symbolic-ref', '--delete', ref])
  if (tip !== null) await repo.refs.update([{ ref, old: null, new: tip }], 'amp: branch restored')
}

/** What the message of an agent's commit has beside its subject. */
export async function agentWords(
  repo: Repo,
  tip: ChainTip,
  iteration: string,
): Promise<{ prefix: string; trailers: [string, string][] }> {
  const prefix = (await repo.config()).get('amp.commitPrefix') ?? 'amp:'
  const trailers: [string, string][] = [
    ['Amp-Session', tip.id],
    ['Amp-Iteration', iteration],
  ]
  return { prefix, trailers: [...trailers, ...(await coAuthor(repo))] }
}

/** `amp.coAuthor`: a name and address, for a `Co-authored-by` trailer. */
async function coAuthor(repo: Repo): Promise<[string, string][]> {
  const value = (await repo.config()).get('amp.coAuthor')
  return value === null || !/<.+>/.test(value) ? [] : [['Co-authored-by', value]]
}

/** Size of the change, or of what is kept in its place, and of all changes since the base. */
async function sizes(
  repo: Repo,
  { base, fromTree, tree, kept }: { base: Oid; fromTree: Oid; tree: Oid; kept: Oid | null },
): Promise<[ChangeSize, ChangeSize]> {
  const [size, total] = await treeSizes(repo.git, [
    [fromTree, kept === null ? tree : await repo.treeOf(kept)],
    [await repo.treeOf(base), tree],
  ])
  if (size === undefined || total === undefined) throw fatal(`git did not tell the size of tree ${tree}`)
  return [size, total]
}

async function ownCommits(repo: Repo, from: Oid, replaced: readonly Oid[]): Promise<Oid[]> {
  if (replaced.length === 0) return []
  const args = ['rev-list', '--first-parent', '--reverse', `--max-count=${listedCommits}`, ...replaced, `^${from}`]
  const text = await repo.git.text(args)
  return text === '' ? [] : text.split('\n')
}
