import { AmpError, fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import type { BatchSnapshot } from '../../state/batch.js'
import { type Append, appendAs, longText, readEvents, readTipAs, type TipOf } from '../../state/chain.js'
import { snapshotAs } from '../../state/codec.js'
import {
  type AmpEvent,
  addUsage,
  type EventData,
  type ItemStatus,
  type LongText,
  type Usage,
} from '../../state/events.js'
import { inOrder } from '../../state/fold.js'
import { batchKind, foldAs } from '../../state/kinds.js'
import { batchesPrefix, isId } from '../../state/names.js'
import { RefLocked, RefMoved } from '../../state/storage.js'
import { type Whereabouts, whereabouts } from '../shared/lease.js'
import { lockedFor, pause } from '../shared/record.js'
import { decodePlan, type Plan, type PlanItem } from './plan.js'

/** The chain of a batch run. */
export type BatchTip = TipOf<BatchSnapshot>

/** What is known of an item beside the plan: from its latest event, and summed up over all of them. */
export interface ItemView extends PlanItem {
  status: ItemStatus
  /** Its session, from the moment on at which it was to be made. */
  session: string | null
  /** Why it did not succeed, or what else there is to say. */
  reason: string | null
  /** The tries so far. */
  tries: number
  iterations: number
  durationMs: number
  tests: number | null
  isMerged: boolean
  /** The run that the result was taken over from. */
  run: string | null
  changes: { files: number; insertions: number; deletions: number } | null
  usage: Usage
  costUsd: number | null
  startedAt: string | null
  endedAt: string | null
}

/** A run with its plan and items. */
export interface BatchView {
  tip: BatchTip
  plan: Plan
  items: ItemView[]
  events: readonly AmpEvent[]
}

/** What a batch run is doing, seen from this machine. `interrupted`: its process is gone. */
export type BatchState = 'running' | 'interrupted' | 'finished' | 'aborted'

/** Every batch run by one listing, newest first; broken ones are named and do not hide the others. */
export async function allBatches(
  repo: Repo,
): Promise<{ batches: BatchTip[]; broken: { ref: string; reason: string }[] }> {
  const batches: BatchTip[] = []
  const broken: { ref: string; reason: string }[] = []
  for await (const { ref, oid, message } of repo.refs.tips(batchesPrefix)) {
    const id = ref.slice(batchesPrefix.length + 1)
    try {
      if (message === null || !isId(id))
        throw fatal(message === null ? `its commit ${oid} is missing or broken` : 'its name is no id')
      const snapshot =
        snapshotAs(batchKind, oid, message) ?? foldAs(batchKind, await readEvents(repo.objects, oid, ref))
      batches.push({ ref, id, oid, snapshot })
    } catch (error) {
      broken.push({ ref, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  const age = ({ snapshot, id }: BatchTip) => `${snapshot.createdAt} ${id}`
  return { batches: batches.sort((a, b) => (age(a) < age(b) ? 1 : -1)), broken }
}

/**
 * Finds the run that a user names: full id, unique id prefix, or name (the newest). Without a name the newest run.
 * @throws AmpError when there is none, or more than one
 */
export async function findBatch(repo: Repo, name: string | undefined): Promise<BatchTip> {
  const exact = isId(name) ? await readTipAs(batchKind, repo, name) : null
  if (exact !== null) return exact
  const { batches } = await allBatches(repo)
  const [newest] = batches
  if (name === undefined) {
    if (newest !== undefined) return newest
    throw fatal('there is no batch run here', 'Start one with "git amp batch start --file <plan>".')
  }
  const prefixed = /^[0-9a-z]{4,}$/.test(name) ? batches.filter(({ id }) => id.startsWith(name)) : []
  const [found] = prefixed.length === 1 ? prefixed : batches.filter(({ snapshot }) => snapshot.name === name)
  if (found !== undefined) return found
  if (prefixed.length > 1) {
    const lines = prefixed.map(({ id, snapshot }) => `  ${id} ${snapshot.name}`)
    throw new AmpError('fatal', `batch id '${name}' is ambiguous`, { hints: ['The candidates are:', ...lines] })
  }
  throw fatal(`no batch run '${name}'`, '"git amp batch list" shows all runs.')
}

/** Reads all of a run. */
export async function readBatch(repo: Repo, tip: BatchTip): Promise<BatchView> {
  const events = inOrder(await readEvents(repo.objects, tip.oid, tip.ref))
  const created = events.find((event) => event.type === 'batch.created')
  if (created === undefined) throw fatal(`the batch run ${tip.id} has no plan`)
  const plan = decodePlan(await longText(repo.objects, created.data.plan as LongText))
  return { tip, plan, items: itemsOf(plan, events), events }
}

const untouched = {
  status: 'queued' as const,
  session: null,
  reason: null,
  tries: 0,
  iterations: 0,
  durationMs: 0,
  tests: null,
  isMerged: false,
  run: null,
  changes: null,
  costUsd: null,
  startedAt: null,
  endedAt: null,
}

/** The items of a plan as the events tell of them. */
function itemsOf(plan: Plan, events: readonly AmpEvent[]): ItemView[] {
  const items = plan.items.map((item): ItemView => ({ ...item, ...untouched, usage: addUsage([]) }))
  for (const { type, data, at } of events) {
    const item = type === 'batch.item' ? items[Number(data.n) - 1] : undefined
    if (item !== undefined) Object.assign(item, itemAfter(item, data as unknown as EventData['batch.item'], at))
  }
  return items
}

/** An item after one more event of it. */
export function itemAfter(item: ItemView, data: EventData['batch.item'], at: string): ItemView {
  const isStart = data.status === 'running'
  const { files, insertions, deletions } = data
  return {
    ...item,
    status: data.status,
    session: data.session ?? item.session,
    reason: data.error ?? null,
    tries: item.tries + Number(isStart),
    iterations: data.iterations ?? item.iterations,
    durationMs: item.durationMs + (data.durationMs ?? 0),
    tests: data.tests === undefined ? item.tests : data.tests,
    isMerged: data.merged ?? item.isMerged,
    run: isStart ? null : (data.run ?? item.run),
    changes: files === undefined ? item.changes : { files, insertions: insertions ?? 0, deletions: deletions ?? 0 },
    usage: data.usage === undefined ? item.usage : addUsage([item.usage, data.usage]),
    costUsd: data.costUsd === undefined ? item.costUsd : Number(((item.costUsd ?? 0) + data.costUsd).toFixed(8)),
    startedAt: isStart && item.startedAt === null ? at : item.startedAt,
    endedAt: isStart || data.status === 'queued' ? null : at,
  }
}

/** Where the process of a run is, as far as is known here. */
export const runnerOf = async (repo: Repo, { snapshot: { runner } }: BatchTip): Promise<Whereabouts> =>
  runner === undefined ? 'dead' : whereabouts(repo, { iteration: runner.id, ...runner })

/** What a run is doing. */
export async function batchState(repo: Repo, tip: BatchTip): Promise<BatchState> {
  if (tip.snapshot.status !== 'running') return tip.snapshot.status
  return (await runnerOf(repo, tip)) === 'dead' ? 'interrupted' : 'running'
}

/** A locked ref is tried again this often, with growing pauses. */
const lockTries = 10

/**
 * Appends to the chain of a run. When somebody else appended meanwhile, `decide` is asked again with the new tip; `null` from it ends without a
 * change.
 * @throws AmpError when the ref stays locked
 */
export async function recordBatch(
  repo: Repo,
  from: BatchTip,
  decide: (tip: BatchTip) => Promise<Omit<Append, 'code'> | null> | Omit<Append, 'code'> | null,
): Promise<BatchTip> {
  let tip = from
  for (let locked = 0; ; ) {
    const append = await decide(tip)
    if (append === null) return tip
    const writer = await repo.writer()
    const prepared = await appendAs(batchKind, repo, { ...append, code: [], tip, writer })
    try {
      await repo.refs.update([prepared.change], `amp: ${append.subject}`.slice(0, 200))
      return prepared.tip
    } catch (error) {
      if (!(error instanceof RefMoved || error instanceof RefLocked)) throw error
      locked = error instanceof RefLocked ? locked + 1 : 0
      if (error instanceof RefLocked && locked >= lockTries) throw lockedFor(error)
      await repo.host.sleep(pause(repo, locked))
    }
    const latest = await readTipAs(batchKind, repo, tip.id)
    if (latest === null) throw fatal(`the batch run ${tip.id} is gone`)
    tip = latest
  }
}

/** For the title of an item: its name, or the beginning of its prompt. */
export const titleOf = ({ name, prompt }: Pick<PlanItem, 'name' | 'prompt'>): string =>
  name ?? prompt.trimStart().split('\n', 1)[0] ?? ''

/** Sessions of a run, for what acts on them. */
export type WithSession = ItemView & { session: string }
export const hasSession = (item: ItemView): item is WithSession => item.session !== null
