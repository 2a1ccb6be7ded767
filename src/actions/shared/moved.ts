import { isAncestor } from '../../git/history.js'
import type { Repo } from '../../repo.js'
import { isWrittenAnew, readArchives, settleArchived } from '../../state/archive.js'
import type { MovedRef } from '../../state/events.js'
import { archivesPrefix, notesRef, sessionsPrefix, tombstonesRef } from '../../state/names.js'
import type { Oid } from '../../state/storage.js'
import { forgottenIn, readTombstones } from '../../state/tombstones.js'
import { allSessions } from './sessions.js'

/** All refs of the repository. */
export interface AllRefs {
  /** Where each one points; `HEAD` holds the name of the main worktree's branch. */
  oids: ReadonlyMap<string, string>
  /** The refs that symbolic ones point at. */
  links: ReadonlyMap<string, string>
}

/** Reads all refs, and which branch the main worktree is on. */
export async function readAllRefs(repo: Repo): Promise<AllRefs> {
  // `%(HEAD)` is `*` for the branch of the main worktree, whose git directory is the common one, and a space otherwise.
  const text = await repo.git.text(['for-each-ref', '--format=%(HEAD)%(objectname) %(refname) %(symref)'])
  const oids = new Map<string, string>([['HEAD', 'detached']])
  const links = new Map<string, string>()
  for (const line of text === '' ? [] : text.split('\n')) {
    const [oid = '', ref = '', link = ''] = line.slice(1).split(' ')
    oids.set(ref, oid)
    if (link !== '') links.set(ref, link)
    if (line.startsWith('*')) oids.set('HEAD', ref)
  }
  return { oids, links }
}

/** Refs of git-amp itself: they only move forward, whoever else is at work. */
const isOwn = (ref: string): boolean => ref === notesRef || /^refs\/amp(-private|-local)?\//.test(ref)

/** Copies of what a remote has go where the remote goes. */
const isCopy = (ref: string): boolean => /^refs\/amp-local\/(remotes|forgotten)\//.test(ref)

/**
 * Refs that moved between `before` and `after`, outside of the session's branch and chain (`own`) and of what other sessions recorded meanwhile. Records of git-amp that the agent
 * deleted or set back are put back to where they were.
 */
export async function movedRefs(
  repo: Repo,
  { before, after }: Record<'before' | 'after', AllRefs['oids']>,
  own: { branch: string; chain: string },
): Promise<MovedRef[]> {
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((ref) => before.get(ref) !== after.get(ref))
  const moved = names.map((ref): MovedRef => ({ ref, before: before.get(ref) ?? null, after: after.get(ref) ?? null }))
  const lost: MovedRef[] = []
  for (const change of moved.filter(
    ({ ref, after: oid }) => isOwn(ref) && !isCopy(ref) && !(ref === own.chain && oid !== null),
  ))
    if (!(await isOnPurpose(repo, change)) && (await putBack(repo, change))) lost.push(change)
  const foreign = moved.filter(({ ref }) => ref !== own.branch && !isOwn(ref))
  if (foreign.length === 0) return lost
  const recorded = new Map(
    (await allSessions(repo)).sessions.map(({ snapshot }) => [`refs/heads/${snapshot.branch}`, snapshot.heads]),
  )
  return [...lost, ...foreign.filter(({ ref, after: oid }) => !(recorded.get(ref) ?? []).includes(oid ?? ''))]
}

/** A session that was forgotten or archived meanwhile is not put back. */
async function isOnPurpose(repo: Repo, { ref, before, after }: MovedRef): Promise<boolean> {
  if (before === null) return false
  const stones = await readTombstones(repo, await repo.refs.read(tombstonesRef)).catch(() => [])
  if (ref.startsWith(`${archivesPrefix}/`) && after !== null)
    return isWrittenAnew(repo.objects, { before, after, forgotten: forgottenIn(stones).sessions })
  if (after !== null) return false
  const isSession = ref.startsWith(`${sessionsPrefix}/`)
  const tells = stones.filter(({ entity }) => entity === 'session' || !isSession)
  return tells.some(({ id }) => ref.endsWith(`/${id}`)) || (isSession && (await isArchived(repo, { ref, before })))
}

async function isArchived(repo: Repo, { ref, before }: { ref: string; before: Oid }): Promise<boolean> {
  const id = ref.slice(sessionsPrefix.length + 1)
  const tips = (await readArchives(repo)).get(id) ?? []
  return tips.length > 0 && (await settleArchived(repo, { id, live: before, tips }).catch(() => before)) === null
}

/** @returns whether the record was lost, and is back */
async function putBack(repo: Repo, { ref, before, after }: MovedRef): Promise<boolean> {
  if (before === null || (after !== null && (await isAncestor(repo.git, before, after)))) return false
  await repo.refs.update([{ ref, old: after, new: before }], 'amp: put back after an agent moved it')
  return true
}
