import { join } from 'node:path'
import type { AgentEvent, AgentRun } from '../../agent/adapter.js'
import { runAgent } from '../../agent/run.js'
import { type AmpError, no } from '../../errors.js'
import type { Oid } from '../../git/run.js'
import { stageAll } from '../../git/stage.js'
import { readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { oneLine } from '../../util/sanitize.js'
import { openTeamAgent } from './agent.js'
import { refuseOverBudget, withCost } from './cost.js'
import { spent } from './ending.js'
import { type Stop, stopAt } from './hand-over.js'
import { dropLease, promptFile, takeLease } from './lease.js'
import { limitsOf } from './limits.js'
import { goalOf } from './prompt.js'
import { rebaseHints } from './rebasing.js'
import { record } from './record.js'
import { sessionEnv } from './session-env.js'
import { watchForStop } from './stopping.js'
import { runScript, testCommand } from './testing.js'
import { refuseUntrustedPrompt, refuseUntrustedTest } from './trust.js'

/** How an agent is asked to resolve conflicts. */
export interface AgentOptions {
  signal: AbortSignal
  on?: ((news: ResolveNews) => void) | undefined
}

/** News of an agent that resolves a conflict. */
export type ResolveNews =
  | { type: 'asked'; agent: string; paths: readonly string[] }
  | { type: 'agent'; event: AgentEvent }
  | { type: 'test'; command: string }

/** A file in a conflict, as it was before the agent came. */
interface Disputed {
  path: string
  /** What stood in it, conflict markers and all. */
  text: string
  /** Lines that look like markers and are the file's own, on one side or the other. */
  own: ReadonlySet<string>
  markerSize: number
}

/**
 * Gives a conflict to the session's agent, and looks at its answer: it is taken when no path is unmerged, no conflict marker is left and the
 * tests pass. Otherwise everything stays as the agent left it, for the user.
 * @returns the session; all is staged, and git can go on
 */
export async function resolveWithAgent(repo: Repo, stop: Stop, options: AgentOptions): Promise<ChainTip> {
  const { tip, place } = stop
  if (tip.snapshot.agent === 'shell')
    throw no("the agent 'shell' runs scripts, and cannot resolve a conflict", ...rebaseHints(tip.id, place.path))
  const disputed = await Promise.all(stop.paths.map((path) => look(repo, stop, path)))
  await refuseOverBudget(repo, tip, undefined)
  const name = tip.snapshot.agent
  options.on?.({ type: 'asked', agent: name, paths: stop.paths })
  const id = repo.newId()
  const lease = await takeLease(repo, { session: tip.id, iteration: id })
  const watch = watchForStop(repo, lease.iteration, options.signal)
  try {
    const on = { ...options, signal: watch.signal }
    const run = await askAgent(repo, stop, { id, ...on })
    const reason = await problemOf(repo, stop, { run, disputed, on })
    const recorded = await recordAnswer(repo, stop, { run, reason })
    if (reason !== null) throw unresolved(stop, name, reason)
    await stageAll(place.git, (await readStatus(place.git)).nested)
    return recorded
  } finally {
    watch.end()
    await dropLease(repo, id)
  }
}

const unresolved = (stop: Stop, agent: string, reason: string): AmpError =>
  no(
    `${agent} did not resolve the conflict in ${stop.paths.map((path) => oneLine(path)).join(', ')}: ${reason}`,
    ...rebaseHints(stop.tip.id, stop.place.path),
  )

async function askAgent(repo: Repo, stop: Stop, how: AgentOptions & { id: string }): Promise<AgentRun> {
  const { tip, place } = stop
  const config = await repo.config()
  const { adapter, program, env } = await openTeamAgent(repo, tip.snapshot.agent, { tip })
  const model = tip.snapshot.model ?? null
  const approve = config.bool(`amp.agent.${tip.snapshot.agent}.approve`, true)
  await refuseUntrustedTest(repo, tip)
  await refuseUntrustedPrompt(repo, tip, tip.snapshot.agent)
  const prompt = await promptOf(repo, stop)
  return runAgent(repo.host, {
    adapter,
    program,
    // In a thread of its own: the session's goes on with the work.
    request: { prompt, thread: null, model, worktree: place.path, approve },
    env: { ...repo.childEnv, ...(await sessionEnv(repo, tip, place.path)), ...env },
    session: tip.id,
    iteration: how.id,
    promptFile: promptFile(repo, how.id),
    signal: how.signal,
    ...(await limitsOf(repo, undefined)),
    onEvent: (event) => how.on?.({ type: 'agent', event }),
  })
}

/** So much of each side of a file is shown; the whole stands in the worktree. */
const shownBytes = 4000

async function promptOf(repo: Repo, stop: Stop): Promise<string> {
  const { tip, place, commit, paths } = stop
  const words = commit === null ? null : ((await repo.objects.readCommit(commit))?.message ?? null)
  const sides = await Promise.all(paths.map((path) => sidesOf(place, path)))
  return [
    'A git rebase has stopped in this directory with conflicts. Resolve them.',
    `The goal of this work:\n\n${await goalOf(repo, tip)}`,
    ...(words === null ? [] : [`The commit that is being applied:\n\n${words.trim()}`]),
    `Files in conflict:\n\n${paths.map((path) => `- ${path}`).join('\n')}`,
    ...sides,
    [
      'Edit the files so that both changes are kept in meaning, remove all conflict markers, and "git add" each file.',
      'Where one side deleted a file, or a file is binary, decide with "git add" or "git rm".',
      'Do not commit, and do not run "git rebase".',
    ].join(' '),
  ].join('\n\n')
}

async function sidesOf(place: Stop['place'], path: string): Promise<string> {
  const [ours, theirs] = await Promise.all([2, 3].map((stage) => stageText(place, stage, path)))
  const shown = (text: string | null | undefined) =>
    text === null || text === undefined
      ? '(not there)'
      : text.includes('\0')
        ? '(binary)'
        : text.length > shownBytes
          ? `${text.slice(0, shownBytes)}\n[...]`
          : text
  return `${path} on the new base:\n\n${shown(ours)}\n\n${path} in the commit that is being applied:\n\n${shown(theirs)}`
}

/** A side of a file in conflict; null when the file is not on that side. */
async function stageText(place: Stop['place'], stage: number, path: string): Promise<string | null> {
  const { code, stdout } = await place.git.run(['cat-file', 'blob', `:${stage}:${path}`], { ok: [0, 128] }) // 128: not on that side
  return code === 0 ? stdout : null
}

async function look(repo: Repo, { place }: Stop, path: string): Promise<Disputed> {
  const size = (await place.git.items(['check-attr', '-z', 'conflict-marker-size', '--', path]))[2] ?? ''
  const markerSize = /^[1-9]\d*$/.test(size) ? Number(size) : 7
  const sides = await Promise.all([1, 2, 3].map((stage) => stageText(place, stage, path)))
  const own = new Set(sides.flatMap((text) => markersIn(text ?? '', markerSize)))
  const text = await textOf(repo, join(place.path, path))
  return { path, text, own, markerSize }
}

const textOf = (repo: Repo, file: string): Promise<string> => repo.host.fs.readFile(file, 'utf8').catch(() => '')

/** Lines that git writes around the sides of a conflict. */
function markersIn(text: string, size: number): string[] {
  const marker = new RegExp(`^(?:<{${size}}|>{${size}}|\\|{${size}}|={${size}})(?: .*)?$`)
  return text.split(/\r?\n/).filter((line) => marker.test(line))
}

interface Answer {
  run: AgentRun
  disputed: readonly Disputed[]
  on: AgentOptions
}

/** Why the agent's answer cannot be taken; null when it can. */
async function problemOf(repo: Repo, stop: Stop, { run, disputed, on }: Answer): Promise<string | null> {
  const { tip, place } = stop
  if (on.signal.aborted) return 'it was stopped'
  if (!run.ok) return `the agent failed: ${oneLine(run.reason ?? 'unknown reason')}`
  const { commit, paths: unmerged } = await stopAt(repo, stop)
  if (commit !== stop.commit) return 'it went on with the rebase by itself'
  for (const { path, text, own, markerSize } of disputed) {
    const now = await textOf(repo, join(place.path, path))
    if (markersIn(now, markerSize).some((line) => !own.has(line)))
      return `conflict markers are left in ${oneLine(path)}`
    // A file without markers, as one that only one side has: nothing tells that it was looked at.
    if (now === text && unmerged.includes(path)) return `${oneLine(path)} is neither edited nor staged`
  }
  return testProblem(repo, { tip, place, on })
}

async function testProblem(
  repo: Repo,
  { tip, place, on }: Pick<Stop, 'tip' | 'place'> & { on: AgentOptions },
): Promise<string | null> {
  const command = await testCommand(repo, tip)
  if (command === null) return null
  on.on?.({ type: 'test', command })
  const { timeoutMs } = await limitsOf(repo, undefined)
  const tests = await runScript(repo, place, { command, session: tip.id, signal: on.signal, timeoutMs })
  if (tests.isStopped) return 'the tests were stopped'
  return tests.exit === 0 ? null : `the tests fail (${oneLine(command)})`
}

async function recordAnswer(
  repo: Repo,
  { tip, commit, paths }: Stop,
  { run, reason }: { run: AgentRun; reason: string | null },
): Promise<ChainTip> {
  const { agent, model } = tip.snapshot
  const { spent: used } = await withCost(repo, spent(run), model ?? null)
  const { thread: _, threadTotal: __, ...cost } = used
  const of: Oid = commit ?? tip.snapshot.rebasing?.from ?? ''
  const recorded = await record(repo, tip.id, (latest) => ({
    subject: `amp(${latest.snapshot.slug}): ${agent} ${reason === null ? 'resolved' : 'did not resolve'} a conflict`,
    events: [
      {
        type: 'session.resolved',
        data: {
          commit: of,
          paths,
          agent,
          ...(model === undefined ? {} : { model }),
          durationMs: run.durationMs,
          ...(reason === null ? {} : { reason }),
          ...cost,
        },
      },
    ],
    code: [],
  }))
  return recorded?.tip ?? tip
}
