import type { Repo } from '../../repo.js'
import { readTip } from '../../state/chain.js'
import { groupBy } from '../../util/collections.js'
import { isRemoved, type Removal, removeSessions } from '../remove.js'
import { type Choice, chooseItems, type Each, eachItem } from './chosen.js'
import type { WithSession } from './runs.js'

export interface RemoveBatchOptions extends Choice {
  /** The branches as well. */
  branch?: boolean | undefined
  /** Also what would be refused because work would be lost: a snapshot is taken first. */
  force?: boolean | undefined
  dryRun?: boolean | undefined
}

/** Removes the sessions of a run: in each repository that is one operation, which `undo` takes back there. The run's own history stays. */
export async function removeBatch(home: Repo, options: RemoveBatchOptions): Promise<Each<Removal | null>[]> {
  const { branch, force, dryRun, ...choice } = options
  const { items } = await chooseItems(home, choice)
  return removeItems(home, items, { branch, force, dryRun })
}

type How = Pick<RemoveBatchOptions, 'branch' | 'force' | 'dryRun'>

/** Removes the sessions of some items, in each repository as one operation. */
export async function removeItems(
  home: Repo,
  items: readonly WithSession[],
  how: How,
): Promise<Each<Removal | null>[]> {
  const within = new Map([...groupBy(items, ({ dir }) => dir).keys()].map((dir) => [dir, home.newId()]))
  return eachItem(home, items, async (repo, { dir, session }) => {
    const as = repo.as({ id: within.get(dir) ?? '', command: 'remove' })
    return removeOne(as, session, how)
  })
}

/** Removes one session; null when it is removed already: that is what was asked for. */
async function removeOne(repo: Repo, session: string, how: How): Promise<Removal | null> {
  const tip = await readTip(repo, session)
  if (tip !== null && (await isRemoved(repo, tip, how))) return null
  const { removed } = await removeSessions(repo, { sessions: [session], ...how })
  return removed[0] ?? null
}
