import { join } from 'node:path'
import { fatal } from '../errors.js'
import type { BlamedCommit, BlamedLine } from '../git/blame.js'
import type { Repo } from '../repo.js'
import { longText } from '../state/chain.js'
import type { OpenIteration, Snapshot } from '../state/fold.js'
import { readTips } from '../state/tips.js'
import { type Blamed, blameFile } from './shared/blamed.js'
import { localLeases } from './shared/lease.js'
import { type KnownSession, type Origin, Origins } from './shared/origins.js'
import { clockSkew, sameWork } from './shared/same-work.js'
import { currentSession } from './shared/session-file.js'
import { eachSession } from './shared/sessions.js'

/** In the chains of so many sessions a human's commit is looked for. */
const maxAround = 200

export interface WhyOptions {
  /** `<file>`, `<file>:<line>` or `<file>:<from>,<to>`, as the user typed it. */
  place: string
  /** Look at this commit instead of what stands here. */
  rev?: string | undefined
}

/** Lines of one origin. */
export interface Reason {
  origin: Origin
  lines: BlamedLine[]
  texts: ReasonTexts | null
  /** What is known of lines that are not committed. */
  uncommitted: Uncommitted | null
}

/** The words that a line goes back to. */
export interface ReasonTexts {
  prompt: string
  summary: string | null
}

/** Whose worktree uncommitted lines stand in. */
export interface Uncommitted {
  session: string | null
  snapshot: Snapshot | null
  /** The iteration whose agent is at work there now. */
  running: OpenIteration | null
}

export interface WhyResult extends Pick<Blamed, 'path' | 'rev'> {
  /** First and last line that were asked for; null for the whole file. */
  asked: [number, number] | null
  /** In the order of their first lines. */
  reasons: Reason[]
}

/** Finds who wrote lines, and what for. Long texts are read where there is one reason alone. */
export async function whyLines(repo: Repo, { place, rev = undefined }: WhyOptions): Promise<WhyResult> {
  const { file, range } = await readPlace(repo, place, rev)
  const options = range === null ? [] : ['-L', range]
  const blamed = await blameFile(repo, { file, rev: rev ?? null, options })
  const origins = new Origins(repo, blamed.git)
  const lines = await withSameWork(repo, blamed, origins)
  const reasons = grouped(blamed.blame.lines, lines)
  const uncommitted = await whatStands(repo, reasons)
  for (const reason of reasons) if (reason.origin.commit.isUncommitted) reason.uncommitted = uncommitted
  const [only, ...others] = reasons
  if (only !== undefined && others.length === 0) only.texts = await textsOf(repo, only.origin)
  const { path, rev: at } = blamed
  const numbers = blamed.blame.lines.map(({ line }) => line)
  return { path, rev: at, asked: range === null ? null : [Math.min(...numbers), Math.max(...numbers)], reasons }
}

/** A line number, or two of them, behind the last colon; a file of that very name is that file. */
async function readPlace(
  repo: Repo,
  place: string,
  rev: string | undefined,
): Promise<{ file: string; range: string | null }> {
  const match = /^(.+?):(\d+)(?:,(\+?\d+))?$/s.exec(place)
  const isFile =
    match === null ||
    (rev === undefined &&
      (await repo.host.fs.lstat(join(repo.host.cwd, place)).then(
        () => true,
        () => false,
      )))
  if (isFile) return { file: place, range: null }
  const [, file = '', from = '', to = from] = match ?? []
  if (Number(from) === 0 || (!to.startsWith('+') && Number(to) < Number(from)))
    throw fatal(`'${from}${to === from ? '' : `,${to}`}' is no range of lines`, 'The first line is 1.')
  return { file, range: `${from},${to}` }
}

/** A commit that names no session may hold the work of one all the same: what a host squashed, or somebody applied by hand. */
async function withSameWork(repo: Repo, { blame, git, path }: Blamed, origins: Origins): Promise<Origin[]> {
  const found = await origins.of(blame)
  const commits = new Set(found.map(({ commit }) => commit))
  const [only] = commits
  const isForeign = commits.size === 1 && only !== undefined && !only.isUncommitted && found[0]?.session === null
  if (!isForeign) return found
  const work = await sameWork(repo, git, { commit: only, path: blame.lines[0]?.path ?? path })
  const chain = work === null ? null : await origins.chainOf(work.id)
  if (work !== null && chain !== null) {
    origins.suppose(only.oid, chain, work.at)
    return origins.of(blame)
  }
  const session = await sessionAround(repo, origins, only)
  return session === null ? found : found.map((origin) => ({ ...origin, session }))
}

/** The session on whose branch a human made a commit. */
async function sessionAround(repo: Repo, origins: Origins, commit: BlamedCommit): Promise<KnownSession | null> {
  const ids: string[] = []
  for await (const { id, snapshot } of eachSession(repo, [])) {
    const [from, to] = [snapshot.createdAt, snapshot.updatedAt].map((at) => Date.parse(at) / 1000)
    if ((from ?? 0) <= commit.time + clockSkew && commit.time <= (to ?? 0) + clockSkew) ids.push(id)
  }
  for (const id of ids.slice(-maxAround)) {
    const chain = await origins.chainOf(id)
    if (chain?.lineage.has(commit.oid)) return { id, tip: chain.tip, slug: chain.tip.snapshot.slug }
  }
  return null
}

function grouped(lines: readonly BlamedLine[], origins: readonly Origin[]): Reason[] {
  const reasons = new Map<string, Reason>()
  for (const [at, line] of lines.entries()) {
    const origin = origins[at] as Origin
    const { session, iteration, written } = origin
    const key = iteration === null ? written.oid : `${session?.id} ${iteration.id}`
    const reason = reasons.get(key)
    if (reason === undefined) reasons.set(key, { origin, lines: [line], texts: null, uncommitted: null })
    else reason.lines.push(line)
  }
  return [...reasons.values()]
}

async function textsOf(repo: Repo, { iteration }: Origin): Promise<ReasonTexts | null> {
  if (!iteration?.view) return null
  const { prompt, summary } = iteration.view
  return {
    prompt: await longText(repo.objects, prompt),
    summary: summary === null ? null : await longText(repo.objects, summary),
  }
}

async function whatStands(repo: Repo, reasons: readonly Reason[]): Promise<Uncommitted | null> {
  if (!reasons.some(({ origin }) => origin.commit.isUncommitted)) return null
  const session = await currentSession(repo)
  const snapshot = session === null ? null : ((await readTips(repo, [session])).get(session)?.snapshot ?? null)
  const alive = (await localLeases(repo)).filter((lease) => lease.session === session && lease.where === 'alive')
  const running = snapshot?.open.find((open) => alive.some(({ iteration }) => iteration === open.iteration)) ?? null
  return { session, snapshot, running }
}
