import { createHash } from 'node:crypto'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { isId } from '../../state/names.js'
import { allSessions, isOpenSession } from './sessions.js'
import { mostPorts, teamOf } from './team.js'
import type { Team } from './team-read.js'

/** Ports of a session: `first` and those after it. */
export interface Ports {
  first: number
  count: number
}

/** Ports of sessions are from here on: below those that systems give away by themselves (Linux: from 32768 on). */
const lowest = 20_000
const highest = 32_000
const usualCount = 10

/** How many ports each session has: `amp.ports`, else what the team says, else 10. */
export async function portCount(repo: Repo, tip: ChainTip): Promise<number> {
  const wanted =
    (await repo.config()).count('amp.ports') ?? (await teamOf(repo, tip).catch((): Team => ({}))).ports ?? usualCount
  return Math.min(wanted, mostPorts)
}

/**
 * The ports of a session in this clone: the same every time. Two files hold them, named after the session and after the first port; the second
 * one is made only where there is none, so that no two sessions have the same.
 */
export async function portsOf(repo: Repo, tip: ChainTip): Promise<Ports | null> {
  const { fs } = repo.host
  const count = await portCount(repo, tip)
  const file = repo.local('ports', tip.id)
  const known = await knownIn(repo, file)
  if (known !== null && known.count >= count) return { first: known.first, count }
  await fs.mkdir(repo.local('ports'), { recursive: true })
  const taken = (await take(repo, tip, count)) ?? ((await sweep(repo)) ? await take(repo, tip, count) : null)
  if (taken === null) return null
  const write = (flag: 'w' | 'wx') => fs.writeFile(file, `${taken} ${count}`, { flag })
  const isFirst =
    known === null &&
    (await write('wx').then(
      () => true,
      () => false,
    ))
  const faster = isFirst || known !== null ? null : await waitFor(repo, file)
  if (faster !== null && faster.count >= count) {
    // Another command of the session was faster: its ports count.
    await fs.rm(repo.local('ports', `${taken}`), { force: true })
    return { first: faster.first, count }
  }
  if (!isFirst) await write('w')
  return { first: taken, count }
}

/** What a session's file says; null when there is none, or nothing in it. */
async function knownIn(repo: Repo, file: string): Promise<Ports | null> {
  const text = await repo.host.fs.readFile(file, 'utf8').catch(() => '')
  const [first = 0, count = 0] = text.split(' ').map(Number)
  return first >= lowest && count > 0 ? { first, count } : null
}

/** What another command writes just now; null when it was killed before it could. */
async function waitFor(repo: Repo, file: string): Promise<Ports | null> {
  for (let left = 10; left > 0; left--) {
    const known = await knownIn(repo, file)
    if (known !== null) return known
    await repo.host.sleep(20)
  }
  return null
}

/** Every range begins at a multiple of the longest one that fits: ranges of different length do not overlap. */
const stepFor = (count: number): number => (count <= 10 ? 10 : mostPorts)

async function take(repo: Repo, tip: ChainTip, count: number): Promise<number | null> {
  const { fs, isFreePort } = repo.host
  const step = stepFor(count)
  const slots = Math.floor((highest - lowest) / step)
  const begin = createHash('sha256').update(tip.id).digest().readUInt32BE() % slots
  const names = await fs.readdir(repo.local('ports'))
  const others = await Promise.all(names.filter((name) => /^\d{5}$/.test(name)).map((name) => rangeOf(repo, name)))
  for (let turn = 0; turn < slots; turn++) {
    const first = lowest + ((begin + turn) % slots) * step
    if (others.some((one) => first < one.first + one.count && one.first < first + count)) continue
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFreePort(first + at)))
    if (free.includes(false)) continue
    const isOurs = await fs.writeFile(repo.local('ports', `${first}`), `${tip.id} ${count}`, { flag: 'wx' }).then(
      () => true,
      () => false,
    )
    if (isOurs) return first
  }
  return null
}

async function rangeOf(repo: Repo, name: string): Promise<Ports> {
  const text = await repo.host.fs.readFile(repo.local('ports', name), 'utf8').catch(() => '')
  return { first: Number(name), count: Number(text.split(' ')[1] ?? mostPorts) || mostPorts }
}

/** Gives back the ports of sessions that are over. @returns whether there were any */
async function sweep(repo: Repo): Promise<boolean> {
  const { fs } = repo.host
  const living = new Set(
    (await allSessions(repo)).sessions.filter(({ snapshot }) => isOpenSession(snapshot)).map(({ id }) => id),
  )
  let isAny = false
  for (const name of await fs.readdir(repo.local('ports'))) {
    const owner = isId(name)
      ? name
      : (await fs.readFile(repo.local('ports', name), 'utf8').catch(() => '')).split(' ')[0]
    if (owner === undefined || living.has(owner)) continue
    isAny = true
    await fs.rm(repo.local('ports', name), { force: true })
  }
  return isAny
}
