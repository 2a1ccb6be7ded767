import { join, relative } from 'node:path'
import { AmpError } from '../../errors.js'
import type { Oid } from '../../git/run.js'
import { addSubmodules, type Submodules } from '../../git/submodule.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import type { SetupMode } from '../../util/choices.js'
import { copyAsked, includeAsked, readInclude, setupAsked } from './asked.js'
import { type Copied, copyIgnored } from './copy.js'
import type { Place } from './place.js'
import { runSetup } from './setup.js'
import { type SetupState, setupLog } from './setup-state.js'
import { commandOf, teamAt } from './team.js'
import type { Team } from './team-read.js'
import { refuseUnapproved } from './trust.js'

/** What a new worktree is to be given. */
export interface Wish {
  /** Patterns of ignored files of the main worktree. */
  patterns: string
  setup: string | null
  mode: SetupMode
}

/** What happens while a worktree is prepared. */
export type WarmNews =
  | { type: 'copying'; done: number; total: number; paths: readonly string[] }
  | { type: 'copied'; copied: Copied }
  | { type: 'submodules'; submodules: Submodules }
  | { type: 'left-cold'; reason: AmpError }
  | { type: 'setup'; command: string; mode: SetupMode }
  | { type: 'setup-line'; line: string }
  | { type: 'setup-end'; state: SetupState; log: string; session: string }

/** Who hears of it, and can stop it. */
export interface Warming {
  signal: AbortSignal
  on(news: WarmNews): void
  /** Starts `git amp` with these words, and what it prints in a file; where nobody can, the setup is waited for. */
  inBackground: ((words: readonly string[], log: string) => Promise<void>) | null
}

const silent: Warming = { signal: new AbortController().signal, on: () => {}, inBackground: null }

/**
 * What the configuration and the files of the repository want for a worktree. Nothing is done yet.
 * @throws AmpError when files of the repository ask for something that is not approved
 */
export async function wishFor(
  repo: Repo,
  base: Oid,
  where: { tip: ChainTip } | { revision?: string | undefined },
): Promise<Wish> {
  const [config, team] = await Promise.all([repo.config(), teamAt(repo, base)])
  const patterns = await patternsFor(repo, team, where)
  if (config.get('amp.setup') === null) await refuseUnapproved(repo, setupAsked(team), where)
  const setup = commandOf(config, team, 'setup')
  return {
    patterns,
    setup,
    mode: config.choice('amp.setupMode', ['foreground', 'background']) ?? team.setupMode ?? 'foreground',
  }
}

/** `amp.copy`, else `copy` of the team; and `.worktreeinclude`. An empty `amp.copy` takes back what came before it, the files included. */
async function patternsFor(
  repo: Repo,
  team: Team,
  where: { tip: ChainTip } | { revision?: string | undefined },
): Promise<string> {
  const config = await repo.config()
  const set = config.all('amp.copy')
  const own = [...set.slice(set.lastIndexOf('') + 1), ...(await hooksPattern(repo))]
  if (set.includes('')) return own.join('\n')
  const include = await readInclude(repo)
  const isTeams = set.length === 0
  await refuseUnapproved(
    repo,
    [...(isTeams ? copyAsked(team) : []), ...(include === null ? [] : includeAsked(include))],
    where,
  )
  return [...(isTeams ? (team.copy ?? []) : []), include?.text ?? '', ...own].join('\n')
}

/** The same for a worktree that has to come back whatever the repository asks for: what is not approved is left out. */
export async function warmAgain(repo: Repo, tip: ChainTip, place: Place): Promise<void> {
  const wish = await wishFor(repo, tip.snapshot.base.oid, { tip }).catch((error: unknown) => {
    if (!(error instanceof AmpError)) throw error
    ;(repo.warming ?? silent).on({ type: 'left-cold', reason: error })
    return null
  })
  if (wish !== null) await warmUp(repo, { tip, place, wish })
}

/** Hooks in an ignored folder of the main worktree (husky's `.husky/_`), which a relative `core.hooksPath` names: git looks for them in each worktree. */
async function hooksPattern(repo: Repo): Promise<string[]> {
  const path = (await repo.config()).get('core.hooksPath')
  if (path === null || path === '' || /^[~/]|%\(prefix\)/.test(path)) return []
  const inside = relative('.', join('.', path))
  return inside === '' || inside.startsWith('..') ? [] : [`/${inside.replace(/[\\*?[\]!# ]/g, '\\$&')}`]
}

/** Prepares a worktree that was just made: ignored files, submodules, the setup command. */
export async function warmUp(
  repo: Repo,
  { tip, place, wish }: { tip: ChainTip; place: Place; wish: Wish },
): Promise<void> {
  const { on, signal, inBackground } = repo.warming ?? silent
  const { patterns, setup, mode } = wish
  const copied = await copyIgnored(repo, place, {
    patterns,
    signal,
    on: (done, total, paths) => on({ type: 'copying', done, total, paths }),
  })
  if (copied.paths.length + copied.unignored.length + copied.problems.length > 0) on({ type: 'copied', copied })
  await withSubmodules(repo, place, on)
  if (setup === null) return
  on({ type: 'setup', command: setup, mode: inBackground === null ? 'foreground' : mode })
  const log = setupLog(repo, tip.id)
  if (mode === 'background' && inBackground !== null) {
    await repo.host.fs.mkdir(repo.local('setup'), { recursive: true })
    await inBackground(['setup', tip.id, '--no-copy', '--quiet'], `${log}.out`)
    return
  }
  const state = await runSetup(
    repo,
    { tip, place, command: setup },
    { signal, onLine: (line) => on({ type: 'setup-line', line }) },
  )
  on({ type: 'setup-end', state, log, session: tip.id })
}

async function withSubmodules(repo: Repo, place: Place, on: Warming['on']): Promise<void> {
  const { fs } = repo.host
  const modules = join(repo.location.commonDir, 'modules')
  const isAny = await Promise.all([fs.access(modules), fs.access(join(place.path, '.gitmodules'))]).then(
    () => true,
    () => false,
  )
  if (!isAny) return
  const submodules = await addSubmodules(repo.asUser(place.path), { fs, main: await repo.home(), modules })
  if (submodules.made.length + submodules.problems.length > 0) on({ type: 'submodules', submodules })
}
