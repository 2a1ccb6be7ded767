import { type AgentStatus, probeAgent } from '../agent/probe.js'
import { allAgentNames, defaultAgent } from '../agent/registry.js'
import type { Repo } from '../repo.js'

/** One line of the list. */
export interface ListedAgent extends AgentStatus {
  isDefault: boolean
  /** `amp.agent.<name>.model` */
  model: string | null
  /** `amp.agent.<name>.approve` */
  approve: boolean
}

export interface AgentsResult {
  agents: ListedAgent[]
  /** What `amp.agent` names, whether there is such an agent or not. */
  chosen: string
}

/** Lists the agents that git-amp drives here, all of them asked at the same time. */
export async function listAgents(repo: Repo, options: { signal: AbortSignal }): Promise<AgentsResult> {
  const config = await repo.config()
  const chosen = config.get('amp.agent') ?? defaultAgent
  const place = { cwd: repo.location.commonDir, env: repo.childEnv, signal: options.signal }
  const agents = allAgentNames(config).map(async (name) => ({
    ...(await probeAgent(repo.host, { config, name }, place)),
    isDefault: name === chosen,
    model: config.get(`amp.agent.${name}.model`),
    approve: config.bool(`amp.agent.${name}.approve`, true),
  }))
  return { agents: await Promise.all(agents), chosen }
}
