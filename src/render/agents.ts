import type { ListedAgent } from '../actions/agents.js'
import { oneLine } from '../util/sanitize.js'
import type { Screen } from './session.js'
import { renderTable } from './table.js'

const loginWords = { yes: 'logged in', no: 'no login found', unknown: 'login unknown' } as const

/** The agents: marker, name, version, login, where it is or why not. */
export function renderAgents(agents: readonly ListedAgent[], { paint, width }: Screen): string {
  const rows = agents.map((agent) => [
    `${agent.isDefault ? '*' : ' '} ${oneLine(agent.name)}`,
    agent.version ?? '-',
    agent.login === null ? '-' : loginWords[agent.login],
    placeOf(agent),
  ])
  const isUsable = (row: number) => agents[row]?.isUsable === true
  return renderTable(
    rows,
    [
      {
        paint: (text, row) => {
          if (agents[row]?.isDefault === true) return paint('current', text)
          return isUsable(row) ? paint('id', text) : paint('dim', text)
        },
      },
      { max: 32, paint: (text, row) => (isUsable(row) ? text : paint('dim', text)) },
      { paint: (text, row) => (agents[row]?.login === 'no' ? paint('failed', text) : text) },
      { paint: (text, row) => (isUsable(row) ? text : paint('dim', text)) },
    ],
    width,
  )
}

function placeOf(agent: ListedAgent): string {
  if (agent.reason !== null && agent.path === null) return oneLine(agent.reason)
  return agent.kind === 'builtin' ? 'built in' : oneLine(agent.path ?? '')
}

/** Fields of `--format` and, in this order, of `--porcelain`. */
export const agentFields = [
  'agent',
  'kind',
  'usable',
  'default',
  'path',
  'command',
  'version',
  'login',
  'model',
  'approve',
  'reason',
  'next',
] as const

/** The values of an agent for those fields. */
export const agentValues = (agent: ListedAgent): Record<string, string> => ({
  agent: agent.name,
  kind: agent.kind,
  usable: yesNo(agent.isUsable),
  default: yesNo(agent.isDefault),
  path: agent.path ?? '',
  command: agent.command,
  version: agent.version ?? '',
  login: agent.login ?? '',
  model: agent.model ?? '',
  approve: yesNo(agent.approve),
  reason: agent.reason ?? '',
  next: agent.next ?? '',
})

const yesNo = (value: boolean): string => (value ? 'yes' : 'no')
