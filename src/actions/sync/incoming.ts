import type { ObjectInfos } from '../../git/object-info.js'
import { listRefs } from '../../git/ref-list.js'
import type { Repo } from '../../repo.js'
import { lastTip, readArchives } from '../../state/archive.js'
import { type ChainTip, readEvents } from '../../state/chain.js'
import { BrokenState, snapshotOf } from '../../state/codec.js'
import { fold, foldVersion, type Snapshot } from '../../state/fold.js'
import { batchesPrefix, isId, sessionsPrefix } from '../../state/names.js'
import { type Settlement, settleChain } from '../../state/settle.js'
import { type Oid, RefLocked, RefMoved } from '../../state/storage.js'
import { type Looks, Refused } from '../../state/validate.js'
import { rememberBehind } from '../shared/behind.js'
import { addCame, type Entry, type Ledger } from './ledger.js'
import type { Remote } from './remote.js'

/** So many chains are looked through side by side, and so many refs move in one transaction. */
const width = 250
const batch = 500
/** A chain that somebody else moves meanwhile is settled again this often. */
const tries = 20

/** What a sync knows while it takes in what came. */
export interface Taking {
  repo: Repo
  remote: Remote
  ledger: Ledger
  looks: Looks
  /** Sessions that were forgotten: nothing of them comes back. */
  forgotten: ReadonlySet<string>
  isDryRun: boolean
}

/** Looks at objects before they are read; blobs are left alone in a partial clone, where looking would fetch them. */
export async function looksOf(repo: Repo, infos: ObjectInfos): Promise<Looks> {
  const config = await repo.config()
  const keys = config
    .keysBelow('remote')
    .filter((key) => key.endsWith('.promisor') || key.endsWith('.partialclonefilter'))
  const isPartial = keys.length > 0 || config.get('extensions.partialClone') !== null
  return { look: (oid) => infos.look(oid), hasBlobs: !isPartial }
}

interface Found {
  kind: 'session' | 'batch'
  id: string
  /** The ref here. */
  ref: string
  theirs: Oid
  /** Where the ref here stood when all were listed: to ask for one that is absent costs a process. */
  ours: Oid | null
  /** Tips that archives have of it. */
  archived: readonly Oid[]
  entry: Entry
}

/**
 * Takes in the chains of which copies were fetched: each is looked through, and joined with the one that is here. One that is refused holds up no
 * others.
 */
export async function takeChains(taking: Taking): Promise<void> {
  const { repo, remote } = taking
  const kinds = [
    ['session', sessionsPrefix, `${remote.tracking}/sessions`],
    ['batch', batchesPrefix, `${remote.tracking}/batches`],
  ] as const
  const all = await listRefs(
    repo.git,
    kinds.flatMap(([, ours, theirs]) => [ours, theirs]),
  )
  const archived = await readArchives(repo)
  const found: Found[] = []
  for (const [kind, ours, theirs] of kinds) {
    for (const [copy, oid] of all) {
      if (!copy.startsWith(`${theirs}/`)) continue
      const id = copy.slice(theirs.length + 1)
      const ref = `${ours}/${id}`
      if (all.get(ref) === oid || (kind === 'session' && taking.forgotten.has(id))) continue
      const tips = kind === 'session' ? (archived.get(id) ?? []) : []
      if (tips.includes(oid)) continue
      const entry = taking.ledger.at(ref, { kind, id })
      if (isId(id)) found.push({ kind, id, ref, theirs: oid, ours: all.get(ref) ?? null, archived: tips, entry })
      else entry.quarantined = 'its name is no id'
    }
  }
  for (let at = 0; at < found.length; at += batch) await takeSome(taking, found.slice(at, at + batch))
}

interface Ready {
  found: Found
  settled: Settlement
  after: ChainTip | null
  ours: Oid | null
}

