import { no } from '../errors.js'
import type { Git, Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { headOf } from './diff.js'
import { baseOf } from './shared/adopt.js'
import { findSession } from './shared/find.js'

/** A session's commits as a range. */
export interface SessionRange {
  tip: ChainTip
  base: Oid
  head: Oid
}

/** Two sessions whose commits are compared, and the git to ask. */
export interface RangeDiffPlan {
  git: Git
  left: SessionRange
  right: SessionRange
  /** Both as `git range-diff` takes them. */
  ranges: [string, string]
}

/** One line of a range-diff: a commit of each side, or of one. */
export interface CommitPair {
  left: Oid | null
  right: Oid | null
  change: 'same' | 'changed' | 'removed' | 'added'
  subject: string
}

/** Finds two sessions and what each of them has made of its base. */
export async function planRangeDiff(repo: Repo, names: { a: string; b: string }): Promise<RangeDiffPlan> {
  const tips = [await findSession(repo, names.a), await findSession(repo, names.b)] as const
  const [left, right] = [await rangeOf(repo, tips[0]), await rangeOf(repo, tips[1])]
  const git = repo.asUser(repo.location.topLevel ?? repo.location.gitDir)
  return { git, left, right, ranges: [`${left.base}..${left.head}`, `${right.base}..${right.head}`] }
}

async function rangeOf(repo: Repo, tip: ChainTip): Promise<SessionRange> {
  const head = await headOf(repo, tip)
  const base = await baseOf(repo, tip, head)
  // git takes an empty range for none.
  if (base === head) throw no(`session ${tip.snapshot.name} has no commits of its own to compare`)
  return { tip, base, head }
}

const changes = { '=': 'same', '!': 'changed', '<': 'removed', '>': 'added' } as const

/** Which commits go together, for scripts. */
export async function commitPairs({ git, ranges }: RangeDiffPlan): Promise<CommitPair[]> {
  const options = ['--no-patch', '--no-color', '--no-notes']
  const text = await git.text(['-c', 'core.abbrev=no', 'range-diff', ...options, ...ranges])
  const line = /^ *[-\d]+: +(-+|[0-9a-f]+) ([=!<>]) +[-\d]+: +(-+|[0-9a-f]+) (.*)$/gm
  return [...text.matchAll(line)].map(([, left = '', sign = '=', right = '', subject = '']) => {
    const change = changes[sign as keyof typeof changes]
    return { left: oidOrNull(left), right: oidOrNull(right), change, subject }
  })
}

const oidOrNull = (word: string): Oid | null => (word.startsWith('-') ? null : word)
