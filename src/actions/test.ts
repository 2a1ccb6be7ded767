import { fatal } from '../errors.js'
import type { Oid } from '../git/run.js'
import { isDirty } from '../git/status.js'
import type { Repo } from '../repo.js'
import { type ChainTip, readEvents } from '../state/chain.js'
import { iterationsOf } from '../state/iterations.js'
import { findSession } from './shared/find.js'
import { ensurePlace } from './shared/place.js'
import { reconcile } from './shared/reconcile.js'
import { refuseRunning } from './shared/sessions.js'
import { recordTest, runScript, type TestRun, testCommand, worktreeTree } from './shared/testing.js'
import { refuseUntrustedTest } from './shared/trust.js'

export interface TestOptions {
  session?: string | undefined
  /** Run although this tree has a result. */
  force?: boolean | undefined
  signal: AbortSignal
  onStart?: ((command: string) => void) | undefined
  onLine?: ((line: string) => void) | undefined
}

export interface TestResult {
  tip: ChainTip
  command: string
  /** Tree the result belongs to: the worktree's, uncommitted files included. */
  tree: Oid
  /** The run, or null when the tree has a result already. */
  run: TestRun | null
  exit: number | null
}

/** Runs the session's test command in its worktree and records the result for the worktree's tree. */
export async function testSession(repo: Repo, options: TestOptions): Promise<TestResult> {
  const found = await findSession(repo, options.session)
  await refuseRunning(repo, found)
  const command = await testCommand(repo, found)
  if (command === null) {
    throw fatal(
      `session ${found.snapshot.name} has no test command`,
      `Set one for all sessions with "git config amp.test '<command>'".`,
    )
  }
  await refuseUntrustedTest(repo, found)
  const { place } = await ensurePlace(repo, found)
  const settled = await reconcile(repo, found, { place })
  const tree = await worktreeTree(repo, place)
  const known = settled.tip.snapshot.tested
  if (options.force !== true && known?.tree === tree)
    return { tip: settled.tip, command, tree, run: null, exit: known.exit }
  options.onStart?.(command)
  const { signal, onLine } = options
  const run = await runScript(repo, place, {
    command,
    session: found.id,
    signal,
    ...(onLine === undefined ? {} : { onLine }),
  })
  if (run.isStopped) return { tip: settled.tip, command, tree, run, exit: null }
  const iterations = iterationsOf(await readEvents(repo.objects, settled.tip.oid, settled.tip.ref))
  const iteration = isDirty(settled.status) ? undefined : iterations.findLast((one) => one.to === settled.head)
  const recorded = await recordTest(repo, settled.tip, { place, run, tree, iteration: iteration ?? null })
  return { tip: recorded.tip, command, tree, run: recorded.run, exit: run.exit }
}
