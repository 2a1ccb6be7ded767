import { delimiter, dirname, isAbsolute, join } from 'node:path'
import type { Repo } from '../../repo.js'
import { listAgents } from '../agents.js'
import { type HomePlan, planHome, startedShells } from '../install/home.js'
import { hasBashCompletion, isThere, manFolders, placesOf, type Shell } from '../install/places.js'
import { type Finding, note } from './finding.js'

/** Who works here, beside the repository. */
export interface Person {
  /** Folder of this git-amp; null when it has none. */
  packageDir: string | null
  /** Null when standard error is no terminal. */
  terminal: { columns: number; isDumb: boolean } | null
  signal: AbortSignal
}

/** What was found, and a few words on each thing that is as it should be. */
export interface PersonalFindings {
  findings: Finding[]
  fine: string[]
}

const install = (part: string): string => `Install them: git amp install --${part}`

/** A list needs this much for its columns. */
const leastColumns = 60

/** What makes git-amp pleasant for one person on this machine: completions, manual pages, agents, the terminal. Nothing of it is wrong with the repository. */
export async function checkPerson(repo: Repo, person: Person): Promise<PersonalFindings> {
  const checks = [
    checkCompletions(repo, person.packageDir),
    checkMan(repo, person.packageDir),
    checkAgentsHere(repo, person.signal),
    checkTerminal(repo, person.terminal),
  ]
  const all = await Promise.all(checks)
  return { findings: all.flatMap(({ findings }) => findings), fine: all.flatMap(({ fine }) => fine) }
}

const nothing: PersonalFindings = { findings: [], fine: [] }
const isFine = (...fine: string[]): PersonalFindings => ({ findings: [], fine })
const remark = (check: string, message: string, ...hints: string[]): PersonalFindings => ({
  findings: [note(check, message, ...hints)],
  fine: [],
})

async function checkCompletions({ host }: Repo, packageDir: string | null): Promise<PersonalFindings> {
  const plan = await planned(host, packageDir, 'completions')
  if (plan === null) return nothing
  if (typeof plan === 'string') return remark('completions', plan)
  const started = await startedShells(host, plan.shells)
  const missing: Shell[] = []
  for (const shell of started) {
    if (pathsOf(plan, shell).length > 0 && !(await isInSystem(host, shell))) missing.push(shell)
  }
  if (missing.length > 0) {
    const isOld = plan.changes.some(({ does }) => does === 'replace')
    const words = missing.join(', ')
    return remark(
      'completions',
      isOld
        ? `the completions of ${words} are of another git-amp`
        : `${words}: no completions of git-amp are installed`,
      install('completions'),
    )
  }
  if (started.includes('bash') && !(await hasBashCompletion(host)))
    return remark(
      'completions',
      'bash loads completions of git-amp with the package bash-completion alone, which is not here',
      'Install the package bash-completion.',
    )
  return started.length === 0 ? nothing : isFine(`completions for ${started.join(', ')}`)
}

/** What an installation would still write for a shell. */
const pathsOf = ({ changes }: HomePlan, shell: Shell): string[] => {
  const marks: Record<Shell, RegExp> = { bash: /\/completions\/git-amp$/, zsh: /\/_git-amp$|\.zshrc$/, fish: /\.fish$/ }
  return changes.map(({ path }) => path).filter((path) => marks[shell].test(path))
}

/** Whether a package of the system brought the completion, beside a folder of PATH. */
async function isInSystem({ env, fs }: Repo['host'], shell: Shell): Promise<boolean> {
  const file: Record<Shell, string> = {
    bash: 'bash-completion/completions/git-amp',
    zsh: 'zsh/site-functions/_git-amp',
    fish: 'fish/vendor_completions.d/git-amp.fish',
  }
  const bins = (env.PATH ?? '').split(delimiter).filter(isAbsolute)
  // The user's own folder holds what "git amp install" writes, which was looked at.
  const folders = bins.map((bin) => join(bin, '../share')).filter((folder) => folder !== placesOf({ env }).data)
  return (await Promise.all(folders.map((folder) => isThere(fs, join(folder, file[shell]))))).includes(true)
}

async function checkMan({ host }: Repo, packageDir: string | null): Promise<PersonalFindings> {
  const plan = await planned(host, packageDir, 'man')
  if (plan === null) return nothing
  if (typeof plan === 'string') return remark('man', plan)
  if (plan.foundByMan !== null) return isFine('manual pages')
  if (plan.changes.length > 0) {
    const isOld = plan.changes.some(({ does }) => does !== 'add')
    return remark('man', `the manual pages ${isOld ? 'are of another git-amp' : 'are not installed'}`, install('man'))
  }
  const { man } = placesOf(host)
  if (manFolders(host).includes(man)) return isFine('manual pages')
  return remark(
    'man',
    `the manual pages are in ${dirname(man)}, where man does not look`,
    `Put this where your shell starts: export MANPATH="${dirname(man)}:$MANPATH"`,
  )
}

/** What an installation would do; a sentence when something stands in its way, null when there is nothing to install from. */
async function planned(
  host: Repo['host'],
  packageDir: string | null,
  part: 'completions' | 'man',
): Promise<HomePlan | string | null> {
  if (packageDir === null || host.env.HOME === undefined) return null
  try {
    return await planHome(host, { parts: [part], packageDir })
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function checkAgentsHere(repo: Repo, signal: AbortSignal): Promise<PersonalFindings> {
  const { agents, chosen } = await listAgents(repo, { signal })
  const usable = agents.filter(({ kind, isUsable }) => kind !== 'builtin' && isUsable)
  const usual = agents.find(({ name }) => name === chosen)
  const list = '"git amp agents" lists all, with what to do.'
  if (usable.length === 0 && usual?.kind !== 'builtin')
    return remark(
      'agents',
      'no coding agent is installed here',
      ...(usual?.next ? [`For ${chosen}: ${usual.next}`] : []),
      list,
    )
  if (usual === undefined || !usual.isUsable)
    return remark(
      'agents',
      `the agent of new sessions, ${chosen}, cannot be used: ${usual?.reason ?? 'nobody knows it'}`,
      `Take another: git config amp.agent ${usable[0]?.name ?? 'shell'}`,
      list,
    )
  if (usual.next !== null) return remark('agents', `there is no trace of a login of ${chosen}`, `Log in: ${usual.next}`)
  return isFine(`agents ${[usual, ...usable.filter((one) => one !== usual)].map(({ name }) => name).join(', ')}`)
}

async function checkTerminal({ host }: Repo, terminal: Person['terminal']): Promise<PersonalFindings> {
  const { env } = host
  if (terminal === null) return nothing
  if (terminal.isDumb)
    return remark('terminal', 'TERM is dumb: nothing is coloured, drawn or asked', 'Set TERM to what your terminal is.')
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || 'C'
  if (!/utf-?8/i.test(locale))
    return remark(
      'terminal',
      `the locale is ${locale}: names and titles in other scripts may be shown wrongly`,
      'Set one with UTF-8: export LANG=C.UTF-8',
    )
  if (terminal.columns > 0 && terminal.columns < leastColumns)
    return remark(
      'terminal',
      `it is ${terminal.columns} columns wide, and lists want ${leastColumns}`,
      'Make it wider.',
    )
  return isFine('terminal')
}
