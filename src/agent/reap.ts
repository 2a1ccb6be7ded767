import type { Host, Processes } from '../host.js'

/** Environment variable that every process of an iteration inherits, and that git-amp itself never has. */
export const iterationVariable = 'GIT_AMP_ITERATION'

/** The doors that ending processes needs. */
export type ReapHost = Pick<Host, 'processes' | 'sleep'>

/** A process that cannot be mistaken for a later one with the same id. */
export interface Member {
  pid: number
  started: string
}

/** What may be left of an agent. */
export interface Remains {
  iteration: string
  /** The agent's process group. */
  group?: number
  /** Processes seen below the agent while it lived: they may have left the group and cleared their environment. */
  family?: readonly Member[]
}

const politeMs = 1000
/**
 * A group that answers although nobody known is left in it: members that cleared their environment, or dead ones that
 * nobody collects (a container without an init), which would answer for ever.
 */
const unknownMs = 200
const rounds = 20
const pollMs = 20

/**
 * Ends every process that carries the iteration in its environment: SIGTERM, a second later SIGKILL, until none is
 * left. For the next command, when the git-amp that ran the iteration is dead. Returns how many there were.
 */
export async function reapIteration(host: ReapHost, iteration: string): Promise<number> {
  return (await reap(host, { iteration })).ended
}

/**
 * Ends what is left of an agent, so that nothing writes into the worktree any more. `left` counts what resisted
 * even SIGKILL (a process that hangs in the kernel, or belongs to somebody else).
 */
export async function reap(host: ReapHost, remains: Remains): Promise<{ ended: number; left: number }> {
  const { processes } = host
  const seen = new Set<number>()
  let left = 0
  // New ones may be born while the list is made: it is made again until it is empty.
  for (let round = 0; round < rounds; round++) {
    const members = await survivors(processes, remains)
    const group = remains.group !== undefined && processes.kill(-remains.group, 0)
    left = members.length
    if (left === 0 && !group) break
    const signal = round === 0 ? 'SIGTERM' : 'SIGKILL'
    if (remains.group !== undefined) processes.kill(-remains.group, signal)
    for (const { pid } of members) {
      seen.add(pid)
      processes.kill(pid, signal)
    }
    const gone = await waitForEnd(host, members, group ? remains.group : undefined)
    if (!gone && left === 0 && round > 0) break
  }
  return { ended: seen.size, left }
}

/** `pid` and its descendants, so that they can be found again when they have left the group. */
export async function family(processes: Processes, pid: number): Promise<Member[]> {
  return identified(processes, await processes.tree(pid))
}

async function identified(processes: Processes, pids: readonly number[]): Promise<Member[]> {
  const members = await Promise.all(pids.map(async (pid) => ({ pid, started: await processes.startTime(pid) })))
  return members.filter((member): member is Member => member.started !== null)
}

async function survivors(processes: Processes, remains: Remains): Promise<Member[]> {
  const found = await identified(processes, await processes.withEnv(`${iterationVariable}=${remains.iteration}`))
  const known = new Set(found.map((member) => member.pid))
  const others = (remains.family ?? []).filter((member) => !known.has(member.pid))
  return [...found, ...(await alive(processes, others))]
}

async function alive(processes: Processes, members: readonly Member[]): Promise<Member[]> {
  const now = await Promise.all(members.map((member) => processes.startTime(member.pid)))
  return members.filter((member, index) => now[index] === member.started)
}

async function waitForEnd(host: ReapHost, members: readonly Member[], group: number | undefined): Promise<boolean> {
  let unknown = 0
  for (let waited = 0; waited < politeMs && unknown < unknownMs; waited += pollMs) {
    const known = (await alive(host.processes, members)).length > 0
    if (!known && (group === undefined || !host.processes.kill(-group, 0))) return true
    if (!known) unknown += pollMs
    await host.sleep(pollMs)
  }
  return false
}
