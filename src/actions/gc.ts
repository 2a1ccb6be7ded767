import type { Repo } from '../repo.js'
import { prepareExpiry, readOperations } from '../state/oplog.js'
import { RefMoved } from '../state/storage.js'
import { longestLog } from './oplog.js'
import { archivable, archive } from './shared/archive.js'
import { begunMerges } from './shared/merging.js'
import { allSessions } from './shared/sessions.js'
import { readTrash, type TrashEntry } from './shared/trash.js'

export interface GcOptions {
  /** What is older goes, in milliseconds. */
  olderThanMs: number
  dryRun?: boolean | undefined
}

export interface GcResult {
  /** ISO 8601 in UTC: what is older goes. */
  cutoff: string
  /** Operations that cannot be undone any more, and how many stay. */
  operations: { gone: number; kept: number }
  /** Worktrees that leave the trash, and how many stay. */
  trash: { gone: TrashEntry[]; kept: number }
  /** Sessions that went into the archive, by id. */
  archived: string[]
  isDryRun: boolean
}

/** The log may grow while it is written anew. */
const tries = 10

/**
 * Archives sessions that are over, packs refs, and lets go of old operations and old worktrees in the trash. What a paused session has there stays, and so do the steps of a merge
 * that was stopped.
 */
export async function collectGarbage(repo: Repo, options: GcOptions): Promise<GcResult> {
  const isDryRun = options.dryRun === true
  const cutoff = repo.host.now().getTime() - options.olderThanMs
  const { sessions } = await allSessions(repo)
  const paused = new Set(sessions.filter(({ snapshot }) => snapshot.status === 'paused').map(({ id }) => id))
  const trash = await readTrash(repo)
  const gone = trash.filter(({ at, session }) => Date.parse(at) < cutoff && !paused.has(session))
  const operations = await expire(repo, { cutoff: Math.min(cutoff, await firstStep(repo)), isDryRun })
  const over = await archivable(repo)
  if (!isDryRun) {
    await archive(repo, over)
    await repo.git.run(['pack-refs', '--all'])
  }
  if (!isDryRun) for (const { path } of gone) await repo.host.fs.rm(path, { recursive: true, force: true })
  return {
    cutoff: new Date(cutoff).toISOString(),
    operations,
    trash: { gone, kept: trash.length - gone.length },
    archived: over.map(({ id }) => id),
    isDryRun,
  }
}

/** When the first step was recorded of a merge that may still be aborted; infinity when there is none. */
async function firstStep(repo: Repo): Promise<number> {
  const begun = new Set((await begunMerges(repo)).map(({ within }) => within.id))
  const steps = begun.size === 0 ? [] : await readOperations(repo, longestLog)
  const times = steps.filter((one) => begun.has(one.within?.id ?? '')).map(({ at }) => Date.parse(at))
  return Math.min(Number.POSITIVE_INFINITY, ...times)
}

async function expire(
  repo: Repo,
  { cutoff, isDryRun }: { cutoff: number; isDryRun: boolean },
): Promise<GcResult['operations']> {
  for (let n = 1; ; n++) {
    const { gone, kept, change } = await prepareExpiry(repo, cutoff)
    if (isDryRun || change === null) return { gone, kept }
    try {
      await repo.refs.update([change], 'amp: gc')
      return { gone, kept }
    } catch (error) {
      if (!(error instanceof RefMoved) || n >= tries) throw error
    }
  }
}
