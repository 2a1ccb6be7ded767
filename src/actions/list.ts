import { join } from 'node:path'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { readSeen, type SeenConflicts } from './conflicts/cache.js'
import { here, type KnownLease, localLeases, whereaboutsIn } from './shared/lease.js'
import { stateHere } from './shared/rebasing.js'
import { currentSession } from './shared/session-file.js'
import {
  allSessions,
  type BrokenSession,
  everySession,
  isOpenSession,
  type SessionState,
  stateOf,
} from './shared/sessions.js'
import { openSetups, type SetupState } from './shared/setup-state.js'

export interface ListOptions {
  /** Merged and closed sessions too. */
  all?: boolean | undefined
  states?: readonly string[] | undefined
  /** Only sessions that have all of these labels. */
  labels?: readonly string[] | undefined
  maxCount?: number | undefined
  /** `updated` (default, newest first), `created`, `name`, `state`; a leading `-` turns it round. */
  sort?: string | undefined
}

/** One line of the list. */
export interface ListedSession extends ChainTip {
  state: SessionState
  /** Shortest prefix of the id that names only this session; 4 characters at least. */
  shortId: string
  isCurrent: boolean
  /** A rebase by hand is half done in its worktree. */
  isRebasing: boolean
  /** What its user has to do before its agent goes on; null when it waits for nothing. */
  waitsFor: string | null
  /** The host on which a conflict stands in another clone; null when none does. */
  conflictOn: string | null
  /** The setup of its worktree here runs, or has failed. */
  setup: 'running' | 'failed' | null
  /** An iteration that began in another clone and has not ended, as far as is known here; null when none has. */
  runningOn: { host: string; at: string } | null
  /** The last `git amp conflicts` saw it in a conflict with its base or another session, and neither has moved since. */
  isColliding: boolean
}

export interface ListResult {
  sessions: ListedSession[]
  broken: BrokenSession[]
  /** Sessions that are not shown because they are merged or closed; archived ones are counted where there are no others. */
  hidden: number
}

/** Every state a session can be in, as `list` names them. */
export const sessionStates: readonly SessionState[] = [
  'idle',
  'running',
  'waiting',
  'interrupted',
  'failed',
  'diverged',
  'conflict',
  'review',
  'paused',
  'merged',
  'closed',
]

/** The values `sort` takes. */
export const sortKeys = ['updated', 'created', 'name', 'state'] as const

/** Lists sessions from the tips of their chains: one git call, whatever their number; archived ones are merged and closed ones. */
export async function listSessions(repo: Repo, options: ListOptions = {}): Promise<ListResult> {
  const [seen, { sessions, broken }, leases, current, self, setups] = await Promise.all([
    readSeen(repo),
    wantsClosed(options) ? everySession(repo) : allSessions(repo),
    localLeases(repo),
    currentSession(repo),
    here(repo),
    openSetups(repo),
  ])
  const lengths = shortIds(sessions.map((session) => session.id))
  const listed: ListedSession[] = []
  for (const { ref, id, oid, snapshot } of sessions) {
    const state = stateOf({ id, snapshot }, leases, self)
    // Only a conflict has to be looked up: nothing is awaited for each of ten thousand others.
    const found = state === 'conflict' ? await stateHere(repo, { id, snapshot }, leases) : { state, conflictOn: null }
    listed.push({
      ref,
      id,
      oid,
      snapshot,
      state: found.state,
      conflictOn: found.conflictOn,
      shortId: id.slice(0, lengths.get(id)),
      isCurrent: id === current,
      isRebasing: false,
      setup: setupIn(setups.get(id)),
      runningOn: snapshot.open.find((open) => whereaboutsIn(leases, open, self) === 'elsewhere') ?? null,
      isColliding: false,
      waitsFor: isWaiting({ id, snapshot }, leases) ? await waitingStep({ id, snapshot }, leases) : null,
    })
  }
  const { labels = [] } = options
  const wanted = listed.filter((session) => {
    if (!labels.every((label) => session.snapshot.labels.includes(label))) return false
    if (options.states !== undefined && options.states.length > 0) return options.states.includes(session.state)
    return options.all === true || isOpenSession(session.snapshot) || session.state === 'running'
  })
  const colliding = collidingIn(seen, sessions)
  for (const session of wanted) session.isColliding = colliding.has(session.id)
  const rebasing = await findRebasing(repo, wanted)
  for (const session of wanted) session.isRebasing = rebasing.has(session.id)
  const sorted = sortBy(wanted, options.sort ?? 'updated')
  let hidden = options.states === undefined || options.states.length === 0 ? listed.length - wanted.length : 0
  // Only an empty list asks how many there are.
  if (listed.length === 0 && hidden === 0 && !wantsClosed(options)) hidden = await countArchived(repo)
  return { sessions: sorted.slice(0, options.maxCount ?? sorted.length), broken, hidden }
}

