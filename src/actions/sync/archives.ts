import { listRefs } from '../../git/ref-list.js'
import {
  type Archived,
  entriesOf,
  joinArchives,
  readArchives,
  walkArchive,
  withoutArchived,
} from '../../state/archive.js'
import { archivedTip } from '../../state/chain.js'
import { BrokenState } from '../../state/codec.js'
import { archiveRef, archivesPrefix, isMonth, sessionRef, sessionsPrefix } from '../../state/names.js'
import { type Oid, RefMoved } from '../../state/storage.js'
import { Refused, validateChain } from '../../state/validate.js'
import { walkChain } from '../../state/walk.js'
import { present } from '../../util/collections.js'
import { settleArchives } from '../shared/archive.js'
import { rememberBehind } from '../shared/behind.js'
import type { Taking } from './incoming.js'
import { addCame } from './ledger.js'

/** So many chains are looked through side by side. */
const width = 32

/**
 * Takes in the archives: the chains that they bring are looked through as those with a ref are. Sessions that were archived elsewhere lose their ref
 * here, unless they went on here.
 */
export async function takeArchives(taking: Taking): Promise<void> {
  const { repo, remote, ledger } = taking
  const prefix = `${remote.tracking}/archive`
  const refs = await listRefs(repo.git, [prefix, archivesPrefix])
  const fresh = new Set<string>()
  for (const [copy, theirs] of refs) {
    if (!copy.startsWith(`${prefix}/`)) continue
    const month = copy.slice(prefix.length + 1)
    const ref = archiveRef(month)
    if (refs.get(ref) === theirs) continue
    const entry = ledger.at(ref, { kind: 'archive', id: month })
    try {
      if (!isMonth(month)) throw new Refused('its name is no month')
      const { came, entries } = await takeOne(taking, { month, theirs })
      for (const { id } of entries) fresh.add(id)
      if (came !== null) addCame(entry, came, 0)
      entry.sessions += entries.length
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      entry.quarantined = error.message
    }
  }
  const hasSome = fresh.size > 0 || [...refs.keys()].some((ref) => ref.startsWith(`${archivesPrefix}/`))
  if (hasSome && !taking.isDryRun) await settleArchives(repo, fresh)
}

type Came = 'new' | 'forward' | 'joined'

async function takeOne(
  taking: Taking,
  { month, theirs }: { month: string; theirs: Oid },
): Promise<{ came: Came | null; entries: Archived[] }> {
  const { repo, forgotten, isDryRun } = taking
  const { objects } = repo
  const ref = archiveRef(month)
  for (;;) {
    const ours = await repo.refs.read(ref)
    const known = ours === null ? null : await walkArchive(objects, ours)
    if (known?.has(theirs) === true) return { came: null, entries: [] }
    const all = entriesOf(await walkArchive(objects, theirs, (oid) => known?.has(oid) === true))
    const entries = all.filter(({ id }) => !forgotten.has(id))
    const [live, archived] = await Promise.all([listRefs(repo.git, [sessionsPrefix]), readArchives(repo)])
    const ownOf = (id: string): Own => ({ live: live.get(sessionRef(id)) ?? null, tips: archived.get(id) ?? [] })
    for (let at = 0; at < entries.length; at += width)
      await Promise.all(entries.slice(at, at + width).map((one) => lookThrough(taking, one, ownOf(one.id))))
    const sound = await withoutArchived(objects, { month, tip: theirs, forgotten })
    const next = await joinArchives(objects, { month, ours, theirs: sound })
    if (next === ours) return { came: null, entries: [] }
    try {
      if (!isDryRun) await repo.refs.update([{ ref, old: ours, new: next }], 'amp: sync')
      return { came: ours === null ? 'new' : next === theirs ? 'forward' : 'joined', entries }
    } catch (error) {
      if (!(error instanceof RefMoved)) throw error
    }
  }
}

/** What is here of a session. */
interface Own {
  live: Oid | null
  tips: readonly Oid[]
}

/** @throws Refused with what is wrong with the chain of one of them */
async function lookThrough(taking: Taking, { id, tip }: Archived, { live, tips }: Own): Promise<void> {
  const { objects } = taking.repo
  const all = present([live, ...tips])
  if (all.includes(tip)) return
  try {
    const own = await Promise.all(all.map((oid) => walkChain(objects, oid, { ref: `session ${id}` })))
    const ours = own.length === 0 ? null : new Map(own.flatMap((commits) => [...commits]))
    if (ours?.has(tip) !== true) await validateChain(objects, { kind: 'session', id, tip, ours }, taking.looks)
  } catch (error) {
    if (error instanceof Refused) throw new Refused(`of session ${id}, ${error.message}`)
    if (error instanceof BrokenState) throw new Refused(`session ${id} is broken here; "git amp doctor" tells more`)
    throw error
  }
  if (live === null || taking.isDryRun) return
  // The branch here is to follow.
  const [before, after] = await Promise.all([live, tip].map((oid) => archivedTip(objects, { id, oid })))
  if (before !== undefined && after !== undefined) await rememberBehind(taking.repo, before, after.snapshot)
}
