import { no } from '../../errors.js'
import { switchFiles } from '../../git/merge.js'
import type { Git, Oid } from '../../git/run.js'
import { writeTree } from '../../git/stage.js'
import type { Repo } from '../../repo.js'
import type { Operation, StagedChange } from '../../state/oplog.js'
import { present } from '../../util/collections.js'
import { gitDirOf } from './checkout.js'
import { refuseLocked } from './lock.js'

/** What was staged in a checkout, and is to be taken out again. */
export interface StagedBack extends StagedChange {
  /** A killed undo has done it. */
  isBack: boolean
}

const headOf = (git: Git): Promise<string> => git.text(['rev-parse', '--verify', '--quiet', 'HEAD'], { ok: [0, 1] }) // 1: unborn

/** A commit of what is staged in a checkout, on its HEAD. */
async function indexCommit(repo: Repo, tree: Oid, head: string): Promise<Oid> {
  const { author } = await repo.writer()
  const parents = present([head === '' ? null : head])
  return repo.objects.writeCommit({ tree, parents, author, committer: author, message: 'What is staged\n' })
}

/** What some work stages in a checkout; null when it stages nothing. */
export async function stagedBy(repo: Repo, git: Git, work: () => Promise<void>): Promise<StagedChange | null> {
  const [head, was] = await Promise.all([headOf(git), writeTree(git)])
  await work()
  const is = await writeTree(git)
  if (is === was) return null
  return { path: git.cwd, before: await indexCommit(repo, was, head), after: await indexCommit(repo, is, head) }
}

/**
 * Finds out whether what an operation staged can be taken out of its checkout.
 * @throws AmpError when it was committed or changed since
 */
export async function stagedBack(repo: Repo, { command, id, staged }: Operation): Promise<StagedBack | null> {
  if (staged === undefined) return null
  const { path, before, after } = staged
  const isThere = await repo.host.fs.access(path).then(
    () => true,
    () => false,
  )
  if (!isThere) throw no(`the checkout in ${path} is gone, where ${command} (${id}) staged its changes`)
  const git = repo.asUser(path)
  await refuseLocked(repo, { path, gitDir: await gitDirOf({ path, git }) })
  const now = await writeTree(git).catch(() => null)
  if (now === null) throw no(`there are conflicts in ${path}`, 'Resolve them first. Nothing was changed.')
  const names = (from: Oid, to: Oid) => git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to])
  const picked = await names(before, after)
  const [head, [began = null] = []] = [await headOf(git), (await repo.objects.readCommit(before))?.parents]
  const committed = began !== null && head !== '' ? await names(began, head) : head === '' ? [] : picked
  const [changed, other] = await Promise.all([names(after, now), names(before, now)])
  if (!other.some((file) => picked.includes(file))) return { ...staged, isBack: true }
  const since = picked.filter((file) => committed.includes(file) || changed.includes(file))
  if (since.length > 0)
    throw no(
      `what ${command} (${id}) staged in ${path} was committed or changed since: ${since.join(', ')}`,
      'Nothing was changed.',
    )
  const refusal = await switchFiles(git, { from: after, to: before }, { dryRun: true })
  if (refusal !== null)
    throw no(
      `your changes in ${path} are in the way: ${refusal}`,
      'Nothing was changed.',
      'Commit, stash or move them.',
    )
  return { ...staged, isBack: false }
}

/** Takes it out; what else is staged or changed there stays. */
export async function takeOutStaged(repo: Repo, { path, before, after, isBack }: StagedBack): Promise<void> {
  const refusal = isBack ? null : await switchFiles(repo.asUser(path), { from: after, to: before })
  if (refusal !== null) throw no(`your changes in ${path} are in the way: ${refusal}`, 'Nothing was changed.')
}

/** The same change the other way, for the undo of the undo. */
export const turnedRound = ({ path, before, after }: StagedChange): StagedChange => ({
  path,
  before: after,
  after: before,
})
