import { basename, isAbsolute, resolve } from 'node:path'
import { AmpError, fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readTip } from '../../state/chain.js'
import { archivesPrefix, isId } from '../../state/names.js'
import { readOperations } from '../../state/oplog.js'
import { currentSession, readSessionFile } from './session-file.js'
import { allSessions, everySession, isOpenSession, type SessionState } from './sessions.js'

/** How much of the operation log is read to answer `-`. */
const rememberedOperations = 200
/** So many are named when a name is ambiguous, the newest. */
const maxCandidates = 10

/**
 * Finds the session that a user names: `@`, `-`, full id, unique id prefix, slug or name, branch, worktree path. Nothing means the session
 * of the current worktree, or the one that the user chooses.
 * @param among states of the sessions that are offered then; without them the open ones
 * @throws AmpError when there is none, or more than one
 */
export async function findSession(
  repo: Repo,
  name: string | undefined,
  among?: readonly SessionState[],
): Promise<ChainTip> {
  if (name === undefined || name === '@') return current(repo, name, among)
  const back = name === '-' ? '1' : /^@\{-(\d{1,4})\}$/.exec(name)?.[1]
  if (back !== undefined) return previous(repo, { name, back: Number(back) })
  const exact = isId(name) ? await readTip(repo, name) : null
  return exact ?? byName(repo, name)
}

async function current(
  repo: Repo,
  name: string | undefined,
  among: readonly SessionState[] | undefined,
): Promise<ChainTip> {
  const id = await currentSession(repo)
  const tip = id === null ? null : await readTip(repo, id)
  if (tip !== null) return tip
  // A worktree made by hand on a session's branch is that session's too.
  const branch = (await repo.worktrees()).find((worktree) => worktree.path === repo.location.topLevel)?.branch
  const byBranch = (await everySession(repo)).sessions.find((session) => session.snapshot.branch === branch)
  if (branch !== undefined && branch !== null && byBranch !== undefined) return byBranch
  const chosen = name === undefined ? await choose(repo, among) : null
  if (chosen !== null) return chosen
  const what =
    name === '@' ? 'this is not the worktree of a session' : 'no session given, and this is not the worktree of one'
  throw fatal(what, 'Name a session: "git amp list" shows them.')
}

/** Choices by repository: a command that looks for its session twice asks once. */
const choices = new WeakMap<Repo, string>()

/** The session that the user chooses; null where nobody can, or there is none. */
async function choose(repo: Repo, among: readonly SessionState[] | undefined): Promise<ChainTip | null> {
  const before = choices.get(repo)
  if (before !== undefined) return readTip(repo, before)
  if (repo.onChoice === null) return null
  const { listSessions } = await import('../list.js')
  let { sessions } = await listSessions(repo, { states: among })
  if (sessions.length === 0) ({ sessions } = await listSessions(repo, { all: true }))
  if (sessions.length === 0) return null
  const id = await repo.onChoice(
    sessions.map(({ id, shortId, state, snapshot: { slug, title, updatedAt, labels } }) => {
      return { id, shortId, state, slug, title, updatedAt, labels }
    }),
  )
  choices.set(repo, id)
  return readTip(repo, id)
}

/** In a session's worktree the sessions used before it, elsewhere those used last: `back` 1 is the latest of them. */
async function previous(repo: Repo, { name, back }: { name: string; back: number }): Promise<ChainTip> {
  const used = [...new Set((await readOperations(repo, rememberedOperations)).map((operation) => operation.session))]
  const here = await currentSession(repo)
  let seen = 0
  for (const id of used) {
    const tip = id === here ? null : await readTip(repo, id)
    if (tip !== null) seen++
    if (tip === null || seen < back) continue
    repo.onNotice({ type: 'previous', asked: name, chosen: tip.id, name: tip.snapshot.name })
    return tip
  }
  throw fatal(
    seen === 0 || back === 0 ? 'there is no previous session' : `only ${seen} sessions were used before`,
    'Name a session: "git amp list" shows them.',
  )
}

