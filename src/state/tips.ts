import { archivedTip, type ChainTip, readTip, type Stores } from './chain.js'
import { isId, sessionRef, sessionsPrefix } from './names.js'

/** From so many on one listing answers sooner than a question for each: git is asked twice for what is not there. */
const many = 16

/** Reads the tips of some sessions, the archived ones too; those that are not here, or cannot be read, are left out. */
export async function readTips(stores: Stores, ids: Iterable<string>): Promise<Map<string, ChainTip>> {
  const found = new Map<string, ChainTip>()
  const wanted = [...new Set(ids)].filter(isId)
  const live = await liveAmong(stores, wanted)
  await Promise.all(
    wanted.map(async (id) => {
      const tip = live.has(id) ? await readTip(stores, id).catch(() => null) : null
      if (tip !== null) found.set(id, tip)
    }),
  )
  const missing = wanted.filter((id) => !live.has(id))
  if (missing.length === 0) return found
  const { lastTip, readArchives } = await import('./archive.js')
  const archived = await readArchives(stores)
  await Promise.all(
    missing.map(async (id) => {
      const tips = archived.get(id)
      if (tips === undefined) return
      try {
        const oid = await lastTip(stores.objects, { id, tips })
        found.set(id, await archivedTip(stores.objects, { id, oid }))
      } catch {
        // What is wrong with it "git amp doctor" tells.
      }
    }),
  )
  return found
}

/** Those that have a ref. */
async function liveAmong(stores: Stores, ids: readonly string[]): Promise<Set<string>> {
  const live = new Set<string>()
  if (ids.length >= many)
    for await (const { ref } of stores.refs.tips(sessionsPrefix)) live.add(ref.slice(sessionsPrefix.length + 1))
  else await Promise.all(ids.map(async (id) => (await stores.refs.read(sessionRef(id))) !== null && live.add(id)))
  return live
}
