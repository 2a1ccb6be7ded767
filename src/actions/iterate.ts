import { createHash } from 'node:crypto'
import type { AgentAdapter, AgentEvent, AgentRun } from '../agent/adapter.js'
import { type ConfiguredAgent, checkModel, openAgent } from '../agent/registry.js'
import { runAgent } from '../agent/run.js'
import { fatal } from '../errors.js'
import type { Config } from '../git/config.js'
import { hookAt } from '../git/hooks.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import type { ChangeSize, IterationRemarks, Outcome, Spent } from '../state/events.js'
import { type IterationView, iterationsOf, spentOf } from '../state/iterations.js'
import { branchRef, transcriptRef } from '../state/names.js'
import type { TapeHead } from '../state/tape.js'
import { together } from '../util/collections.js'
import { shortSubject } from '../util/message.js'
import type { Redact } from '../util/redact.js'
import { plural } from '../util/time.js'
import { type Collected, collect } from './shared/collect.js'
import { refuseOverBudget, withCost } from './shared/cost.js'
import { type Ended, recordEnd, spent } from './shared/ending.js'
import { findSession } from './shared/find.js'
import {
  abandonLease,
  changeLease,
  dropLease,
  type Lease,
  obituaryFile,
  ownClone,
  promptFile,
  takeLease,
  whereabouts,
} from './shared/lease.js'
import { limitsOf } from './shared/limits.js'
import { type CommittedEdits, commitStanding } from './shared/manual.js'
import { type AllRefs, movedRefs, readAllRefs } from './shared/moved.js'
import { ensurePlace, type Place } from './shared/place.js'
import { composePrompt } from './shared/prompt.js'
import { conflictElsewhere, refuseConflict, standingOf } from './shared/rebasing.js'
import { reconcile } from './shared/reconcile.js'
import { record } from './shared/record.js'
import type { Salvaged } from './shared/salvage.js'
import { maybeRunning, oneHead, refuseRunning } from './shared/sessions.js'
import { changedSettings, readSettings } from './shared/settings.js'
import { openSpool, type Spool } from './shared/spool.js'
import { type StopWatch, watchForStop } from './shared/stopping.js'
import { recordTest, runScript, type TestRun, testCommand } from './shared/testing.js'
import { keepSpool, tapedOf } from './shared/transcript.js'
import { refuseUntrustedPrompt, refuseUntrustedTest } from './shared/trust.js'
import { hooksOf } from './shared/work.js'

/** More refs that moved are not listed: the event stays small. */
const listedRefs = 20

/** What the user wants of one iteration. */
export interface IterateOptions {
  session?: string | undefined
  /** Without it the session's own prompt the first time, and afterwards a request to go on. */
  prompt?: string | undefined
  agent?: string | undefined
  model?: string | undefined
  /** Uncommitted edits found in the worktree: committed first as the user's own, or a reason to refuse. */
  manual?: 'commit' | 'refuse' | undefined
  /** Go on although the session is iterated on another machine. */
  force?: boolean | undefined
  timeoutMs?: number | undefined
  /** Runs in the background; said in the lease. */
  detached?: boolean | undefined
  /** No iteration is started once the session has cost this, in US dollars; without it `amp.maxCost` counts. */
  maxCost?: number | undefined
  signal: AbortSignal
  /** What happens, as it happens. */
  on?: ((news: IterateNews) => void) | undefined
}

/** News of a running iteration. */
export type IterateNews =
  | { type: 'worktree'; path: string }
  | { type: 'salvaged'; n: number; to: Oid | null }
  /** What an earlier iteration had left uncommitted is its commit now. */
  | { type: 'kept'; n: number; oid: Oid }
  | { type: 'manual'; oid: Oid }
  /** `redact`: for what is shown of the agent's words. */
  | { type: 'started'; n: number; agent: string; session: string; worktree: string; redact: Redact }
  /** As the agent said it, secrets included. */
  | { type: 'agent'; event: AgentEvent }
  /** Somebody asked it to stop. */
  | { type: 'stopping' }
  /** The agent could not continue its thread; it begins a new one, and is told what happened so far. */
  | { type: 'thread-lost'; reason: string }
  | { type: 'collected'; to: Oid | null; size: ChangeSize }
  | { type: 'test'; command: string }
  | { type: 'test-line'; line: string }
  | { type: 'warning'; message: string }

