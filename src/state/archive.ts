import type { Stores } from './chain.js'
import { BrokenState } from './codec.js'
import { joinTips } from './merge.js'
import { archiveRef, archivesPrefix, isId, isMonth, isOid } from './names.js'
import type { CommitObject, ObjectStore, Oid, RefChange, Stamp } from './storage.js'
import { type Look, Refused, readStrange } from './validate.js'
import { lamportOf, walkChain } from './walk.js'

/**
 * Sessions that are over leave their refs: every ref costs each push of everybody a line. A commit on `refs/amp/archive/<yyyy-mm>` has the tips of
 * their chains as parents, and names them. Archives only grow, and are joined as sets; a session whose chain goes on has a ref again.
 */

/** The chain of a session, as it was archived. */
export interface Archived {
  id: string
  tip: Oid
}

/** A commit of an archive. */
interface ArchiveCommit {
  month: string
  before: readonly Oid[]
  entries: readonly Archived[]
}

/** Of so many sessions one commit tells: it stays far below what a reader takes. */
const maxEntries = 1000
/** What comes from elsewhere and is larger is refused. */
const maxCommits = 100_000
const maxBytes = 256 * 1024
const maxBefore = 2

/** What was read once stays as it is. */
const known = new WeakMap<ObjectStore, Map<Oid, ArchiveCommit>>()

/**
 * The commits of an archive, from its tip on down to those that `isKnown` stops at.
 * @param how.look type and size of what comes from elsewhere, before it is read
 * @param how.onRefused takes what cannot be read; the walk goes on with the rest
 * @throws Refused when one is none of ours, or cannot be read
 */
export async function walkArchive(
  objects: ObjectStore,
  tip: Oid,
  how: { isKnown?: (oid: Oid) => boolean; look?: Look | null; onRefused?: (error: Refused) => void } = {},
): Promise<Map<Oid, ArchiveCommit>> {
  const read = known.get(objects) ?? new Map<Oid, ArchiveCommit>()
  known.set(objects, read)
  const found = new Map<Oid, ArchiveCommit>()
  const queue = [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (found.has(oid) || how.isKnown?.(oid) === true) continue
    const commit = read.get(oid) ?? (await readOne(objects, oid, how))
    if (commit === null) continue
    read.set(oid, commit)
    found.set(oid, commit)
    if (found.size > maxCommits) throw new Refused('its history is too long')
    queue.push(...commit.before)
  }
  return found
}

async function readOne(
  objects: ObjectStore,
  oid: Oid,
  { look = null, onRefused }: { look?: Look | null; onRefused?: (error: Refused) => void },
): Promise<ArchiveCommit | null> {
  try {
    return decode(oid, await readStrange(objects, oid, look))
  } catch (error) {
    if (!(error instanceof Refused) || onRefused === undefined) throw error
    onRefused(error)
    return null
  }
}

function decode(oid: Oid, { message, parents }: CommitObject): ArchiveCommit {
  const month = /^Amp-Entity: archive (.*)$/m.exec(message)?.[1] ?? ''
  const isOurs = /^Amp-Format: 1$/m.test(message) && isMonth(month)
  const count = Number(/^Amp-State-Parents: (\d+)$/m.exec(message)?.[1] ?? Number.NaN)
  if (message.length > maxBytes || !isOurs || !(count <= Math.min(maxBefore, parents.length)))
    throw new Refused(`its commit ${oid} is no archive of git-amp`)
  const entries = [...message.matchAll(/^Amp-Archived: (.*)$/gm)].map((match) => {
    const [id, tip] = (match[1] ?? '').split(' ')
    if (!isId(id) || !isOid(tip)) throw new Refused(`its commit ${oid} names a malformed session`)
    return { id, tip }
  })
  // Only a parent is sure to have come along, and to stay.
  const tips = parents.slice(count)
  if (tips.join() !== [...new Set(entries.map(({ tip }) => tip))].join())
    throw new Refused(`its commit ${oid} does not hold what it names`)
  return { month, before: parents.slice(0, count), entries }
}

