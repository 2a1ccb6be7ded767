import type { Repo } from '../../repo.js'
import type { OpenIteration } from '../../state/fold.js'
import { isId } from '../../state/names.js'

/** A process, as another one on this machine or elsewhere can recognize it. */
export interface Owner {
  /** 0: the process lives on, and has given it up. */
  pid: number
  /** Start time of the process: a later process with the same id differs. */
  start: string | null
  host: string
  /** What an earlier boot owned is nobody's. */
  boot: string
}

/** This process. */
export async function thisProcess({ host }: Repo): Promise<Owner> {
  const pid = host.processes.self
  return { pid, start: await host.processes.startTime(pid), host: host.hostname, boot: await host.bootId() }
}

/**
 * A lease says that an iteration runs here: local, never shared, and never trusted for more than "is it alive". It is named after the
 * iteration's random id, so that no two processes ever write the same one.
 */
export interface Lease extends Owner {
  session: string
  iteration: string
  at: string
  /** What the agent waits for. */
  waiting?: 'login' | 'approval'
  /** The agent's thread, and a digest of the directory it works in. */
  thread?: string
  threadPlace?: string
  /** Runs in the background: its news are nowhere but in the repository. */
  detached?: boolean
}

/**
 * What is known of a process that took a lease. `elsewhere`: another machine, which alone can tell. `unknown`: this machine, but a container with
 * process numbers of its own, or a lease that may not be read.
 */
export type Whereabouts = 'alive' | 'dead' | 'elsewhere' | 'unknown'

/** A lease of this clone as a list needs it. */
export interface KnownLease {
  iteration: string
  session: string | null
  where: Whereabouts
  waiting: 'login' | 'approval' | null
}

/** A fetched session may call its iteration whatever it likes: nothing but an id becomes part of a path. */
const fileOf = (repo: Repo, iteration: string, ending: string): string =>
  repo.local('leases', `${isId(iteration) ? iteration : 'none'}.${ending}`)

const leaseFile = (repo: Repo, iteration: string): string => fileOf(repo, iteration, 'json')

/** Takes the lease of an iteration, before the iteration is recorded. */
export async function takeLease(repo: Repo, what: Pick<Lease, 'session' | 'iteration' | 'detached'>): Promise<Lease> {
  const { host } = repo
  const lease: Lease = { ...what, ...(await thisProcess(repo)), at: host.now().toISOString() }
  await host.fs.mkdir(repo.local('leases'), { recursive: true })
  await writeLease(repo, lease)
  return lease
}

/** Says what has changed since the lease was taken. Whoever reads meanwhile sees the old one or the new one. */
export async function changeLease(repo: Repo, lease: Lease): Promise<void> {
  await writeLease(repo, lease, '.new')
  await repo.host.fs.rename(`${leaseFile(repo, lease.iteration)}.new`, leaseFile(repo, lease.iteration))
}

/** With the mode that the repository's own files get: whoever shares it must see that somebody works here. */
const writeLease = (repo: Repo, lease: Lease, suffix = ''): Promise<void> =>
  repo.host.fs.writeFile(`${leaseFile(repo, lease.iteration)}${suffix}`, JSON.stringify(lease))

/** Gives the lease back. */
export async function dropLease(repo: Repo, iteration: string): Promise<void> {
  for (const file of [leaseFile, obituaryFile, promptFile, stopFile]) {
    await repo.host.fs.rm(file(repo, iteration), { force: true })
  }
}

/** The end of the iteration could not be recorded: the next command takes it up, and knows until when it ran. */
export async function abandonLease(repo: Repo, lease: Lease): Promise<void> {
  await repo.host.fs.writeFile(obituaryFile(repo, lease.iteration), '').catch(() => {})
  await changeLease(repo, { ...lease, pid: 0 }).catch(() => {})
}

/** Touched by the watchdog when git-amp is killed in the iteration. */
export const obituaryFile = (repo: Repo, iteration: string): string => fileOf(repo, iteration, 'ended')

/** Made by `git amp stop`; the process that runs the iteration looks for it. */
export const stopFile = (repo: Repo, iteration: string): string => fileOf(repo, iteration, 'stop')
/** The prompt of an iteration, for an agent that wants it as a file. */
export const promptFile = (repo: Repo, iteration: string): string => fileOf(repo, iteration, 'prompt')

/** When git-amp was killed in an iteration, in milliseconds since 1970; null when nobody saw it. */
export async function timeOfDeath(repo: Repo, iteration: string): Promise<number | null> {
  const stat = await repo.host.fs.stat(obituaryFile(repo, iteration)).catch(() => null)
  if (stat !== null) return stat.mtimeMs
  // Nothing survives a restart of the machine.
  const lease = await readLease(repo, iteration)
  const isOfEarlierBoot = typeof lease === 'object' && bootOf(lease.boot) !== bootOf(await repo.host.bootId())
  return isOfEarlierBoot ? repo.host.bootedAt() : null
}

