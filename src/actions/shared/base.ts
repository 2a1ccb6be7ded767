import { fatal } from '../../errors.js'
import { fullRef, resolveCommit } from '../../git/history.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { teamAt } from './team.js'

/** What a session starts from. */
export interface BaseCommit {
  ref: string | null
  oid: Oid
}

/** What the user wants of it: a revision; and its commit, when that was decided before. */
export interface WantedBase {
  base?: string | undefined
  from?: Oid | undefined
}

/** The base of a new session: `--base`, else `amp.base`, else what the team says, else the current branch. */
export async function resolveBase(repo: Repo, { base: revision, from }: WantedBase): Promise<BaseCommit> {
  const setting = (await repo.config()).get('amp.base')
  const wanted = revision ?? setting ?? 'HEAD'
  const found = await lookUp(repo, wanted)
  if (found === null) throw noBase(wanted, revision === undefined ? ' (from amp.base)' : '')
  const chosen = revision === undefined && setting === null ? await teamBase(repo, found) : found
  return { ref: chosen.ref, oid: from ?? chosen.oid }
}

/** The base that the current commit's `.amp.yaml` names. */
export async function teamBase(repo: Repo, current: BaseCommit): Promise<BaseCommit> {
  const { base } = await teamAt(repo, current.oid)
  if (base === undefined) return current
  const found = await lookUp(repo, base)
  if (found === null) throw noBase(base, ' (from .amp.yaml)')
  return found
}

async function lookUp(repo: Repo, name: string): Promise<BaseCommit | null> {
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
