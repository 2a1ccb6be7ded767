import type { BlamedCommit } from '../../git/blame.js'
import type { Git, Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { notesRef } from '../../state/names.js'
import { readNotes } from '../../state/notes-read.js'
import { eachSession } from './sessions.js'

/** So many are compared with a commit. */
const maxCandidates = 5000
/** Clocks of two machines may differ by so many seconds. */
export const clockSkew = 60

/** A session whose work a commit holds, and the commit that ended it. */
export interface SameWork {
  id: string
  at: Oid
}

interface Candidate {
  /** Null for an iteration's own commit: its note tells. */
  id: string | null
  from: Oid | null
  to: Oid
}

/**
 * The iteration, or the whole session, that changes a path as a commit does, by `git patch-id`: what a host squashed and what somebody applied by
 * hand names no session.
 */
export async function sameWork(
  repo: Repo,
  git: Git,
  { commit, path }: { commit: BlamedCommit; path: string },
): Promise<SameWork | null> {
  const candidates = [...(await wholeSessions(repo, commit)), ...(await notedCommits(git))]
  if (candidates.length === 0) return null
  const lines = candidates.map(({ from, to }) => (from === null ? to : `${to} ${from}`))
  const input = [commit.oid, ...lines].map((line) => `${line}\n`).join('')
  const args = ['diff-tree', '--stdin', '-p', '-r', '--no-ext-diff', '--no-textconv', '--', `:(literal)${path}`]
  const patches = await git.bytes(args, { input, ok: [0, 128] }) // 128: a commit is not here, as in a shallow clone
  const ids = (await git.text(['patch-id', '--stable'], { input: patches })).split('\n').map((line) => line.split(' '))
  const wanted = ids.find(([, oid]) => oid === commit.oid)?.[0]
  const same = new Set(ids.filter(([id]) => id === wanted).map(([, oid]) => oid))
  const found = candidates.find(({ to }) => to !== commit.oid && same.has(to))
  if (wanted === undefined || found === undefined) return null
  const id = found.id ?? (await readNotes(repo, [found.to])).get(found.to)?.[0]?.session
  return id === undefined ? null : { id, at: found.to }
}

/** Sessions from base to head, those first that were changed last. A commit that is older cannot hold their work. */
async function wholeSessions(repo: Repo, { time }: BlamedCommit): Promise<Candidate[]> {
  const found: (Candidate & { updatedAt: string })[] = []
  for await (const { id, snapshot } of eachSession(repo, [])) {
    const { base, heads, createdAt, updatedAt } = snapshot
    if (Date.parse(createdAt) / 1000 > time + clockSkew) continue
    for (const to of heads) if (to !== base.oid) found.push({ id, from: base.oid, to, updatedAt })
  }
  return found.sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1)).slice(0, maxCandidates)
}

/** Commits that end an iteration. */
async function notedCommits(git: Git): Promise<Candidate[]> {
  const text = await git.text(['ls-tree', '-r', '--name-only', notesRef], { ok: [0, 128] }) // 128: there are none
  const commits = text === '' ? [] : text.split('\n').map((name) => name.replaceAll('/', ''))
  return commits.slice(0, maxCandidates).map((to) => ({ id: null, from: null, to }))
}
