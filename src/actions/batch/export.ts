import type { Repo } from '../../repo.js'
import type { Table } from '../export/columns.js'
import { exportRows, type TableRow } from '../export.js'
import type { BrokenSession } from '../shared/sessions.js'
import { findBatch } from './runs.js'

/** The rows of a run: its items, and the sessions that it made, in whatever repository they are. */
export async function exportBatch(
  home: Repo,
  how: { run: string | undefined; tables: readonly Table[]; broken: BrokenSession[]; signal: AbortSignal },
): Promise<AsyncGenerator<TableRow>> {
  const { run, ...rest } = how
  return exportRows(home, { sessions: [], batch: (await findBatch(home, run)).id, ...rest })
}