/** What an archive holds, each session at each tip it was archived at. */
export const entriesOf = (commits: ReadonlyMap<Oid, ArchiveCommit>): Archived[] =>
  [...commits.values()].flatMap(({ entries }) => entries)

/** Every archived session with the tips it was archived at; archives that cannot be read are named in `broken`. */
export async function readArchives(
  stores: Stores,
  broken: { ref: string; reason: string }[] = [],
): Promise<Map<string, Oid[]>> {
  const found = new Map<string, Oid[]>()
  for await (const { ref, oid } of stores.refs.tips(archivesPrefix)) {
    try {
      for (const { id, tip } of entriesOf(await walkArchive(stores.objects, oid))) {
        const tips = found.get(id)
        if (tips === undefined) found.set(id, [tip])
        else if (!tips.includes(tip)) tips.push(tip)
      }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      broken.push({ ref, reason: error.message })
    }
  }
  return found
}

/**
 * The last tip of a chain among those it was archived at: the one that holds the others.
 * @throws BrokenState when a chain cannot be read
 */
export async function lastTip(objects: ObjectStore, { id, tips }: { id: string; tips: readonly Oid[] }): Promise<Oid> {
  const [first, ...others] = tips
  if (first !== undefined && others.length === 0) return first
  const [last] = await tops(objects, id, tips)
  // Several that no other one holds came by plain git, and the next sync or gc joins them.
  if (last === undefined) throw new BrokenState(`session ${id} is archived without a tip`)
  return last
}

/** Tips that no other one holds, the latest first. */
async function tops(objects: ObjectStore, id: string, tips: readonly Oid[]): Promise<Oid[]> {
  const chains = await Promise.all(
    [...new Set(tips)].map(async (tip) => ({ tip, commits: await walkChain(objects, tip, { ref: wordsFor(id) }) })),
  )
  const top = chains.filter(({ tip }) => !chains.some((other) => other.tip !== tip && other.commits.has(tip)))
  const clock = ({ commits }: (typeof chains)[number]) => Math.max(...[...commits.values()].map(lamportOf))
  return top.sort((a, b) => clock(b) - clock(a) || (a.tip < b.tip ? -1 : 1)).map(({ tip }) => tip)
}

const wordsFor = (id: string): string => `the archived session ${id}`

/**
 * Where the ref of an archived session is to stand: nowhere while the archives have all of its chain, else on what joins all that is known of it.
 * @param session.live where the ref stands
 * @param session.tips what the archives have
 * @throws BrokenState when a chain cannot be read
 */
export async function settleArchived(
  stores: Stores,
  session: { id: string; live: Oid | null; tips: readonly Oid[] },
): Promise<Oid | null> {
  const { id, live, tips } = session
  if (tips.length === 1 && (live === null || live === tips[0])) return null
  const [first = '', ...others] = (await tops(stores.objects, id, live === null ? tips : [live, ...tips])).sort()
  if (others.length === 0) return tips.includes(first) ? null : first
  let joined = first
  for (const tip of others)
    joined = (await joinTips(stores, { kind: 'session', id, ref: wordsFor(id), tips: [joined, tip] })).oid
  return joined
}

/**
 * Writes the commits that put sessions into the archive of a month.
 * @param what.on what they are to stand on in the place of what is there; null is a new beginning
 * @returns the change of its ref
 */
export async function prepareArchive(
  stores: Stores,
  author: Stamp,
  what: { month: string; sessions: readonly Archived[]; on?: Oid | null },
): Promise<RefChange> {
  const ref = archiveRef(what.month)
  const old = await stores.refs.read(ref)
  const tip = (what.on === undefined ? old : what.on) ?? (await writeRoot(stores.objects, what.month))
  return { ref, old, new: await writeEntries(stores.objects, author, { ...what, tip }) }
}

