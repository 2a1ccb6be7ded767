import { fatal } from '../../errors.js'
import { fullRef, resolveCommit } from '../../git/history.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { teamAt } from './team.js'

/** Where a session starts from; `ref` is null when that is no branch. */
export interface Base {
  ref: string | null
  oid: Oid
}

/** The base of a new session: `--base`, else `amp.base`, else what the team says, else the current branch. */
export async function resolveBase(repo: Repo, revision: string | undefined): Promise<Base> {
  const setting = (await repo.config()).get('amp.base')
  const wanted = revision ?? setting ?? 'HEAD'
  const found = await lookUp(repo, wanted)
  if (found === null) throw noBase(wanted, revision === undefined ? ' (from amp.base)' : '')
  return revision === undefined && setting === null ? teamBase(repo, found) : found
}

/** The base that the current commit's `.amp.yaml` names. */
export async function teamBase(repo: Repo, current: Base): Promise<Base> {
  const { base } = await teamAt(repo, current.oid)
  if (base === undefined) return current
  const found = await lookUp(repo, base)
  if (found === null) throw noBase(base, ' (from .amp.yaml)')
  return found
}

async function lookUp(repo: Repo, name: string): Promise<Base | null> {
  const place = repo.in(repo.location.topLevel ?? repo.location.gitDir)
  const [oid, ref] = await Promise.all([resolveCommit(place, name), fullRef(place, name)])
  return oid === null ? null : { ref, oid }
}

function noBase(wanted: string, source: string): Error {
  if (wanted !== 'HEAD')
    return fatal(`the base '${wanted}'${source} is no commit`, 'Name a branch or commit with --base <revision>.')
  return fatal(
    'this repository has no commit yet, and a session starts from one',
    `Run "git commit --allow-empty -m 'Initial commit'".`,
  )
}
