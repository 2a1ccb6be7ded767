import { allAgentNames, type ConfiguredAgent, openAgent } from '../../agent/registry.js'
import type { AgentConfig } from '../../agent/settings.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { agentAsked } from './asked.js'
import { teamAt } from './team.js'
import type { TeamAgent } from './team-read.js'
import { refuseUnapproved } from './trust.js'

/**
 * Opens an agent: one that git-amp or the user knows, else the one that the team has a command for, when that is approved.
 * @param where the session that it works in, or the base of one that is not there yet
 */
export async function openTeamAgent(
  repo: Repo,
  name: string,
  where: { tip: ChainTip } | { base: Oid | null; revision?: string | undefined },
): Promise<ConfiguredAgent & { program: string | null }> {
  const config = await repo.config()
  if (allAgentNames(config).includes(name)) return openAgent(repo.host, config, name)
  const base = 'tip' in where ? where.tip.snapshot.base.oid : where.base
  const team = base === null ? {} : await teamAt(repo, base)
  if (team.agent?.name !== name || team.agent.command === undefined) return openAgent(repo.host, config, name)
  await refuseUnapproved(repo, agentAsked(team), where)
  return openAgent(repo.host, withAgent(config, team.agent), name)
}

/** The configuration with the team's agent in it. */
function withAgent(config: AgentConfig, { name, command = '' }: TeamAgent): AgentConfig {
  const key = `amp.agent.${name}.command`
  return {
    get: (wanted) => (wanted === key ? command : config.get(wanted)),
    all: (wanted) => (wanted === key ? [command] : config.all(wanted)),
    keysBelow: (section) => [...config.keysBelow(section), key],
  }
}
