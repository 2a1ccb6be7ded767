import { listRefs } from '../../git/ref-list.js'
import { type PushedRef, type PushUpdate, pushRefs } from '../../git/remote.js'
import { GitError } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { isWrittenAnew, settleArchived, walkArchive } from '../../state/archive.js'
import { BrokenState } from '../../state/codec.js'
import {
  archivesPrefix,
  batchesPrefix,
  isId,
  isMonth,
  notesRef,
  sessionRef,
  sessionsPrefix,
  tombstonesRef,
} from '../../state/names.js'
import type { Oid } from '../../state/storage.js'
import { oneLine } from '../../util/sanitize.js'
import { archivedIn } from '../shared/archive.js'
import type { Ledger, SharedKind } from './ledger.js'
import type { Remote } from './remote.js'

/** So many refs go in one connection. */
const batch = 200

const hiddenHint =
  'The remote takes none of these refs. Sessions can go to another repository: git config amp.remote <url>'

/** A ref to be pushed, and what it is. */
export interface Outgoing extends PushUpdate {
  kind: SharedKind
  id: string
  name?: string | null
}

/** Where the copy of a shared ref is kept, below the remote's prefix. */
export const copyOf = (remote: Remote, ref: string): string =>
  `${remote.tracking}/${ref.replace(/^refs\/(amp|amp-private)\//, '').replace(/^refs\//, '')}`

/** Shared refs that the remote does not have as they are here. */
export async function outgoingChains(
  repo: Repo,
  how: { remote: Remote; ledger: Ledger; forgotten: ReadonlySet<string> },
): Promise<Outgoing[]> {
  const { remote, ledger, forgotten } = how
  const shared = [sessionsPrefix, batchesPrefix, archivesPrefix, tombstonesRef, notesRef]
  const refs = await listRefs(repo.git, [...shared, remote.tracking])
  const outgoing: Outgoing[] = []
  for (const [ref, oid] of refs) {
    const what = kindOf(ref)
    if (what === null || refs.get(copyOf(remote, ref)) === oid) continue
    if (what.kind === 'session' && forgotten.has(what.id)) continue
    // What stands there cannot be joined, and would have to be overwritten.
    if (ledger.at(ref, what).quarantined !== null) continue
    const copy = refs.get(copyOf(remote, ref))
    // Never over what was fetched and not joined yet.
    const isAnew =
      what.kind === 'archive' &&
      copy !== undefined &&
      (await isWrittenAnew(repo.objects, { before: copy, after: oid, forgotten }))
    outgoing.push({ ref, oid, ...(isAnew ? { lease: copy } : {}), ...what })
  }
  for (const id of forgotten) {
    for (const [kind, prefix] of private_) {
      const ref = `${prefix}/${id}`
      const lease = refs.get(copyOf(remote, ref))
      if (lease !== undefined) outgoing.push({ ref, oid: null, lease, kind, id })
    }
  }
  return outgoing
}

/**
 * Refs at the remote of sessions that its own archives have: it needs them no more. Each goes only from where it was seen. Beforehand, what is here
 * tells what the remote will have.
 */
export async function archivedThere(
  repo: Repo,
  { remote, isDryRun }: { remote: Remote; isDryRun: boolean },
): Promise<Outgoing[]> {
  const refs = await listRefs(repo.git, [sessionsPrefix, archivesPrefix, remote.tracking])
  const prefix = `${remote.tracking}/sessions/`
  const superfluous = [...refs].filter(
    ([ref]) => ref.startsWith(prefix) && !refs.has(sessionRef(ref.slice(prefix.length))),
  )
  if (superfluous.length === 0) return []
  const tips = await archivedIn(repo, await joinedArchives(repo, { remote, refs, isDryRun }))
  const outgoing: Outgoing[] = []
  for (const [copy, oid] of superfluous) {
    const id = copy.slice(prefix.length)
    if (await isArchived(repo, { id, oid, tips: tips.get(id) ?? [] }))
      outgoing.push({ ref: sessionRef(id), oid: null, lease: oid, kind: 'session', id })
  }
  return outgoing
}

/** Archives of the remote, as far as the ones here hold them whole: what was not taken, or not yet, is no reason to delete anything. */
async function joinedArchives(
  repo: Repo,
  { remote, refs, isDryRun }: { remote: Remote; refs: ReadonlyMap<string, Oid>; isDryRun: boolean },
): Promise<Oid[]> {
  const joined: Oid[] = []
  for (const [ref, ours] of refs) {
    if (!ref.startsWith(`${archivesPrefix}/`)) continue
    const theirs = isDryRun ? ours : refs.get(copyOf(remote, ref))
    const held = await walkArchive(repo.objects, ours).catch(() => null)
    if (theirs !== undefined && held?.has(theirs) === true) joined.push(theirs)
  }
  return joined
}

