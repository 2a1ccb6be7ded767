import { fatal, no } from '../errors.js'
import { listRefs } from '../git/ref-list.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readTip } from '../state/chain.js'
import { rootsOf } from '../state/merge-transcripts.js'
import { isId, sessionRef, snapshotRef, tombstonesRef, transcriptRef } from '../state/names.js'
import { type Oid, type RefChange, RefMoved } from '../state/storage.js'
import { prepareTombstones, readTombstones, type Tombstone } from '../state/tombstones.js'
import { lamportOf, walkChain } from '../state/walk.js'
import { archivedIn, withoutForgottenSessions } from './shared/archive.js'
import { endBehind } from './shared/behind.js'
import { findSession } from './shared/find.js'
import { findPlace } from './shared/place.js'
import { refuseRunning } from './shared/sessions.js'
import { dropNoteLines } from './sync/forgotten.js'
import { remotesByFolder } from './sync/remote.js'

export interface ForgetOptions {
  session: string
  /** Only what the agents said and did. */
  transcript?: boolean | undefined
  dryRun?: boolean | undefined
}

export interface ForgetResult {
  id: string
  name: string | null
  what: 'session' | 'transcript'
  /** Refs that are gone here. */
  refs: string[]
  /** Remotes that have a copy: the next sync with each takes it away there. */
  remotes: string[]
  /** Repositories that have one and were named by an address, which is not known any more. */
  unnamed: number
  /** The branch, which stays. */
  branch: string | null
  isDryRun: boolean
}

/** So many of the latest commits of a chain a tombstone names: a clone that stands on one of them has nothing more. */
const maxTips = 100
/** So often is it tried again when somebody else writes meanwhile. */
const tries = 10

/**
 * Forgets a session, or what its agents said, on purpose: the refs go, and a tombstone stays, so that no clone brings them back. This is the one
 * operation that cannot be undone.
 */
export async function forgetSession(repo: Repo, options: ForgetOptions): Promise<ForgetResult> {
  const tip = await findSession(repo, options.session)
  await refuseRunning(repo, tip)
  const what = options.transcript === true ? ('transcript' as const) : ('session' as const)
  if (what === 'session' && (await findPlace(repo, tip)) !== null) {
    throw no(
      `session ${tip.snapshot.name} has a worktree here`,
      `Remove it first, with what is in it: git amp remove ${tip.id.slice(0, 4)}`,
    )
  }
  const isDryRun = options.dryRun === true
  const result = {
    id: tip.id,
    name: tip.snapshot.name,
    what,
    ...(await remotesWith(repo, tip.id, what)),
    branch: what === 'session' ? tip.snapshot.branch : null,
    isDryRun,
  }
  for (let count = 1; ; count++) {
    const current = await readTip(repo, tip.id)
    if (current === null) throw fatal(`session ${tip.id} is gone`)
    const { stones, changes } = await plan(repo, current, what)
    if (stones.length === 0) throw no(`session ${tip.snapshot.name} has no transcript here`)
    const refs = changes.map(({ ref }) => ref)
    if (isDryRun) return { ...result, refs }
    try {
      const tombstone = await prepareTombstones(repo, await repo.writer(), stones)
      await repo.refs.update([...changes, tombstone], 'amp: forget')
    } catch (error) {
      if (!(error instanceof RefMoved) || count >= tries) throw error
      continue
    }
    if (what === 'session') {
      await dropNoteLines(repo, new Set([tip.id]))
      await endBehind(repo, tip)
    }
    return { ...result, refs }
  }
}

/** The tombstones and the refs that go. */
async function plan(
  repo: Repo,
  tip: ChainTip,
  what: 'session' | 'transcript',
): Promise<{ stones: Tombstone[]; changes: RefChange[] }> {
  const { id } = tip
  const refs = await listRefs(repo.git, [sessionRef(id), transcriptRef(id), snapshotRef(id), 'refs/amp-local/remotes'])
  const copies = (tail: string) =>
    unique([...refs].filter(([ref]) => isCopyOf(ref, `${tail}/${id}`)).map(([, oid]) => oid))
  const stones: Tombstone[] = []
  const changes: RefChange[] = []
  const transcript = refs.get(transcriptRef(id))
  const tips = unique([...(transcript === undefined ? [] : [transcript]), ...copies('transcripts')])
  const roots = unique((await Promise.all(tips.map((one) => rootsOf(repo, one)))).flat())
  const known = new Set((await readTombstones(repo, await repo.refs.read(tombstonesRef))).flatMap((one) => one.roots))
  if (roots.some((root) => !known.has(root))) {
    stones.push({ entity: 'transcript', id, tips, roots })
  }
  if (transcript !== undefined) changes.push({ ref: transcriptRef(id), old: transcript, new: null })
  if (what === 'transcript') return { stones, changes }
  const states = [...(await walkChain(repo.objects, tip.oid, { ref: tip.ref })).values()]
  const first = states.filter((state) => state.stateParents.length === 0).map((state) => state.oid)
  const latest = states.sort((a, b) => lamportOf(b) - lamportOf(a)).slice(0, maxTips)
  stones.unshift({
    entity: 'session',
    id,
    tips: unique([
      tip.oid,
      // A clone that is behind has nothing more.
      ...latest.map(({ oid }) => oid),
      ...copies('sessions'),
      ...(await archivedCopies(repo, refs)).flatMap(({ archived }) => archived.get(id) ?? []),
    ]),
    roots: first,
  })
  if (tip.isArchived !== true) changes.unshift({ ref: tip.ref, old: tip.oid, new: null })
  changes.push(...(await withoutForgottenSessions(repo, new Set([id]))))
  const snapshot = refs.get(snapshotRef(id))
  if (snapshot !== undefined) changes.push({ ref: snapshotRef(id), old: snapshot, new: null })
  return { stones, changes }
}

const unique = (oids: readonly Oid[]): Oid[] => [...new Set(oids)].sort()

const isCopyOf = (ref: string, tail: string): boolean =>
  ref.startsWith('refs/amp-local/remotes/') && ref.endsWith(`/${tail}`)

/** What remotes have in their archives, as it was seen last. */
async function archivedCopies(repo: Repo, refs: ReadonlyMap<string, Oid>) {
  const copies = [...refs].filter(([ref]) => /^refs\/amp-local\/remotes\/.+\/archive\/[^/]+$/.test(ref))
  const nameOf = (ref: string) => ref.split('/').slice(3, -2).join('/')
  return Promise.all(
    copies.map(async ([ref, oid]) => ({ remote: nameOf(ref), archived: await archivedIn(repo, [oid]) })),
  )
}

async function remotesWith(repo: Repo, id: string, what: 'session' | 'transcript') {
  const tails = what === 'session' ? ['sessions', 'transcripts', 'snapshots'] : ['transcripts']
  const refs = await listRefs(repo.git, ['refs/amp-local/remotes'])
  const names = [...refs.keys()].flatMap((ref) => {
    const parts = ref.split('/')
    return tails.includes(parts.at(-2) ?? '') && parts.at(-1) === id && isId(id) ? [parts.slice(3, -2).join('/')] : []
  })
  const archived = what === 'session' ? await archivedCopies(repo, refs) : []
  const others = archived.filter((copy) => copy.archived.has(id)).map(({ remote }) => remote)
  const known = await remotesByFolder(repo)
  const folders = [...new Set([...names, ...others])]
  const remotes = [...new Set(folders.flatMap((folder) => known.get(folder) ?? []))].sort()
  return { remotes, unnamed: folders.filter((folder) => !known.has(folder)).length }
}
