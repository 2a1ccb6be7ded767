import { no } from '../errors.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { slugOf } from '../util/slug.js'
import { findSession } from './shared/find.js'
import { cleanName } from './shared/name.js'
import { record } from './shared/record.js'

export interface RenameOptions {
  session?: string | undefined
  name: string
}

export interface RenameResult {
  tip: ChainTip
  /** What it was called before. */
  before: string
}

/** Gives a session another name. Its id, branch and worktree stay. */
export async function renameSession(repo: Repo, options: RenameOptions): Promise<RenameResult> {
  const tip = await findSession(repo, options.session)
  const name = cleanName((await repo.redactor())(options.name))
  const before = tip.snapshot.name
  const recorded = await record(repo, tip.id, (latest) => {
    if (latest.snapshot.name === name) throw no(`session ${tip.id.slice(0, 4)} is called that already`)
    return {
      subject: `amp(${latest.snapshot.slug}): renamed to ${name}`,
      events: [{ type: 'session.renamed', data: { name, slug: slugOf(name) } }],
      code: [],
      operation: { id: repo.newId(), command: 'rename' },
    }
  })
  return { tip: recorded?.tip ?? tip, before }
}