async function isArchived(
  repo: Repo,
  { id, oid, tips }: { id: string; oid: Oid; tips: readonly Oid[] },
): Promise<boolean> {
  if (tips.length === 0 || tips.includes(oid)) return tips.length > 0
  try {
    return (await settleArchived(repo, { id, live: oid, tips })) === null
  } catch (error) {
    if (error instanceof BrokenState) return false
    throw error
  }
}

const private_ = [
  ['session', sessionsPrefix],
  ['transcript', 'refs/amp-private/transcripts'],
  ['snapshot', 'refs/amp-private/snapshots'],
] as const

function kindOf(ref: string): { kind: SharedKind; id: string } | null {
  if (ref === notesRef) return { kind: 'notes', id: ref }
  if (ref === tombstonesRef) return { kind: 'tombstones', id: ref }
  const month = ref.slice(archivesPrefix.length + 1)
  if (ref.startsWith(`${archivesPrefix}/`) && isMonth(month)) return { kind: 'archive', id: month }
  for (const [kind, prefix] of [
    ['session', sessionsPrefix],
    ['batch', batchesPrefix],
  ] as const) {
    const id = ref.slice(prefix.length + 1)
    if (ref.startsWith(`${prefix}/`) && isId(id)) return { kind, id }
  }
  return null
}

/**
 * Pushes refs in batches and writes down what became of each.
 * @returns whether some were refused because somebody else moved them meanwhile
 */
export async function pushAll(
  repo: Repo,
  how: { remote: Remote; ledger: Ledger; outgoing: readonly Outgoing[] },
): Promise<boolean> {
  const { remote, ledger, outgoing } = how
  let isStale = false
  for (let at = 0; at < outgoing.length; at += batch) {
    const some = outgoing.slice(at, at + batch)
    const copies = await listRefs(repo.git, [remote.tracking])
    const answers = new Map((await pushSome(repo, how, some)).map((answer) => [answer.ref, answer]))
    for (const update of some) {
      const entry = ledger.at(update.ref, update)
      const answer = answers.get(update.ref)
      entry.refused = answer?.isDone === true ? null : oneLine(answer?.summary ?? 'the remote did not answer')
      if (answer?.isDone === true && !answer.isSame) {
        const isThere = copies.has(copyOf(remote, update.ref))
        entry.went = update.oid === null ? 'deleted' : isThere ? 'forward' : 'new'
      }
      if (/hidden ref/.test(entry.refused ?? '')) ledger.hints.add(hiddenHint)
      isStale ||= answer?.isStale === true
    }
    const changes = some
      .filter(({ ref }) => answers.get(ref)?.isDone === true)
      .map(({ ref, oid }) => ({ ref: copyOf(remote, ref), old: copies.get(copyOf(remote, ref)) ?? null, new: oid }))
      .filter((change) => change.old !== change.new)
    // The remote's refs as they are now, without asking it again. When somebody moves them meanwhile, the next fetch tells.
    await repo.refs.update(changes, 'amp: sync').catch(() => {})
  }
  return isStale
}

/**
 * Deletes refs in one transaction of the remote, which one by one writes all its packed refs anew for each.
 * @returns null when they are more than deletions, or the remote does not take them as a whole
 */
async function deleteAtOnce(repo: Repo, remote: Remote, updates: readonly Outgoing[]): Promise<PushedRef[] | null> {
  if (updates.length < 2 || updates.some(({ oid }) => oid !== null)) return null
  try {
    const config = await repo.config()
    const { refs } = await pushRefs(remote.git, remote.name, { updates, config, isAtomic: true })
    return refs.length === updates.length && refs.every(({ isDone }) => isDone) ? refs : null
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    // Each for itself will tell why.
    return null
  }
}

/** One ref that cannot be sent makes a push fail whole: the others go in halves, until the bad ones are alone. */
async function pushSome(
  repo: Repo,
  to: { remote: Remote; ledger: Ledger },
  updates: readonly Outgoing[],
): Promise<PushedRef[]> {
  const { remote, ledger } = to
  const deleted = await deleteAtOnce(repo, remote, updates)
  if (deleted !== null) return deleted
  try {
    const { refs, said } = await pushRefs(remote.git, remote.name, { updates, config: await repo.config() })
    for (const line of said) ledger.said.add(line)
    return refs
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    for (const hint of error.hints) ledger.hints.add(hint)
    const summary = oneLine(error.message)
    const isOurs = /missing|bad object|unable to read|pack-objects|does not match any|remote unpack failed/i.test(
      error.stderr,
    )
    if (updates.length === 1 || !isOurs)
      return updates.map(({ ref }) => ({ ref, isDone: false, isSame: false, isStale: false, summary }))
    const half = Math.ceil(updates.length / 2)
    const first = await pushSome(repo, to, updates.slice(0, half))
    return [...first, ...(await pushSome(repo, to, updates.slice(half)))]
  }
}