export interface IterateResult {
  tip: ChainTip
  iteration: IterationView
  outcome: Outcome
  /** The commit, or null when nothing changed. */
  commit: Oid | null
  reason: string | null
  size: ChangeSize
  remarks: IterationRemarks
  tests: TestRun | null
  /** Whether the tests pass on what there is now; null when nobody knows. */
  passed: boolean | null
  /** Somebody stopped the agent or the tests. */
  isStopped: boolean
  /** The human's own commit made from edits found in the worktree. */
  manual: Oid | null
  /** The commit of what an earlier iteration had left there. */
  kept: { n: number; oid: Oid } | null
  summary: string | null
  /** What kind of failure it was: `transient` may be gone next time. */
  fault: 'transient' | 'timeout' | null
}

/** Runs the agent once in a session's worktree: it ends in exactly one commit, or in a recorded "no change". */
export async function iterateSession(repo: Repo, options: IterateOptions): Promise<IterateResult> {
  options.signal.throwIfAborted()
  const found = await findSession(repo, options.session)
  refuseInHook(repo, found)
  const agentName = options.agent ?? found.snapshot.agent
  checkModel(options.model)
  const agent = await openAgent(repo.host, await repo.config(), agentName)
  await refuseElsewhere(repo, found, options.force === true)
  const limits = await limitsOf(repo, options.timeoutMs)
  const caution = await refuseOverBudget(repo, found, options.maxCost)
  if (caution !== null) options.on?.({ type: 'warning', message: caution })
  if ((await standingOf(repo, found)) === 'elsewhere') throw conflictElsewhere(found)
  await refuseUntrustedTest(repo, found)
  if (options.prompt === undefined) await refuseUntrustedPrompt(repo, found, agentName)
  // Needed soon, and looked up while git answers other things.
  repo.stamp().catch(() => {})
  const { place, made } = await ensurePlace(repo, found)
  if (made) options.on?.({ type: 'worktree', path: place.path })
  const onSalvaged = (what: Salvaged) => options.on?.({ type: 'salvaged', ...what })
  const settled = await reconcile(repo, found, { place, onSalvaged, force: options.force })
  const manual = await commitStanding(repo, settled.tip, {
    place,
    status: settled.status,
    policy: options.manual ?? 'commit',
  })
  if (manual.kept !== null) options.on?.({ type: 'kept', ...manual.kept })
  if (manual.oid !== null) options.on?.({ type: 'manual', oid: manual.oid })
  hooksOf(repo, place).catch(() => {})
  const review = await reviewFor(repo, manual.tip, { place, agent: agent.adapter.name, on: options.on })
  const started = await start(repo, manual.tip, { ...options, agentName, adapter: agent.adapter, review })
  const stop = watchForStop(repo, started.iteration.id, options.signal)
  const running: Running = { ...started, place, options, agent, manual, limits, stop }
  try {
    const result = await runAndCollect(repo, running)
    await dropLease(repo, started.iteration.id)
    return result
  } catch (error) {
    // What is recorded already is no loss when the tests could not be run.
    if (running.isRecorded === true) await dropLease(repo, started.iteration.id)
    else await abandonLease(repo, started.lease)
    throw error
  } finally {
    stop.end()
  }
}

/** The review comments that the agent is told. A program that runs its prompt is told none. */
async function reviewFor(
  repo: Repo,
  tip: ChainTip,
  { place, agent, on }: { place: Place; agent: string } & Pick<IterateOptions, 'on'>,
): Promise<Review> {
  if (tip.snapshot.comments === undefined) return { ids: [], words: null }
  const { commentWords, openComments } = await import('./shared/comments.js')
  const { told, withheld } = await openComments(repo, tip)
  const warn = (message: string) => on?.({ type: 'warning', message })
  const short = tip.id.slice(0, 4)
  if (withheld > 0)
    warn(
      `${plural(withheld, 'review comment')} from elsewhere ${withheld === 1 ? 'is' : 'are'} not told to the agent; "git amp trust ${short}" shows ${withheld === 1 ? 'it' : 'them'}`,
    )
  if (told.length > 0 && agent === 'shell') {
    warn(
      `${plural(told.length, 'review comment')} stay${told.length === 1 ? 's' : ''} open: the shell agent runs its prompt as a program`,
    )
    return { ids: [], words: null }
  }
  if (told.length === 0) return { ids: [], words: null }
  const words = await commentWords(repo, told, { place, commit: oneHead(tip) })
  return { ids: told.map(({ id }) => id), words }
}

