import { ObjectInfos } from '../git/object-info.js'
import type { Repo } from '../repo.js'
import { readTip } from '../state/chain.js'
import { type Forgotten, forgottenIn } from '../state/tombstones.js'
import { behindIds, tryCatchUp } from './shared/behind.js'
import { takeArchives } from './sync/archives.js'
import { outgoingBranches } from './sync/branches.js'
import { Consent, type ConsentOptions } from './sync/consent.js'
import { fetchShared } from './sync/fetch.js'
import { dropForgotten } from './sync/forgotten.js'
import { looksOf, type Taking, takeChains } from './sync/incoming.js'
import { type Entry, Ledger } from './sync/ledger.js'
import { isLevel } from './sync/level.js'
import { takeNotes, takeTombstones } from './sync/notes.js'
import { archivedThere, copyOf, type Outgoing, outgoingChains, pushAll } from './sync/outgoing.js'
import { takeSnapshots, takeTranscripts } from './sync/private.js'
import { findRemote, type Remote } from './sync/remote.js'

export interface SyncOptions extends ConsentOptions {
  remote?: string | undefined
  /** Only take in, or only give out; both without either. */
  only?: 'fetch' | 'push' | undefined
  /** What takes a while. */
  onProgress?: ((message: string) => void) | undefined
}

export interface SyncResult {
  remote: string
  url: string
  /** Where the copies of the remote's refs are. */
  tracking: string
  entries: Entry[]
  /** Transcripts that stay here because nobody said that they may leave. */
  withheld: { transcripts: number; snapshots: number }
  /** Refs of archived sessions that the remote gave up, and why it kept others. */
  archived: { gone: number; kept: number; reason: string | null }
  /** Sessions whose branch followed what came. */
  followed: string[]
  isDryRun: boolean
  /** What the remote's hooks printed. */
  said: string[]
  /** What helps where something could not be pushed. */
  hints: string[]
}

/** A push that others overtake is tried again this often, each time with what they pushed. */
const rounds = 5
/** So many refs of archived sessions are taken away at once. */
const manyRefs = 1000

/**
 * Exchanges sessions with another repository: takes copies of what it has, looks them through, joins them with what is here, and pushes the
 * rest. What either side refuses holds up nothing else.
 */
export async function syncSessions(repo: Repo, options: SyncOptions): Promise<SyncResult> {
  const remote = await findRemote(repo, options.remote, options.ask !== null)
  const ledger = new Ledger()
  const isDryRun = options.dryRun === true
  const result = { remote: remote.name, url: remote.url, tracking: remote.tracking, followed: [] as string[], isDryRun }
  let archived: SyncResult['archived'] = { gone: 0, kept: 0, reason: null }
  const consent = new Consent(repo, remote, options)
  for (let round = 1; ; round++) {
    const taken = await takeIn(repo, { remote, ledger, isDryRun, fetches: options.only !== 'push' })
    const { forgotten, wasLevel } = taken
    if (options.only === 'fetch') break
    const chains = { remote, ledger, forgotten: forgotten.sessions }
    const outgoing = [
      ...(wasLevel ? [] : await outgoingChains(repo, chains)),
      ...(await consent.outgoing(forgotten)),
      ...(await outgoingBranches(repo, { remote, ledger })),
    ]
    if (isDryRun) {
      for (const update of outgoing)
        ledger.at(update.ref, update).went = update.oid === null ? 'deleted' : await wouldBe(repo, remote, update)
      if (!wasLevel) archived.gone = (await archivedThere(repo, { remote, isDryRun })).length
      break
    }
    const isStale = await pushAll(repo, { remote, ledger, outgoing })
    if (!isStale && !wasLevel) archived = await dropArchived(repo, remote, options.onProgress)
    if (!isStale || round >= rounds || options.only === 'push') break
    await repo.host.sleep(100 * round + (repo.host.random(1)[0] ?? 0) * 2)
  }
  if (!isDryRun) result.followed.push(...(await follow(repo, ledger)))
  const entries = ledger.all()
  for (const entry of entries) entry.name ??= await nameOf(repo, entry)
  const told = { said: [...ledger.said], hints: [...ledger.hints] }
  return { ...result, entries, withheld: consent.withheld, archived, ...told }
}

