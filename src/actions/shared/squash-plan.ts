import type { CommitInfo } from '../../git/history.js'
import type { Git, Oid } from '../../git/run.js'
import { TreeMerger } from '../../git/three-way.js'
import type { Repo } from '../../repo.js'
import { subjectOf, trailerValues } from '../../util/message.js'

/** A commit of the session, with the tree it was made from. */
export interface Own extends CommitInfo {
  isManual: boolean
  /** A merge of the base: the base has all but one of its parents. */
  isMerge: boolean
  before: Oid
}

/** Commits that become one, or one that stays. */
export interface Group {
  isManual: boolean
  commits: Own[]
  tree: Oid
  /** Null is the group before it, or where the plan starts. */
  parents: (Oid | null)[]
  /** What it stands on has its change already. */
  isDropped?: boolean
}

/** The commit for whose sake the `amp:` commits do not become one. */
export interface Prevented {
  commit: Oid
  subject: string
  isManual: boolean
  paths: string[]
  /** `conflict`: its change does not apply elsewhere. `different`: it does, but the files at the end would be others. */
  why: 'conflict' | 'different'
}

export interface SquashPlan {
  start: Oid
  groups: Group[]
  prevented: Prevented | null
}

interface Given {
  start: Oid
  commits: readonly Own[]
  /** Where merges run: their attributes are those of the worktree. */
  git: Git
}

/** An agent commit has an `Amp-Session` trailer or the prefix in its subject; all others are the human's. */
export const isAgentCommit = (commit: Pick<CommitInfo, 'message'>, prefix: string): boolean =>
  trailerValues(commit.message, 'Amp-Session').length > 0 ||
  (prefix !== '' && subjectOf(commit.message).startsWith(prefix))

/**
 * The commits of a session, oldest first, as one line; null when there are merges in it of something else than the base.
 * @param commits all that the base does not have, parents before children
 */
export async function ownLine(repo: Repo, commits: readonly CommitInfo[], prefix: string): Promise<Own[] | null> {
  const inside = new Map(commits.map((commit) => [commit.oid, commit]))
  const line: Own[] = []
  for (const commit of commits) {
    const [own, ...others] = commit.parents.filter((oid) => inside.has(oid))
    if (others.length > 0) return null
    const before = inside.get(own ?? '')?.tree ?? (await repo.treeBefore(commit))
    const isMerge = commit.parents.length > 1
    line.push({ ...commit, before, isMerge, isManual: isMerge || !isAgentCommit(commit, prefix) })
  }
  return line
}

/** The way out when commits cannot be kept apart. */
export const includeHint = 'With --manual=include everything becomes one commit, manual commits too.'

/** Everything becomes one commit. */
export function planOne(start: Oid, commits: readonly CommitInfo[]): SquashPlan {
  const all = commits.map((commit) => ({ ...commit, before: '', isMerge: false, isManual: false }))
  const last = all.at(-1)
  const groups = last === undefined ? [] : [{ isManual: false, commits: all, tree: last.tree, parents: [null] }]
  return { start, groups, prevented: null }
}

/**
 * All agent commits as one, in the place of the first of them, when the order can be changed without a conflict and gives the same files to the
 * byte; else each run of them as one, which always works. Merges of the base vanish, unless the commits before them do not apply on top of it.
 */
export async function planSquash(repo: Repo, given: Given): Promise<SquashPlan> {
  const { start, commits } = given
  const plain = commits.filter(({ isMerge }) => !isMerge)
  const goal = { from: await repo.treeOf(start), to: commits.at(-1)?.tree ?? '' }
  const lay = (groups: Loose[]) => merging(repo, given.git, (merger) => laid(groups, { ...goal, merger }))
  const first = plain.findIndex(({ isManual }) => !isManual)
  const after = plain.slice(Math.max(first, 0))
  const one = await lay([...plain.slice(0, Math.max(first, 0)).map(alone), ...oneAndOthers(after)])
  if ('groups' in one) return { start, groups: one.groups, prevented: null }
  await repo.catFile.flush()
  const prevented = await explain(given, { ...one, after })
  const runs = await lay(runsOf(plain))
  return { start, groups: 'groups' in runs ? runs.groups : asTheyStand(commits), prevented }
}