/** Review comments that an agent is told. */
interface Review {
  ids: string[]
  words: string | null
}

/** A hook of ours that iterates would commit, and the commit would run the hook. */
function refuseInHook(repo: Repo, tip: ChainTip): void {
  const hook = hookAt(repo.host.env, repo.location.commonDir, tip.id)
  if (hook === null) return
  throw fatal(`this is the ${hook} hook of a commit that git-amp makes, and an iteration would run it again`)
}

/** An iteration that began on another machine, or where this process cannot look, and has not ended as far as is known here. */
async function refuseElsewhere(repo: Repo, tip: ChainTip, force: boolean): Promise<void> {
  if (!force) await refuseRunning(repo, tip)
  for (const open of tip.snapshot.open) {
    const where = await whereabouts(repo, open)
    if (where === 'alive') await refuseRunning(repo, tip)
    if (force || where === 'dead' || where === 'alive') continue
    if (where === 'unknown') throw maybeRunning(tip, open)
    throw fatal(
      `iteration ${open.n} of session ${tip.snapshot.name} began on ${open.host} at ${open.at} and has not ended`,
      'Going on here as well makes the session diverge. To do so, use -f.',
    )
  }
}

interface Started {
  tip: ChainTip
  from: Oid
  prompt: string
  thread: string | null
  review: Review
  iteration: IterationView
  lease: Lease
  refsBefore: AllRefs
  settingsBefore: Config
}

/** Takes the lease, then records that the iteration begins. */
async function start(
  repo: Repo,
  tip: ChainTip,
  options: IterateOptions & { agentName: string; adapter: AgentAdapter; review: Review },
): Promise<Started> {
  const iteration = repo.newId()
  const { adapter, review } = options
  const composed = await composePrompt(repo, tip, { prompt: options.prompt, adapter, review: review.words })
  const { prompt, thread } = composed
  const detached = options.detached === true ? { detached: true } : {}
  const clone = await ownClone(repo)
  const lease = await takeLease(repo, { session: tip.id, iteration, ...detached })
  try {
    const refsBefore = readAllRefs(repo)
    refsBefore.catch(() => {})
    const settingsBefore = readSettings(repo)
    settingsBefore.catch(() => {})
    const model = options.model ?? tip.snapshot.model
    const recorded = await record(repo, tip.id, async (latest) => {
      // Decided on the same tip that the transaction is bound to: of two starters one sees the other.
      await refuseRunning(repo, latest, iteration)
      await refuseConflict(repo, latest, null)
      const from = oneHead(latest)
      const n = latest.snapshot.iterations + 1
      const data = {
        iteration,
        n,
        prompt: composed.asked,
        from,
        agent: options.agentName,
        host: repo.host.hostname,
        clone,
        ...(review.ids.length === 0 ? {} : { comments: review.ids }),
      }
      return {
        subject: `amp(${latest.snapshot.slug}): iteration ${n} started with ${options.agentName}`,
        events: [{ type: 'iteration.started', data: model === undefined ? data : { ...data, model } }],
        code: [from],
      }
    })
    if (recorded === null) throw fatal(`session ${tip.id} is gone`)
    const view = iterationsOf(recorded.events).find((candidate) => candidate.id === iteration)
    if (view === undefined) throw fatal(`iteration ${iteration} was not recorded`)
    const before = { refsBefore: await refsBefore, settingsBefore: await settingsBefore }
    return { tip: recorded.tip, from: view.from, prompt, thread, review, iteration: view, lease, ...before }
  } catch (error) {
    await dropLease(repo, iteration)
    throw error
  }
}

type Running = Started & {
  place: Place
  options: IterateOptions
  agent: ConfiguredAgent & { program: string | null }
  manual: CommittedEdits
  limits: { timeoutMs: number; idleTimeoutMs: number }
  stop: StopWatch
  /** The end is in the chain. */
  isRecorded?: boolean
}

