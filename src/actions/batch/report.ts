import type { Repo } from '../../repo.js'
import { buildReport } from '../report.js'
import type { BrokenSession } from '../shared/sessions.js'
import { findBatch } from './runs.js'

/** What the sessions of a run came to. */
export const reportBatch = async (
  home: Repo,
  { run, ...how }: { run: string | undefined; broken: BrokenSession[]; signal: AbortSignal },
) => buildReport(home, { sessions: [], batch: (await findBatch(home, run)).id, ...how })
