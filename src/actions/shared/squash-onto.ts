import { conflict, no } from '../../errors.js'
import type { Git, Oid } from '../../git/run.js'
import type { TreeMerger } from '../../git/three-way.js'
import type { Repo } from '../../repo.js'
import { subjectOf } from '../../util/message.js'
import { type Group, includeHint, merging, type SquashPlan } from './squash-plan.js'
import { isSame, parentsOn } from './squash-write.js'

interface Onto {
  onto: Oid
  git: Git
  /** As the user wrote it. */
  name: string
}

/** The plan on top of another commit: what each group changes is merged there in memory. */
export async function layOnto(repo: Repo, plan: SquashPlan, to: Onto) {
  if (plan.groups.some((group) => !isSame(parentsOn(group, plan.start), [plan.start])))
    throw no('the branch contains a merge that cannot be put onto another commit', includeHint)
  const trees = { from: await repo.treeOf(plan.start), to: await repo.treeOf(to.onto) }
  const laid = await merging(repo, to.git, (merger) => moved(merger, plan.groups, trees))
  if ('paths' in laid) throw conflicting(laid.group, laid.paths, to)
  const dropped = laid.groups
    .filter(({ isDropped }) => isDropped)
    .flatMap(({ commits }) => commits.map(({ oid }) => oid))
  return { plan: { ...plan, start: to.onto, groups: laid.groups }, dropped }
}

async function moved(
  merger: TreeMerger,
  groups: readonly Group[],
  trees: { from: Oid; to: Oid },
): Promise<{ groups: Group[] } | { group: Group; paths: string[] }> {
  const done: Group[] = []
  let { from: before, to: tip } = trees
  for (const group of groups) {
    const merged = await merger.merge({ base: before, ours: tip, theirs: group.tree })
    if (merged.kind === 'conflict') return { group, paths: merged.paths }
    done.push({ ...group, tree: merged.tree, isDropped: merged.tree === tip && group.tree !== before })
    before = group.tree
    tip = merged.tree
  }
  return { groups: done }
}

function conflicting(group: Group, paths: readonly string[], { onto, name }: { onto: Oid; name: string }) {
  const { oid, message } = group.commits[0] as Group['commits'][number]
  const what = group.isManual ? `'${subjectOf(message)}' (${oid.slice(0, 12)})` : 'the squashed commit'
  return conflict(
    `${what} conflicts with ${name} in ${paths.join(', ')}`,
    { onto, commit: oid, paths },
    'Squash without --onto, then rebase.',
  )
}