async function runAndCollect(repo: Repo, running: Running): Promise<IterateResult> {
  const { options, place, iteration, from } = running
  options.on?.({
    type: 'started',
    n: iteration.n,
    agent: iteration.agent,
    session: running.tip.snapshot.name,
    worktree: place.path,
    redact: await repo.redactor(place.path),
  })
  running.stop.signal.addEventListener('abort', () => options.on?.({ type: 'stopping' }))
  const spool = await openSpool(repo, headOf(running), { prompt: running.prompt, worktree: place.path })
  const { run: told, newThread } = await runWithThread(repo, running, spool).finally(() => spool.close())
  const isStopped = running.stop.signal.aborted
  const redact = await repo.redactor(place.path)
  const clean = (text: string | null) => (text === null ? null : redact(text))
  const run = { ...told, reason: clean(told.reason), text: clean(told.text) }
  const subject = `${subjectFor(running, run, redact)}${run.ok ? '' : isStopped ? ' (interrupted)' : ' (failed)'}`
  const keep = !run.ok && !isStopped && (await repo.config()).choice('amp.onFailure', ['commit', 'keep']) === 'keep'
  const taped = tapedOf({ id: running.tip.id, slug: running.tip.snapshot.slug }, iteration, place.path)
  const refsAfter = readAllRefs(repo)
  const [work, refs, settings, kept] = await together(
    collect(repo, running.tip, { place, from, subject, iteration: iteration.id, keep, refs: refsAfter }),
    refsAfter.then(({ oids }) =>
      movedRefs(
        repo,
        { before: running.refsBefore.oids, after: oids },
        { branch: branchRef(running.tip.snapshot.branch), chain: running.tip.ref },
      ),
    ),
    changedSettings(repo, running.settingsBefore),
    refsAfter.then(({ oids }) =>
      keepSpool(repo, spool, { ...taped, tip: oids.get(transcriptRef(taped.session)) ?? null }),
    ),
  )
  const hooks = [...(running.manual.remarks.hooks ?? []), ...(work.remarks.hooks ?? [])]
  work.remarks = {
    ...running.manual.remarks,
    ...work.remarks,
    ...(hooks.length > 0 ? { hooks } : {}),
    ...(settings.length > 0 ? { settings } : {}),
    ...(refs.length > 0 ? { refs: refs.slice(0, listedRefs) } : {}),
    ...(newThread === null ? {} : { newThread }),
    ...(kept.problem === null ? {} : { untold: kept.problem }),
  }
  options.on?.({ type: 'collected', to: work.to === from ? null : work.to, size: work.size })
  const { spent: used, warnings } = await withCost(repo, spent(run), iteration.model)
  if (run.thread !== null) used.threadPlace = placeDigest(running)
  for (const message of warnings) options.on?.({ type: 'warning', message })
  const ended: Ended = {
    from,
    iteration,
    run,
    work,
    reason: isStopped ? 'interrupted' : run.reason,
    comments: running.review.ids,
    spent: kept.transcript === null ? used : { ...used, transcript: kept.transcript },
  }
  const tip = await recordEnd(repo, running.tip, ended)
  running.isRecorded = true
  await work.after()
  return test(repo, { running, run, work, used, tip, isInterrupted: isStopped })
}

/** Runs the agent in its thread; when the thread is not there any more, in a new one that is told what happened so far. */
async function runWithThread(
  repo: Repo,
  running: Running,
  spool: Spool,
): Promise<{ run: AgentRun; newThread: string | null }> {
  const run = await runOnce(repo, running, { ...running, spool })
  if (!run.isThreadLost || running.thread === null || running.stop.signal.aborted) return { run, newThread: null }
  const newThread = (await repo.redactor(running.place.path))(run.reason ?? 'the thread is gone')
  running.options.on?.({ type: 'thread-lost', reason: newThread })
  const { adapter } = running.agent
  const composed = await composePrompt(repo, running.tip, {
    prompt: running.options.prompt,
    adapter,
    isLost: true,
    review: running.review.words,
  })
  spool.given(composed.prompt)
  const again = await runOnce(repo, running, { ...composed, spool })
  return { run: { ...again, durationMs: run.durationMs + again.durationMs }, newThread }
}

/** The directory of a session, as far as anybody else needs to know it. */
const placeDigest = ({ tip, place }: Pick<Running, 'tip' | 'place'>): string =>
  createHash('sha256').update(`${tip.id}\0${place.path}`).digest('hex').slice(0, 16)

function isMoved(running: Running): boolean {
  const place = running.tip.snapshot.thread?.place
  return place !== undefined && place !== placeDigest(running)
}