/** Takes the refs of archived sessions away from the remote. One that deletes none is not asked for more of them. */
async function dropArchived(
  repo: Repo,
  remote: Remote,
  onProgress: SyncOptions['onProgress'],
): Promise<SyncResult['archived']> {
  const outgoing = await archivedThere(repo, { remote, isDryRun: false })
  const ledger = new Ledger()
  for (let at = 0; at < outgoing.length; at += manyRefs) {
    // Git compares each with all refs of the remote.
    if (outgoing.length > manyRefs)
      onProgress?.(`Taking refs of archived sessions away from the remote: ${at} of ${outgoing.length}`)
    await pushAll(repo, { remote, ledger, outgoing: outgoing.slice(at, at + manyRefs) })
    if (ledger.all().every(({ refused }) => refused !== null)) break
  }
  const gone = ledger.all().filter(({ went }) => went === 'deleted').length
  const reason = ledger.all().find(({ refused }) => refused !== null)?.refused ?? null
  return { gone, kept: outgoing.length - gone, reason }
}

async function nameOf(repo: Repo, { kind, id }: Entry): Promise<string | null> {
  if (!['session', 'transcript', 'snapshot'].includes(kind)) return null
  return (await readTip(repo, id).catch(() => null))?.snapshot.slug ?? null
}

const wouldBe = async (repo: Repo, remote: Remote, { ref }: Outgoing): Promise<'new' | 'forward'> =>
  (await repo.refs.read(copyOf(remote, ref))) === null ? 'new' : 'forward'

/** What a sync knows when it has taken in what came. */
interface Taken {
  /** Here or elsewhere. */
  forgotten: Forgotten
  /** Both sides had the same already. */
  wasLevel: boolean
}

/** Fetches and joins. */
async function takeIn(
  repo: Repo,
  how: { remote: Remote; ledger: Ledger; isDryRun: boolean; fetches: boolean },
): Promise<Taken> {
  const { remote, ledger } = how
  const infos = new ObjectInfos(repo.git)
  try {
    const looks = await looksOf(repo, infos)
    const unfetched = how.fetches ? await fetchShared(repo, remote) : []
    for (const { ref, reason } of unfetched) {
      const kind = ref.startsWith('refs/amp/sessions/') ? 'session' : 'other'
      ledger.at(ref, { kind, id: ref.split('/').at(-1) ?? ref }).quarantined = reason
    }
    const stones = await takeTombstones({ repo, remote, ledger, looks, isDryRun: how.isDryRun })
    const forgotten = forgottenIn(stones)
    const taking: Taking = { repo, remote, ledger, looks, forgotten: forgotten.sessions, isDryRun: how.isDryRun }
    if (!how.fetches) return { forgotten, wasLevel: false }
    const wasLevel = unfetched.length === 0 && (await isLevel(repo, remote, forgotten.sessions))
    if (!wasLevel) {
      await takeArchives(taking)
      await takeChains(taking)
    }
    await dropForgotten(taking, stones)
    await takeTranscripts(taking, forgotten.transcripts)
    await takeSnapshots(taking)
    if (!wasLevel) await takeNotes(taking)
    return { forgotten, wasLevel }
  } finally {
    infos.close()
  }
}

/** Branches of sessions that went on elsewhere follow, unless something of the user's is in the way. */
async function follow(repo: Repo, ledger: Ledger): Promise<string[]> {
  const followed: string[] = []
  for (const id of await behindIds(repo)) {
    const tip = await readTip(repo, id).catch(() => null)
    if (tip === null) continue
    const { moved, problem } = await tryCatchUp(repo, tip)
    if (moved) followed.push(id)
    if (problem !== null) ledger.at(tip.ref, { kind: 'session', id, name: tip.snapshot.slug }).remarks.push(problem)
  }
  return followed
}