/** Who looks at an iteration: two clones may be on one machine, and only the one that it began in knows whether it runs. */
export interface Here {
  host: string
  /** A random id of this clone; null when nothing ever ran here. */
  clone: string | null
}

const cloneFile = (repo: Repo): string => repo.local('clone')

/** This clone, as it signs what it begins. */
export async function here(repo: Repo): Promise<Here> {
  const text = await repo.host.fs.readFile(cloneFile(repo), 'utf8').catch(() => '')
  return { host: repo.host.hostname, clone: isId(text.trim()) ? text.trim() : null }
}

/** The id of this clone, made when there is none. It says nothing of where the clone is. */
export async function ownClone(repo: Repo): Promise<string> {
  const known = (await here(repo)).clone
  if (known !== null) return known
  await repo.host.fs.mkdir(repo.local(), { recursive: true })
  await repo.host.fs.writeFile(cloneFile(repo), `${repo.newId()}\n`, { flag: 'wx' }).catch(() => {})
  // Of two that made one at once, the first counts.
  return (await here(repo)).clone ?? repo.newId()
}

/** An iteration that has not ended, as its session tells. */
export type Begun = Pick<OpenIteration, 'iteration' | 'host' | 'clone'>

/** What is known here of the process that runs an iteration which has not ended. */
export async function whereabouts(repo: Repo, open: Begun): Promise<Whereabouts> {
  const lease = await readLease(repo, open.iteration)
  if (lease === 'absent') return withoutLease(await here(repo), open)
  return lease === 'unreadable' ? 'unknown' : whereIs(repo, lease)
}

/** The same, with the leases at hand. */
export const whereaboutsIn = (leases: readonly KnownLease[], open: Begun, self: Here): Whereabouts =>
  leases.find((lease) => lease.iteration === open.iteration)?.where ?? withoutLease(self, open)

const withoutLease = (self: Here, open: Begun): Whereabouts =>
  isId(open.iteration) && open.host === self.host && (open.clone === undefined || open.clone === self.clone)
    ? 'dead'
    : 'elsewhere'

/** All leases of this clone; a dead one says that the iteration began here. */
export async function localLeases(repo: Repo): Promise<KnownLease[]> {
  const leases: KnownLease[] = []
  for (const name of await names(repo)) {
    const iteration = name.replace(/\.json$/, '')
    if (iteration === name || !isId(iteration)) continue
    const lease = await readLease(repo, iteration)
    if (lease === 'absent') continue
    const { session, waiting } = lease === 'unreadable' ? { session: null, waiting: null } : lease
    leases.push({
      iteration,
      session,
      waiting: waiting ?? null,
      where: lease === 'unreadable' ? 'unknown' : await whereIs(repo, lease),
    })
  }
  return leases
}

/** The lease of an iteration; null when there is none that can be read. */
export async function leaseOf(repo: Repo, iteration: string): Promise<Lease | null> {
  const lease = await readLease(repo, iteration)
  return typeof lease === 'object' ? lease : null
}

async function names(repo: Repo): Promise<string[]> {
  try {
    return await repo.host.fs.readdir(repo.local('leases'))
  } catch {
    // No directory: nothing ever ran here.
    return []
  }
}

async function readLease(repo: Repo, iteration: string): Promise<Lease | 'absent' | 'unreadable'> {
  let text: string
  try {
    text = await repo.host.fs.readFile(leaseFile(repo, iteration), 'utf8')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unreadable'
  }
  try {
    return JSON.parse(text) as Lease
  } catch {
    // Cut by a full disk: it was never taken.
    return 'absent'
  }
}

/** The boot tells machines apart better than a name that a network may change; a container has process numbers of its own. */
export async function whereIs({ host }: Repo, lease: Owner): Promise<Whereabouts> {
  const boot = await host.bootId()
  if (bootOf(boot) !== bootOf(lease.boot) || bootOf(boot) === '') {
    if (lease.host !== host.hostname) return 'elsewhere'
    if (bootOf(boot) !== bootOf(lease.boot)) return 'dead'
  }
  if (boot !== lease.boot) return 'unknown'
  const isAlive =
    lease.pid > 0 && host.processes.kill(lease.pid, 0) && (await host.processes.startTime(lease.pid)) === lease.start
  return isAlive ? 'alive' : 'dead'
}

const bootOf = (id: string): string => id.split(' ')[0] ?? ''
