import type { Stores } from './chain.js'
import { isId } from './names.js'
import type { CommitObject, Oid, TreeEntry } from './storage.js'
import { type Look, type Looks, Refused } from './validate.js'

/** A chunk has 1 MiB; a reader accepts four times that. */
const maxChunkBytes = 4 * 1024 * 1024
const maxChunks = 20_000
const maxIterations = 20_000

/**
 * Looks through what agents are said to have said in a session: the tip's tree is all that is ever read of it.
 * @throws Refused with what is wrong
 */
export async function validateTranscripts(
  stores: Stores,
  what: { id: string; tip: Oid },
  looks: Looks | null,
): Promise<void> {
  if (!isId(what.id)) throw new Refused('its name is no id')
  const look = looks?.look ?? null
  const chunkLook = looks?.hasBlobs === false ? null : look
  const entries = await iterationsIn(stores, what.tip, { id: what.id, look })
  if (entries.length > maxIterations) throw new Refused('it holds too many iterations')
  for (const entry of entries) {
    if (entry.mode !== '40000' || !isId(entry.name)) throw new Refused('it holds something else than iterations')
    await refuseType(look, entry.oid, 'tree')
    const chunks = await stores.objects.readTree(entry.oid).catch(() => null)
    if (chunks === null || chunks.length > maxChunks) throw new Refused('an iteration of it is missing or too long')
    for (const chunk of chunks) {
      if (chunk.mode !== '100644' || !/^\d{6}\.ndjson$/.test(chunk.name)) throw new Refused('it holds a malformed part')
      await refuseType(chunkLook, chunk.oid, 'blob')
    }
  }
}

async function refuseType(look: Look | null, oid: Oid, type: string): Promise<void> {
  if (look === null) return
  const seen = await look(oid)
  if (seen === null) throw new Refused(`its ${type} ${oid} is missing`)
  if (seen.type !== type || seen.size > maxChunkBytes) throw new Refused(`its ${type} ${oid} is too large, or none`)
}

async function iterationsIn(
  stores: Stores,
  tip: Oid,
  { id, look }: { id: string; look: Look | null },
): Promise<TreeEntry[]> {
  await refuseType(look, tip, 'commit')
  const commit = await stores.objects.readCommit(tip).catch(() => null)
  if (commit === null || !commit.message.split('\n').includes(`Amp-Entity: transcript ${id}`))
    throw new Refused('it is no transcript of this session')
  await refuseType(look, commit.tree, 'tree')
  const entries = await stores.objects.readTree(commit.tree).catch(() => null)
  if (entries === null) throw new Refused('its tree is missing')
  return entries
}

/** The commit that holds the iterations of both; whoever joins the two makes the same one. */
export async function joinTranscripts(stores: Stores, id: string, pair: readonly [Oid, Oid]): Promise<Oid> {
  const { objects } = stores
  const tips = [...pair].sort()
  const byName = new Map<string, TreeEntry>()
  for (const tip of tips) {
    for (const entry of await iterationsIn(stores, tip, { id, look: null })) {
      const known = byName.get(entry.name)
      if (known === undefined || entry.oid < known.oid) byName.set(entry.name, entry)
    }
  }
  const commits = (await Promise.all(tips.map((tip) => objects.readCommit(tip)))) as CommitObject[]
  const later = commits.sort((a, b) => a.committer.seconds - b.committer.seconds).at(-1) as CommitObject
  return objects.writeCommit({
    tree: await objects.writeTree([...byName.values()]),
    parents: tips,
    author: later.author,
    committer: later.committer,
    message: `amp: transcripts joined\n\nAmp-Format: 1\nAmp-Entity: transcript ${id}\n`,
  })
}

/** The first commits of a history of transcripts. */
export async function rootsOf(stores: Stores, tip: Oid): Promise<Oid[]> {
  const roots: Oid[] = []
  const seen = new Set<Oid>()
  const queue = [tip]
  for (let oid = queue.pop(); oid !== undefined; oid = queue.pop()) {
    if (seen.has(oid)) continue
    seen.add(oid)
    const parents = (await stores.objects.readCommit(oid).catch(() => null))?.parents ?? []
    if (parents.length === 0) roots.push(oid)
    queue.push(...parents)
  }
  return roots.sort()
}
