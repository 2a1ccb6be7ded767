import { no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { Repos } from './repos.js'
import { ends, type RunOptions, type RunResult, runBatch } from './run.js'
import { holdRun } from './runner.js'
import { allBatches, type BatchTip, findBatch, readBatch } from './runs.js'

export interface ResumeOptions extends RunOptions {
  /** A run; without it the newest one that is not finished. */
  run?: string | undefined
  /** Also what has failed. */
  failed?: boolean | undefined
}

/**
 * Goes on with a run that was aborted, or whose process was killed: what has a result is kept, what was interrupted is salvaged and tried again.
 * @throws AmpError when somebody works on it, or nothing is left to do
 */
export async function resumeBatch(home: Repo, options: ResumeOptions): Promise<RunResult> {
  const { run, failed = false, ...rest } = options
  const found = run === undefined ? await unfinished(home, failed) : await findBatch(home, run)
  const { items } = await readBatch(home, found)
  const left = items.filter(({ status }) => !ends.includes(status) || (failed && status !== 'success'))
  if (left.length === 0) throw nothingLeft(found, items.filter(({ status }) => status !== 'success').length)
  const repos = new Repos(home.host)
  try {
    return await runBatch(await holdRun(home, found), { ...rest, home, repos, failed })
  } finally {
    repos.close()
  }
}

async function unfinished(home: Repo, failed: boolean): Promise<BatchTip> {
  const { batches } = await allBatches(home)
  const open = batches.find(({ snapshot }) => failed || snapshot.status !== 'finished')
  return open ?? findBatch(home, undefined)
}

function nothingLeft({ id, snapshot }: BatchTip, failed: number) {
  const hint =
    failed === 0
      ? `"git amp batch status ${id.slice(0, 4)}" shows what was done.`
      : `"git amp batch resume --failed ${id.slice(0, 4)}" tries again what has failed.`
  return no(`nothing is left to do in the batch run ${snapshot.name}`, hint)
}
