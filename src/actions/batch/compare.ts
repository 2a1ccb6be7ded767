import { fatal, no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { groupBy } from '../../util/collections.js'
import type { Removal } from '../remove.js'
import { removeSessions } from '../remove.js'
import { type Choice, chooseItems, type Each, eachItem } from './chosen.js'
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
  dropped: Each<Removal>[]
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
  const contests = [...groupBy(items, ({ dir, prompt }) => JSON.stringify([dir, prompt])).values()].map((attempts) => {
    const [first] = attempts as [WithSession, ...WithSession[]]
    return { repo: first.repo, prompt: first.prompt, name: first.name ?? null, attempts: [...attempts].sort(byMerit) }
  })
  const losers = pick.flatMap((word) => losersTo(contests, word))
  const dropped = await eachItem(home, losers, async (repo, { session }) => {
    const { removed } = await removeSessions(repo, { sessions: [session], branch: true, force: true })
    return removed[0] as Removal
  })
  return { view, contests, dropped }
}

/** The other attempts at what a session attempted. */
function losersTo(contests: readonly Contest[], word: string): WithSession[] {
  const isMeant = ({ session }: WithSession) => session === word || (word.length >= 4 && session.startsWith(word))
  const found = contests.filter(({ attempts }) => attempts.some(isMeant))
  const [contest] = found
  const winners = found.flatMap(({ attempts }) => attempts.filter(isMeant))
  if (contest === undefined)
    throw fatal(`no session '${word}' in this run`, '"git amp batch compare" shows its sessions.')
  if (winners.length > 1) throw fatal(`session id '${word}' is ambiguous`)
  const others = contest.attempts.filter((one) => one !== winners[0])
  if (others.length === 0) throw no(`session ${word} is the only attempt at its prompt`)
  return others
}
