import { fatal, no } from '../../errors.js'
import { switchFiles } from '../../git/merge.js'
import { GitError, type Oid } from '../../git/run.js'
import { writeTree } from '../../git/stage.js'
import type { Repo } from '../../repo.js'
import { branchName } from '../../state/names.js'
import { type Checkout, checkoutOf, gitDirOf, refuseAgentOn } from './checkout.js'
import { type CheckoutAt, settleFiles } from './half-switched.js'
import { type Owner, thisProcess, whereIs } from './lease.js'
import { clearStaleLocks, refuseLocked } from './lock.js'
import { unfinishedVerb } from './unfinished.js'

/** A branch that is checked out somewhere and moves with its files. */
export interface CheckoutMove {
  ref: string
  from: Oid
  to: Oid
}

/** A move that is under way, as it is written down. */
interface Begun extends CheckoutMove, Partial<Owner> {
  /** When it began, in milliseconds since 1970. */
  at?: number
  /** The tree of the index before it. */
  index?: Oid
  /** Whether git moves the branch when it has written the files; else the files follow the branch. */
  isByGit?: boolean
}

/**
 * Finds the checkout of a branch, and that it can follow: nothing of the user's is in the way, and no merge or rebase is in progress.
 * @returns null when it is checked out nowhere
 */
export async function checkoutToMove(repo: Repo, move: CheckoutMove): Promise<Checkout | null> {
  const checkout = await checkoutOf(repo, move.ref)
  await refuseAgentOn(repo, move.ref, checkout)
  if (checkout === null) return null
  const gitDir = await gitDirOf(checkout)
  const verb = await unfinishedVerb(repo, { gitDir })
  await refuseLocked(repo, { ...checkout, gitDir })
  if (verb !== null)
    throw no(`a ${verb} is in progress in ${checkout.path}`, 'Finish or abort it first. Nothing was changed.')
  const refusal = await switchFiles(checkout.git, move, { dryRun: true })
  if (refusal === null) return checkout
  throw no(
    `your changes in ${checkout.path} are in the way: ${refusal}`,
    'Nothing was changed.',
    'Commit, stash or move them, then run the command again.',
  )
}

const moveFile = (repo: Repo, name: string): string => repo.local('moves', `${name}.json`)

/**
 * Moves refs by `transaction` and then the files of a checkout after them. What is about to move is written down before: a killed git-amp leaves
 * the files behind, and the next command lets them follow.
 */
export const withCheckout = <T>(repo: Repo, move: CheckoutMove, transaction: () => Promise<T>): Promise<T> =>
  settledAfter(repo, move, transaction)

/**
 * Lets git move a branch with its checkout. When it does not get to its end, what it wrote is taken out again: now, or by the next command when
 * git-amp is killed as well.
 * @param work answers what became of it; whether the branch has moved is asked anew
 */
export async function byGit<T>(
  repo: Repo,
  { checkout, ...move }: CheckoutMove & { checkout: Checkout },
  work: () => Promise<T>,
): Promise<T> {
  // With conflicts in it git does nothing.
  const index = await writeTree(checkout.git).catch(() => null)
  if (index === null) return work()
  return settledAfter(repo, { ...move, index, isByGit: true }, async () => {
    const result = await work()
    // Nothing was locked before: what a killed git has left is its own.
    if (result instanceof GitError && result.exit.code === null)
      await clearStaleLocks(repo, { ...checkout, gitDir: await gitDirOf(checkout) })
    return result
  })
}

async function settledAfter<T>(repo: Repo, begun: Begun, work: () => Promise<T>): Promise<T> {
  const file = moveFile(repo, repo.newId())
  await repo.host.fs.mkdir(repo.local('moves'), { recursive: true })
  await repo.host.fs.writeFile(
    file,
    JSON.stringify({ ...begun, at: repo.host.now().getTime(), ...(await thisProcess(repo)) }),
  )
  atWork.add(file)
  try {
    const result = await work()
    await settle(repo, begun)
    await repo.host.fs.rm(file, { force: true })
    return result
  } finally {
    atWork.delete(file)
  }
}

/** Moves that this very process is at: a batch merges several sessions at once. */
const atWork = new Set<string>()

/** A move of another machine that began so long ago has been left. */
const longestMs = 600_000

