import { join } from 'node:path'
import { fatal } from '../../errors.js'
import { clearFlags, hasFlags, type IndexFlags, readFlags, setFlags } from '../../git/index-flags.js'
import type { Oid } from '../../git/run.js'
import { writeTree } from '../../git/stage.js'
import type { Repo } from '../../repo.js'
import type { Stamp } from '../../state/storage.js'
import { onEmptyIndex, onIndexCopy } from './index-copy.js'
import type { Place } from './place.js'

/** All that a worktree holds beside its commits: tracked files, index and untracked files; ignored files are no part of it. */
export interface Standing {
  /** Tree of the tracked files as they are. */
  tree: Oid
  /** Tree of the index. */
  index: Oid
  /** Tree of the untracked files; null when there are none. */
  untracked: Oid | null
  flags: IndexFlags
  /** Entries with the skip flag whose files are not there. */
  absent: string[]
}

/** Line of the index commit that holds what trees cannot. */
const flagsLine = 'Amp-Index: '

/** Reads what stands in a worktree, by copies of its index. Unmerged entries make it fail: there is no tree for them. */
export async function readStanding(repo: Repo, place: Place): Promise<Standing> {
  const index = await writeTree(place.git)
  const flags = await readFlags(place.git)
  const absent = await absentIn(repo, place, flags.skip)
  const tree = await onIndexCopy(repo, { place, git: place.git }, async (git) => {
    await clearFlags(git, { assume: flags.assume, skip: flags.skip.filter((path) => !absent.includes(path)) })
    await git.run(['-c', 'core.safecrlf=false', 'add', '--update', '--sparse', ':/'])
    return writeTree(git)
  })
  return { tree, index, flags, absent, untracked: await untrackedTree(repo, place) }
}

/** Those of some paths that are not there. */
export async function absentIn(repo: Repo, place: Place, paths: readonly string[]): Promise<string[]> {
  const isAbsent = (path: string) =>
    repo.host.fs.lstat(join(place.path, path)).then(
      () => false,
      () => true,
    )
  const answers = await Promise.all(paths.map(isAbsent))
  return paths.filter((_, at) => answers[at])
}

async function untrackedTree(repo: Repo, place: Place): Promise<Oid | null> {
  const paths = await place.git.items(['ls-files', '--others', '--exclude-standard', '-z', '--full-name', ':/'])
  // Nested repositories end in a slash: no commit of ours can hold them, and callers look for them.
  const files = paths.filter((path) => !path.endsWith('/'))
  if (files.length === 0) return null
  return onEmptyIndex(repo, place.git, async (git) => {
    const input = files.map((path) => `${path}\0`).join('')
    await git.run(['-c', 'core.safecrlf=false', 'update-index', '--add', '-z', '--stdin'], { input })
    return writeTree(git)
  })
}

/** Whether a worktree holds nothing but a commit's files. */
export const isUntouched = (standing: Standing, headTree: Oid): boolean =>
  standing.tree === headTree && standing.index === headTree && standing.untracked === null && !hasFlags(standing.flags)

/** Whether nothing in a worktree would be lost with it; flags of the index alone are no work. */
export const hasNoWork = (standing: Standing, headTree: Oid): boolean =>
  standing.tree === headTree && standing.index === headTree && standing.untracked === null

/**
 * Writes what stands in a worktree as a commit in the form of `git stash`: the tracked files, with HEAD, the index and the untracked files as
 * parents. Nothing in the worktree changes, and no ref points at the commit yet.
 */