/** @param git the place whose merge attributes count */
export const merging = <T>(repo: Repo, git: Git, work: (merger: TreeMerger) => Promise<T>): Promise<T> =>
  TreeMerger.work({ objects: repo.objects, flush: () => repo.catFile.flush() }, git, work)

type Loose = Pick<Group, 'isManual' | 'commits'>

const alone = (commit: Own): Loose => ({ isManual: commit.isManual, commits: [commit] })

function oneAndOthers(commits: readonly Own[]): Loose[] {
  const agents = commits.filter(({ isManual }) => !isManual)
  const manual = commits.filter(({ isManual }) => isManual)
  return [...(agents.length === 0 ? [] : [{ isManual: false, commits: agents }]), ...manual.map(alone)]
}

/** The commits in their order, with the agent's that follow each other together. */
function runsOf(commits: readonly Own[]): Loose[] {
  const groups: Loose[] = []
  for (const commit of commits) {
    const last = groups.at(-1)
    if (last !== undefined && !commit.isManual && !last.isManual) last.commits.push(commit)
    else groups.push(alone(commit))
  }
  return groups
}

interface Goal {
  merger: TreeMerger
  /** Trees at both ends. */
  from: Oid
  to: Oid
}

/** What stands against an order: the commit that does not apply there, or null when the end is another one. */
interface Failure {
  at: Own | null
  paths: string[]
  trees: { wanted: Oid; got: Oid } | null
}

/** Lays groups one upon the other, by a three-way merge of each commit in memory. */
async function laid(groups: readonly Loose[], goal: Goal): Promise<{ groups: Group[] } | Failure> {
  const done: Group[] = []
  let tip = goal.from
  for (const [index, group] of groups.entries()) {
    // What the agent did last gives the files of the end, whatever they were made from.
    const isEnd = index === groups.length - 1 && !group.isManual
    for (const commit of isEnd ? [] : group.commits) {
      const merged = await goal.merger.merge({ base: commit.before, ours: tip, theirs: commit.tree })
      if (merged.kind === 'conflict') return { at: commit, paths: merged.paths, trees: null }
      tip = merged.tree
    }
    if (isEnd) tip = goal.to
    done.push({ ...group, tree: tip, parents: [null] })
  }
  return tip === goal.to ? { groups: done } : { at: null, paths: [], trees: { wanted: goal.to, got: tip } }
}

/** Runs with the trees they have, and the merges between them. */
function asTheyStand(commits: readonly Own[]): Group[] {
  let last: Oid | null = null
  return runsOf(commits).map(({ isManual, commits: run }) => {
    const parents = (run[0] as Own).parents.map((oid) => (oid === last ? null : oid))
    last = (run.at(-1) as Own).oid
    return { isManual, commits: run, tree: (run.at(-1) as Own).tree, parents }
  })
}

/** Names the commit that is in the way: the user's own where it can be told, for the agent's are what was to move. */
async function explain({ git }: Given, failure: Failure & { after: readonly Own[] }): Promise<Prevented> {
  const { at, trees, after } = failure
  const paths = trees === null ? failure.paths : await touched(git, trees.got, trees.wanted)
  const why = at === null ? 'different' : 'conflict'
  const passed = at === null ? after : after.slice(0, after.indexOf(at))
  const found = at?.isManual === true ? at : await lastTouching(git, passed, paths)
  const commit = found ?? at ?? (after.at(-1) as Own)
  return { commit: commit.oid, subject: subjectOf(commit.message), isManual: commit.isManual, paths, why }
}

async function lastTouching(git: Git, commits: readonly Own[], paths: readonly string[]): Promise<Own | null> {
  for (const commit of commits.filter(({ isManual }) => isManual).reverse()) {
    const own = await touched(git, commit.before, commit.tree)
    if (own.some((path) => paths.includes(path))) return commit
  }
  return null
}

const touched = (git: Git, from: Oid, to: Oid): Promise<string[]> =>
  git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to])