const setupIn = (found: SetupState | undefined): ListedSession['setup'] =>
  found === undefined || found.state === 'done' ? null : found.state

/** Whether merged and closed sessions are asked for: archived ones are looked at only then. */
export const wantsClosed = ({ all, states = [] }: ListOptions): boolean =>
  states.length === 0 ? all === true : states.some((state) => state === 'merged' || state === 'closed')

/** Sessions that still are as they were seen in a conflict, with the other side of it. */
function collidingIn(seen: SeenConflicts, sessions: readonly ChainTip[]): ReadonlySet<string> {
  const found = new Set<string>()
  if (Object.keys(seen).length === 0) return found
  const isSame = ({ id, snapshot }: ChainTip) => isOpenSession(snapshot) && seen[id]?.heads === snapshot.heads.join()
  const same = new Set(sessions.filter(isSame).map(({ id }) => id))
  for (const id of same) if (seen[id]?.base === true || seen[id]?.with?.some((other) => same.has(other))) found.add(id)
  return found
}

async function countArchived(repo: Repo): Promise<number> {
  const { readArchives } = await import('../state/archive.js')
  return (await readArchives(repo)).size
}

/** The lease of an agent at work in a session. */
const aliveIn = (id: string, leases: readonly KnownLease[]): KnownLease | undefined =>
  leases.find((lease) => lease.session === id && lease.where === 'alive')

type Waiting = Pick<ChainTip, 'id' | 'snapshot'>

function waitingOf({ id, snapshot }: Waiting, leases: readonly KnownLease[]): 'login' | 'approval' | undefined {
  const alive = aliveIn(id, leases)
  return alive === undefined ? snapshot.last?.waiting : (alive.waiting ?? undefined)
}

const isWaiting = (session: Waiting, leases: readonly KnownLease[]): boolean =>
  waitingOf(session, leases) !== undefined && isOpenSession(session.snapshot)

/** The step of the user that a session waits for. What exactly is to be approved, its last iteration tells. */
async function waitingStep(session: Waiting, leases: readonly KnownLease[]): Promise<string> {
  const { id, snapshot } = session
  const agent = aliveIn(id, leases) === undefined ? (snapshot.last?.agent ?? snapshot.agent) : snapshot.agent
  if (waitingOf(session, leases) !== 'login') return `${agent} was refused an approval: "git amp show" tells which`
  // Most lists name no agent.
  const { findAdapter } = await import('../agent/registry.js')
  return `${agent} wants a login: ${findAdapter(agent)?.login ?? 'start it by hand and log in'}`
}

/** Ids of sessions whose worktree is in a rebase: looked up where git keeps worktrees that are named after their session. */
async function findRebasing(repo: Repo, sessions: readonly ChainTip[]): Promise<ReadonlySet<string>> {
  const { fs } = repo.host
  const dir = join(repo.location.commonDir, 'worktrees')
  const here = new Set(await fs.readdir(dir).catch(() => []))
  const ids = sessions.map(({ id }) => id).filter((id) => here.has(id))
  const lookUp = async (id: string, name: string) => fs.lstat(join(dir, id, name)).then(() => [id])
  const found = ids.flatMap((id) =>
    ['rebase-merge', 'rebase-apply/rebasing'].map((name) => lookUp(id, name).catch(() => [])),
  )
  return new Set((await Promise.all(found)).flat())
}

function sortBy(sessions: readonly ListedSession[], key: string): ListedSession[] {
  const word = key.replace(/^-/, '')
  const turn = key.startsWith('-') ? -1 : 1
  const value = (session: ListedSession): string =>
    word === 'name'
      ? session.snapshot.slug
      : word === 'state'
        ? session.state
        : word === 'created'
          ? session.snapshot.createdAt
          : session.snapshot.updatedAt
  // Times are listed newest first, words from a to z.
  const direction = word === 'name' || word === 'state' ? turn : -turn
  return [...sessions].sort((a, b) => {
    const [x, y] = [value(a), value(b)]
    return x === y ? (a.id < b.id ? -1 : 1) : x < y ? -direction : direction
  })
}

/** How many characters of each id tell it from its neighbours. */
function shortIds(ids: readonly string[]): Map<string, number> {
  const sorted = [...ids].sort()
  const common = (a: string, b: string | undefined) => {
    let length = 0
    while (b !== undefined && length < a.length && a[length] === b[length]) length++
    return length
  }
  return new Map(
    sorted.map((id, at) => [id, Math.max(4, common(id, sorted[at - 1]) + 1, common(id, sorted[at + 1]) + 1)]),
  )
}
