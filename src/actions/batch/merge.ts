import { AmpError, no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { abortMerge, type MergeResult, mergeSession } from '../merge.js'
import { readMerge } from '../shared/merging.js'
import { type Choice, chooseItems, type Each, eachItem } from './chosen.js'

export interface MergeBatchOptions extends Choice {
  dryRun?: boolean | undefined
  /** Open pull requests instead of merging: the branches are pushed. */
  pr?: boolean | undefined
  signal: AbortSignal
}

/**
 * Merges the sessions of a run, one after the other, each by the steps of `merge`. One that cannot be merged is taken back as a whole, and holds up
 * no others.
 */
export async function mergeBatch(home: Repo, options: MergeBatchOptions): Promise<Each<MergeResult>[]> {
  const { dryRun, pr, signal, ...choice } = options
  const { items } = await chooseItems(home, choice)
  return eachItem(home, items, async (repo, { session }) => {
    const isBegun = (await readMerge(repo, session)) !== null
    try {
      return await mergeSession(repo, { session, dryRun, pr, signal, test: true })
    } catch (error) {
      // One that the user had begun is the user's to go on with.
      if (isBegun || dryRun === true || pr === true || (await readMerge(repo, session)) === null) throw error
      await abortMerge(repo, { session })
      if (!(error instanceof AmpError) || error.kind === 'bug' || error.kind === 'interrupted') throw error
      // What its hints tell to go on with is taken back.
      throw no(
        error.message,
        `"git amp merge ${session.slice(0, 4)}" tries it alone, and stops where it can be resolved.`,
      )
    }
  })
}
