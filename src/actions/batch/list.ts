import type { Repo } from '../../repo.js'
import { allBatches, type BatchState, type BatchTip, batchState } from './runs.js'

/** One line of the list of runs. */
export interface ListedBatch {
  tip: BatchTip
  state: BatchState
}

/** The batch runs of a repository, newest first. */
export async function listBatches(
  home: Repo,
  options: { maxCount?: number | undefined } = {},
): Promise<{ batches: ListedBatch[]; broken: { ref: string; reason: string }[] }> {
  const { batches, broken } = await allBatches(home)
  const shown = batches.slice(0, options.maxCount ?? batches.length)
  return { batches: await Promise.all(shown.map(async (tip) => ({ tip, state: await batchState(home, tip) }))), broken }
}
