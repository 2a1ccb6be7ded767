import { fatal, no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { groupBy, unique } from '../../util/collections.js'
import type { Removal } from '../remove.js'
import { type Choice, chooseItems, type Each } from './chosen.js'
import { removeItems } from './remove.js'
import type { BatchView, WithSession } from './runs.js'

/** The attempts at one prompt in one repository, the best one first. */
export interface Contest {
  repo: string
  prompt: string
  name: string | null
  attempts: WithSession[]
}

export interface CompareOptions extends Choice {
  /** Sessions that win: the other attempts at the same are removed. */
  pick?: readonly string[] | undefined
}

export interface CompareResult {
  view: BatchView
  contests: Contest[]
  /** What was removed because another attempt was picked. */
  dropped: Each<Removal | null>[]
}

const size = ({ changes }: WithSession): number => (changes === null ? 0 : changes.insertions + changes.deletions)

/** What passes comes first, then what is cheaper, then what changes less. */
function byMerit(a: WithSession, b: WithSession): number {
  const passes = Number(b.status === 'success') - Number(a.status === 'success')
  return passes || (a.costUsd ?? 0) - (b.costUsd ?? 0) || size(a) - size(b) || a.n - b.n
}

/** Puts the attempts at the same prompt in the same repository side by side. */
export async function compareBatch(home: Repo, options: CompareOptions): Promise<CompareResult> {
  const { pick = [], ...choice } = options
  const { view, items } = await chooseItems(home, choice)
  const contests = [...groupBy(items, ({ repo, prompt }) => JSON.stringify([repo, prompt])).values()].map(
    (attempts) => {
      const [first] = attempts as [WithSession, ...WithSession[]]
      return { repo: first.repo, prompt: first.prompt, name: first.name ?? null, attempts: [...attempts].sort(byMerit) }
    },
  )
  const picked = pick.map((word) => winnerOf(contests, word))
  const winners = new Set(picked.map(({ winner }) => winner))
  const losers = unique(picked.flatMap(({ contest }) => contest.attempts)).filter((one) => !winners.has(one))
  const dropped = await removeItems(home, losers, { branch: true, force: true })
  return { view, contests, dropped }
}

/** The attempt that is picked, and what it was an attempt at. */
function winnerOf(contests: readonly Contest[], word: string): { contest: Contest; winner: WithSession } {
  const isMeant = ({ session }: WithSession) => session === word || (word.length >= 4 && session.startsWith(word))
  const found = contests.flatMap((contest) => contest.attempts.filter(isMeant).map((winner) => ({ contest, winner })))
  const [first] = found
  if (first === undefined)
    throw fatal(`no session '${word}' in this run`, '"git amp batch compare" shows its sessions.')
  if (found.length > 1) throw fatal(`session id '${word}' is ambiguous`)
  if (first.contest.attempts.length === 1) throw no(`session ${word} is the only attempt at its prompt`)
  return first
}
