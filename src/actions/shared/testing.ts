import type { AgentAdapter } from '../../agent/adapter.js'
import { runAgent } from '../../agent/run.js'
import type { Oid } from '../../git/run.js'
import { stageAll, writeTree } from '../../git/stage.js'
import { isDirty, readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents, readTip } from '../../state/chain.js'
import type { LongText } from '../../state/events.js'
import { inOrder } from '../../state/fold.js'
import type { IterationView } from '../../state/iterations.js'
import { noteLine } from '../../state/iterations.js'
import { excerpt } from '../../util/excerpt.js'
import { onIndexCopy } from './index-copy.js'
import type { Place } from './place.js'
import { record } from './record.js'
import { sessionEnv } from './session-env.js'
import { commandOf, teamFile, teamOf } from './team.js'
import { ownTest, refuseUnapproved, refuseUntrustedTest } from './trust.js'

/** How a test command ended. */
export interface TestRun {
  command: string
  exit: number | null
  signal: NodeJS.Signals | null
  durationMs: number
  /** The telling part of what it printed, stdout and stderr as they came. */
  output: string
  isStopped: boolean
  /** False when files changed while it ran: then nobody knows what was tested. */
  isRecorded: boolean
}

/** So much of the output is kept for the next prompt and for `show`. */
const keptBytes = 6000
/** So much is looked through for secrets first: one that is cut in two would not be found. */
const searchedBytes = 256 * 1024

/** Runs a command line in a session's worktree, with the same guarantees as an agent: nothing of it is left afterwards. */
export async function runScript(
  repo: Repo,
  place: Place,
  options: {
    command: string
    session: string
    signal: AbortSignal
    timeoutMs?: number
    onLine?: (line: string) => void
  },
): Promise<TestRun> {
  const tip = await readTip(repo, options.session)
  if (tip !== null) await refuseUntrusted(repo, tip, options.command)
  let output = ''
  const run = await runAgent(repo.host, {
    adapter: script(options.command),
    program: null,
    request: { prompt: '', thread: null, model: null, worktree: place.path, approve: true },
    env: { ...repo.childEnv, ...(tip === null ? {} : await sessionEnv(repo, tip, place.path)) },
    session: options.session,
    iteration: repo.newId(),
    signal: options.signal,
    timeoutMs: options.timeoutMs,
    onLine: (line) => {
      const text = line.toString('utf8')
      options.onLine?.(text)
      output += `${text}\n`
      if (output.length > 2 * searchedBytes) output = output.slice(-searchedBytes)
    },
  })
  const { exit, signal, durationMs } = run
  const isStopped = run.reason === 'stopped by the user'
  const kept = excerpt((await repo.redactor(place.path))(output), keptBytes)
  return { command: options.command, exit, signal, durationMs, output: kept, isStopped, isRecorded: false }
}

/** A command of the session or of the repository runs only when it was written here or approved; this is the one door that it can come through. */
async function refuseUntrusted(repo: Repo, tip: ChainTip, command: string): Promise<void> {
  if ((await testCommand(repo, tip)) === command) await refuseUntrustedTest(repo, tip)
  const config = await repo.config()
  const { setup } = await teamOf(repo, tip)
  if (setup === command && config.get('amp.setup') === null && config.get('amp.test') !== command)
    await refuseUnapproved(repo, [{ kind: 'setup', text: setup, file: teamFile }], { tip })
}

/** A shell command as an agent that says nothing of itself: stderr goes where stdout goes, in order. */
const script = (command: string): AgentAdapter => ({
  name: 'script',
  program: 'sh',
  install: null,
  continues: false,
  announcesEnd: false,
  call: () => ({ argv: ['sh', '-c', '--', `exec 2>&1\n${command}`], stdin: '' }),
  reader: () => ({ json: () => [], text: () => [] }),
})

/** The tree that a commit of everything in a worktree would have; the user's index is not touched. */
export async function worktreeTree(repo: Repo, place: Place): Promise<Oid> {
  const status = await readStatus(place.git)
  if (!isDirty(status) && status.head !== null) return repo.treeOf(status.head)
  return onIndexCopy(repo, { place, git: place.git }, async (git) => {
    await stageAll(git, status.nested)
    return writeTree(git)
  })
}

/**
 * Records a test's result for a tree, in the chain and in the note of the iteration's commit, when the worktree still has that tree. What was
 * edited, or left by the tests, while they ran may have made the result what it is.
 */
export async function recordTest(
  repo: Repo,
  tip: ChainTip,
  result: { place: Place; run: TestRun; tree: Oid; iteration: IterationView | null },
): Promise<{ tip: ChainTip; run: TestRun }> {
  const { place, run, tree, iteration } = result
  if ((await worktreeTree(repo, place)) !== tree) return { tip, run }
  const passed = run.exit === 0
  const view = iteration === null ? null : { ...iteration, tests: { exit: run.exit } as IterationView['tests'] }
  const commit = view?.to ?? null
  const recorded = await record(repo, tip.id, (latest) => ({
    subject: `amp(${latest.snapshot.slug}): tests ${passed ? 'pass' : 'fail'}${iteration === null ? '' : ` after iteration ${iteration.n}`}`,
    events: [
      {
        type: 'test.recorded',
        data: {
          ...(iteration === null ? {} : { iteration: iteration.id }),
          command: run.command,
          tree,
          exit: run.exit,
          ...(run.signal === null ? {} : { signal: run.signal }),
          durationMs: run.durationMs,
          ...(run.output === '' ? {} : { output: run.output }),
        },
      },
    ],
    code: [],
    notes:
      view === null || commit === null
        ? []
        : [{ commit, line: noteLine({ id: latest.id, slug: latest.snapshot.slug }, view) }],
  }))
  return { tip: recorded?.tip ?? tip, run: { ...run, isRecorded: true } }
}

/** The test command that applies now: the session's own, else `amp.test`, else the team's. */
export async function testCommand(repo: Repo, tip: ChainTip): Promise<string | null> {
  return (await ownTest(repo, tip)) ?? commandOf(await repo.config(), await teamOf(repo, tip), 'test')
}

/** The exit code that is recorded for a tree and a command, the latest; null when there is none. */
export async function knownResult(
  repo: Repo,
  tip: ChainTip,
  of: { tree: Oid; command: string },
): Promise<number | null> {
  const events = inOrder(await readEvents(repo.objects, tip.oid, tip.ref)).reverse()
  for (const { type, data } of events) {
    if (type !== 'test.recorded' || data.tree !== of.tree || typeof data.exit !== 'number') continue
    if ((await longText(repo.objects, data.command as LongText)) === of.command) return data.exit
  }
  return null
}
