import type { Repo } from '../../repo.js'
import { type Archived, entriesOf, lastTip, prepareArchive, walkArchive } from '../../state/archive.js'
import { archivedTip, type ChainTip } from '../../state/chain.js'
import { archivesPrefix, sessionRef } from '../../state/names.js'
import type { Oid, RefChange } from '../../state/storage.js'
import type { Looks } from '../../state/validate.js'
import { plural } from '../../util/time.js'
import { type Finding, fixable, problem } from './finding.js'
import { reasonAgainst } from './reason.js'

/** So many chains are looked through side by side. */
const width = 32

interface How {
  looks: Looks
  refs: ReadonlyMap<string, Oid>
}

/** Reads every archive with the chains in it, as one from elsewhere would be. A broken one may be whole in the copy of a remote. */
export async function checkArchives(repo: Repo, how: How): Promise<{ sound: ChainTip[]; findings: Finding[] }> {
  const findings: Finding[] = []
  const tips = new Map<string, Oid[]>()
  for (const [ref, oid] of how.refs) {
    if (!ref.startsWith(`${archivesPrefix}/`)) continue
    const seen = await look(repo, oid, how.looks)
    if (seen.reason !== null) findings.push(await brokenArchive(repo, { ref, oid, seen }, how))
    else for (const { id, tip } of seen.sound) tips.set(id, [...(tips.get(id) ?? []), tip])
  }
  const sound: ChainTip[] = []
  for (const [id, all] of tips) {
    if (how.refs.has(sessionRef(id))) continue
    sound.push(await archivedTip(repo.objects, { id, oid: await lastTip(repo.objects, { id, tips: all }) }))
  }
  return { sound, findings }
}

/** What an archive holds. */
interface Seen {
  sound: Archived[]
  /** Sessions whose chains cannot be read. */
  bad: Archived[]
  /** What is wrong first; null when nothing is. */
  reason: string | null
  /** Nobody can say what else it holds. */
  isTorn: boolean
}

async function look(repo: Repo, oid: Oid, looks: Looks): Promise<Seen> {
  const torn: string[] = []
  const commits = await walkArchive(repo.objects, oid, {
    look: looks.look,
    onRefused: ({ message }) => torn.push(message),
  })
  const entries = entriesOf(commits)
  const reasons = new Map<Archived, string>()
  for (let at = 0; at < entries.length; at += width) {
    const check = async (entry: Archived) => {
      const reason = await reasonAgainst(repo, { id: entry.id, oid: entry.tip, looks })
      if (reason !== null) reasons.set(entry, reason)
    }
    await Promise.all(entries.slice(at, at + width).map(check))
  }
  const bad = entries.filter((entry) => reasons.has(entry))
  const [first] = bad
  const ofSession = first === undefined ? null : `of session ${first.id}, ${reasons.get(first)}`
  const sound = entries.filter((entry) => !reasons.has(entry))
  return { sound, bad, reason: torn[0] ?? ofSession, isTorn: torn.length > 0 }
}

interface Broken {
  ref: string
  oid: Oid
  seen: Seen
}

async function brokenArchive(repo: Repo, broken: Broken, how: How): Promise<Finding> {
  const { ref, oid, seen } = broken
  const month = ref.slice(archivesPrefix.length + 1)
  const message = `the archive of ${month} is broken: ${seen.reason}`
  const again = `Fetch its objects again from a clone that has them: git fetch --refetch <clone> ${ref}`
  const copy = await soundCopy(repo, broken, how)
  const isThere = ({ id, tip }: Archived) => copy?.entries.has(`${id} ${tip}`) === true
  const sessions = seen.sound.filter((entry) => !isThere(entry))
  const bad = seen.bad.filter((entry) => !isThere(entry))
  if ((copy === null && seen.isTorn) || (await isGone(bad, how))) {
    const giveUp = seen.sound.length === 0 ? [`Or give it up: git update-ref -d ${ref}`] : []
    return problem('chains', message, again, ...giveUp)
  }
  const fix = async () => {
    const { author } = await repo.writer()
    const change = await prepareArchive(repo, author, { month, sessions, on: copy?.oid ?? null })
    const back = ownRefs(bad, how)
    await repo.refs.update([{ ...change, old: oid }, ...back], 'amp: doctor mends an archive')
  }
  const finding = fixable('chains', message, { repair: repairWords(oid, { copy, sessions, bad }), fix })
  return { ...finding, hints: bad.length === 0 ? [] : [again] }
}

function repairWords(
  oid: Oid,
  { copy, sessions, bad }: { copy: Copy | null; sessions: readonly Archived[]; bad: readonly Archived[] },
): string {
  const words = [
    copy === null ? '' : `take the copy of ${copy.remote} (${copy.oid.slice(0, 12)})`,
    sessions.length === 0 ? '' : `keep ${plural(idsOf(sessions).length, 'session')} that can be read`,
    bad.length === 0 ? '' : `give ${idsOf(bad).join(', ')} a ref of its own again`,
  ]
  return `${words.filter((word) => word !== '').join(', ')}, in the place of ${oid}`
}

const idsOf = (entries: readonly Archived[]): string[] => [...new Set(entries.map(({ id }) => id))]

/** What is broken and nowhere else keeps what is left of it: nothing of it goes because the rest is mended. */
function ownRefs(bad: readonly Archived[], { refs }: How): RefChange[] {
  const changes = new Map<string, RefChange>()
  for (const { id, tip } of bad) {
    const ref = sessionRef(id)
    if (!refs.has(ref)) changes.set(ref, { ref, old: null, new: tip })
  }
  return [...changes.values()]
}

/** Whether no ref can hold what is left of one of them. */
async function isGone(bad: readonly Archived[], { looks }: How): Promise<boolean> {
  const types = await Promise.all(bad.map(async ({ tip }) => (await looks.look(tip))?.type))
  return types.some((type) => type !== 'commit')
}

/** An archive as a remote has it. */
interface Copy {
  remote: string
  oid: Oid
  entries: ReadonlySet<string>
}

async function soundCopy(repo: Repo, { ref, oid }: Broken, { looks, refs }: How): Promise<Copy | null> {
  const month = ref.slice(archivesPrefix.length + 1)
  for (const [copy, theirs] of refs) {
    if (!copy.startsWith('refs/amp-local/remotes/') || !copy.endsWith(`/archive/${month}`) || theirs === oid) continue
    const { sound, reason } = await look(repo, theirs, looks)
    if (reason !== null) continue
    const entries = new Set(sound.map(({ id, tip }) => `${id} ${tip}`))
    return { remote: copy.split('/').slice(3, -2).join('/'), oid: theirs, entries }
  }
  return null
}
