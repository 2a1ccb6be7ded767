import { AmpError } from '../../errors.js'
import { commitsBetween, isAncestor } from '../../git/history.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchName, branchRef } from '../../state/names.js'
import type { Within } from '../../state/oplog.js'
import { plural } from '../../util/time.js'
import { hasOwnContent, rebaseSession } from '../rebase.js'
import { removeSessions } from '../remove.js'
import { preventedWords, type SquashResult, squashBase, squashSession } from '../squash.js'
import { testSession } from '../test.js'
import type { Base, MergeStyle } from './landing.js'
import type { MergePlan } from './merging.js'
import type { Place } from './place.js'
import { canSquash, notMoved } from './predict.js'
import { type Review, review, type Target, targetOf } from './publish.js'
import { pullText } from './pull-text.js'
import { record } from './record.js'
import { knownResult, testCommand } from './testing.js'

/** A step of a merge, and what came of it. */
export interface MergeStep {
  name: 'base' | 'squash' | 'rebase' | 'test' | 'merge' | 'clean up' | 'push' | 'review'
  status: 'done' | 'planned' | 'skipped' | 'warning' | 'failed'
  detail: string
  /** The telling part of what failing tests printed. */
  output?: string
}

/** Who hears of it. */
export interface Listening {
  signal: AbortSignal
  onStep?: ((step: MergeStep) => void) | undefined
  onTest?: ((command: string) => void) | undefined
  /** Another merge is at the checkout of the base. */
  onWait?: ((whom: string) => void) | undefined
}

export interface Running extends Listening {
  plan: MergePlan
  within: Within
  isDryRun: boolean
  /** No step of it was done before. */
  isFirst: boolean
}

/** A merge on its way. */
export interface Run extends Running, Base {
  tip: ChainTip
  head: Oid
  place: Place | null
  style: MergeStyle
  steps: MergeStep[]
  tell: (
    name: MergeStep['name'],
    status: MergeStep['status'],
    what: string | Pick<MergeStep, 'detail' | 'output'>,
  ) => void
}

/** Stops between two steps when the user wishes so. */
function refuseStopped({ signal }: Run): void {
  if (signal.aborted) throw new AmpError('interrupted', 'the merge was stopped')
}

/** The squash, when the style wants one. */
export async function squashStep(repo: Repo, now: Run): Promise<void> {
  if (now.style !== 'squash') return
  refuseStopped(now)
  const { tip, plan, tell } = now
  if (!(await canSquash(repo, now))) return tell('squash', 'skipped', 'no commit of an agent is in it')
  const message = now.isFirst ? plan.message : undefined
  const done = await squashSession(repo.as(now.within), { session: tip.id, message, manual: plan.manual })
  now.tip = done.tip
  now.head = done.to
  const [status, words] = squashWords(done)
  tell('squash', status, words)
}

function squashWords(done: SquashResult): [MergeStep['status'], string] {
  if (done.isUpToDate) return ['skipped', 'it is squashed already']
  const count = done.commits.reduce((sum, one) => sum + one.replaced, 0)
  const words = [`${plural(count, 'commit')} into ${done.commits.length}`, ...signatureWords(done)]
  if (done.prevented !== null) words.push(preventedWords(done.prevented))
  return [words.length > 1 ? 'warning' : 'done', words.join('; ')]
}

const signatureWords = ({ unsigned, lost }: { unsigned: number; lost: number }): string[] => [
  ...(unsigned > 0 ? [`${plural(unsigned, 'commit')} could not be signed`] : []),
  ...(lost > 0 ? [`${plural(lost, 'commit')} lost the signature`] : []),
]

/** The rebase onto the base as it is now; a session with merges that would be lost goes without. */
export async function rebaseStep(repo: Repo, now: Run): Promise<void> {
  refuseStopped(now)
  const { tip, plan, into, before, tell } = now
  const name = branchName(into)
  if (await isAncestor(repo.git, before, now.head)) return tell('rebase', 'skipped', notMoved(name))
  if (plan.rebase === false) return tell('rebase', 'skipped', 'left out')
  if (await keepsMerges(repo, now)) return tell('rebase', 'skipped', 'a merge among the commits would be lost')
  const done = await rebaseSession(repo.as(now.within), { session: tip.id, onto: before })
  now.tip = done.tip
  now.head = done.to
  const there = done.dropped.length === 0 ? [] : [`${done.dropped.length} of them there already`]
  const signatures = signatureWords({ unsigned: done.unsigned, lost: 0 })
  const words = [`${plural(done.map.length, 'commit')} onto ${name} ${before.slice(0, 12)}`, ...there, ...signatures]
  tell('rebase', signatures.length > 0 ? 'warning' : 'done', words.join(', '))
}

