import { AmpError } from '../../errors.js'
import type { Config } from '../../git/config.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { plural } from '../../util/time.js'
import type { Team } from './team-read.js'
import type { Problem } from './yaml-text.js'

/** The file in which a team says what its sessions share. */
export const teamFile = '.amp.yaml'

/** So many ports a session can have. */
export const mostPorts = 100

const known = new WeakMap<object, Map<Oid, Promise<Team>>>()

/**
 * What `.amp.yaml` says in a commit. It is never read from a worktree: what an agent writes there changes nothing for its session.
 * @throws AmpError when something is wrong with the file, with all of it
 */
export function teamAt(repo: Repo, commit: Oid): Promise<Team> {
  const teams = known.get(repo.objects) ?? new Map<Oid, Promise<Team>>()
  known.set(repo.objects, teams)
  const team = teams.get(commit) ?? load(repo, commit)
  teams.set(commit, team)
  return team
}

/** What the team says for a session: in the commit that it is based on. */
export const teamOf = (repo: Repo, tip: ChainTip): Promise<Team> => teamAt(repo, tip.snapshot.base.oid)

async function load(repo: Repo, commit: Oid): Promise<Team> {
  if (!(await repo.config()).bool('amp.team', true)) return {}
  const blob = await repo.catFile.read(`${commit}:${teamFile}`)
  if (blob?.type !== 'blob') return {}
  const { readTeam } = await import('./team-read.js')
  const { team, problems } = await readTeam(blob.content.toString('utf8'))
  if (problems.length > 0) throw broken(commit, problems)
  return team
}

const broken = (commit: Oid, problems: readonly Problem[]): AmpError =>
  new AmpError('fatal', `${teamFile} in commit ${commit.slice(0, 12)} has ${plural(problems.length, 'problem')}`, {
    hints: [
      ...problems.map(
        ({ line, column, message, hint }) =>
          `${teamFile}:${line}:${column}: ${message}${hint === undefined ? '' : `. ${hint}`}`,
      ),
      'Commit it mended, or do without it: git config amp.team false',
    ],
    details: { problems },
  })

/** A command that git's configuration or the team gives; an empty setting is a decision for none. */
export function commandOf(config: Config, team: Team, key: 'setup' | 'test'): string | null {
  const set = config.get(`amp.${key}`)
  return (set ?? team[key] ?? '') || null
}
