import type { AgentAdapter } from '../../agent/adapter.js'
import { runAgent } from '../../agent/run.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents } from '../../state/chain.js'
import type { LongText } from '../../state/events.js'
import type { IterationView } from '../../state/iterations.js'
import { noteLine } from '../../state/iterations.js'
import { redactor } from '../../util/redact.js'
import type { Place } from './place.js'
import { record } from './record.js'

/** How a test command ended. */
export interface TestRun {
  command: string
  exit: number | null
  signal: NodeJS.Signals | null
  durationMs: number
  /** The last lines it printed, stdout and stderr as they came. */
  output: string
  isStopped: boolean
}

/** So much of the output is kept for the next prompt and for `show`. */
const keptBytes = 3000
/** So much is looked through for secrets first: one that is cut in two would not be found. */
const searchedBytes = 64 * 1024

/** Runs a command line in a session's worktree, with the same guarantees as an agent: nothing of it is left afterwards. */
export async function runScript(
  repo: Repo,
  place: Place,
  options: { command: string; session: string; signal: AbortSignal; onLine?: (line: string) => void },
): Promise<TestRun> {
  let output = ''
  const run = await runAgent(repo.host, {
    adapter: script(options.command),
    program: null,
    request: { prompt: '', thread: null, model: null, worktree: place.path, approve: true },
    env: repo.childEnv,
    session: options.session,
    iteration: repo.newId(),
    signal: options.signal,
    onLine: (line) => {
      const text = line.toString('utf8')
      options.onLine?.(text)
      output += `${text}\n`
      if (output.length > 2 * searchedBytes) output = output.slice(-searchedBytes)
    },
  })
  const { exit, signal, durationMs } = run
  const isStopped = run.reason === 'stopped by the user'
  const kept = redactor(repo.host.env)(output).trimEnd().slice(-keptBytes)
  return { command: options.command, exit, signal, durationMs, output: kept, isStopped }
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

/** Records a test's result for a tree, in the chain and in the note of the iteration's commit. */
export async function recordTest(
  repo: Repo,
  tip: ChainTip,
  result: { run: TestRun; tree: Oid; iteration: IterationView | null },
): Promise<ChainTip> {
  const { run, tree, iteration } = result
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
  return recorded?.tip ?? tip
}

/** The test command that applies now: the session's own, else `amp.test`. The snapshot holds only the beginning of a long one. */
export async function testCommand(repo: Repo, tip: ChainTip): Promise<string | null> {
  if (tip.snapshot.test === undefined) return (await repo.config()).get('amp.test') || null
  if (tip.snapshot.test.length < 200) return tip.snapshot.test
  for (const event of await readEvents(repo.objects, tip.oid, tip.ref)) {
    if (event.type === 'session.created') return longText(repo.objects, event.data.test as LongText)
  }
  return tip.snapshot.test
}
