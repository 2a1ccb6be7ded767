import { listRefs } from '../../git/ref-list.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readTip } from '../../state/chain.js'
import { joinTranscripts, rootsOf, validateTranscripts } from '../../state/merge-transcripts.js'
import { isId, snapshotRef, snapshotsPrefix, transcriptRef, transcriptsPrefix } from '../../state/names.js'
import { type Oid, RefMoved } from '../../state/storage.js'
import { Refused } from '../../state/validate.js'
import type { Taking } from './incoming.js'
import { addCame } from './ledger.js'

/** Takes in transcripts that a clone has published by its user's will: joined by iteration, so that none is lost. */
export async function takeTranscripts(taking: Taking, purged: ReadonlySet<Oid>): Promise<void> {
  const { repo, remote, ledger } = taking
  const prefix = `${remote.tracking}/transcripts`
  const refs = await listRefs(repo.git, [prefix, transcriptsPrefix])
  for (const [copy, theirs] of refs) {
    if (!copy.startsWith(`${prefix}/`)) continue
    const id = copy.slice(prefix.length + 1)
    if (refs.get(transcriptRef(id)) === theirs || taking.forgotten.has(id)) continue
    const entry = ledger.at(transcriptRef(id), { kind: 'transcript', id })
    try {
      await validateTranscripts(repo, { id, tip: theirs }, taking.looks)
      if (await isPurged(repo, theirs, purged)) continue
      if ((await readTip(repo, id)) === null) continue
      const came = await joinOne(taking, id, theirs)
      if (came !== null) addCame(entry, came, 0)
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      entry.quarantined = error.message
    }
  }
}

/** Whether a history of transcripts was forgotten. */
export const isPurged = async (repo: Repo, tip: Oid, purged: ReadonlySet<Oid>): Promise<boolean> =>
  purged.size > 0 && (await rootsOf(repo, tip)).some((root) => purged.has(root))

async function joinOne(taking: Taking, id: string, theirs: Oid): Promise<'new' | 'forward' | 'joined' | null> {
  const { repo } = taking
  for (;;) {
    const ours = await repo.refs.read(transcriptRef(id))
    const isBelow = async (a: Oid, b: Oid) => (await historyOf(repo, b)).has(a)
    if (ours !== null && (await isBelow(theirs, ours))) return null
    const isForward = ours === null || (await isBelow(ours, theirs))
    const next = isForward ? theirs : await joinTranscripts(repo, id, [ours, theirs])
    try {
      if (!taking.isDryRun) await repo.refs.update([{ ref: transcriptRef(id), old: ours, new: next }], 'amp: sync')
      return ours === null ? 'new' : isForward ? 'forward' : 'joined'
    } catch (error) {
      if (!(error instanceof RefMoved)) throw error
    }
  }
}

/** A history of transcripts has no code in it: all of it may be walked. */
async function historyOf(repo: Repo, tip: Oid): Promise<Set<Oid>> {
  const seen = new Set<Oid>()
  const queue = [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.has(oid)) continue
    seen.add(oid)
    queue.push(...((await repo.objects.readCommit(oid))?.parents ?? []))
  }
  return seen
}

/** Takes the uncommitted work of sessions that were paused elsewhere: only the very snapshot that the session names. */
export async function takeSnapshots(taking: Taking): Promise<void> {
  const { repo, remote, ledger } = taking
  const prefix = `${remote.tracking}/snapshots`
  const refs = await listRefs(repo.git, [prefix, snapshotsPrefix])
  for (const [copy, theirs] of refs) {
    if (!copy.startsWith(`${prefix}/`)) continue
    const id = copy.slice(prefix.length + 1)
    const ref = snapshotRef(id)
    if (refs.get(ref) === theirs) continue
    const tip = isId(id) ? await readTip(repo, id).catch(() => null) : null
    if (tip === null || tip.snapshot.paused?.snapshot !== theirs) continue
    const old = refs.get(ref) ?? null
    if (!taking.isDryRun) await repo.refs.update([{ ref, old, new: theirs }], 'amp: sync')
    addCame(ledger.at(ref, { kind: 'snapshot', id, name: tip.snapshot.slug }), old === null ? 'new' : 'forward', 0)
  }
}

/** Paused sessions whose uncommitted work the remote does not have. */
export async function unsharedSnapshots(
  repo: Repo,
  tracking: string,
): Promise<{ id: string; oid: Oid; tip: ChainTip; untracked: string[] }[]> {
  const refs = await listRefs(repo.git, [`${tracking}/snapshots`, snapshotsPrefix])
  const found: { id: string; oid: Oid; tip: ChainTip; untracked: string[] }[] = []
  for (const [ref, oid] of refs) {
    if (!ref.startsWith(`${snapshotsPrefix}/`)) continue
    const id = ref.slice(snapshotsPrefix.length + 1)
    if (refs.get(`${tracking}/snapshots/${id}`) === oid) continue
    const tip = await readTip(repo, id).catch(() => null)
    if (tip?.snapshot.paused?.snapshot !== oid) continue
    const third = (await repo.objects.readCommit(oid))?.parents[2]
    const untracked =
      third === undefined ? [] : await repo.git.items(['ls-tree', '-r', '-z', '--name-only', '--full-tree', third])
    found.push({ id, oid, tip, untracked })
  }
  return found
}
