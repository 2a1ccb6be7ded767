import { basename } from 'node:path'
import { AmpError, no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { isOwn } from '../shared/trust.js'
import { Repos } from './repos.js'
import { type BatchView, findBatch, hasSession, readBatch, titleOf, type WithSession } from './runs.js'

/** Which sessions of a run are meant. */
export interface Choice {
  run?: string | undefined
  /** Words with `*` and `?`, for the name, the repository, the agent, the session's id or the number of an item. */
  only?: string | undefined
  /** Only items that succeeded. */
  passed?: boolean | undefined
}

/** A pattern of a shell as a regular expression for the whole word. */
const globOf = (pattern: string): RegExp =>
  new RegExp(
    `^${pattern
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'i',
  )

/**
 * The items of a run that are meant and have a session, in the order of the plan. Where the sessions of a run from elsewhere are, nobody else
 * can say: of such a run only those of this repository are found.
 */
export async function chooseItems(home: Repo, choice: Choice): Promise<{ view: BatchView; items: WithSession[] }> {
  const view = await readBatch(home, await findBatch(home, choice.run))
  const glob = choice.only === undefined ? null : globOf(choice.only)
  const words = (item: WithSession) => [
    ...[item.name ?? '', titleOf(item), item.repo, basename(item.repo), item.agent, item.session, `${item.n}`],
    ...[item.session.slice(0, 4), item.model ?? ''],
  ]
  const dir = (await isOwn(home, view.tip.id)) ? null : await home.home()
  const items = view.items
    .filter(hasSession)
    .map((item) => (dir === null ? item : { ...item, dir }))
    .filter((item) => choice.passed !== true || item.status === 'success')
    .filter((item) => glob === null || words(item).some((word) => glob.test(word)))
  if (items.length > 0) return { view, items }
  const which = choice.passed === true ? 'that succeeded' : 'with a session'
  throw no(
    `no item of the batch run ${view.tip.snapshot.name} ${which}${choice.only === undefined ? '' : ` fits '${choice.only}'`}`,
    `"git amp batch status ${view.tip.id.slice(0, 4)}" shows its items.`,
  )
}

/** What became of one item: a value, or the refusal. */
export type Each<T> = { item: WithSession } & ({ value: T } | { refusal: AmpError })

/** Does the same with each item in its repository, one after the other; a refusal holds up no others. */
export async function eachItem<T>(
  home: Repo,
  items: readonly WithSession[],
  work: (repo: Repo, item: WithSession) => Promise<T>,
): Promise<Each<T>[]> {
  const repos = new Repos(home.host)
  const results: Each<T>[] = []
  try {
    for (const item of items) {
      try {
        results.push({ item, value: await repos.use(item.dir, (repo) => work(repo, item)) })
      } catch (error) {
        if (!(error instanceof AmpError) || error.kind === 'bug' || error.kind === 'interrupted') throw error
        results.push({ item, refusal: error })
      }
    }
    return results
  } finally {
    repos.close()
  }
}