async function writeEntries(
  objects: ObjectStore,
  author: Stamp,
  { month, sessions, tip }: { month: string; sessions: readonly Archived[]; tip: Oid },
): Promise<Oid> {
  const sorted = [...sessions].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : a.tip < b.tip ? -1 : 1))
  let last = tip
  for (let at = 0; at < sorted.length; at += maxEntries) {
    const entries = sorted.slice(at, at + maxEntries)
    last = await write(objects, author, { month, before: [last], entries })
  }
  return last
}

/** The same in every clone: archives of one month have one beginning, and `--first-parent` stays in them. */
const writeRoot = (objects: ObjectStore, month: string): Promise<Oid> =>
  write(objects, stampOf(month), { month, before: [], entries: [] })

/** What whoever makes the same commit writes into it: nobody, at the beginning of the month. */
const stampOf = (month: string): Stamp => ({
  name: 'git-amp',
  email: 'git-amp',
  seconds: Date.parse(`${month}-01T00:00:00Z`) / 1000,
  offset: 0,
})

async function write(
  objects: ObjectStore,
  author: Stamp,
  { month, before, entries }: ArchiveCommit & { month: string },
): Promise<Oid> {
  const count = entries.length === 1 ? '1 session' : `${entries.length} sessions`
  const subject =
    before.length === 0
      ? `amp: archive of ${month}`
      : before.length > 1
        ? 'amp: two archives joined'
        : `amp: ${count} archived`
  const lines = [
    'Amp-Format: 1',
    `Amp-Entity: archive ${month}`,
    `Amp-State-Parents: ${before.length}`,
    ...entries.map(({ id, tip }) => `Amp-Archived: ${id} ${tip}`),
  ]
  return objects.writeCommit({
    tree: await objects.writeTree([]),
    parents: [...before, ...new Set(entries.map(({ tip }) => tip))],
    author,
    committer: author,
    message: `${subject}\n\n${lines.join('\n')}\n`,
  })
}

/** What becomes of two tips of one archive: one of them, or the commit that joins them, which is the same in every clone. @throws Refused */
export async function joinArchives(
  objects: ObjectStore,
  { month, ours, theirs }: { month: string; ours: Oid | null; theirs: Oid },
): Promise<Oid> {
  if (ours === null || (await walkArchive(objects, theirs)).has(ours)) return theirs
  if ((await walkArchive(objects, ours)).has(theirs)) return ours
  return write(objects, stampOf(month), { month, before: [ours, theirs].sort(), entries: [] })
}

/**
 * An archive without sessions that were forgotten: written anew, the same in every clone, when it has some of them.
 * @returns its tip; the one given when it has none of them
 */
export async function withoutArchived(
  objects: ObjectStore,
  { month, tip, forgotten }: { month: string; tip: Oid; forgotten: ReadonlySet<string> },
): Promise<Oid> {
  const entries = entriesOf(await walkArchive(objects, tip))
  const left = entries.filter(({ id }) => !forgotten.has(id))
  if (left.length === entries.length) return tip
  const unique = new Map(left.map((entry) => [`${entry.id} ${entry.tip}`, entry]))
  return writeEntries(objects, stampOf(month), {
    month,
    sessions: [...unique.values()],
    tip: await writeRoot(objects, month),
  })
}

/** Whether an archive does not stand on another one, and has all of it but for sessions that were forgotten: only then may it take its place. */
export async function isWrittenAnew(
  objects: ObjectStore,
  { before, after, forgotten }: { before: Oid; after: Oid; forgotten: ReadonlySet<string> },
): Promise<boolean> {
  try {
    const commits = await walkArchive(objects, after)
    if (commits.has(before)) return false
    const has = new Set(entriesOf(commits).map(({ id, tip }) => `${id} ${tip}`))
    const all = entriesOf(await walkArchive(objects, before))
    return all.every(({ id, tip }) => forgotten.has(id) || has.has(`${id} ${tip}`))
  } catch (error) {
    if (error instanceof Refused) return false
    throw error
  }
}

/** The month whose archive a session belongs into: that of the last thing that happened in it. */
export function monthOf(updatedAt: string): string {
  const month = updatedAt.slice(0, 7)
  return isMonth(month) ? month : '1970-01'
}
