import { fatal, no } from '../../errors.js'
import { switchFiles } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import { writeTree } from '../../git/stage.js'
import type { Repo } from '../../repo.js'
import { branchName } from '../../state/names.js'
import { type Checkout, checkoutOf, refuseAgentOn } from './checkout.js'
import { unfinishedVerb } from './unfinished.js'

/** A branch that is checked out somewhere and moves with its files. */
export interface CheckoutMove {
  ref: string
  from: Oid
  to: Oid
}

/**
 * Finds the checkout of a branch, and that it can follow: nothing of the user's is in the way, and no merge or rebase is in progress.
 * @returns null when it is checked out nowhere
 */
export async function checkoutToMove(repo: Repo, move: CheckoutMove): Promise<Checkout | null> {
  const checkout = await checkoutOf(repo, move.ref)
  await refuseAgentOn(repo, move.ref, checkout)
  if (checkout === null) return null
  const gitDir = await checkout.git.text(['rev-parse', '--path-format=absolute', '--git-dir'])
  const verb = await unfinishedVerb(repo, { gitDir })
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
export async function withCheckout<T>(repo: Repo, move: CheckoutMove, transaction: () => Promise<T>): Promise<T> {
  const file = moveFile(repo, repo.newId())
  await repo.host.fs.mkdir(repo.local('moves'), { recursive: true })
  await repo.host.fs.writeFile(file, JSON.stringify(move))
  const result = await transaction()
  await settle(repo, move)
  await repo.host.fs.rm(file, { force: true })
  return result
}

/** Lets checkouts follow whose branches a killed git-amp moved. */
export async function settleCheckouts(repo: Repo): Promise<void> {
  const { fs } = repo.host
  for (const name of await fs.readdir(repo.local('moves')).catch(() => [])) {
    const file = repo.local('moves', name)
    const move = await fs.readFile(file, 'utf8').then(parse, () => null)
    if (move !== null) await settle(repo, move)
    await fs.rm(file, { force: true })
  }
}

function parse(text: string): CheckoutMove | null {
  try {
    const move = JSON.parse(text) as CheckoutMove
    return [move.ref, move.from, move.to].every((value) => typeof value === 'string') ? move : null
  } catch {
    // Cut: nothing had moved yet.
    return null
  }
}

async function settle(repo: Repo, move: CheckoutMove): Promise<void> {
  if ((await repo.refs.read(move.ref)) !== move.to) return
  const checkout = await checkoutOf(repo, move.ref)
  if (checkout === null) return
  const [index, from, to] = await Promise.all([
    writeTree(checkout.git).catch(() => ''),
    repo.treeOf(move.from),
    repo.treeOf(move.to),
  ])
  // Staged changes of the user make it neither; git says whether they are in the way.
  if (index === to && from !== to) return
  const refusal = await switchFiles(checkout.git, move)
  if (refusal === null) return
  throw fatal(
    `'${branchName(move.ref)}' has moved, but its checkout in ${checkout.path} could not follow: ${refusal}`,
    'Move what is in the way, then run the command again.',
  )
}
