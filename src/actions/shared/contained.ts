import { isAncestor, mergeBase } from '../../git/history.js'
import { mergeTrees } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { readState } from '../../state/read-state.js'
import { present, unique } from '../../util/collections.js'

/**
 * The branch that has a session's work already, by ancestry or by content, whoever brought it there: its base, the upstream of that, or the branch it was
 * merged into.
 * @returns null when none has
 */
export async function containedIn(repo: Repo, tip: ChainTip, head: Oid): Promise<string | null> {
  const { base, merged } = tip.snapshot
  // Nothing was done since it was started.
  if (await isAncestor(repo.git, head, base.oid)) return base.ref ?? base.oid
  const refs = unique(present([base.ref, merged?.into]).flatMap((ref) => [ref]))
  for (const ref of [...refs, ...(await upstreamsOf(repo, refs))]) {
    const into = await repo.refs.read(ref)
    if (into === null) continue
    if ((await hasContent(repo, head, into)) || (await wasMerged(repo, tip, { head, into }))) return ref
  }
  return null
}

async function upstreamsOf(repo: Repo, refs: readonly string[]): Promise<string[]> {
  if (refs.length === 0) return []
  const text = await repo.git.text(['for-each-ref', '--format=%(upstream)', ...refs])
  return text.split('\n').filter((ref) => ref !== '')
}

/** Whether a commit's work is in a branch: as commits, as the same patches, as one patch, or so that merging it would change nothing. */
export async function hasContent(repo: Repo, head: Oid, into: Oid): Promise<boolean> {
  if (await isAncestor(repo.git, head, into)) return true
  const start = await mergeBase(repo.git, head, into)
  if (start === null) return false
  if (await hasPatches(repo, head, into)) return true
  const merged = await mergeTrees(repo.git, into, head)
  if (merged.kind === 'clean' && merged.tree === (await repo.treeOf(into))) return true
  const author = await repo.stamp()
  const squashed = await repo.git.text(['commit-tree', await repo.treeOf(head), '-p', start, '-m', 'squashed'], {
    env: { GIT_COMMITTER_DATE: `@${author.seconds} +0000`, GIT_AUTHOR_DATE: `@${author.seconds} +0000` },
  })
  return hasPatches(repo, squashed, into)
}

/** Whether each commit's patch is in a branch. A merge has no patch: what was written in it would not be seen. */
async function hasPatches(repo: Repo, head: Oid, into: Oid): Promise<boolean> {
  const merges = await repo.git.text(['rev-list', '--merges', '--max-count=1', head, `^${into}`])
  if (merges !== '') return false
  const lines = (await repo.git.text(['cherry', into, head])).split('\n')
  return lines.every((line) => line.startsWith('- '))
}

/** Whether git-amp merged exactly this head, and the branch still has the result. */
async function wasMerged(repo: Repo, tip: ChainTip, { head, into }: { head: Oid; into: Oid }): Promise<boolean> {
  const { merged } = tip.snapshot
  if (merged === undefined || !(await isAncestor(repo.git, merged.after, into))) return false
  for (let oid: Oid | undefined = tip.oid; oid !== undefined; ) {
    const state = await readState(repo.objects, oid, tip.ref)
    const isIt = state.events.some(({ type, data }) => type === 'session.merged' && data.result === 'done')
    if (isIt) return state.codeParents.includes(head)
    oid = state.stateParents[0]
  }
  return false
}
