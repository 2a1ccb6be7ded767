import { join } from 'node:path'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchRef } from '../../state/names.js'
import { registeredOf } from './droppable.js'
import { readSessionFile } from './session-file.js'

/**
 * Commits in the reflogs of a session's worktree and branch that no ref reaches, such as one that the user amended before git-amp saw it. The
 * operation log keeps them, for a reflog goes with its worktree, and expires. They stay local: what was amended away may be a secret.
 */
export async function reflogCommits(repo: Repo, tip: Pick<ChainTip, 'id' | 'snapshot'>): Promise<Oid[]> {
  const gitDir = await gitDirOf(repo, tip)
  if (gitDir === null) return []
  const git = repo.git.at(repo.location.commonDir, [`--git-dir=${gitDir}`])
  const read = (ref: string) => git.text(['reflog', 'show', '--format=%H', ref, '--'], { ok: [0, 128] }) // 128: there is none
  const lines = (await Promise.all(['HEAD', branchRef(tip.snapshot.branch)].map(read))).join('\n').split('\n')
  const oids = [...new Set(lines.filter((line) => line !== ''))]
  if (oids.length === 0) return []
  const args = ['rev-list', '--ignore-missing', '--stdin', '--not', '--all']
  const unreached = new Set((await repo.git.text(args, { input: `${oids.join('\n')}\n` })).split('\n'))
  return oids.filter((oid) => unreached.has(oid))
}

/** The git directory of the session's worktree, which may outlive the worktree; null when none is registered. */
async function gitDirOf(repo: Repo, tip: Pick<ChainTip, 'id' | 'snapshot'>): Promise<string | null> {
  const usual = join(repo.location.commonDir, 'worktrees', tip.id)
  if ((await readSessionFile(repo, usual)) === tip.id) return usual
  return (await registeredOf(repo, tip))?.gitDir ?? null
}