/** Moves that somebody began here who is not at work any more. */
async function leftMoves(repo: Repo): Promise<{ file: string; move: Begun | null }[]> {
  const { fs, processes, now } = repo.host
  const left: { file: string; move: Begun | null }[] = []
  for (const name of await fs.readdir(repo.local('moves')).catch(() => [])) {
    const file = repo.local('moves', name)
    const move = await fs.readFile(file, 'utf8').then(parse, () => null)
    const { pid, start = null, host = '', boot = '', at = 0 } = move ?? {}
    const isOurs = pid === undefined || pid === processes.self
    if (atWork.has(file)) continue
    const where = isOurs ? 'dead' : await whereIs(repo, { pid, start, host, boot })
    const isOld = Math.abs(now().getTime() - at) > longestMs
    if (where === 'dead' || (where !== 'alive' && isOld)) left.push({ file, move })
  }
  return left
}

/** Lets checkouts follow whose branches a killed git-amp moved, and takes out what a killed git wrote without moving the branch. */
export async function settleCheckouts(repo: Repo): Promise<void> {
  for (const { file, move } of await leftMoves(repo)) {
    if (move !== null) await settle(repo, move)
    await repo.host.fs.rm(file, { force: true })
  }
}

/** Whether a git was killed that wrote the files of a branch, and nobody has put them right yet. */
export const isHalfMoved = async (repo: Repo, ref: string): Promise<boolean> =>
  (await leftMoves(repo)).some(({ move }) => move?.ref === ref)

function parse(text: string): Begun | null {
  try {
    const move = JSON.parse(text) as Begun
    return [move.ref, move.from, move.to].every((value) => typeof value === 'string') ? move : null
  } catch {
    // Cut: nothing had moved yet.
    return null
  }
}

async function settle(repo: Repo, move: Begun): Promise<void> {
  const at = await repo.refs.read(move.ref)
  const isLeft = move.isByGit === true ? at === move.from : at === move.to
  if (!isLeft) return
  const checkout = await checkoutOf(repo, move.ref)
  if (checkout === null) return
  const where = { ...checkout, gitDir: await gitDirOf(checkout) }
  await (move.isByGit === true ? takeOut : follow)(repo, where, move)
}

/** Git writes the files, then the index, and moves the branch last: one that was killed, or refused by a hook, leaves the branch where it was. */
async function takeOut(repo: Repo, checkout: CheckoutAt, move: Begun): Promise<void> {
  await refuseAtWork(repo, checkout, move.to)
  if ((await repo.refs.read(move.ref)) !== move.from) return
  await refuseLocked(repo, checkout)
  const { from, to, index = from } = move
  await settleFiles(repo, checkout, { from, to, index, wanted: from })
}

/** A git may outlive the git-amp that started it. @throws AmpError when it does not come to its end soon */
async function refuseAtWork(repo: Repo, { path }: CheckoutAt, to: Oid): Promise<void> {
  const { processes, sleep } = repo.host
  for (let left = 20; ; left--) {
    const found = (await processes.workingIn(path)).filter(({ name }) => name.startsWith('git'))
    const inside = await Promise.all(found.map(({ pid }) => processes.insideOf(pid)))
    const at = inside.findIndex((one) => one?.words.includes(to))
    if (at < 0) return
    if (left === 0)
      throw fatal(
        `git (process ${found[at]?.pid}) is still at work in ${path}`,
        'Run the command again when it is done.',
      )
    await sleep(100)
  }
}

async function follow(repo: Repo, checkout: CheckoutAt, move: Begun): Promise<void> {
  const [index, from, to] = await Promise.all([
    writeTree(checkout.git).catch(() => ''),
    repo.treeOf(move.from),
    repo.treeOf(move.to),
  ])
  // Staged changes of the user make it neither; git says whether they are in the way.
  if (index === to && from !== to) return
  await refuseLocked(repo, checkout)
  const refusal = await switchFiles(checkout.git, move)
  if (refusal === null) return
  // It may have been killed in the middle of that very switch.
  const own = await settleFiles(repo, checkout, { ...move, index: move.index ?? from, wanted: move.to })
  if (own.length === 0) return
  throw fatal(
    `'${branchName(move.ref)}' has moved, but its checkout in ${checkout.path} could not follow: ${refusal}`,
    'Move what is in the way, then run the command again.',
  )
}
