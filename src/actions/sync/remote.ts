import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { fatal } from '../../errors.js'
import { quiet } from '../../git/env.js'
import { remoteNames, remoteUrl } from '../../git/remote.js'
import type { Git } from '../../git/run.js'
import type { Repo } from '../../repo.js'

/** The other repository. */
export interface Remote {
  /** As git takes it: a remote's name, a URL or a path. */
  name: string
  /** Where it is, for people. */
  url: string
  /** Prefix of the copies of its refs that this clone keeps. */
  tracking: string
  /** Git where relative paths of remotes begin. */
  git: Git
}

/**
 * The repository to exchange sessions with: the one that is named, else `amp.remote`, else `origin` or the only remote.
 * @throws AmpError when there is none
 */
export async function findRemote(repo: Repo, wanted: string | undefined, canAsk: boolean): Promise<Remote> {
  const git = await remoteGit(repo, canAsk)
  const names = await remoteNames(git)
  const asked = wanted ?? (await repo.config()).get('amp.remote') ?? undefined
  const chosen = asked ?? (names.includes('origin') || names.length !== 1 ? 'origin' : names[0])
  if (chosen === undefined || (asked === undefined && !names.includes(chosen))) {
    throw fatal(
      names.length === 0 ? 'there is no remote to sync with' : 'there are several remotes, and none is called origin',
      ...(names.length === 0
        ? ['Add one with "git remote add origin <url>", or name a repository: git amp sync <url>']
        : [`Name one (${names.join(', ')}), or set it: git config amp.remote <name>`]),
    )
  }
  if (chosen === '' || chosen.startsWith('-')) throw fatal(`'${chosen}' is no remote`)
  const isNamed = names.includes(chosen)
  const isUrl = /^[a-z][a-z0-9+.-]*:|^[^/]+:/i.test(chosen)
  if (!isNamed && !isUrl && !/[/.]/.test(chosen)) {
    throw fatal(`there is no remote '${chosen}'`, `Known remotes: ${names.join(', ') || 'none'}.`)
  }
  const name = isNamed || isUrl ? chosen : resolve(repo.host.cwd, chosen)
  return { name, url: await remoteUrl(git, name), tracking: `${trackingPrefix}/${tailOf(name, isNamed)}`, git }
}

/** Copies of what remotes have are below it, each in a folder of its own. */
const trackingPrefix = 'refs/amp-local/remotes'

const tailOf = (name: string, isNamed: boolean): string =>
  isNamed && isPlainName(name) ? name : `url-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`

/** How those remotes are called, by the folders of their copies; an address that was given once is not known any more. */
export async function remotesByFolder(repo: Repo): Promise<Map<string, string>> {
  const names = await remoteNames(repo.git)
  const set = (await repo.config()).get('amp.remote')
  const others = set === null || names.includes(set) ? [] : [set, resolve(repo.host.cwd, set)]
  return new Map([
    ...others.map((name) => [tailOf(name, false), name] as const),
    ...names.map((name) => [tailOf(name, true), name] as const),
  ])
}

/** Others could collide with the names of what is kept below. */
const isPlainName = (name: string): boolean => /^[\w.+-]+$/.test(name) && !/^\.|\.\.|\.lock$|\.$/.test(name)

/** Git that talks to remotes: it asks for a password only where somebody can answer. */
async function remoteGit(repo: Repo, canAsk: boolean): Promise<Git> {
  const { commonDir, isBare } = repo.location
  const git = repo.git.at(isBare ? commonDir : await repo.home(), [`--git-dir=${commonDir}`, ...quiet])
  return canAsk ? git : git.with({ GIT_TERMINAL_PROMPT: '0' })
}
