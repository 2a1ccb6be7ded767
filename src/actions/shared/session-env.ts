import type { Env } from '../../host.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { portsOf } from './ports.js'

/** What setup, tests, agent and `exec` find in their environment, in a worktree of the session. */
export async function sessionEnv(repo: Repo, tip: ChainTip, worktree: string): Promise<Env> {
  const { snapshot } = tip
  const ports = await portsOf(repo, tip)
  return {
    GIT_AMP_SESSION: tip.id,
    GIT_AMP_NAME: snapshot.slug,
    GIT_AMP_BRANCH: snapshot.branch,
    GIT_AMP_BASE: snapshot.base.oid,
    GIT_AMP_WORKTREE: worktree,
    GIT_AMP_MAIN: await repo.home(),
    ...(ports === null ? {} : { GIT_AMP_PORT: `${ports.first}`, GIT_AMP_PORTS: `${ports.count}` }),
  }
}