/** Archived ones are looked at when no other is called so. */
async function byName(repo: Repo, name: string): Promise<ChainTip> {
  const all = await allSessions(repo)
  const found = (await among(repo, all.sessions, name)) ?? (await byPath(repo, name))
  if (found !== null) return found
  const { sessions, broken } = await everySession(repo)
  const archived = sessions.length === all.sessions.length ? null : await among(repo, sessions, name)
  if (archived !== null) return archived
  if (broken.some(({ ref }) => ref.endsWith(`/${name}`))) await readTip(repo, name)
  const unread = broken.some(({ ref }) => ref.startsWith(archivesPrefix))
  const also = unread ? ['Archives cannot be read: "git amp doctor" tells what is wrong with them.'] : []
  throw fatal(`no session '${name}'`, '"git amp list -a" shows all sessions.', ...also)
}

async function among(repo: Repo, sessions: readonly ChainTip[], name: string): Promise<ChainTip | null> {
  const newestFirst = [...sessions].sort(byAge)
  const prefixed = /^[0-9a-z]{4,}$/.test(name) ? newestFirst.filter((session) => session.id.startsWith(name)) : []
  if (prefixed[0] !== undefined && prefixed.length === 1) return prefixed[0]
  const named = newestFirst.filter(({ snapshot }) => snapshot.slug === name || snapshot.name === name)
  const open = named.filter(({ snapshot }) => isOpenSession(snapshot))
  const [choice] = open.length > 0 ? open : named
  if (choice !== undefined) {
    const count = open.length > 0 ? open.length : named.length
    if (count > 1) repo.onNotice({ type: 'namesake', name, chosen: choice.id, count, isOpen: open.length > 0 })
    return choice
  }
  if (prefixed.length > 1) throw ambiguous(name, prefixed)
  const branch = name.replace(/^refs\/heads\//, '')
  return newestFirst.find(({ snapshot }) => snapshot.branch === branch) ?? null
}

/** Newest first. In one second the branch tells: `...-2` was made after the one without a number, and `...-10` after `...-9`. */
function byAge(a: ChainTip, b: ChainTip): number {
  const [x, y] = [a.snapshot, b.snapshot]
  if (x.createdAt !== y.createdAt) return x.createdAt < y.createdAt ? 1 : -1
  if (x.branch.length !== y.branch.length) return y.branch.length - x.branch.length
  return x.branch === y.branch ? (a.id < b.id ? 1 : -1) : x.branch < y.branch ? 1 : -1
}

/** A worktree's path, or `.` inside of it. */
async function byPath(repo: Repo, name: string): Promise<ChainTip | null> {
  const path = isAbsolute(name) ? name : resolve(repo.host.cwd, name)
  // A session's worktree usually stands inside the main one: the innermost is meant.
  const [worktree] = (await repo.worktrees())
    .filter((candidate) => path === candidate.path || path.startsWith(`${candidate.path}/`))
    .sort((a, b) => b.path.length - a.path.length)
  if (worktree === undefined || (!name.includes('/') && name !== '.' && basename(worktree.path) !== name)) return null
  const gitDir = await repo.in(worktree.path).text(['rev-parse', '--absolute-git-dir'], { ok: [0, 128] }) // 128: gone
  const id = gitDir === '' ? null : await readSessionFile(repo, gitDir)
  return id === null ? null : readTip(repo, id)
}

function ambiguous(name: string, candidates: readonly ChainTip[]): AmpError {
  const lines = candidates
    .slice(0, maxCandidates)
    .map(({ id, snapshot }) => `  ${id} ${snapshot.slug}  ${snapshot.title}`)
  const more = candidates.length - lines.length
  if (more > 0) lines.push(`and ${more} more`)
  return new AmpError('fatal', `session id '${name}' is ambiguous`, { hints: ['The candidates are:', ...lines] })
}
