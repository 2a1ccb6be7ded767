import type { AgentAdapter, AgentEvent, AgentRun } from '../agent/adapter.js'
import { openAgent } from '../agent/registry.js'
import { runAgent } from '../agent/run.js'
import { fatal } from '../errors.js'
import type { Config } from '../git/config.js'
import { hookAt } from '../git/hooks.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import type { ChangeSize, IterationRemarks, Outcome, Spent } from '../state/events.js'
import { type IterationView, iterationsOf, noteLine } from '../state/iterations.js'
import { branchRef } from '../state/names.js'
import { shortSubject } from '../util/message.js'
import { redactor } from '../util/redact.js'
import { plural } from '../util/time.js'
import { type Collected, collect } from './shared/collect.js'
import { findSession } from './shared/find.js'
import { beganHere, dropLease, obituaryFile, takeLease } from './shared/lease.js'
import { commitManual } from './shared/manual.js'
import { movedRefs, readAllRefs } from './shared/moved.js'
import { ensurePlace, type Place } from './shared/place.js'
import { composePrompt } from './shared/prompt.js'
import { reconcile } from './shared/reconcile.js'
import { record } from './shared/record.js'
import type { Salvaged } from './shared/salvage.js'
import { oneHead, refuseRunning } from './shared/sessions.js'
import { changedSettings, readSettings } from './shared/settings.js'
import { recordTest, runScript, type TestRun, testCommand } from './shared/testing.js'
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
  signal: AbortSignal
  /** What happens, as it happens. */
  on?: ((news: IterateNews) => void) | undefined
}

/** News of a running iteration. */
export type IterateNews =
  | { type: 'worktree'; path: string }
  | { type: 'salvaged'; n: number; to: Oid | null }
  | { type: 'manual'; oid: Oid }
  | { type: 'started'; n: number; agent: string; session: string; worktree: string }
  | { type: 'agent'; event: AgentEvent }
  | { type: 'collected'; to: Oid | null; size: ChangeSize }
  | { type: 'test'; command: string }
  | { type: 'test-line'; line: string }

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
  /** The human's own commit made from edits found in the worktree. */
  manual: Oid | null
  summary: string | null
}

/** Runs the agent once in a session's worktree: it ends in exactly one commit, or in a recorded "no change". */
export async function iterateSession(repo: Repo, options: IterateOptions): Promise<IterateResult> {
  const found = await findSession(repo, options.session)
  refuseInHook(repo, found)
  const agentName = options.agent ?? found.snapshot.agent
  const agent = await openAgent(repo.host, agentName)
  await refuseRunning(repo, found)
  await refuseElsewhere(repo, found, options.force === true)
  // Needed soon, and looked up while git answers other things.
  repo.stamp().catch(() => {})
  const { place, made } = await ensurePlace(repo, found)
  if (made) options.on?.({ type: 'worktree', path: place.path })
  const onSalvaged = (what: Salvaged) => options.on?.({ type: 'salvaged', ...what })
  const settled = await reconcile(repo, found, { place, onSalvaged })
  const manual = await commitManual(repo, settled.tip, {
    place,
    status: settled.status,
    policy: options.manual ?? 'commit',
  })
  if (manual.oid !== null) options.on?.({ type: 'manual', oid: manual.oid })
  hooksOf(repo, place).catch(() => {})
  const started = await start(repo, manual.tip, { ...options, agentName, adapter: agent.adapter })
  try {
    return await runAndCollect(repo, { ...started, place, options, agent, manual })
  } finally {
    await dropLease(repo, started.iteration.id)
  }
}

/** A hook of ours that iterates would commit, and the commit would run the hook. */
function refuseInHook(repo: Repo, tip: ChainTip): void {
  const hook = hookAt(repo.host.env, repo.location.commonDir, tip.id)
  if (hook === null) return
  throw fatal(`this is the ${hook} hook of a commit that git-amp makes, and an iteration would run it again`)
}

/** An iteration that began on another machine and has not ended there, as far as is known here. */
async function refuseElsewhere(repo: Repo, tip: ChainTip, force: boolean): Promise<void> {
  const here = await Promise.all(tip.snapshot.open.map((open) => beganHere(repo, open)))
  const other = tip.snapshot.open.find((_, index) => here[index] === false)
  if (other === undefined || force) return
  throw fatal(
    `iteration ${other.n} of session ${tip.snapshot.name} began on ${other.host} at ${other.at} and has not ended`,
    'Going on here as well makes the session diverge. To do so, use -f.',
  )
}

