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
  const closed = await archivable(repo)
  if (!isDryRun) {
    await archive(repo, closed)
    await repo.git.run(['pack-refs', '--all'])
  }
  if (!isDryRun) for (const { path } of gone) await repo.host.fs.rm(path, { recursive: true, force: true })
  const over = new Set(closed.map(({ id }) => id))
  const open = new Set(sessions.map(({ id }) => id).filter((id) => !over.has(id)))
  if (!isDryRun) await sweepNotes(repo, { open, cutoff })
  return {
    cutoff: new Date(cutoff).toISOString(),
    operations,
    trash: { gone, kept: trash.length - gone.length },
    archived: closed.map(({ id }) => id),
    isDryRun,
  }
}

/** What is kept here about the worktree of one session: how its setup went, and which directories it holds. */
const noteFolders = ['setup', 'sparse'] as const

/** Takes away notes about worktrees of sessions that are over, when they are old. */
async function sweepNotes(repo: Repo, { open, cutoff }: { open: ReadonlySet<string>; cutoff: number }): Promise<void> {
  const { fs } = repo.host
  for (const folder of noteFolders)
    for (const name of await fs.readdir(repo.local(folder)).catch((): string[] => [])) {
      const file = repo.local(folder, name)
      const stat = open.has(name.replace(/\.\w+$/, '')) ? null : await fs.stat(file).catch(() => null)
      if (stat !== null && stat.mtimeMs < cutoff) await fs.rm(file, { force: true })
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
