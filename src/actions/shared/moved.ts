import type { Repo } from '../../repo.js'
import type { MovedRef } from '../../state/events.js'
import { notesRef } from '../../state/names.js'
import { allSessions } from './sessions.js'

/** All refs of the repository, and which branch the main worktree is on. */
export async function readAllRefs(repo: Repo): Promise<ReadonlyMap<string, string>> {
  // `%(HEAD)` is `*` for the branch of the main worktree, whose git directory is the common one, and a space otherwise.
  const text = await repo.git.text(['for-each-ref', '--format=%(HEAD)%(objectname) %(refname)'])
  const refs = new Map<string, string>([['HEAD', 'detached']])
  for (const line of text === '' ? [] : text.split('\n')) {
    const space = line.indexOf(' ', 1)
    const ref = line.slice(space + 1)
    refs.set(ref, line.slice(1, space))
    if (line.startsWith('*')) refs.set('HEAD', ref)
  }
  return refs
}

/**
 * Refs that moved since `before`, outside of git-amp's own, of the session's branch and of what other sessions recorded meanwhile.
 */
export async function movedRefs(repo: Repo, before: ReadonlyMap<string, string>, branch: string): Promise<MovedRef[]> {
  const after = await readAllRefs(repo)
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((ref) => before.get(ref) !== after.get(ref))
  const foreign = names.filter(
    (ref) => ref !== branch && ref !== notesRef && !/^refs\/amp(-private|-local)?\//.test(ref),
  )
  if (foreign.length === 0) return []
  const recorded = new Map(
    (await allSessions(repo)).sessions.map(({ snapshot }) => [`refs/heads/${snapshot.branch}`, snapshot.heads]),
  )
  return foreign
    .filter((ref) => !(recorded.get(ref) ?? []).includes(after.get(ref) ?? ''))
    .map((ref) => ({ ref, before: before.get(ref) ?? null, after: after.get(ref) ?? null }))
}
