import { isAbsolute, join } from 'node:path'
import { openAgent } from '../../agent/registry.js'
import { AmpError } from '../../errors.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { shellWord } from '../../util/quote.js'
import { overwritesSessions } from '../install.js'
import { findPlace } from '../shared/place.js'
import { isOpenSession } from '../shared/sessions.js'
import { type Finding, note, problem } from './finding.js'

/** The oldest git that can do all that git-amp asks of it. */
const oldestGit = [2, 38] as const
/** Clocks of two machines may differ by so much. */
const farOffMs = 24 * 3_600_000

/** What is around the repository: git, the user's identity, hooks, agents, and the clock. */
export async function checkSurroundings(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const checks = [
    checkGit(repo),
    checkIdentity(repo),
    checkHooks(repo, sound),
    checkRefspecs(repo),
    checkAgents(repo, sound),
  ]
  return [...(await Promise.all(checks)).flat(), ...checkClock(repo, sound)]
}

async function checkGit(repo: Repo): Promise<Finding[]> {
  const text = await repo.git.text(['version'])
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(text)?.slice(1) ?? []).map(Number)
  const isOld = major < oldestGit[0] || (major === oldestGit[0] && minor < oldestGit[1])
  return isOld ? [problem('git', `${text} is too old`, `Install git ${oldestGit.join('.')} or newer.`)] : []
}

async function checkIdentity(repo: Repo): Promise<Finding[]> {
  try {
    await repo.stamp()
    return []
  } catch (error) {
    if (!(error instanceof AmpError)) throw error
    return [problem('identity', error.message, ...error.hints)]
  }
}

/** A refspec by which a plain `git fetch` would put other sessions in the place of those here, and prune what is not pushed. */
async function checkRefspecs(repo: Repo): Promise<Finding[]> {
  const config = await repo.config()
  const keys = config.keysBelow('remote').filter((key) => key.endsWith('.fetch'))
  return keys.flatMap((key) =>
    config
      .all(key)
      .filter(overwritesSessions)
      .map((value) => {
        const name = key.slice('remote.'.length, -'.fetch'.length)
        return problem(
          'refspecs',
          `"git fetch ${name}" overwrites the sessions here with those there: ${key} is ${value}`,
          `Take it out: git config --fixed-value --unset-all ${shellWord(key)} ${shellWord(value)}`,
          `"git amp install --sync ${name}" sets refspecs that overwrite nothing.`,
        )
      }),
  )
}

/** A relative path is looked up in each worktree: where it does not exist, no hook runs, and git says nothing. */
async function checkHooks(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const path = (await repo.config()).get('core.hooksPath')
  if (path === null || path === '' || isAbsolute(path) || path.startsWith('~')) return []
  for (const tip of sound) {
    const place = await findPlace(repo, tip).catch(() => null)
    if (place === null) continue
    const isThere = await repo.host.fs.stat(join(place.path, path)).then(
      () => true,
      () => false,
    )
    if (!isThere)
      return [
        problem(
          'hooks',
          `core.hooksPath is '${path}', which is not in the worktrees of sessions: no hook runs there`,
          'Set it to an absolute path: git config core.hooksPath "$PWD/<path>"',
        ),
      ]
  }
  return []
}

async function checkAgents(repo: Repo, sound: readonly ChainTip[]): Promise<Finding[]> {
  const names = new Set(sound.filter(({ snapshot }) => isOpenSession(snapshot)).map(({ snapshot }) => snapshot.agent))
  const findings: Finding[] = []
  for (const name of names) {
    try {
      await openAgent(repo.host, await repo.config(), name)
    } catch (error) {
      if (!(error instanceof AmpError)) throw error
      findings.push(note('agents', error.message, ...error.hints.slice(0, 1)))
    }
  }
  return findings
}

function checkClock(repo: Repo, sound: readonly ChainTip[]): Finding[] {
  const now = repo.host.now().getTime()
  const late = sound.filter(({ snapshot }) => Date.parse(snapshot.updatedAt) - now > farOffMs)
  const [first] = late
  if (first === undefined) return []
  return [
    problem(
      'clock',
      `session ${first.snapshot.name} has events of ${first.snapshot.updatedAt}, and it is ${repo.host.now().toISOString()} here`,
      'Set the clock of this machine, or of the one that wrote them. Their order does not depend on it.',
    ),
  ]
}