interface Started {
  tip: ChainTip
  from: Oid
  prompt: string
  thread: string | null
  iteration: IterationView
  refsBefore: ReadonlyMap<string, string>
  settingsBefore: Config
}

/** Takes the lease, then records that the iteration begins. */
async function start(
  repo: Repo,
  tip: ChainTip,
  options: IterateOptions & { agentName: string; adapter: AgentAdapter },
): Promise<Started> {
  const iteration = repo.newId()
  const { prompt, thread } = await composePrompt(repo, tip, { prompt: options.prompt, adapter: options.adapter })
  await takeLease(repo, { session: tip.id, iteration })
  try {
    const refsBefore = readAllRefs(repo)
    refsBefore.catch(() => {})
    const settingsBefore = readSettings(repo)
    settingsBefore.catch(() => {})
    const model = options.model ?? tip.snapshot.model
    const recorded = await record(repo, tip.id, async (latest) => {
      // Decided on the same tip that the transaction is bound to: of two starters one sees the other.
      await refuseRunning(repo, latest)
      const from = oneHead(latest)
      const n = latest.snapshot.iterations + 1
      const data = { iteration, n, prompt, from, agent: options.agentName, host: repo.host.hostname }
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
    return { tip: recorded.tip, from: view.from, prompt, thread, iteration: view, ...before }
  } catch (error) {
    await dropLease(repo, iteration)
    throw error
  }
}

type Running = Started & {
  place: Place
  options: IterateOptions
  agent: { adapter: AgentAdapter; program: string | null }
  manual: { oid: Oid | null; remarks: IterationRemarks }
}

async function runAndCollect(repo: Repo, running: Running): Promise<IterateResult> {
  const { options, place, iteration, from, agent } = running
  const { host } = repo
  options.on?.({
    type: 'started',
    n: iteration.n,
    agent: iteration.agent,
    session: running.tip.snapshot.name,
    worktree: place.path,
  })
  const approve = (await repo.config()).bool(`amp.agent.${iteration.agent}.approve`, true)
  const run = await runAgent(host, {
    adapter: agent.adapter,
    program: agent.program,
    request: { prompt: running.prompt, thread: running.thread, model: iteration.model, worktree: place.path, approve },
    env: repo.childEnv,
    session: running.tip.id,
    iteration: iteration.id,
    before: running.tip.snapshot.thread ?? null,
    obituary: obituaryFile(repo, iteration.id),
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    onEvent: (event) => options.on?.({ type: 'agent', event }),
  })
  const isStopped = options.signal.aborted
  const subject = `${subjectFor(repo, running, run)}${run.ok ? '' : isStopped ? ' (interrupted)' : ' (failed)'}`
  const [work, refs, settings] = await Promise.all([
    collect(repo, running.tip, { place, from, subject, iteration: iteration.id }),
    movedRefs(repo, running.refsBefore, { branch: branchRef(running.tip.snapshot.branch), chain: running.tip.ref }),
    changedSettings(repo, running.settingsBefore),
  ])
  const hooks = [...(running.manual.remarks.hooks ?? []), ...(work.remarks.hooks ?? [])]
  work.remarks = {
    ...running.manual.remarks,
    ...work.remarks,
    ...(hooks.length > 0 ? { hooks } : {}),
    ...(settings.length > 0 ? { settings } : {}),
    ...(refs.length > 0 ? { refs: refs.slice(0, listedRefs) } : {}),
  }
  options.on?.({ type: 'collected', to: work.to === from ? null : work.to, size: work.size })
  const tip = await recordEnd(repo, running, { run, work, reason: isStopped ? 'interrupted' : run.reason })
  await work.after()
  return test(repo, { running, run, work, tip })
}

/** The first line of what was asked; when nothing was asked, of what the agent says it did. */
function subjectFor(repo: Repo, running: Running, run: AgentRun): string {
  const { options, tip } = running
  const isFirst = running.iteration.n === 1
  const text = options.prompt ?? (isFirst ? tip.snapshot.title : (run.text ?? tip.snapshot.title))
  const line = text.trimStart().split('\n', 1)[0] ?? tip.snapshot.title
  return shortSubject(redactor(repo.host.env)(line), 60)
}

interface Ended {
  run: AgentRun
  work: Collected
  reason: string | null
}

/** Records the end: event, branch and note move in one transaction. */
async function recordEnd(repo: Repo, running: Running, { run, work, reason }: Ended): Promise<ChainTip> {
  const { from, iteration } = running
  const common = {
    iteration: iteration.id,
    from,
    exit: run.exit,
    durationMs: run.durationMs,
    toolCalls: run.toolCalls,
    commits: work.commits,
    total: work.total,
    ...work.size,
    ...work.remarks,
    ...spent(run),
    ...(run.text === null ? {} : { summary: run.text }),
  }
  const isChange = work.to !== from
  const moved = isChange ? { to: work.to } : {}
  const outcome: Outcome = isChange ? 'success' : 'no-change'
  const event =
    reason === null
      ? ({ type: 'iteration.finished', data: { ...common, to: work.to, outcome } } as const)
      : ({
          type: 'iteration.failed',
          data: {
            ...common,
            ...moved,
            reason,
            ...(run.signal === null ? {} : { signal: run.signal }),
            ...(run.waiting === null ? {} : { waiting: run.waiting }),
          },
        } as const)
  const view = { ...iteration, to: isChange ? work.to : null }
  const words = isChange
    ? `${plural(work.size.files, 'file')} +${work.size.insertions} -${work.size.deletions}`
    : 'no change'
  const recorded = await record(repo, running.tip.id, (latest) => ({
    subject: `amp(${latest.snapshot.slug}): iteration ${iteration.n} ${reason === null ? 'finished' : `failed (${reason})`}, ${words}`,
    events: [event],
    code: [from, work.to, ...work.replaced],
    moves: [work.move],
    notes: isChange ? [{ commit: work.to, line: noteLine({ id: latest.id, slug: latest.snapshot.slug }, view) }] : [],
    ...(work.move.old === work.move.new ? {} : { operation: { id: iteration.id, command: 'iterate' } }),
  }))
  return recorded?.tip ?? running.tip
}

/** What the run used, as far as its agent told. */
function spent({ usage, models, costUsd, thread, threadTotal }: AgentRun): Spent {
  return {
    ...(usage === null ? {} : { usage }),
    ...(models.length === 0 ? {} : { models }),
    ...(costUsd === null ? {} : { costUsd, costSource: 'agent' }),
    ...(thread === null ? {} : { thread }),
    ...(threadTotal === null ? {} : { threadTotal }),
  }
}

/** Runs the test command on what the iteration left, and records the result for that tree. */
async function test(
  repo: Repo,
  ended: { running: Running; run: AgentRun; work: Collected; tip: ChainTip },
): Promise<IterateResult> {
  const { running, run, work, tip } = ended
  const { options, iteration, from, place } = running
  const isStopped = options.signal.aborted
  const reason = isStopped ? 'interrupted' : run.reason
  const to = work.to === from ? null : work.to
  const outcome: Outcome = isStopped ? 'interrupted' : !run.ok ? 'failed' : to === null ? 'no-change' : 'success'
  const view: IterationView = { ...iteration, to, outcome, reason, exit: run.exit, ...work.size, remarks: work.remarks }
  const summary = run.text === null ? null : redactor(repo.host.env)(run.text)
  const result = {
    iteration: view,
    outcome,
    commit: to,
    reason,
    size: work.size,
    remarks: work.remarks,
    manual: running.manual.oid,
    summary,
  }
  const command = await testCommand(repo, tip)
  const isKnown = to === null && tip.snapshot.tested?.tree === work.tree
  if (command === null || isStopped || !run.ok || isKnown) return { ...result, tip, tests: null }
  options.on?.({ type: 'test', command })
  const onLine = (line: string) => options.on?.({ type: 'test-line', line })
  const tests = await runScript(repo, place, { command, session: tip.id, signal: options.signal, onLine })
  if (tests.isStopped) return { ...result, tip, tests: null }
  const recorded = await recordTest(repo, tip, { place, run: tests, tree: work.tree, iteration: view })
  return { ...result, tests: recorded.run, tip: recorded.tip }
}
