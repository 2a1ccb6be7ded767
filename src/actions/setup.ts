import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { findSession } from './shared/find.js'
import { ensurePlace } from './shared/place.js'
import { refuseRunning } from './shared/sessions.js'
import { readSetup, type SetupState } from './shared/setup-state.js'
import { warmUp, wishFor } from './shared/warm.js'

export interface SetupOptions {
  session?: string | undefined
  /** Copy ignored files, too. */
  copy: boolean
}

export interface SetupResult {
  tip: ChainTip
  worktree: string
  /** How the setup command went; null when there is none. */
  setup: SetupState | null
}

/** Prepares a session's worktree once more: ignored files that are missing, submodules, the setup command. */
export async function setupSession(repo: Repo, options: SetupOptions): Promise<SetupResult> {
  const tip = await findSession(repo, options.session)
  await refuseRunning(repo, tip)
  if ((await readSetup(repo, tip.id))?.state === 'running')
    throw fatal(`the setup of session ${tip.snapshot.name} is running`, 'Wait for it to end.')
  const wish = await wishFor(repo, tip.snapshot.base.oid, { tip })
  const { place, made } = await ensurePlace(repo, tip)
  // A worktree that was made just now is prepared already.
  if (!made) {
    const patterns = options.copy ? wish.patterns : ''
    await warmUp(repo, { tip, place, wish: { ...wish, patterns, mode: 'foreground' } })
  }
  return { tip, worktree: place.path, setup: wish.setup === null ? null : await readSetup(repo, tip.id) }
}