async function runOnce(
  repo: Repo,
  running: Running,
  { prompt, thread, spool }: { prompt: string; thread: string | null; spool: Spool },
): Promise<AgentRun> {
  const { options, place, iteration, agent, lease, limits } = running
  const approve = (await repo.config()).bool(`amp.agent.${iteration.agent}.approve`, true)
  let waiting: Lease['waiting']
  let changing = Promise.resolve()
  const onEvent = (event: AgentEvent) => {
    options.on?.({ type: 'agent', event })
    const now = event.type === 'waiting' ? event.for : event.type === 'tool-result' ? undefined : waiting
    const known = event.type === 'thread' ? event.id : (lease.thread ?? null)
    if (now === waiting && known === (lease.thread ?? null)) return
    // What a killed git-amp knew is found in its lease.
    if (known !== null) Object.assign(lease, { thread: known, threadPlace: placeDigest(running) })
    const changed = { ...lease, ...(now === undefined ? {} : { waiting: now }) }
    changing = changing.then(() => changeLease(repo, changed)).catch(() => {})
    waiting = now
  }
  return runAgent(repo.host, {
    tape: spool,
    adapter: agent.adapter,
    program: agent.program,
    request: { prompt, thread, model: iteration.model, worktree: place.path, approve },
    env: { ...repo.childEnv, ...agent.env },
    session: running.tip.id,
    iteration: iteration.id,
    before: thread === null ? null : (running.tip.snapshot.thread ?? null),
    isMoved: isMoved(running),
    obituary: obituaryFile(repo, iteration.id),
    promptFile: promptFile(repo, iteration.id),
    signal: running.stop.signal,
    ...limits,
    onEvent,
  }).finally(() => changing)
}

/** What names the run in its transcript. */
const headOf = ({ tip, iteration, thread }: Running): TapeHead => ({
  session: tip.id,
  iteration: iteration.id,
  n: iteration.n,
  agent: iteration.agent,
  model: iteration.model,
  thread,
  at: iteration.startedAt,
})

/** The first line of what was asked; when nothing was asked, of what the agent says it did. */
function subjectFor(running: Running, run: AgentRun, redact: Redact): string {
  const { options, tip } = running
  const isFirst = running.iteration.n === 1
  const text = options.prompt ?? (isFirst ? tip.snapshot.title : (run.text ?? tip.snapshot.title))
  const line = text.trimStart().split('\n', 1)[0] ?? tip.snapshot.title
  return shortSubject(redact(line), 60)
}

/** Runs the test command on what the iteration left, and records the result for that tree. */
async function test(
  repo: Repo,
  ended: { running: Running; run: AgentRun; work: Collected; used: Spent; tip: ChainTip; isInterrupted: boolean },
): Promise<IterateResult> {
  const { running, run, work, used, tip, isInterrupted } = ended
  const { options, iteration, from, place } = running
  const isStopped = running.stop.signal.aborted
  const reason = isInterrupted ? 'interrupted' : run.reason
  const to = work.to === from ? null : work.to
  const outcome: Outcome = isInterrupted ? 'interrupted' : !run.ok ? 'failed' : to === null ? 'no-change' : 'success'
  const { exit, durationMs, toolCalls, waiting } = run
  const spentView = { ...spentOf(used), durationMs, toolCalls, waiting }
  const view: IterationView = {
    ...iteration,
    to,
    outcome,
    reason,
    exit,
    ...work.size,
    remarks: work.remarks,
    ...spentView,
  }
  const summary = run.text
  const result = {
    iteration: view,
    outcome,
    commit: to,
    reason,
    size: work.size,
    remarks: work.remarks,
    manual: running.manual.oid,
    kept: running.manual.kept,
    summary,
    fault: isInterrupted
      ? null
      : run.isTransient
        ? ('transient' as const)
        : run.isTimeout
          ? ('timeout' as const)
          : null,
  }
  const command = await testCommand(repo, tip)
  // The same files were tested before: their result stands.
  const known = to === null && tip.snapshot.tested?.tree === work.tree ? tip.snapshot.tested : null
  if (command === null || isStopped || !run.ok || known !== null) {
    return { ...result, tip, tests: null, passed: known === null ? null : known.exit === 0, isStopped }
  }
  options.on?.({ type: 'test', command })
  const onLine = (line: string) => options.on?.({ type: 'test-line', line })
  const tests = await runScript(repo, place, {
    command,
    session: tip.id,
    signal: running.stop.signal,
    timeoutMs: running.limits.timeoutMs,
    onLine,
  })
  if (tests.isStopped) return { ...result, tip, tests: null, passed: null, isStopped: true }
  const recorded = await recordTest(repo, tip, { place, run: tests, tree: work.tree, iteration: view })
  return { ...result, tests: recorded.run, passed: tests.exit === 0, isStopped: false, tip: recorded.tip }
}
