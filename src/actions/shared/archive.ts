import { listRefs } from '../../git/ref-list.js'
import type { Repo } from '../../repo.js'
import {
  type Archived,
  entriesOf,
  monthOf,
  prepareArchive,
  readArchives,
  settleArchived,
  walkArchive,
  withoutArchived,
} from '../../state/archive.js'
import type { ChainTip } from '../../state/chain.js'
import { BrokenState } from '../../state/codec.js'
import { archivesPrefix, sessionRef, sessionsPrefix } from '../../state/names.js'
import { type Oid, type RefChange, RefLocked, RefMoved } from '../../state/storage.js'
import { Refused } from '../../state/validate.js'
import { groupBy, present } from '../../util/collections.js'
import { behindIds } from './behind.js'
import { linkedGitDirs } from './git-file.js'
import { localLeases } from './lease.js'
import { mergingIds } from './merging.js'
import { readSessionFile } from './session-file.js'
import { allSessions, isOpenSession } from './sessions.js'

/** Others may write meanwhile. */
const tries = 10

/** Sessions that are over, and of which nothing stands or runs here any more. */
export async function archivable(repo: Repo): Promise<ChainTip[]> {
  const busy = await idsInUse(repo)
  const branches = new Set((await repo.worktrees()).map(({ branch }) => branch))
  return (await allSessions(repo)).sessions.filter(({ id, snapshot }) => {
    const isWhole = snapshot.heads.length <= 1 && snapshot.open.length === 0
    const isDone = snapshot.rebasing === undefined && snapshot.merging === undefined
    return !isOpenSession(snapshot) && isWhole && isDone && !busy.has(id) && !branches.has(snapshot.branch)
  })
}

async function idsInUse(repo: Repo): Promise<Set<string>> {
  const leases = (await localLeases(repo)).map(({ session }) => session)
  const places = await Promise.all((await linkedGitDirs(repo)).map(({ gitDir }) => readSessionFile(repo, gitDir)))
  return new Set(present([...leases, ...(await mergingIds(repo)), ...(await behindIds(repo)), ...places]))
}

/** Moves chains from their own refs into the archives: first they are there, then their refs go. */
export async function archive(repo: Repo, tips: readonly ChainTip[]): Promise<void> {
  const months = groupBy(tips, ({ snapshot }) => monthOf(snapshot.updatedAt))
  const { author } = await repo.writer()
  for (const [month, sessions] of months) {
    const entries: Archived[] = sessions.map(({ id, oid }) => ({ id, tip: oid }))
    await again(repo, async () => {
      await repo.refs.update([await prepareArchive(repo, author, { month, sessions: entries })], 'amp: archive')
    })
  }
  await settleArchives(repo)
}

/**
 * Takes the refs of sessions away of which the archives have all, and gives one to those of which they do not.
 * @param also archived sessions of which the archives may have two histories
 * @returns ids of sessions that cannot be read
 */
export async function settleArchives(repo: Repo, also: ReadonlySet<string> | null = null): Promise<string[]> {
  const broken: string[] = []
  await again(repo, async () => {
    broken.length = 0
    const live = await listRefs(repo.git, [sessionsPrefix])
    const changes: RefChange[] = []
    for (const [id, tips] of await readArchives(repo)) {
      const old = live.get(sessionRef(id)) ?? null
      if (old === null && (tips.length === 1 || also?.has(id) === false)) continue
      const next = await settle(repo, { id, live: old, tips })
      if (next === 'broken') broken.push(id)
      else if (next !== old) changes.push({ ref: sessionRef(id), old, new: next })
    }
    await repo.refs.update(changes, 'amp: archive')
  })
  return broken
}

async function settle(
  repo: Repo,
  session: { id: string; live: Oid | null; tips: readonly Oid[] },
): Promise<Oid | null | 'broken'> {
  try {
    return await settleArchived(repo, session)
  } catch (error) {
    if (error instanceof BrokenState) return 'broken'
    throw error
  }
}

/** What the archives with these tips hold. One that cannot be read holds nothing. */
export async function archivedIn(repo: Repo, archives: readonly Oid[]): Promise<Map<string, Oid[]>> {
  const found = new Map<string, Oid[]>()
  for (const oid of archives) {
    const commits = await walkArchive(repo.objects, oid).catch(() => new Map())
    for (const { id, tip } of entriesOf(commits)) found.set(id, [...(found.get(id) ?? []), tip])
  }
  return found
}

/** The changes that take forgotten sessions out of the archives. Archives that cannot be read stay as they are. */
export async function withoutForgottenSessions(repo: Repo, forgotten: ReadonlySet<string>): Promise<RefChange[]> {
  const changes: RefChange[] = []
  if (forgotten.size === 0) return changes
  for (const [ref, old] of await listRefs(repo.git, [archivesPrefix])) {
    const month = ref.slice(archivesPrefix.length + 1)
    const next = await withoutArchived(repo.objects, { month, tip: old, forgotten }).catch((error) => {
      if (error instanceof Refused) return old
      throw error
    })
    if (next !== old) changes.push({ ref, old, new: next })
  }
  return changes
}

/** Does again what others overtook. */
export async function again(repo: Repo, attempt: () => Promise<void>): Promise<void> {
  for (let count = 1; ; count++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof RefMoved || error instanceof RefLocked) || count >= tries) throw error
      await repo.host.sleep(((repo.host.random(1)[0] ?? 0) / 256) * 50 * count)
    }
  }
}
