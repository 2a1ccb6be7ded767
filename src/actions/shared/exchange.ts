import { fatal } from '../../errors.js'
import { switchFiles } from '../../git/merge.js'
import type { Git, Oid } from '../../git/run.js'
import { stageAll, writeTree } from '../../git/stage.js'
import { readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import { notHalfWritten } from './half-written.js'
import { onEmptyIndex, onIndexCopy } from './index-copy.js'
import { beginMove, type PendingMove, pendingMove } from './pending.js'
import type { Place } from './place.js'
import { hasNoWork, readSnapshot, readStanding, restoreSnapshot } from './snapshot.js'

/**
 * Moves a worktree from one commit's files to another's, and exchanges the uncommitted work: what `clear` holds stands there and is taken out, what
 * `restore` holds is put in.
 */
export async function exchange(repo: Repo, place: Place, move: PendingMove): Promise<void> {
  if (move.clear !== undefined) await clearWork(repo, place, { at: move.from, snapshot: move.clear })
  const refusal = move.from === move.to ? null : await switchFiles(place.git, move)
  if (refusal !== null)
    throw fatal(`the branch has moved, but '${place.path}' could not follow: ${refusal}`, 'Run the command again.')
  if (move.restore !== undefined) await restoreSnapshot(repo, place, { snapshot: move.restore, from: move.to })
}

/** Takes out uncommitted work that a snapshot holds: index and tracked files are those of a commit again, and the untracked files are gone. */
async function clearWork(repo: Repo, place: Place, { at, snapshot }: { at: Oid; snapshot: Oid }): Promise<void> {
  const { tree, untracked } = await readSnapshot(repo, snapshot)
  if (untracked !== null) await removeFiles(repo, place, await filesOf(place.git, untracked))
  // An index from nothing, because flags would keep files from being written; then with all that is there, so that it goes.
  await place.git.run(['read-tree', '--empty'])
  await place.git.run(['read-tree', tree])
  await place.git.run(['update-index', '-q', '--refresh'], { ok: [0, 1] }) // 1: skipped files are not there
  await place.git.run(['read-tree', '--reset', '-u', at])
}

const filesOf = (git: Git, tree: Oid): Promise<string[]> =>
  git.items(['ls-tree', '-r', '-z', '--name-only', '--full-tree', tree])

/** Removes files, with the directories that they leave empty. */
export async function removeFiles(repo: Repo, place: Pick<Place, 'git'>, paths: readonly string[]): Promise<void> {
  const names = paths.map((path) => `:(top,literal)${path}\0`).join('')
  if (names === '') return
  // By git, which follows no symbolic link on the way; empty directories go with them.
  await onEmptyIndex(repo, place.git, async (git) => {
    await git.run(['update-index', '--add', '-z', '--stdin'], { input: paths.map((path) => `${path}\0`).join('') })
    await git.run(['rm', '--quiet', '--force', '--pathspec-from-file=-', '--pathspec-file-nul'], { input: names })
  })
}

/**
 * Does an exchange again that was killed somewhere in between.
 * @returns files that are of neither side, and so the user's: then nothing was done
 */
async function exchangeAnew(repo: Repo, place: Place, move: PendingMove): Promise<string[]> {
  const sides = await knownTrees(repo, place, move)
  const { nested } = await readStatus(place.git)
  const now = await onIndexCopy(repo, { place, git: place.git }, async (git) => {
    await stageAll(git, nested)
    return writeTree(git)
  })
  const differing = (tree: Oid) => place.git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', now, tree])
  const lists = await Promise.all(sides.map(differing))
  const neither = (lists[0] ?? []).filter((path) => lists.every((list) => list.includes(path)))
  const unknown = await notHalfWritten(repo, place, { paths: neither, trees: sides })
  if (unknown.length > 0) return unknown
  const wanted = sides.at(-1) ?? move.to
  const fresh = await place.git.items(['diff-tree', '-r', '-z', '--name-only', '--diff-filter=D', now, move.to])
  await removeFiles(repo, place, fresh)
  await place.git.run(['read-tree', '--empty'])
  await place.git.run(['read-tree', '--reset', '-u', move.to])
  if (wanted !== move.to && move.restore !== undefined)
    await restoreSnapshot(repo, place, { snapshot: move.restore, from: move.to })
  return []
}

/** The trees that files may come from, the wanted one last. */
async function knownTrees(repo: Repo, place: Place, move: PendingMove): Promise<Oid[]> {
  const whole = async (snapshot: Oid | undefined) =>
    snapshot === undefined ? [] : [await wholeTree(repo, place, snapshot)]
  return [move.from, ...(await whole(move.clear)), move.to, ...(await whole(move.restore))]
}

/** All files of a snapshot in one tree, tracked or not. */
async function wholeTree(repo: Repo, place: Place, snapshot: Oid): Promise<Oid> {
  const { tree, untracked } = await readSnapshot(repo, snapshot)
  if (untracked === null) return tree
  const entries = await place.git.bytes(['ls-tree', '-r', '-z', '--full-tree', untracked])
  return onEmptyIndex(repo, place.git, async (git) => {
    await git.run(['read-tree', tree])
    await git.run(['update-index', '-z', '--index-info'], { input: entries })
    return writeTree(git)
  })
}

/**
 * Puts a snapshot into a worktree that was just made. What it is about to hold is written down, so that a killed fill is done again; a worktree
 * with other work has it already, or newer work. The caller ends the move when it has recorded it.
 */
export async function fill(repo: Repo, place: Place, what: { head: Oid; snapshot: Oid }): Promise<void> {
  const { head, snapshot } = what
  const pending = await pendingMove(repo, place)
  const move = { kind: 'rebase', from: head, to: head, restore: snapshot } as const
  if (pending?.restore === snapshot) await redo(repo, place, move)
  else if (hasNoWork(await readStanding(repo, place), await repo.treeOf(head))) {
    await beginMove(repo, place, move)
    await restoreSnapshot(repo, place, { snapshot, from: head })
  }
}

/** @throws AmpError when there are changes of the user's now */
export async function redo(repo: Repo, place: Place, move: PendingMove): Promise<void> {
  const unknown = await exchangeAnew(repo, place, move)
  if (unknown.length === 0) return
  throw fatal(
    `git-amp was killed in '${place.path}', and there are changes of yours now: ${unknown.join(', ')}`,
    'Copy them away and take them out, then run the command again.',
  )
}
