import { listRefs } from '../../git/ref-list.js'
import {
  type Archived,
  entriesOf,
  joinArchives,
  lastTip,
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
import { groupBy, present } from '../../util/collections.js'
import { plural } from '../../util/time.js'
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
      const { came, entries, refused } = await takeOne(taking, { month, theirs })
      for (const { id } of entries) fresh.add(id)
      if (came !== null) addCame(entry, came, 0)
      entry.sessions += new Set(entries.map(({ id }) => id)).size
      entry.quarantined = refused
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      entry.quarantined = error.message
    }
  }
  const hasSome = fresh.size > 0 || [...refs.keys()].some((ref) => ref.startsWith(`${archivesPrefix}/`))
  if (hasSome && !taking.isDryRun) await settleArchives(repo, fresh)
}

type Came = 'new' | 'forward' | 'joined'

interface Taken {
  came: Came | null
  /** What came that was not here. */
  entries: Archived[]
  /** Why some of its sessions were not taken. */
  refused: string | null
}

async function takeOne(taking: Taking, { month, theirs }: { month: string; theirs: Oid }): Promise<Taken> {
  const { repo, forgotten, isDryRun, looks } = taking
  const { objects } = repo
  const ref = archiveRef(month)
  for (;;) {
    const ours = await repo.refs.read(ref)
    const known = ours === null ? null : await walkArchive(objects, ours)
    if (known?.has(theirs) === true) return { came: null, entries: [], refused: null }
    const isKnown = (oid: Oid) => known?.has(oid) === true
    const commits = await walkArchive(objects, theirs, { isKnown, look: looks.look })
    if ([...commits.values()].some((commit) => commit.month !== month)) throw new Refused('it is that of another month')
    const all = entriesOf(commits).filter(({ id }) => !forgotten.has(id))
    const bad = await refusedOf(taking, all)
    const refused = wordsFor(bad)
    const entries = all.filter(({ id }) => !bad.has(id))
    if (bad.size > 0 && entries.length === 0) return { came: null, entries, refused }
    const without = new Set([...forgotten, ...bad.keys()])
    const sound = await withoutArchived(objects, { month, tip: theirs, forgotten: without })
    const next = await joinArchives(objects, { month, ours, theirs: sound })
    if (next === ours) return { came: null, entries: [], refused }
    try {
      if (!isDryRun) await repo.refs.update([{ ref, old: ours, new: next }], 'amp: sync')
      return { came: ours === null ? 'new' : next === theirs ? 'forward' : 'joined', entries, refused }
    } catch (error) {
      if (!(error instanceof RefMoved)) throw error
    }
  }
}

/** Sessions of which a chain is refused, and why: they hold up no others. */
async function refusedOf(taking: Taking, entries: readonly Archived[]): Promise<Map<string, string>> {
  const { repo } = taking
  const [live, archived] = await Promise.all([listRefs(repo.git, [sessionsPrefix]), readArchives(repo)])
  const groups = [...groupBy(entries, ({ id }) => id)]
  const refused = new Map<string, string>()
  for (let at = 0; at < groups.length; at += width) {
    const some = groups.slice(at, at + width).map(async ([id, of]) => {
      const own = { live: live.get(sessionRef(id)) ?? null, tips: archived.get(id) ?? [] }
      const tips = of.map(({ tip }) => tip)
      const reason = await lookThrough(taking, { id, tips }, own)
      if (reason !== null) refused.set(id, reason)
    })
    await Promise.all(some)
  }
  return refused
}

function wordsFor(refused: ReadonlyMap<string, string>): string | null {
  const [[id, reason] = [], ...others] = [...refused].sort()
  if (id === undefined) return null
  return `of session ${id}, ${reason}${others.length === 0 ? '' : `; and ${plural(others.length, 'other session')}`}`
}

/** What is here of a session. */
interface Own {
  live: Oid | null
  tips: readonly Oid[]
}

/** @returns what is wrong with the chain; null when nothing is. Several tips have to be of one history. */
async function lookThrough(
  taking: Taking,
  { id, tips: theirs }: { id: string; tips: readonly Oid[] },
  { live, tips }: Own,
): Promise<string | null> {
  const { objects } = taking.repo
  const all = present([live, ...tips])
  const fresh = theirs.filter((tip) => !all.includes(tip))
  if (fresh.length === 0) return null
  try {
    const own = await Promise.all(all.map((oid) => walkChain(objects, oid, { ref: `session ${id}` })))
    const known = new Map(own.flatMap((commits) => [...commits]))
    for (const tip of fresh) {
      if (known.has(tip)) continue
      const ours = known.size === 0 ? null : known
      for (const state of await validateChain(objects, { kind: 'session', id, tip, ours }, taking.looks))
        known.set(state.oid, state)
    }
  } catch (error) {
    if (error instanceof Refused) return error.message
    if (error instanceof BrokenState) return 'the one here is broken; "git amp doctor" tells more'
    throw error
  }
  if (all.length > 0 && !taking.isDryRun) await follow(taking, { id, own: all, fresh })
  return null
}

/** The branch here is to follow. */
async function follow(
  { repo }: Taking,
  { id, own, fresh }: { id: string; own: readonly Oid[]; fresh: readonly Oid[] },
): Promise<void> {
  const { objects } = repo
  const before = await archivedTip(objects, { id, oid: await lastTip(objects, { id, tips: own }) })
  const after = await archivedTip(objects, { id, oid: await lastTip(objects, { id, tips: [...own, ...fresh] }) })
  await rememberBehind(repo, before, after.snapshot)
}
