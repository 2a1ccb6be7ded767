import { isAbsolute, resolve } from 'node:path'
import { fatal } from '../../errors.js'
import { openRepo, type Repo } from '../../repo.js'
import { longText, readEvents, readTip } from '../../state/chain.js'
import type { AmpEvent, LongText } from '../../state/events.js'
import { inOrder } from '../../state/fold.js'
import { batchesPrefix, isId, sessionRef } from '../../state/names.js'
import { groupBy, present } from '../../util/collections.js'
import type { BrokenSession } from '../shared/sessions.js'
import { isOwn } from '../shared/trust.js'

/** One item of a batch run with what became of it. */
export interface BatchItem {
  /** Its number in the plan, from 1. */
  n: number
  key: string | null
  repo: string
  /** Where its sessions are. */
  dir: string
  prompt: string
  name: string | null
  agent: string | null
  model: string | null
  attempt: number | null
  status: string
  session: string | null
  error: string | null
  iterations: number | null
  durationMs: number | null
  costUsd: number | null
  updatedAt: string | null
}

/** A batch run with its items in the order of its plan. */
export interface BatchRun {
  ref: string
  id: string
  name: string
  state: 'running' | 'finished' | 'aborted'
  by: string
  createdAt: string
  endedAt: string | null
  /** The expanded plan as JSON. */
  plan: string
  items: BatchItem[]
}

/** Sessions of a run in one repository. */
export interface BatchSource {
  repo: Repo
  path: string
  /** Ids; none means all of them. */
  sessions: readonly string[]
}

