import { AmpError, conflict, no } from '../../errors.js'
import { commitsBetween, isAncestor } from '../../git/history.js'
import { mergeTrees } from '../../git/merge.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchName } from '../../state/names.js'
import { subjectOf } from '../../util/message.js'
import { plural } from '../../util/time.js'
import { type Replayed, tryRebase } from '../rebase.js'
import { squashBase, squashSession } from '../squash.js'
import type { Base, MergeStyle } from './landing.js'
import type { MergePlan } from './merging.js'
import type { Place } from './place.js'
import { ownLine } from './squash-plan.js'

/** What would land, made in memory. */
export interface Predicted {
  /** The tree that the base would have. */
  tree: Oid
  /** The commit that it would be at; null when a merge commit is to be made. */
  head: Oid | null
  via: 'ff' | 'merge'
  /** What the squash would do; null when none is wanted. */
  squash: string | null
  rebase: { isNeeded: boolean; words: string }
}

interface Session extends Base {
  tip: ChainTip
  head: Oid
  place: Place | null
  style: MergeStyle
  plan: MergePlan
}

/**
 * Goes through squash, rebase and merge in memory. Nothing is moved.
 * @throws AmpError on a conflict, or when the style does not allow what would be needed
 */
export async function predict(repo: Repo, session: Session): Promise<Predicted> {
  const { tip, into, before, style, plan, place } = session
  const name = branchName(into)
  const isSquashed = style === 'squash' && (await canSquash(repo, session))
  const squashed = isSquashed ? await trySquash(repo, session) : null
  const head = squashed?.to ?? session.head
  const plain = { squash: squashed?.words ?? null }
  const isBehind = !(await isAncestor(repo.git, before, head))
  const via = style === 'no-ff' ? ('merge' as const) : ('ff' as const)
  const tells = async (at: Oid) => ({ tree: await repo.treeOf(at), head: via === 'ff' ? at : null, via })
  if (!isBehind) return { ...plain, ...(await tells(head)), rebase: { isNeeded: false, words: notMoved(name) } }
  const start = squashed?.start ?? (await squashBase(repo, tip, head))
  const replayed = plan.rebase === false ? null : await rebased(repo, { start, head, onto: before, place })
  if (replayed === null) return { ...plain, ...(await mergedHead(repo, { ...session, head })) }
  if (replayed.kind === 'conflict') {
    const { commit, paths } = replayed
    throw conflict(
      `'${subjectOf(commit.message)}' (${commit.oid.slice(0, 12)}) conflicts with ${name} in ${paths.join(', ')}`,
      { into: name, commit: commit.oid, paths },
      `"git amp merge ${tip.id}" stops there, and goes on with --continue when it is resolved.`,
    )
  }
  const count = replayed.map.length - replayed.dropped.length
  const words = `${plural(count, 'commit')} onto ${name} ${before.slice(0, 12)}`
  return { ...plain, ...(await tells(replayed.tip)), rebase: { isNeeded: true, words } }
}

export const viaWords = (via: Predicted['via']): string => (via === 'ff' ? 'fast-forward' : 'merge commit')

export const notMoved = (name: string): string => `${name} has not moved on`

/** Whether there is anything to squash. Manual commits alone stay as they are. */
export async function canSquash(
  repo: Repo,
  { tip, head, plan }: Pick<Session, 'tip' | 'head' | 'plan'>,
): Promise<boolean> {
  if (plan.manual === 'include') return true
  const prefix = (await repo.config()).get('amp.commitPrefix') ?? 'amp:'
  const commits = await commitsBetween(repo.git, await squashBase(repo, tip, head), head)
  const line = await ownLine(repo, commits, prefix)
  return line === null || line.some(({ isManual }) => !isManual)
}

/** Null when merges of the session would be lost. */
async function rebased(repo: Repo, what: Parameters<typeof tryRebase>[1]): Promise<Replayed | null> {
  try {
    return await tryRebase(repo, what)
  } catch (error) {
    if (error instanceof AmpError && error.kind === 'no') return null
    throw error
  }
}

async function trySquash(repo: Repo, { tip, plan }: Session) {
  const { session, manual, message } = { session: tip.id, manual: plan.manual, message: plan.message }
  const result = await squashSession(repo, { session, manual, message, dryRun: true })
  const count = result.commits.reduce((sum, one) => sum + one.replaced, 0)
  return { to: result.to, start: result.start.to, words: `${plural(count, 'commit')} into ${result.commits.length}` }
}

/** A merge commit brings the two together. */
async function mergedHead(repo: Repo, { tip, head, into, before, style, plan, place }: Session) {
  const name = branchName(into)
  if (style === 'ff-only')
    throw no(`'${name}' has moved on, so it cannot be fast-forwarded`, `Run "git amp rebase ${tip.id}" first.`)
  const merged = await mergeTrees(place?.git ?? repo.git, before, head)
  if (merged.kind === 'conflict') {
    throw conflict(
      `merging into '${name}' conflicts in ${merged.paths.join(', ')}`,
      { into: name, paths: merged.paths },
      `Run "git amp rebase ${tip.id}" to resolve it in the session first.`,
    )
  }
  const words = plan.rebase === false ? 'left out' : 'a merge among the commits would be lost'
  return { tree: merged.tree, head: null, via: 'merge' as const, rebase: { isNeeded: false, words } }
}
