import type { Repo } from '../../repo.js'

/** What only one is to do at a time. */
interface Turn {
  name: string
  /** Nobody holds a turn this long: its owner is gone, or so slow that others need not wait for it. */
  maxAge: number
  /** Nobody waits longer than this: the transaction decides who is right anyway. */
  maxWait: number
}

/** A contended write. */
const writing: Turn = { name: 'turn', maxAge: 10_000, maxWait: 5_000 }
/** A base with its checkout: `git merge` writes index and files before it moves the branch, and two at once mix them up. */
export const landingTurn: Turn = { name: 'landing', maxAge: 600_000, maxWait: 60_000 }
/** The start of a batch run: to look for an earlier run of the plan, and to begin one when there is none. */
export const startTurn: Turn = { name: 'batch-start', maxAge: 60_000, maxWait: 60_000 }

interface Owner {
  pid: number
  host: string
  token: string
  at: number
  /** What it does in its turn, for those who wait. */
  work?: string | undefined
}

/** Who waits, and hears of it when it takes longer than a moment. */
interface Waiter {
  work: string
  onWait?: ((whom: string) => void) | undefined
}

/** So long nobody needs to be told. */
const momentMs = 1000

const turnFile = (repo: Repo, { name }: Turn): string => repo.local('locks', `${name}.json`)

/** Whether somebody is in the middle of a contended write, so that an attempt now would be in vain. */
export const isBusy = (repo: Repo): Promise<boolean> =>
  repo.host.fs.access(turnFile(repo, writing)).then(
    () => true,
    () => false,
  )

/**
 * Waits until nobody else tries the same, so that many writers do not undo each other's attempts. It only spares retries: nothing is wrong
 * when the turn is not taken, taken twice, or left behind by a killed process.
 * @returns gives the turn back
 */
export async function takeTurn(repo: Repo, turn: Turn = writing, waiter?: Waiter): Promise<() => Promise<void>> {
  const { host } = repo
  const begin = host.now().getTime()
  const end = begin + turn.maxWait
  let isTold = false
  const token = repo.newId()
  while (host.now().getTime() < end) {
    const at = host.now().getTime()
    const mine: Owner = { pid: host.processes.self, host: host.hostname, token, at, work: waiter?.work }
    const tried = await tryTake(repo, turn, mine)
    if (tried === 'taken') return () => giveBack(repo, turn, token)
    if (tried === 'impossible') break
    if (await isLeft(repo, turn)) await host.fs.rm(turnFile(repo, turn), { force: true })
    else if (!isTold && at - begin > momentMs && waiter?.onWait !== undefined) {
      isTold = true
      waiter.onWait(whom(await ownerOf(repo, turn)))
    } else await host.sleep(3 + (host.random(1)[0] ?? 0) / 16)
  }
  return async () => {}
}

const whom = (owner: Owner | null): string =>
  owner === null ? 'another git-amp' : `process ${owner.pid} on ${owner.host}${owner.work ? `: ${owner.work}` : ''}`

async function tryTake(repo: Repo, turn: Turn, owner: Owner): Promise<'taken' | 'held' | 'impossible'> {
  try {
    await repo.host.fs.mkdir(repo.local('locks'), { recursive: true })
    await repo.host.fs.writeFile(turnFile(repo, turn), JSON.stringify(owner), { flag: 'wx' })
    return 'taken'
  } catch (error) {
    // A read-only or full disk is the transaction's to tell.
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'held' : 'impossible'
  }
}

/** Whether the turn's owner has died, or is so old that it does not matter. */
async function isLeft(repo: Repo, turn: Turn): Promise<boolean> {
  const { host } = repo
  const owner = await ownerOf(repo, turn)
  const age = owner === null ? await ageOf(repo, turn) : host.now().getTime() - owner.at
  if (Math.abs(age) > turn.maxAge) return true
  return owner !== null && owner.host === host.hostname && !host.processes.kill(owner.pid, 0)
}

async function ownerOf(repo: Repo, turn: Turn): Promise<Owner | null> {
  try {
    const owner = JSON.parse(await repo.host.fs.readFile(turnFile(repo, turn), 'utf8')) as Partial<Owner>
    return typeof owner.pid === 'number' && typeof owner.at === 'number' ? (owner as Owner) : null
  } catch {
    // Gone meanwhile, or not written to its end yet.
    return null
  }
}

const ageOf = async (repo: Repo, turn: Turn): Promise<number> => {
  const found = await repo.host.fs.stat(turnFile(repo, turn)).catch(() => null)
  return found === null ? 0 : repo.host.now().getTime() - found.mtimeMs
}

async function giveBack(repo: Repo, turn: Turn, token: string): Promise<void> {
  if ((await ownerOf(repo, turn))?.token === token) await repo.host.fs.rm(turnFile(repo, turn), { force: true })
}
