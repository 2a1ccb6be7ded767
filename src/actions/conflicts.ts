import { CatFile } from '../git/cat-file.js'
import { type TriedMerge, tryMerges } from '../git/merge-many.js'
import { quarantine } from '../git/quarantine.js'
import type { Git, Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { type ConflictHunk, conflictHunks } from '../util/conflict-hunks.js'
import { landingOrder } from '../util/landing-order.js'
import { type ConflictedFile, type Outcome, OutcomeCache, type Seen, writeSeen } from './conflicts/cache.js'
import { type Side, sidesOf, type Workshop } from './conflicts/sides.js'
import { findSession } from './shared/find.js'
import { allSessions, type BrokenSession, isOpenSession } from './shared/sessions.js'

/** Merges are tried by so many processes at once. */
const jobs = 2
const oneHour = 3_600_000

export interface ConflictsOptions {
  /** These alone; none means all open ones. */
  sessions: readonly string[]
}

/** Two sessions, or a session and its base, that do not go together. */
export interface Collision {
  a: ChainTip
  /** Null when it is the base of `a`. */
  b: ChainTip | null
  base: string | null
  files: ConflictedFile[]
}

/** A step of the order in which to land. */
export interface Landing {
  tip: ChainTip
  hasUncommitted: boolean
  /** Sessions before it that it conflicts with. */
  after: ChainTip[]
  /** It conflicts with its base as that is now. */
  withBase: boolean
}

export interface ConflictsResult {
  collisions: Collision[]
  order: Landing[]
  /** Pairs that git cannot merge, as when a commit is not here. */
  unknown: number
  /** Merges that were looked up, and tried now. */
  merges: { known: number; tried: number }
  broken: BrokenSession[]
}

interface Pair {
  a: Side
  b: Side | null
  /** In an order that does not depend on which session is listed first. */
  ours: Oid
  theirs: Oid
  isTurned: boolean
  /** Says the same of merges that end alike. */
  key: string
}

/** Merges every pair of sessions in memory, and each with its base. All objects of these merges are thrown away. */
export async function findConflicts(repo: Repo, { sessions }: ConflictsOptions): Promise<ConflictsResult> {
  const { tips, broken } = await tipsOf(repo, sessions)
  return inWorkshop(repo, async (workshop) => {
    const sides = await sidesOf(repo, tips, workshop)
    const pairs = pairsOf(sides)
    const cache = await OutcomeCache.open(repo)
    const missing = pairs.filter(({ key }) => cache.get(key) === undefined)
    await tryAll(repo, { missing, cache, workshop })
    const found = pairs.map((pair) => ({ pair, outcome: cache.get(pair.key) ?? null }))
    const collisions = found.flatMap(({ pair, outcome }) => collisionOf(pair, outcome))
    const seen = seenOf(sides, collisions)
    await Promise.all([cache.save(), sessions.length === 0 ? writeSeen(repo, seen) : null])
    return {
      collisions,
      order: orderOf(sides, collisions),
      unknown: found.filter(({ outcome }) => outcome === null).length,
      merges: { known: pairs.length - missing.length, tried: missing.length },
      broken,
    }
  })
}

async function tipsOf(repo: Repo, names: readonly string[]): Promise<{ tips: ChainTip[]; broken: BrokenSession[] }> {
  if (names.length > 0) {
    const tips = new Map<string, ChainTip>()
    for (const name of names) {
      const tip = await findSession(repo, name)
      tips.set(tip.id, tip)
    }
    return { tips: [...tips.values()], broken: [] }
  }
  const { sessions, broken } = await allSessions(repo)
  const tips = sessions.filter(({ snapshot }) => isOpenSession(snapshot))
  return { tips: tips.sort((x, y) => (keyOf(x) < keyOf(y) ? -1 : 1)), broken }
}

/** Those of one second by their names. */
const keyOf = ({ id, snapshot }: ChainTip): string => `${snapshot.createdAt} ${snapshot.branch} ${id}`

/** A place for objects that are gone afterwards. */
async function inWorkshop<T>(repo: Repo, work: (workshop: Workshop) => Promise<T>): Promise<T> {
  const { fs } = repo.host
  const own = repo.local('tmp', `objects-${repo.newId()}`)
  const env = quarantine({ own, objects: repo.location.objectsDir })
  await fs.mkdir(own, { recursive: true })
  await clearOld(repo)
  const catFile = new CatFile(repo.git.with(env), repo.location.hash)
  try {
    return await work({ catFile, env })
  } finally {
    catFile.close()
    await fs.rm(own, { recursive: true, force: true })
  }
}

/** Takes away what a killed git-amp left. One that is younger may be at work. */
async function clearOld(repo: Repo): Promise<void> {
  const { fs, now } = repo.host
  for (const name of await fs.readdir(repo.local('tmp')).catch(() => [])) {
    const dir = repo.local('tmp', name)
    const stat = name.startsWith('objects-') ? await fs.stat(dir).catch(() => null) : null
    if (stat !== null && now().getTime() - stat.mtimeMs > oneHour) await fs.rm(dir, { recursive: true, force: true })
  }
}

function pairsOf(sides: readonly Side[]): Pair[] {
  return sides.flatMap((a, at) => [
    ...(a.base === null ? [] : [pairOf(a, null, a.base.oid)]),
    ...sides.slice(at + 1).map((b) => pairOf(a, b, b.commit)),
  ])
}

function pairOf(a: Side, b: Side | null, other: Oid): Pair {
  // Of sessions with nothing but commits of their own on their bases the files decide, in whatever commits they came.
  const keys = a.files === null || b?.files == null ? ([a.commit, other] as const) : ([a.files, b.files] as const)
  const isTurned = keys[1] < keys[0]
  const [ours, theirs] = isTurned ? [other, a.commit] : [a.commit, other]
  return { a, b, ours, theirs, isTurned, key: [...keys].sort().join(' ') }
}

async function tryAll(
  repo: Repo,
  { missing, cache, workshop }: { missing: readonly Pair[]; cache: OutcomeCache; workshop: Workshop },
): Promise<void> {
  if (missing.length === 0) return
  await workshop.catFile.flush()
  const { topLevel, gitDir } = repo.location
  const git = repo.in(topLevel ?? gitDir).with(workshop.env)
  const unique = [...new Map(missing.map((pair) => [pair.key, pair])).values()]
  const size = Math.ceil(unique.length / jobs)
  const parts = Array.from({ length: jobs }, (_, at) => unique.slice(at * size, (at + 1) * size))
  await Promise.all(parts.map((part) => tryPart(git, part, { cache, workshop })))
}

async function tryPart(
  git: Git,
  pairs: readonly Pair[],
  { cache, workshop }: { cache: OutcomeCache; workshop: Workshop },
): Promise<void> {
  const merges = await tryMerges(
    git,
    pairs.map(({ ours, theirs }) => [ours, theirs] as const),
  )
  for (const [at, { key, ours, theirs }] of pairs.entries()) {
    const merge = merges[at] ?? null
    cache.set(key, merge === null ? null : { files: await filesOf(workshop, [ours, theirs], merge) })
  }
}

const filesOf = (workshop: Workshop, pair: readonly [Oid, Oid], merge: TriedMerge): Promise<ConflictedFile[]> =>
  Promise.all(
    merge.conflicts.map(async ({ path, type }) => ({
      path,
      type,
      hunks: await hunksOf(workshop, { pair, merge, path }),
    })),
  )

async function hunksOf(
  { catFile }: Workshop,
  { pair, merge, path }: { pair: readonly [Oid, Oid]; merge: TriedMerge; path: string },
): Promise<ConflictHunk[]> {
  const read = async (tree: Oid) => {
    const object = await catFile.read(`${tree}:${path}`)
    return object?.type === 'blob' ? object.content.toString('utf8') : null
  }
  const [merged, ours, theirs] = await Promise.all([read(merge.tree), read(pair[0]), read(pair[1])])
  return merged === null || ours === null || theirs === null ? [] : conflictHunks({ merged, ours, theirs, names: pair })
}

function collisionOf({ a, b, isTurned }: Pair, outcome: Outcome): Collision[] {
  if (outcome === null || outcome.files.length === 0) return []
  const turn = ({ ours, theirs }: ConflictHunk): ConflictHunk => ({ ours: theirs, theirs: ours })
  const files = isTurned ? outcome.files.map((file) => ({ ...file, hunks: file.hunks.map(turn) })) : outcome.files
  return [{ a: a.tip, b: b?.tip ?? null, base: b === null ? (a.base?.ref ?? null) : null, files }]
}

/** What it costs to resolve a conflict: its hunks, and a file without any as one. */
const weightOf = (files: readonly ConflictedFile[]): number =>
  files.reduce((sum, { hunks }) => sum + Math.max(1, hunks.length), 0)

function orderOf(sides: readonly Side[], collisions: readonly Collision[]): Landing[] {
  const clashes = collisions.flatMap(({ a, b, files }) =>
    b === null ? [] : [{ a: a.id, b: b.id, weight: weightOf(files) }],
  )
  const late = new Set(collisions.flatMap(({ a, b }) => (b === null ? [a.id] : [])))
  const byId = new Map(sides.map((side) => [side.tip.id, side]))
  const order = landingOrder([...byId.keys()], clashes, late)
  const near = new Map<string, Set<string>>()
  for (const { a, b } of clashes.flatMap(({ a, b }) => [
    { a, b },
    { a: b, b: a },
  ]))
    near.set(a, (near.get(a) ?? new Set()).add(b))
  return order.map((id, at) => {
    const { tip, hasUncommitted } = byId.get(id) as Side
    const before = order.slice(0, at).filter((other) => near.get(id)?.has(other) === true)
    const after = before.map((other) => (byId.get(other) as Side).tip)
    return { tip, hasUncommitted, after, withBase: late.has(id) }
  })
}

function seenOf(sides: readonly Side[], collisions: readonly Collision[]): Record<string, Seen> {
  const seen: Record<string, Seen> = {}
  for (const { tip } of sides) {
    const own = collisions.filter(({ a, b }) => a.id === tip.id || b?.id === tip.id)
    const others = own.flatMap(({ a, b }) => (b === null ? [] : [a.id === tip.id ? b.id : a.id]))
    if (own.length > 0)
      seen[tip.id] = { heads: tip.snapshot.heads.join(), with: others, base: own.some(({ b }) => b === null) }
  }
  return seen
}
