import type { CatFile } from '../../git/cat-file.js'
import { listRefs } from '../../git/ref-list.js'
import { type Git, GitError, type Oid } from '../../git/run.js'
import { stageAll, writeTree } from '../../git/stage.js'
import { isDirty, readStatus } from '../../git/status.js'
import type { Env } from '../../host.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchRef } from '../../state/names.js'
import { formatCommit } from '../../state/object-text.js'
import { pooled, present } from '../../util/collections.js'
import { linkedGitDirs } from '../shared/git-file.js'
import { onEmptyIndex, onIndexCopy } from '../shared/index-copy.js'
import { placeWith } from '../shared/place.js'
import { readSessionFile } from '../shared/session-file.js'

/** Worktrees that are looked at at the same time. */
const jobs = 8

/** What a session would bring: its head, or a commit on it with what stands in its worktree. */
export interface Side {
  tip: ChainTip
  head: Oid
  commit: Oid
  /** Its tree and base, where nothing else of its history matters to a merge with another session. */
  files: string | null
  hasUncommitted: boolean
  /** The branch that it goes into, and where that stands. */
  base: { ref: string; oid: Oid } | null
}

/** Where objects are made that are thrown away. */
export interface Workshop {
  catFile: CatFile
  /** The environment in which git sees them. */
  env: Env
}

/** Of what no date and no name matters: the same files on the same head are the same commit. */
const nobody = { name: 'git-amp', email: '', seconds: 0, offset: 0 }

/** The sides of sessions. Nothing in a worktree changes, nor in its index. */
export async function sidesOf(repo: Repo, tips: readonly ChainTip[], workshop: Workshop): Promise<Side[]> {
  const names = tips.flatMap(({ snapshot }) => [
    branchRef(snapshot.branch),
    ...(snapshot.base.ref?.startsWith('refs/heads/') ? [snapshot.base.ref] : []),
  ])
  const [refs, places] = await Promise.all([
    names.length === 0 ? new Map<string, Oid>() : listRefs(repo.git, [...new Set(names)]),
    placesOf(repo),
  ])
  const sides = present(await pooled(tips, jobs, (tip) => sideOf(repo, tip, { refs, places, workshop })))
  // One that stands on another session, or has merged something, has its history beside its files.
  const branches = new Set(tips.map(({ snapshot }) => branchRef(snapshot.branch)))
  const isPlain = (await areLinear(repo, sides)) && !sides.some(({ base }) => base !== null && branches.has(base.ref))
  return isPlain ? sides : sides.map((side) => ({ ...side, files: null }))
}

/** Whether none of some sessions has a merge among its own commits. */
async function areLinear(repo: Repo, sides: readonly Side[]): Promise<boolean> {
  if (sides.length === 0) return true
  const input = sides.flatMap(({ head, tip }) => [head, `^${tip.snapshot.base.oid}`]).join('\n')
  const args = ['rev-list', '--merges', '--max-count=1', '--stdin']
  const { code, stdout } = await repo.git.run(args, { input: `${input}\n`, ok: [0, 128] }) // 128: a base is not here
  return code === 0 && stdout === ''
}

interface Spot {
  path: string
  gitDir: string
  head: Oid
}

/** Where sessions stand on this machine. */
interface Known {
  refs: ReadonlyMap<string, Oid>
  places: ReadonlyMap<string, Spot>
  workshop: Workshop
}

async function placesOf(repo: Repo): Promise<Map<string, Spot>> {
  const places = new Map<string, Spot>()
  if (repo.location.isBare) return places
  const [linked, worktrees] = await Promise.all([linkedGitDirs(repo), repo.worktrees()])
  const heads = new Map(worktrees.filter(({ prunable }) => prunable === null).map(({ path, head }) => [path, head]))
  await Promise.all(
    linked.map(async ({ path, gitDir }) => {
      const [id, head] = [await readSessionFile(repo, gitDir), heads.get(path)]
      if (id !== null && head) places.set(id, { path, gitDir, head })
    }),
  )
  return places
}

async function sideOf(repo: Repo, tip: ChainTip, { refs, places, workshop }: Known): Promise<Side | null> {
  const { branch, heads, base: from, rebasing } = tip.snapshot
  // In the worktree of a rebase there are files of two sides: its branch stands where it was.
  const place = rebasing === undefined ? places.get(tip.id) : undefined
  const head = place?.head ?? refs.get(branchRef(branch)) ?? heads[0]
  if (head === undefined) return null
  const baseOid = from.ref === null ? undefined : refs.get(from.ref)
  const base = from.ref === null || baseOid === undefined ? null : { ref: from.ref, oid: baseOid }
  const tree = place === undefined ? await pausedTree(repo, tip, workshop) : await treeIn(repo, place, workshop)
  const committed = (await repo.objects.readCommit(head))?.tree
  const files = `${tree ?? committed} ${from.oid}`
  if (tree === null || tree === committed) return { tip, head, commit: head, files, hasUncommitted: false, base }
  const message = 'uncommitted work\n'
  const commit = formatCommit({ tree, parents: [head], author: nobody, committer: nobody, message })
  const oid = await workshop.catFile.write('commit', Buffer.from(commit))
  return { tip, head, commit: oid, files, hasUncommitted: true, base }
}

/** The tree of all that stands in a worktree; null when that is what its head has, or cannot be told. */
const treeIn = (repo: Repo, place: Spot, { env }: Workshop): Promise<Oid | null> =>
  orNull(async () => {
    const { git } = placeWith(repo, place)
    const status = await readStatus(git)
    if (!isDirty(status)) return null
    return onIndexCopy(repo, { place, git: git.with(env) }, async (copy: Git) => {
      await stageAll(copy, status.nested)
      return writeTree(copy)
    })
  })

/** The same of a paused session, where its snapshot is here: tracked files, and the untracked ones beside them. */
async function pausedTree(repo: Repo, { snapshot }: ChainTip, { env }: Workshop): Promise<Oid | null> {
  const paused = snapshot.paused === undefined ? null : await repo.objects.readCommit(snapshot.paused.snapshot)
  const untracked = paused?.parents[2]
  if (paused === null || untracked === undefined) return paused?.tree ?? null
  return orNull(() =>
    onEmptyIndex(repo, repo.git.with(env), async (index) => {
      await index.run(['read-tree', paused.tree])
      const input = (await index.run(['ls-tree', '-r', '-z', '--full-tree', untracked])).stdout
      await index.run(['update-index', '-z', '--index-info'], { input })
      return writeTree(index)
    }),
  )
}

/** Null where git could not do it: a worktree is gone, or is being made. */
async function orNull<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof GitError && error.exit.code !== null) return null
    throw error
  }
}
