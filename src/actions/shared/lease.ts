import type { Repo } from '../../repo.js'
import { isId } from '../../state/names.js'

/**
 * A lease says that an iteration runs here: local, never shared, and never trusted for more than "is it alive". It is named after the
 * iteration's random id, so that no two processes ever write the same one.
 */
export interface Lease {
  session: string
  iteration: string
  pid: number
  /** Start time of the process: a later process with the same id differs. */
  start: string | null
  host: string
  /** A lease of an earlier boot is dead. */
  boot: string
  at: string
}

const leaseFile = (repo: Repo, iteration: string): string => repo.local('leases', `${iteration}.json`)

/** Takes the lease of an iteration, before the iteration is recorded. */
export async function takeLease(repo: Repo, what: { session: string; iteration: string }): Promise<void> {
  const { host } = repo
  const lease: Lease = {
    ...what,
    pid: host.processes.self,
    start: await host.processes.startTime(host.processes.self),
    host: host.hostname,
    boot: await host.bootId(),
    at: host.now().toISOString(),
  }
  await host.fs.mkdir(repo.local('leases'), { recursive: true })
  await host.fs.writeFile(leaseFile(repo, what.iteration), JSON.stringify(lease), { mode: 0o600 })
}

/** Gives the lease back. */
export async function dropLease(repo: Repo, iteration: string): Promise<void> {
  await repo.host.fs.rm(leaseFile(repo, iteration), { force: true })
  await repo.host.fs.rm(obituaryFile(repo, iteration), { force: true })
  await repo.host.fs.rm(promptFile(repo, iteration), { force: true })
}

/** Touched by the watchdog when git-amp is killed in the iteration. */
export const obituaryFile = (repo: Repo, iteration: string): string => repo.local('leases', `${iteration}.ended`)

/** The prompt of an iteration, for an agent that wants it as a file. */
export const promptFile = (repo: Repo, iteration: string): string => repo.local('leases', `${iteration}.prompt`)

/** When git-amp was killed in an iteration, in milliseconds since 1970; null when nobody saw it. */
export async function timeOfDeath(repo: Repo, iteration: string): Promise<number | null> {
  const stat = await repo.host.fs.stat(obituaryFile(repo, iteration)).catch(() => null)
  return stat === null ? null : stat.mtimeMs
}

/**
 * Whether an iteration began where this process can tell what lives: on this machine, whatever it is called by now, and not in a container or on
 * another machine that shares the repository's directory.
 */
export async function beganHere(repo: Repo, open: { iteration: string; host: string }): Promise<boolean> {
  const lease = await readLease(repo, open.iteration)
  if (lease === null) return open.host === repo.host.hostname
  return isOurs(repo, lease)
}

/** The same machine after a restart has another boot; another container has the same one and other process numbers. */
async function isOurs(repo: Repo, lease: Lease): Promise<boolean> {
  const boot = await repo.host.bootId()
  return lease.boot === boot || (lease.host === repo.host.hostname && bootOf(lease.boot) !== bootOf(boot))
}

const bootOf = (id: string): string => id.split(' ')[0] ?? ''

/** The lease of an iteration when its process is alive on this machine; null otherwise. */
export async function isHeldHere(repo: Repo, iteration: string): Promise<Lease | null> {
  const lease = await readLease(repo, iteration)
  return lease !== null && (await isAlive(repo, lease)) ? lease : null
}

/** All leases of this clone, by iteration; a dead one says that the iteration began here. */
export async function localLeases(repo: Repo): Promise<Map<string, { isAlive: boolean }>> {
  const leases = new Map<string, { isAlive: boolean }>()
  for (const name of await names(repo)) {
    const iteration = name.replace(/\.json$/, '')
    const lease = isId(iteration) ? await readLease(repo, iteration) : null
    if (lease !== null && (await isOurs(repo, lease))) leases.set(iteration, { isAlive: await isAlive(repo, lease) })
  }
  return leases
}

async function names(repo: Repo): Promise<string[]> {
  try {
    return await repo.host.fs.readdir(repo.local('leases'))
  } catch {
    // No directory: nothing ever ran here.
    return []
  }
}

async function readLease(repo: Repo, iteration: string): Promise<Lease | null> {
  try {
    return JSON.parse(await repo.host.fs.readFile(leaseFile(repo, iteration), 'utf8')) as Lease
  } catch {
    // Absent, or cut by a full disk: not a living lease.
    return null
  }
}

async function isAlive(repo: Repo, lease: Lease): Promise<boolean> {
  const { host } = repo
  if (lease.host !== host.hostname || lease.boot !== (await host.bootId())) return false
  if (!host.processes.kill(lease.pid, 0)) return false
  return (await host.processes.startTime(lease.pid)) === lease.start
}
