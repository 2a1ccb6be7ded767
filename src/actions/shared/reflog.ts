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
  const { heads, base, branch } = tip.snapshot
  // The session's own refs reach these.
  const known = new Set([...heads, base.oid])
  const oids = (await logged(repo, gitDir, branchRef(branch))).filter((oid) => !known.has(oid))
  if (oids.length === 0) return []
  const args = ['rev-list', '--ignore-missing', '--stdin', '--not', '--all']
  const unreached = new Set((await repo.git.text(args, { input: `${oids.join('\n')}\n` })).split('\n'))
  return oids.filter((oid) => unreached.has(oid))
}

/** All that stands in the reflogs of a worktree's HEAD and of its branch. */
async function logged(repo: Repo, gitDir: string, branch: string): Promise<string[]> {
  const git = repo.git.at(repo.location.commonDir, [`--git-dir=${gitDir}`])
  const read = (...refs: string[]) => git.run(['reflog', 'show', '--format=%H', ...refs, '--'], { ok: [0, 128] }) // 128: one of them is not there
  const both = await read('HEAD', branch)
  const texts = both.code === 0 ? [both] : await Promise.all([read('HEAD'), read(branch)])
  return [...new Set(texts.flatMap(({ stdout }) => stdout.split('\n')).filter((line) => line !== ''))]
}

/** The git directory of the session's worktree, which may outlive the worktree; null when none is registered. */
async function gitDirOf(repo: Repo, tip: Pick<ChainTip, 'id' | 'snapshot'>): Promise<string | null> {
  const usual = join(repo.location.commonDir, 'worktrees', tip.id)
  if ((await readSessionFile(repo, usual)) === tip.id) return usual
  return (await registeredOf(repo, tip))?.gitDir ?? null
}
