import type { Repo } from '../../repo.js'
import type { MergeResult } from '../merge.js'
import type { Each } from './chosen.js'
import { type MergeBatchOptions, mergeBatch } from './merge.js'

/** Pushes the branches of the sessions of a run and opens a pull request for each. */
export const pullRequests = (home: Repo, options: Omit<MergeBatchOptions, 'pr'>): Promise<Each<MergeResult>[]> =>
  mergeBatch(home, { ...options, pr: true })
