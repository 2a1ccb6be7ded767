import type { Repo } from '../../repo.js'
import { type Archived, entriesOf, lastTip, walkArchive } from '../../state/archive.js'
import { archivedTip, type ChainTip } from '../../state/chain.js'
import { archivesPrefix, sessionRef } from '../../state/names.js'
import type { Oid } from '../../state/storage.js'
import { type Looks, Refused, validateChain } from '../../state/validate.js'
import { type Finding, fixable, problem } from './finding.js'

/** So many chains are looked through side by side. */
const width = 32

/** Reads every archive with the chains in it, as one from elsewhere would be. A broken one may be whole in the copy of a remote. */
export async function checkArchives(
  repo: Repo,
  { looks, refs }: { looks: Looks; refs: ReadonlyMap<string, Oid> },
): Promise<{ sound: ChainTip[]; findings: Finding[] }> {
  const findings: Finding[] = []
  const tips = new Map<string, Oid[]>()
  for (const [ref, oid] of refs) {
    if (!ref.startsWith(`${archivesPrefix}/`)) continue
    const seen = await look(repo, oid, looks)
    if (typeof seen === 'string') findings.push(await brokenArchive(repo, { ref, oid, reason: seen, looks, refs }))
    else for (const { id, tip } of seen) tips.set(id, [...(tips.get(id) ?? []), tip])
  }
  const sound: ChainTip[] = []
  for (const [id, all] of tips) {
    if (refs.has(sessionRef(id))) continue
    sound.push(await archivedTip(repo.objects, { id, oid: await lastTip(repo.objects, { id, tips: all }) }))
  }
  return { sound, findings }
}

/** What an archive holds, or what is wrong with it. */
async function look(repo: Repo, oid: Oid, looks: Looks): Promise<Archived[] | string> {
  try {
    const entries = entriesOf(await walkArchive(repo.objects, oid))
    const check = async ({ id, tip }: Archived) => {
      try {
        await validateChain(repo.objects, { kind: 'session', id, tip, ours: null }, looks)
      } catch (error) {
        throw error instanceof Refused ? new Refused(`of session ${id}, ${error.message}`) : error
      }
    }
    for (let at = 0; at < entries.length; at += width) await Promise.all(entries.slice(at, at + width).map(check))
    return entries
  } catch (error) {
    if (error instanceof Refused) return error.message
    throw error
  }
}

async function brokenArchive(
  repo: Repo,
  broken: { ref: string; oid: Oid; reason: string; looks: Looks; refs: ReadonlyMap<string, Oid> },
): Promise<Finding> {
  const { ref, oid, reason, looks, refs } = broken
  const month = ref.slice(archivesPrefix.length + 1)
  const message = `the archive of ${month} is broken: ${reason}`
  for (const [copy, theirs] of refs) {
    if (!copy.startsWith('refs/amp-local/remotes/') || !copy.endsWith(`/archive/${month}`) || theirs === oid) continue
    if (typeof (await look(repo, theirs, looks)) === 'string') continue
    const repair = `take the copy of ${copy.split('/').slice(3, -2).join('/')} (${theirs.slice(0, 12)}) in the place of ${oid}`
    return fixable('chains', message, {
      repair,
      fix: () => repo.refs.update([{ ref, old: oid, new: theirs }], 'amp: doctor takes the copy of a remote'),
    })
  }
  return problem(
    'chains',
    message,
    `Fetch its objects from a clone that has them: git fetch <clone> ${ref}`,
    `Or give it up: git update-ref -d ${ref}`,
  )
}
