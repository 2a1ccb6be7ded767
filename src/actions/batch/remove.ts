import type { Repo } from '../../repo.js'
import { groupBy } from '../../util/collections.js'
import { type Removal, removeSessions } from '../remove.js'
import { type Choice, chooseItems, type Each, eachItem } from './chosen.js'

export interface RemoveBatchOptions extends Choice {
  /** The branches as well. */
  branch?: boolean | undefined
  /** Also what would be refused because work would be lost: a snapshot is taken first. */
  force?: boolean | undefined
  dryRun?: boolean | undefined
}

/** Removes the sessions of a run: in each repository that is one operation, which `undo` takes back there. The run's own history stays. */
export async function removeBatch(home: Repo, options: RemoveBatchOptions): Promise<Each<Removal>[]> {
  const { branch, force, dryRun, ...choice } = options
  const { items } = await chooseItems(home, choice)
  const within = new Map([...groupBy(items, ({ dir }) => dir).keys()].map((dir) => [dir, home.newId()]))
  return eachItem(home, items, async (repo, { dir, session }) => {
    const as = repo.as({ id: within.get(dir) ?? '', command: 'remove' })
    const { removed } = await removeSessions(as, { sessions: [session], branch, force, dryRun })
    return removed[0] as Removal
  })
}