/** Whether the session has merges with work of their own, which only a merge commit keeps. */
async function keepsMerges(repo: Repo, { tip, head, place }: Run): Promise<boolean> {
  const commits = await commitsBetween(repo.git, await squashBase(repo, tip, head), head)
  const merges = commits.filter(({ parents }) => parents.length > 1)
  for (const merge of merges) if (await hasOwnContent(place?.git ?? repo.git, merge)) return true
  return false
}

/** The tests on the very tree that lands. */
export async function testStep(repo: Repo, now: Run): Promise<void> {
  refuseStopped(now)
  const { tip, plan, signal, onTest, tell } = now
  if (plan.test === false) return tell('test', 'skipped', 'left out')
  const command = await testCommand(repo, tip)
  if (command === null) return tell('test', 'skipped', 'there is no test command')
  const tree = await repo.treeOf(now.head)
  if ((await knownResult(repo, tip, { tree, command })) === 0)
    return tell('test', 'done', 'pass on this tree, as recorded')
  const {
    run: ran,
    exit,
    tip: tested,
  } = await testSession(repo, { session: tip.id, force: true, signal, onStart: onTest })
  now.tip = tested
  refuseStopped(now)
  if (exit === 0) {
    const doubt = ran?.isRecorded === true ? '' : ', but files changed while they ran'
    return tell('test', doubt === '' ? 'done' : 'warning', `pass${doubt}`)
  }
  const how = exit === null ? `ended by ${ran?.signal ?? 'a signal'}` : `exit code ${exit}`
  tell('test', 'failed', { detail: how, output: ran?.output ?? '' })
  throw new AmpError('no', `the tests fail on what would land (${how})`, {
    hints: ['With --no-test it is merged whatever they say.'],
    details: { tests: { command, exit, output: ran?.output ?? '' } },
  })
}

/** What was removed of a session. */
export interface Cleaned {
  worktree: string | null
  branch: string | null
}

/** A worktree that cannot go is no reason to call the merge failed. */
export async function cleanUpStep(repo: Repo, now: Run): Promise<Cleaned | null> {
  const { tip, place, within, tell } = now
  const hasBranch = (await repo.refs.read(branchRef(tip.snapshot.branch))) !== null
  if (place === null && !hasBranch) return null
  const { cwd } = repo.host
  if (place !== null && (cwd === place.path || cwd.startsWith(`${place.path}/`))) {
    tell('clean up', 'skipped', `you are in the worktree; later: git amp remove -D ${tip.id.slice(0, 4)}`)
    return null
  }
  try {
    const { removed } = await removeSessions(repo.as(within), { sessions: [tip.id], branch: true })
    const [one] = removed
    now.tip = one?.tip ?? tip
    const { worktree = null, branch = null } = one ?? {}
    const what = [...(worktree === null ? [] : ['worktree']), ...(branch === null ? [] : ['branch'])].join(' and ')
    tell('clean up', 'done', `${what} removed`)
    return { worktree, branch }
  } catch (error) {
    if (!(error instanceof AmpError) || error.kind === 'bug') throw error
    tell('clean up', 'warning', `kept: ${error.message}`)
    return null
  }
}

/** Pushes the session's branch and opens the pull request; the session is in review from then on. */
export async function reviewStep(repo: Repo, now: Run, target: Target): Promise<Review> {
  const { tip, into, head, plan, signal, tell } = now
  const base = (await targetOf(repo, branchName(into), { wanted: target.remote, upstream: true })).ref
  const branch = branchName(target.ref)
  const text = await pullText(repo, tip, plan.message)
  const known = tip.snapshot.status === 'review' ? tip.snapshot.review?.url || null : null
  const from = branchRef(tip.snapshot.branch)
  const opened = await review(
    repo,
    { tip, from, target, known, signal },
    { head: branch, base: branchName(base), ...text },
  ).catch((error) => {
    tell('review', 'failed', target.remote)
    throw error
  })
  const recorded = await record(repo.as(now.within), tip.id, () => ({
    subject: `amp(${tip.snapshot.slug}): in review`,
    events: [{ type: 'session.review', data: { url: opened.url, remote: target.remote, branch, head } }],
    code: [head],
    operation: { id: repo.newId(), command: 'review' },
  }))
  now.tip = recorded?.tip ?? tip
  const words = known !== null ? 'pushed again' : opened.isOpened ? 'opened' : 'pushed; open it in a browser'
  const detail =
    opened.url === '' ? `pushed to ${target.remote}; no pull request was opened` : `${words}: ${opened.url}`
  tell('review', opened.isOpened ? 'done' : 'warning', detail)
  return opened
}