/** All runs of this repository, oldest first. */
export async function allBatches(repo: Repo, broken: BrokenSession[]): Promise<BatchRun[]> {
  const runs: BatchRun[] = []
  for await (const { ref, oid } of repo.refs.tips(batchesPrefix)) {
    try {
      runs.push(await readBatch(repo, { ref, oid }))
    } catch (error) {
      broken.push({ ref, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return runs.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
}

const keyOf = ({ createdAt, id }: BatchRun): string => `${createdAt} ${id}`

/**
 * The run that a user names: by id, the beginning of one, or its name, the newest of that name.
 * @throws AmpError when there is none, or more than one
 */
export async function findBatch(repo: Repo, name: string): Promise<BatchRun> {
  const exact = isId(name) ? await repo.refs.read(`${batchesPrefix}/${name}`) : null
  if (exact !== null) return readBatch(repo, { ref: `${batchesPrefix}/${name}`, oid: exact })
  const runs = await allBatches(repo, [])
  const prefixed = /^[0-9a-z]{4,}$/.test(name) ? runs.filter(({ id }) => id.startsWith(name)) : []
  const found = prefixed.length === 1 ? prefixed[0] : runs.findLast((run) => run.name === name)
  if (found !== undefined) return found
  if (prefixed.length > 1) throw fatal(`batch id '${name}' is ambiguous`, ...prefixed.map(({ id }) => `  ${id}`))
  throw fatal(`no batch run '${name}'`, '"git amp batch list" shows them.')
}

type Data = Readonly<Record<string, unknown>>

async function readBatch(repo: Repo, { ref, oid }: { ref: string; oid: string }): Promise<BatchRun> {
  const events = inOrder(await readEvents(repo.objects, oid, ref))
  const created = events.find(({ type }) => type === 'batch.created')
  if (created === undefined) throw fatal(`${ref} is broken: it does not begin with its plan`)
  const plan = await longText(repo.objects, created.data.plan as LongText)
  const items = plannedItems(plan)
  let ended: AmpEvent | null = null
  for (const event of events) {
    if (event.type === 'batch.finished' || event.type === 'batch.aborted') ended = event
    if (event.type === 'batch.resumed') ended = null
    if (event.type === 'batch.item') tell(items, event)
  }
  return {
    ref,
    id: ref.slice(batchesPrefix.length + 1),
    name: String(created.data.name ?? ''),
    state: ended === null ? 'running' : ended.type === 'batch.finished' ? 'finished' : 'aborted',
    by: created.by,
    createdAt: created.at,
    endedAt: ended?.at ?? null,
    plan,
    items,
  }
}

/** The items of an expanded plan; what is no plan has none. */
function plannedItems(plan: string): BatchItem[] {
  const { items, prompts } = parsed(plan)
  if (!Array.isArray(items)) return []
  // Each prompt stands there once, and items name it by its place.
  const promptOf = (value: unknown) =>
    wordOf(Array.isArray(prompts) && typeof value === 'number' ? prompts[value] : value)
  return items.map((item: Data, at) => ({
    n: at + 1,
    key: wordOf(item.key),
    repo: wordOf(item.repo) ?? '',
    dir: wordOf(item.dir) ?? wordOf(item.repo) ?? '',
    prompt: promptOf(item.prompt) ?? '',
    name: wordOf(item.name),
    agent: wordOf(item.agent),
    model: wordOf(item.model),
    attempt: numberOf(item.attempt),
    status: 'queued',
    session: null,
    error: null,
    iterations: null,
    durationMs: null,
    costUsd: null,
    updatedAt: null,
  }))
}

function parsed(plan: string): Data {
  try {
    return (JSON.parse(plan) ?? {}) as Data
  } catch {
    // From elsewhere, and not what we wrote.
    return {}
  }
}

const wordOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const numberOf = (value: unknown): number | null => (typeof value === 'number' ? value : null)

/** Takes up what an event says of an item. Time and cost are those of each try. */
function tell(items: BatchItem[], { data, at }: AmpEvent): void {
  const item = items[Number(data.n) - 1]
  if (item === undefined) return
  const [cost, time] = [numberOf(data.costUsd), numberOf(data.durationMs)]
  Object.assign(item, {
    key: wordOf(data.key) ?? item.key,
    status: wordOf(data.status) ?? item.status,
    session: wordOf(data.session) ?? item.session,
    error: wordOf(data.error),
    iterations: numberOf(data.iterations) ?? item.iterations,
    durationMs: time === null ? item.durationMs : (item.durationMs ?? 0) + time,
    costUsd: cost === null ? item.costUsd : (item.costUsd ?? 0) + cost,
    updatedAt: at,
  })
}

/**
 * Where the sessions of a run are: in this repository, or in those that its plan names. One that cannot be opened is added to `broken`, and
 * those of a run from elsewhere are: its plan is somebody else's, and names directories of theirs.
 */
export async function sourcesOf(repo: Repo, run: BatchRun, broken: BrokenSession[]): Promise<BatchSource[]> {
  const path = await repo.home()
  const made = run.items.filter(({ session }) => session !== null)
  const here = new Set<string>()
  for (const { session } of made) {
    if (session !== null && (await repo.refs.read(sessionRef(session))) !== null) here.add(session)
  }
  const sources: BatchSource[] = here.size === 0 ? [] : [{ repo, path, sessions: [...here] }]
  const elsewhere = made.filter(({ session }) => session !== null && !here.has(session))
  const isForeign = elsewhere.length > 0 && !(await isOwn(repo, run.id))
  for (const [place, items] of groupBy(elsewhere, (item) => item.dir)) {
    const cwd = isAbsolute(place) ? place : resolve(path, place)
    try {
      if (isForeign)
        throw fatal('the batch run was not started in this clone, and its other repositories are not opened')
      const there = await openRepo(atPlace(repo, cwd))
      const sessions = await thoseIn(there, present(items.map(({ session }) => session)))
      if (sessions.length > 0) sources.push({ repo: there, path: cwd, sessions })
      else there.close()
    } catch (error) {
      broken.push({ ref: place, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return sources
}

/** The sessions that there are, archived ones too: the id of one is known before it is made. */
async function thoseIn(repo: Repo, ids: readonly string[]): Promise<string[]> {
  const found: string[] = []
  for (const id of ids) if ((await readTip(repo, id)) !== null) found.push(id)
  return found
}

/** The same machine in another directory, without a surrounding hook's repository. */
const atPlace = (repo: Repo, cwd: string) => ({ ...repo.host, env: repo.childEnv, cwd })
