import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { findSession } from './shared/find.js'
import { digestOf, type Runnable, runnablesOf, trustKey, untrusted } from './shared/trust.js'

/** What a session from elsewhere has that could run here. */
export interface TrustQuestion {
  tip: ChainTip
  runnables: readonly Runnable[]
  /** Those that are not approved yet. */
  open: readonly Runnable[]
}

/** Finds what there is to approve. Nothing is written. */
export async function askTrust(repo: Repo, options: { session?: string | undefined }): Promise<TrustQuestion> {
  const tip = await findSession(repo, options.session)
  const runnables = await runnablesOf(repo, tip)
  return { tip, runnables, open: await untrusted(repo, tip, runnables) }
}

/** Approves what the user was shown: by digest, so that other words need another approval, and in this clone alone. */
export async function trustSession(repo: Repo, { tip, open }: TrustQuestion): Promise<void> {
  for (const one of open) await repo.git.run(['config', '--local', '--add', trustKey, digestOf(tip.id, one)])
}
