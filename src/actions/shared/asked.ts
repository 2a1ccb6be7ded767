import { join } from 'node:path'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { teamAt, teamFile } from './team.js'
import type { Team } from './team-read.js'
import type { Runnable } from './trust.js'

/** Names the ignored files that other tools copy into worktrees, too: in gitignore's syntax, in the main worktree. */
export const includeFile = '.worktreeinclude'

/** A longer one is something else. */
const longestInclude = 64 * 1024

/** The agent of the team, when it is a command. */
export const agentAsked = ({ agent }: Team): Runnable[] =>
  agent?.command === undefined ? [] : [{ kind: 'agent', text: `${agent.name}: ${agent.command}`, file: teamFile }]

/** The setup command of the team. */
export const setupAsked = ({ setup }: Team): Runnable[] =>
  setup === undefined ? [] : [{ kind: 'setup', text: setup, file: teamFile }]

/** The patterns of files that the team wants copied. */
export const copyAsked = ({ copy = [] }: Team): Runnable[] =>
  copy.length === 0 ? [] : [{ kind: 'copy', text: copy.join('\n'), file: teamFile }]

const testAsked = ({ test }: Team): Runnable[] =>
  test === undefined ? [] : [{ kind: 'test', text: test, file: teamFile }]

/** Everything that the files of a repository ask for, to be shown and approved. */
export async function askedBy(repo: Repo, base: Oid): Promise<Runnable[]> {
  const team = await teamAt(repo, base)
  const include = await readInclude(repo)
  return [
    ...setupAsked(team),
    ...testAsked(team),
    ...agentAsked(team),
    ...copyAsked(team),
    ...(include === null ? [] : includeAsked(include)),
  ]
}

/** `.worktreeinclude` of the main worktree. */
export interface Include {
  text: string
  /** Nobody but the user has written it: the commit that is checked out there has no such file. */
  isOwn: boolean
}

export async function readInclude(repo: Repo): Promise<Include | null> {
  const { fs } = repo.host
  const path = join(await repo.home(), includeFile)
  const stat = await fs.lstat(path).catch(() => null)
  // A link could lead anywhere.
  if (stat?.isFile() !== true || Number(stat.size) > longestInclude) return null
  const text = await fs.readFile(path, 'utf8').catch(() => '')
  if (text.trim() === '') return null
  return { text, isOwn: (await repo.catFile.read(`HEAD:${includeFile}`)) === null }
}

/** A file that came with the repository has to be approved; the user's own does not. */
export const includeAsked = ({ text, isOwn }: Include): Runnable[] =>
  isOwn ? [] : [{ kind: 'copy', text: text.trim(), file: includeFile }]
