import type { AgentProcess } from './process.js'
import { family, type Member, type ReapHost } from './reap.js'

/** First the signal that agents handle best (they cancel their request and say so), then the harder ones. */
const ladder: readonly [signal: NodeJS.Signals, graceMs: number][] = [
  ['SIGINT', 3000],
  ['SIGTERM', 2000],
  ['SIGKILL', 5000],
]

/**
 * Ends a running agent. Signals go to its group: some agents relaunch themselves and leave a parent that ignores them.
 * Returns the processes seen below it, for the reaping that has to follow: tools outlive their agent.
 */
export async function stopAgent(host: ReapHost, agent: AgentProcess, kill?: AbortSignal): Promise<Member[]> {
  const seen = new Map<number, Member>()
  for (const [signal, graceMs] of ladder) {
    if (kill?.aborted === true && signal !== 'SIGKILL') continue
    // Before the signal: afterwards the orphans have another parent and cannot be found any more.
    for (const member of await family(host.processes, agent.pid)) seen.set(member.pid, member)
    host.processes.kill(-agent.pid, signal)
    if (await endsWithin(agent, graceMs, kill)) break
  }
  return [...seen.values()]
}

function endsWithin(agent: AgentProcess, ms: number, kill: AbortSignal | undefined): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (ended: boolean) => {
      clearTimeout(timer)
      kill?.removeEventListener('abort', giveUp)
      resolve(ended)
    }
    const giveUp = () => settle(false)
    const timer = setTimeout(giveUp, ms)
    kill?.addEventListener('abort', giveUp)
    void agent.exited.then(() => settle(true))
  })
}