export async function writeSnapshot(repo: Repo, what: { standing: Standing; head: Oid; name: string }): Promise<Oid> {
  const { standing, head, name } = what
  const author = await repo.stamp()
  const write = (tree: Oid, parents: Oid[], message: string) =>
    repo.objects.writeCommit({ tree, parents, author, committer: author, message: `${message}\n` })
  const { flags, absent } = standing
  const extra = hasFlags(flags) ? `\n\n${flagsLine}${JSON.stringify({ ...flags, absent })}` : ''
  const title = `${name}: ${head.slice(0, 12)}`
  const index = await write(standing.index, [head], `index on ${title}${extra}`)
  const untracked =
    standing.untracked === null ? [] : [await write(standing.untracked, [], `untracked files on ${title}`)]
  return write(standing.tree, [head, index, ...untracked], `WIP on ${title}`)
}

/**
 * Reads a snapshot.
 * @throws AmpError when it is not here, or none
 */
export async function readSnapshot(repo: Repo, oid: Oid): Promise<Standing & { head: Oid; author: Stamp }> {
  const commit = await repo.objects.readCommit(oid)
  const [head, second, third] = commit?.parents ?? []
  const index = second === undefined ? null : await repo.objects.readCommit(second)
  const untracked = third === undefined ? null : await repo.objects.readCommit(third)
  if (commit === null || head === undefined || index === null || (third !== undefined && untracked === null)) {
    throw fatal(
      `the uncommitted work ${oid.slice(0, 12)} is not in this clone`,
      'Push it from the clone that has it with "git amp sync --snapshots", and run "git amp sync" here.',
    )
  }
  const line = index.message.split('\n').find((one) => one.startsWith(flagsLine))
  const { absent = [], ...flags } = flagsOf(line?.slice(flagsLine.length))
  const trees = { tree: commit.tree, index: index.tree, untracked: untracked?.tree ?? null }
  return { ...trees, flags, absent, head, author: commit.author }
}

function flagsOf(json: string | undefined): IndexFlags & { absent: string[] } {
  const found = parse(json ?? '{}')
  const list = (key: string) => (Array.isArray(found[key]) ? found[key].filter((one) => typeof one === 'string') : [])
  return { assume: list('assume'), skip: list('skip'), intent: list('intent'), absent: list('absent') }
}

function parse(json: string): Record<string, unknown> {
  try {
    return (JSON.parse(json) ?? {}) as Record<string, unknown>
  } catch {
    // Not what we wrote: as good as no flags.
    return {}
  }
}

/** Whether two worktrees hold the same. */
export const isSame = (a: Standing, b: Standing): boolean => keyOf(a) === keyOf(b)

const keyOf = ({ tree, index, untracked, flags, absent }: Standing): string =>
  JSON.stringify([tree, index, untracked, flags.assume, flags.skip, flags.intent, absent])

/**
 * Puts a snapshot into a worktree that holds nothing but the files of a commit with the tree `from`: files first, then the index, then untracked files,
 * and flags at last.
 * @throws AmpError when a file is in the way; files of the user are not overwritten
 */
export async function restoreSnapshot(repo: Repo, place: Place, what: { snapshot: Oid; from: Oid }): Promise<void> {
  const standing = await readSnapshot(repo, what.snapshot)
  const { git } = place
  await git.run(['update-index', '-q', '--refresh'], { ok: [0, 1] }) // 1: some files differ
  await git.run(['read-tree', '-m', '-u', what.from, standing.tree])
  // Content alone: without --reset the merge would keep what the files say.
  await git.run(['read-tree', standing.index])
  await git.run(['update-index', '-q', '--refresh'], { ok: [0, 1] }) // 1: that is what is not staged
  const { untracked } = standing
  if (untracked !== null) {
    await onEmptyIndex(repo, git, async (empty) => {
      await empty.run(['read-tree', untracked])
      await empty.run(['checkout-index', '--all', '--quiet'])
    })
  }
  await setFlags(git, standing.flags)
  // A path is believed only when git has it as a skipped entry: the snapshot may come from elsewhere.
  const skipped = new Set(standing.absent.length === 0 ? [] : (await readFlags(git)).skip)
  for (const path of standing.absent.filter((one) => skipped.has(one)))
    await repo.host.fs.rm(join(place.path, path), { force: true })
}
