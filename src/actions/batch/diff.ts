import type { Git } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type DiffPlan, diffSession } from '../diff.js'
import { type Choice, chooseItems, type Each, eachItem } from './chosen.js'
import type { WithSession } from './runs.js'

/** Asks for the diff of each session of a run, one after the other. */
export async function diffBatch<T>(
  home: Repo,
  choice: Choice,
  work: (item: WithSession, git: Git, plan: DiffPlan & { range: string[] }) => Promise<T>,
): Promise<Each<T>[]> {
  const { items } = await chooseItems(home, choice)
  return eachItem(home, items, (repo, item) =>
    diffSession(repo, { session: item.session }, (git, plan) => work(item, git, plan)),
  )
}
