import { createHash } from 'node:crypto'
import { isAbsolute, join, resolve } from 'node:path'
import { AmpError, fatal } from '../../errors.js'
import { scrub } from '../../git/env.js'
import { isAncestor } from '../../git/history.js'
import { Git, GitError } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { branchRef } from '../../state/names.js'
import { slugOf } from '../../util/slug.js'

/** Whether a repository is named by a URL, or as `host:path`, and not by a directory. */
export const isUrl = (repo: string): boolean =>
  /^[a-z][a-z0-9+.-]*:\/\//i.test(repo) || /^([\w.-]+@)?[\w.-]{2,}:(?!\\)/.test(repo)

/** A URL without the password in it, as it is shown and kept: a plan travels. */
export const withoutPassword = (url: string): string =>
  url.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/]*@/i, '$1:***@')

/** Nobody is there to type a password. */
const unattended = { GIT_TERMINAL_PROMPT: '0' }

/** Where repositories are cloned to: `amp.batchCache`, else the user's cache. */
async function cacheHome(home: Repo): Promise<string> {
  const { env } = home.host
  const set = (await home.config()).get('amp.batchCache')
  if (set?.startsWith('~/') === true) return join(env.HOME ?? '', set.slice(2))
  if (set !== null && set !== '') return resolve(await home.home(), set)
  const base =
    env.XDG_CACHE_HOME !== undefined && isAbsolute(env.XDG_CACHE_HOME)
      ? env.XDG_CACHE_HOME
      : join(env.HOME ?? home.host.tmpdir, '.cache')
  return join(base, 'git-amp', 'repositories')
}

/** The directory of a URL's clone, whether it is there or not. */
export async function cloneDir(home: Repo, url: string): Promise<string> {
  const name = slugOf(
    url
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .at(-1) ?? '',
  )
  return join(await cacheHome(home), `${name}-${createHash('sha256').update(url).digest('hex').slice(0, 12)}`)
}

/** Git where no repository is needed. */
const outside = ({ host }: Repo, cwd = host.tmpdir): Git =>
  new Git(cwd, { ...scrub(host.env), ...unattended, LC_ALL: 'C' })

/** Asks whether a URL answers, without cloning it. @throws AmpError with what git says */
export async function tryUrl(home: Repo, url: string): Promise<void> {
  await outside(home)
    .run(['ls-remote', '--quiet', '--end-of-options', url, 'HEAD'])
    .catch((error) => {
      throw unreachable(url, error)
    })
}

/**
 * Clones a URL into the cache, once; later what is new is fetched. Contents of files come when they are needed, where the server allows it. A
 * clone that was killed is none: it is made beside its place, and put there when it is whole.
 */
export async function ensureClone(home: Repo, url: string): Promise<string> {
  const { fs } = home.host
  const dir = await cloneDir(home, url)
  const isThere = await fs.access(join(dir, '.git')).then(
    () => true,
    () => false,
  )
  if (isThere) {
    await fetchAgain(home, dir, url)
    return dir
  }
  await fs.mkdir(join(dir, '..'), { recursive: true })
  const half = `${dir}.${home.newId()}`
  try {
    await outside(home).run(['clone', '--quiet', '--filter=blob:none', '--', url, half])
    // Somebody else may have been faster.
    await fs.rename(half, dir).catch(async (error: unknown) => {
      if (
        await fs.access(join(dir, '.git')).then(
          () => false,
          () => true,
        )
      )
        throw error
    })
    return dir
  } catch (error) {
    throw unreachable(url, error)
  } finally {
    await fs.rm(half, { recursive: true, force: true })
  }
}

/** What is new; local branches follow later, as far as they only have to. @throws AmpError when the remote is away: what is here may be old */
async function fetchAgain(home: Repo, dir: string, url: string): Promise<void> {
  const git = outside(home, dir)
  try {
    await git.run(['fetch', '--quiet', '--prune', 'origin'])
  } catch (error) {
    throw unreachable(url, error, 'fetch')
  }
}

/** Brings a branch of a clone up to where its remote has it, or makes it; one that has commits of its own stays. */
export async function followRemote(repo: Repo, branch: string): Promise<void> {
  const [local, remote] = await Promise.all([
    repo.refs.read(branchRef(branch)),
    repo.refs.read(`refs/remotes/origin/${branch}`),
  ])
  if (remote === null || local === remote) return
  if (local === null) {
    await repo.git.run(['branch', '--quiet', '--track', '--end-of-options', branch, `refs/remotes/origin/${branch}`])
    return
  }
  if (!(await isAncestor(repo.git, local, remote))) return
  const checkout = (await repo.worktrees()).find((one) => one.branch === branch)
  if (checkout === undefined)
    await repo.refs.update([{ ref: branchRef(branch), old: local, new: remote }], 'amp: batch')
  else await repo.in(checkout.path).run(['merge', '--quiet', '--ff-only', remote])
}

function unreachable(url: string, error: unknown, what = 'clone'): unknown {
  if (!(error instanceof GitError)) return error
  return error instanceof AmpError ? fatal(`cannot ${what} ${withoutPassword(url)}: ${error.message}`) : error
}
