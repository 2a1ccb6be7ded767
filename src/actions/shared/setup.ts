import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { thisProcess } from './lease.js'
import { limitsOf } from './limits.js'
import type { Place } from './place.js'
import { readSetup, type SetupState, setupLog, writeSetup } from './setup-state.js'
import { runScript } from './testing.js'

/**
 * Runs the setup command in a session's worktree, and keeps what it prints. That it fails is no error: the worktree is there, and `list` and
 * `show` tell of it.
 */
export async function runSetup(
  repo: Repo,
  { tip, place, command }: { tip: ChainTip; place: Place; command: string },
  { signal, onLine }: { signal: AbortSignal; onLine?: ((line: string) => void) | undefined },
): Promise<SetupState> {
  const { fs, now } = repo.host
  if ((await readSetup(repo, tip.id))?.state === 'running')
    throw fatal(`the setup of session ${tip.snapshot.name} is running`, 'Wait for it to end.')
  const begun = { command, exit: null, signal: null, at: now().toISOString(), durationMs: 0 }
  await writeSetup(repo, tip.id, { ...begun, state: 'running', ...(await thisProcess(repo)) })
  const redact = await repo.redactor(place.path)
  const log = setupLog(repo, tip.id)
  await fs.writeFile(log, '', { mode: 0o600 })
  let written = Promise.resolve()
  const keep = (line: string) => {
    onLine?.(line)
    written = written.then(() => fs.appendFile(log, `${redact(line)}\n`)).catch(() => {})
  }
  const { timeoutMs } = await limitsOf(repo, undefined)
  const run = await runScript(repo, place, { command, session: tip.id, signal, timeoutMs, onLine: keep }).catch(
    async (error: unknown) => {
      await writeSetup(repo, tip.id, { ...begun, state: 'failed' })
      throw error
    },
  )
  await written
  const { exit, durationMs } = run
  const state = exit === 0 ? ('done' as const) : ('failed' as const)
  const ended = { ...begun, state, exit, signal: run.signal, durationMs }
  await writeSetup(repo, tip.id, ended)
  signal.throwIfAborted()
  return ended
}
