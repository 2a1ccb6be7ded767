import { CommitWriter } from '../../git/rewrite.js'
import type { Git, Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { unique } from '../../util/collections.js'
import { subjectOf, trailerValues, withTrailers } from '../../util/message.js'
import type { Group, SquashPlan } from './squash-plan.js'

/** A commit that is now on the branch. */
export interface Squashed {
  oid: Oid
  subject: string
  isManual: boolean
  replaced: number
}

/** A commit that is what the plan makes of it: the user's own, or the agent's when it was squashed before. */
export const isKept = ({ isManual, commits, tree }: Group, prefix: string | null): boolean =>
  commits.length === 1 &&
  commits[0]?.tree === tree &&
  (isManual || (prefix !== null && !subjectOf(commits[0].message).startsWith(prefix)))

/** The parents of a group on top of what is before it. */
export const parentsOn = ({ parents }: Group, before: Oid): Oid[] => parents.map((oid) => oid ?? before)

export const isSame = (a: readonly Oid[], b: readonly Oid[]): boolean =>
  a.length === b.length && a.every((oid, at) => oid === b[at])

interface Writing extends SquashPlan {
  message: string
  /** The prefix by which an agent's commit that was squashed before is known and kept; null writes it again. */
  keep: string | null
  session: string
  git: Git
  isDryRun: boolean
}

/** Writes the commits of a plan. A commit that would be the same is the same. */
export async function writeGroups(repo: Repo, plan: Writing) {
  const writer = await CommitWriter.open(plan.git, repo.catFile, { isDryRun: plan.isDryRun })
  const places = new Map<Oid, Oid>()
  const commits: Squashed[] = []
  let to = plan.start
  for (const group of plan.groups) {
    if (group.isDropped !== true) {
      to = await writeGroup(writer, { ...plan, group, before: to })
      const subject = subjectOf(group.isManual ? (group.commits[0]?.message ?? '') : plan.message)
      commits.push({ oid: to, subject, isManual: group.isManual, replaced: group.commits.length })
    }
    for (const commit of group.commits) places.set(commit.oid, to)
  }
  await repo.catFile.flush()
  return { to, places, commits, unsigned: writer.unsigned, lost: writer.lost }
}

async function writeGroup(writer: CommitWriter, plan: Writing & { group: Group; before: Oid }): Promise<Oid> {
  const { group, before, keep } = plan
  const [first] = group.commits
  const parents = parentsOn(group, before)
  if (first !== undefined && isKept(group, keep) && isSame(parents, first.parents)) return first.oid
  if (group.isManual && first !== undefined) return writer.again(first, { tree: group.tree, parents })
  return writer.make({ tree: group.tree, parents }, squashMessage(plan, group))
}

/** What became of every commit; a merge that vanished is in the one before it. */
export function mapOf(commits: readonly { oid: Oid }[], places: ReadonlyMap<Oid, Oid>, start: Oid): [Oid, Oid][] {
  let last = start
  return commits.map(({ oid }) => {
    last = places.get(oid) ?? last
    return [oid, last]
  })
}

/** The user's message with the trailers of all iterations in it, so that blame still leads to them. */
function squashMessage(plan: Pick<Writing, 'message' | 'session'>, group: Group): string {
  const iterations = unique(group.commits.flatMap((commit) => trailerValues(commit.message, 'Amp-Iteration')))
  const trailers: [string, string][] = [
    ['Amp-Session', plan.session],
    ...iterations.map((id): [string, string] => ['Amp-Iteration', id]),
  ]
  return withTrailers(plan.message, trailers)
}
