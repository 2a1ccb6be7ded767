import type { Repo } from '../../repo.js'
import type { MovedRef } from '../../state/events.js'
import { notesRef } from '../../state/names.js'
import { allSessions } from './sessions.js'

/** All refs of the repository, and which branch the main worktree is on. */
export async function readAllRefs(repo: Repo): Promise<ReadonlyMap<string, string>> {
  const [text, head] = await Promise.all([
    repo.git.text(['for-each-ref', '--format=%(objectname) %(refname)']),
    repo.git.text(['symbolic-ref', '--quiet', 'HEAD'], { ok: [0, 1] }), // 1: detached
  ])
  const refs = new Map<string, string>()
  for (const line of text === '' ? [] : text.split('\n')) {
    const space = line.indexOf(' ')
    refs.set(line.slice(space + 1), line.slice(0, space))
  }
  return refs.set('HEAD', head)
}

/**
 * Refs that moved since `before`, outside of git-amp's own, of the session's branch and of what other sessions recorded meanwhile.
 */
export async function movedRefs(repo: Repo, before: ReadonlyMap<string, string>, branch: string): Promise<MovedRef[]> {
  const after = await readAllRefs(repo)
  const names = [...new Set([...before.keys(), ...after.keys()])].filter((ref) => before.get(ref) !== after.get(ref))
  const foreign = names.filter((ref) => ref !== branch && ref !== notesRef && !/^refs\/amp(-private|-local)?\//.test(ref))
  if (foreign.length === 0) return []
  const recorded = new Map((await allSessions(repo)).sessions.map(({ snapshot }) => [`refs/heads/${snapshot.branch}`, snapshot.heads]))
  return foreign
    .filter((ref) => !(recorded.get(ref) ?? []).includes(after.get(ref) ?? ''))
    .map((ref) => ({ ref, before: before.get(ref) ?? null, after: after.get(ref) ?? null }))
}