async function takeSome(taking: Taking, found: readonly Found[]): Promise<void> {
  const { repo } = taking
  const ready: Ready[] = []
  for (let at = 0; at < found.length; at += width) {
    const settled = await Promise.all(found.slice(at, at + width).map((one) => settle(taking, one)))
    ready.push(...settled.filter((one) => one !== null))
  }
  const changes = ready.map(({ found: { ref }, settled, ours }) => ({ ref, old: ours, new: settled.oid }))
  if (!taking.isDryRun) {
    try {
      await repo.refs.update(changes, 'amp: sync')
    } catch (error) {
      // One of them moved or is locked: each on its own, settled anew.
      if (!(error instanceof RefMoved || error instanceof RefLocked)) throw error
      let patience = tries
      // A lock that stays is most likely one of many that one killed git left.
      for (const one of found) patience = (await takeOne(taking, one, patience)) ? patience : 2
      return
    }
  }
  for (const one of ready) note(one)
}

/** @returns false when its ref stays locked */
async function takeOne(taking: Taking, found: Found, patience: number): Promise<boolean> {
  const { repo } = taking
  for (let count = 1; ; count++) {
    const ready = await settle(taking, { ...found, ours: await repo.refs.read(found.ref) })
    if (ready === null) return true
    try {
      await repo.refs.update([{ ref: found.ref, old: ready.ours, new: ready.settled.oid }], 'amp: sync')
      note(ready)
      return true
    } catch (error) {
      if (!(error instanceof RefMoved || error instanceof RefLocked)) throw error
      if (count >= patience) {
        found.entry.quarantined = busyWords(error)
        return !(error instanceof RefLocked)
      }
      await repo.host.sleep(((repo.host.random(1)[0] ?? 0) / 256) * 50 * count)
    }
  }
}

/** Why a ref here could not be moved. */
function busyWords(error: RefMoved | RefLocked): string {
  const lock = /Unable to create '(.+\.lock)'/.exec(error.message)?.[1]
  if (!(error instanceof RefLocked)) return 'it is being written here; run the command again'
  return `its ref is locked here${lock === undefined ? '' : ` by ${lock}`}; when no git command runs, "git amp doctor --fix" moves the lock aside`
}

/** Says what came. */
function note({ found, settled, after }: Ready): void {
  const { entry, id } = found
  const came = { new: 'new', diverged: 'joined', behind: 'forward', ahead: 'forward', same: 'forward' } as const
  addCame(entry, came[settled.relation], settled.came)
  const remark = `it has diverged: "git amp show ${id.slice(0, 4)}" shows its heads`
  if ((after?.snapshot.heads.length ?? 0) > 1 && !entry.remarks.includes(remark)) entry.remarks.push(remark)
}

/** Where one chain is to stand; null when it stays where it is. */
async function settle(taking: Taking, found: Found): Promise<Ready | null> {
  const { repo, looks } = taking
  const { kind, id, theirs, ours, archived, entry } = found
  try {
    const tip = ours ?? (archived.length === 0 ? null : await lastTip(repo.objects, { id, tips: archived }))
    const settled = await settleChain(repo, { kind, id, ours: tip, theirs }, looks)
    entry.quarantined = null
    const after = kind === 'session' ? (tipOf(found, settled) ?? (await tipAt(repo, found, settled.oid))) : null
    entry.name = after?.snapshot.slug ?? entry.name
    if (settled.oid === tip) return null
    // The branch of an archived session may be here as well.
    const before = kind === 'session' && tip !== null ? await tipAt(repo, found, tip) : null
    if (before !== null && after !== null && !taking.isDryRun) await rememberBehind(repo, before, after.snapshot)
    return { found, settled, after, ours }
  } catch (error) {
    if (error instanceof Refused) entry.quarantined = error.message
    else if (error instanceof BrokenState) {
      entry.quarantined = 'the chain here is broken; "git amp doctor" tells more'
    } else throw error
    return null
  }
}

/** The tip as it was just looked through; null when what it says has to be folded anew, or stands elsewhere. */
function tipOf({ id, ref }: Found, { oid, tip }: Settlement): ChainTip | null {
  const snapshot = (tip?.snapshot ?? null) as Snapshot | null
  return snapshot === null || snapshot.fold < foldVersion ? null : { ref, id, oid, snapshot }
}

async function tipAt(repo: Repo, { id, ref }: Found, oid: Oid): Promise<ChainTip> {
  const message = (await repo.objects.readCommit(oid))?.message ?? ''
  const snapshot: Snapshot = snapshotOf(oid, message) ?? fold(await readEvents(repo.objects, oid, ref))
  return { ref, id, oid, snapshot }
}
