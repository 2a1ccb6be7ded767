import { dirname, join, resolve } from 'node:path'
import { AmpError, fatal } from '../../errors.js'
import { type Git, GitError } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { branchRef } from '../../state/names.js'
import { shellWord } from '../../util/quote.js'
import { cameAlong, linkedGitDirs, namedGitDir, ownerOf, rejoin, restoreGitFile } from './git-file.js'
import { whereabouts } from './lease.js'
import { readSessionFile } from './session-file.js'
import { refusePaused } from './sessions.js'

/** A session's worktree on this machine. */
export interface Place {
  path: string
  /** The worktree's own git directory. */
  gitDir: string
  /** Plumbing in the worktree. */
  git: Git
  /** Where git looks for hooks there, when that was asked together with the rest. */
  hooksPath?: string
}

/** Two processes that add worktrees at once may see each other's half-made one: git then fails, and a moment later does not. */
const addTries = 8

/** Where a session's worktree is made. */
export const worktreePath = async (repo: Repo, id: string): Promise<string> => join(await repo.worktreeHome(), id)

/**
 * Finds a session's worktree: the one whose git directory names the session, wherever it was moved; else a linked one that the user made on
 * the session's branch. The main worktree is never one: it is the user's.
 * @returns null when there is none here, or only a half-made one
 */
export async function findPlace(repo: Repo, tip: ChainTip): Promise<Place | null> {
  const usual = await worktreePath(repo, tip.id)
  const fresh = await takeFresh(repo, tip.id)
  if (fresh !== null) return fresh
  const quick = (await placeAt(repo, usual)) ?? ((await takeMoved(repo, tip.id)) ? await placeAt(repo, usual) : null)
  const owner = quick === null ? null : await readSessionFile(repo, quick.gitDir)
  if (quick !== null && owner === tip.id) return quick
  // A killed "new" could not name the session any more; nobody else makes a worktree of that name.
  if (quick !== null && owner === null && !(await isHalfMade(repo, quick))) return quick
  const marked = await findMarked(repo, tip)
  if (marked !== null) return marked
  const made = await onBranch(repo, tip)
  return made === null || (await isHalfMade(repo, made)) ? null : made
}

/**
 * Takes up the worktree in the session's usual place after the whole repository was moved or copied there.
 * @returns whether there was one
 */
export async function takeMoved(repo: Repo, id: string): Promise<boolean> {
  const path = await worktreePath(repo, id)
  const gitDir = await cameAlong(repo, path)
  if (gitDir === null || (await readSessionFile(repo, gitDir)) !== id) return false
  await rejoin(repo, { path, gitDir })
  return true
}

/** The worktree whose git directory names the session. Its `.git` may not be what git wrote, when an agent was killed. */
async function findMarked(repo: Repo, { id, snapshot }: ChainTip): Promise<Place | null> {
  for (const { gitDir, path } of await linkedGitDirs(repo)) {
    if ((await readSessionFile(repo, gitDir)) !== id || !(await isDirectory(repo, path))) continue
    if ((await ownerOf(repo, { path, gitDir })) !== null) continue
    // What a running agent did to it is looked at when the agent has ended.
    const places = await Promise.all(snapshot.open.map((open) => whereabouts(repo, open)))
    if (places.some((where) => where === 'alive' || where === 'unknown')) return placeWith(repo, { path, gitDir })
    await restoreGitFile(repo, { path, gitDir })
    repo.forgetWorktrees()
    return placeAt(repo, path)
  }
  return null
}

/** The linked worktree that has the session's branch checked out. */
async function onBranch(repo: Repo, tip: ChainTip): Promise<Place | null> {
  const [, ...linked] = await repo.worktrees()
  const found = linked.find((worktree) => worktree.branch === tip.snapshot.branch && worktree.prunable === null)
  return found === undefined ? null : placeAt(repo, found.path)
}

/**
 * `git worktree add` did not come to its end there: git holds its own lock "initializing" until it has. Nothing else counts: a worktree that the
 * user made may lack an index for other reasons, and has the user's files in it.
 */
async function isHalfMade(repo: Repo, place: Place): Promise<boolean> {
  const { fs } = repo.host
  if ((await readSessionFile(repo, place.gitDir)) !== null) return false
  const reason = await fs.readFile(join(place.gitDir, 'locked'), 'utf8').catch(() => '')
  return reason.trim() === 'initializing'
}

const isDirectory = (repo: Repo, path: string): Promise<boolean> =>
  repo.host.fs.lstat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  )

const exists = (repo: Repo, path: string): Promise<boolean> =>
  repo.host.fs.lstat(path).then(
    () => true,
    () => false,
  )

/** The place at a path, or null when the path does not lead to one of this repository's worktrees. */
async function placeAt(repo: Repo, path: string): Promise<Place | null> {
  // Asked first, because git would look for a repository around a directory that is not there.
  if (!(await exists(repo, path))) return null
  try {
    // The path of the hooks comes first: a relative one stays relative.
    const args = ['rev-parse', '--git-path', 'hooks', '--path-format=absolute', '--git-dir', '--git-common-dir']
    const [hooksPath = '', gitDir = '', commonDir = ''] = (await repo.in(path).text(args)).split('\n')
    // The main worktree's own git directory is the common one: what has lost its `.git` is taken for it.
    const isLinked = commonDir === repo.location.commonDir && gitDir !== commonDir
    return isLinked ? { ...placeWith(repo, { path, gitDir }), hooksPath } : null
  } catch (error) {
    if (error instanceof AmpError) return null
    throw error
  }
}

/**
 * A place whose git directory is named in every call: an agent may delete or replace the worktree's `.git`, and git would then find the
 * main repository around it and stage into the user's own index.
 */
export function placeWith(repo: Repo, where: { path: string; gitDir: string }): Place {
  return {
    ...where,
    git: repo.in(where.path).at(where.path, [`--git-dir=${where.gitDir}`, `--work-tree=${where.path}`]),
  }
}

/**
 * Makes the worktree of a session at `path`, on its branch, and marks it as the session's.
 * @throws AmpError when something else is in the way
 */
export async function addPlace(repo: Repo, id: string, where: { path: string; branch: string }): Promise<Place> {
  await excludeWorktrees(repo, where.path)
  await repo.host.fs.mkdir(dirname(where.path), { recursive: true })
  for (let tries = 1; ; tries++) {
    try {
      // Run as the user, so that the user's post-checkout hook (git lfs) runs; --force: its registration may be left of a deleted directory.
      const git = repo.asUser(repo.location.commonDir).with({ LC_ALL: 'C' }, [`--git-dir=${repo.location.commonDir}`])
      await git.run(['worktree', 'add', '--quiet', '--force', '--', where.path, where.branch])
      break
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      // The hook failed, but the worktree is there.
      if (await isCheckedOut(repo, where)) break
      const isRace =
        /failed to read|could not open|\.lock'|File exists/.test(error.stderr) && !/already exists/.test(error.stderr)
      if (!isRace || tries >= addTries) throw await explainAdd(repo, error, where.path)
      await repo.host.sleep(20 * tries + (repo.host.random(1)[0] ?? 0) / 4)
    }
  }
  repo.forgetWorktrees()
  const place = await placeAt(repo, where.path)
  if (place === null) throw fatal(`git made no worktree at '${where.path}'`)
  await nameSession(repo, id, place)
  freshPlaces.set(repo.location, { id, place })
  return place
}

/** Worktrees that were just made: nothing has to be looked up of the first one that is asked for. */
const freshPlaces = new WeakMap<object, { id: string; place: Place }>()

async function takeFresh(repo: Repo, id: string): Promise<Place | null> {
  const fresh = freshPlaces.get(repo.location)
  freshPlaces.delete(repo.location)
  if (fresh?.id !== id) return null
  const { path, gitDir } = fresh.place
  const isThere = (await namedGitDir(repo, path)) === gitDir && (await readSessionFile(repo, gitDir)) === id
  return isThere ? fresh.place : null
}

/** Names the session in its worktree's own git directory. */
const nameSession = (repo: Repo, id: string, place: Place): Promise<void> =>
  repo.host.fs.writeFile(join(place.gitDir, 'amp-session'), `${id}\n`)

/** Names it in the session's usual worktree, where a killed `new` could not. */
export async function claimPlace(repo: Repo, id: string, place: Place): Promise<void> {
  const isUsual = place.path === (await worktreePath(repo, id))
  if (isUsual && (await readSessionFile(repo, place.gitDir)) === null) await nameSession(repo, id, place)
}

async function isCheckedOut(repo: Repo, where: { path: string; branch: string }): Promise<boolean> {
  try {
    if ((await placeAt(repo, where.path)) === null) return false
    const git = repo.in(where.path)
    const branch = await git.text(['symbolic-ref', '-q', 'HEAD'], { ok: [0, 1] }) // 1: detached
    return branch === branchRef(where.branch)
  } catch {
    // Not a worktree at all.
    return false
  }
}

async function explainAdd(repo: Repo, error: GitError, path: string): Promise<AmpError> {
  if (!/already exists/.test(error.stderr)) return error
  // A worktree that was moved has a file there. A directory is a repository of its own, which no repair may touch.
  const git = await repo.host.fs.lstat(join(path, '.git')).catch(() => null)
  if (git?.isDirectory() === true)
    return fatal(`'${path}' is a repository of its own`, 'Choose another path for the worktree.')
  const owner = await ownerOf(repo, { path, gitDir: '' })
  if (owner !== null && owner !== repo.location.commonDir)
    return fatal(
      `'${path}' belongs to another repository: ${owner}`,
      'This one is most likely a copy of it. Give it a place of its own: git config amp.worktreeDir <directory>',
    )
  const hasGit = git !== null
  return new AmpError('fatal', `'${path}' exists, and is not this session's worktree`, {
    cause: error,
    hints: [
      ...(hasGit ? [`If the repository was moved, run "git worktree repair ${shellWord(path)}".`] : []),
      `${hasGit ? 'Otherwise move' : 'Move'} it away, then run the command again.`,
    ],
  })
}

/** The session's worktree; when it is gone, it is made again from the branch, and the branch from the recorded head. */
export async function ensurePlace(repo: Repo, tip: ChainTip): Promise<{ place: Place; made: boolean }> {
  refusePaused(tip)
  const found = await findPlace(repo, tip)
  return found === null ? { place: await makePlace(repo, tip), made: true } : { place: found, made: false }
}

/** Makes a branch again that is gone, where the session has its head: a worktree on it would have no commit. */
export async function restoreBranch(repo: Repo, tip: ChainTip): Promise<void> {
  const [head] = tip.snapshot.heads
  const ref = branchRef(tip.snapshot.branch)
  if (head !== undefined && (await repo.refs.read(ref)) === null)
    await repo.refs.update([{ ref, old: null, new: head }], 'amp: branch restored from the session')
}

/** Makes the worktree of a session that has none here. */
export async function makePlace(repo: Repo, tip: ChainTip, path?: string): Promise<Place> {
  if (repo.location.isBare)
    throw fatal('a bare repository has no worktrees to run an agent in', 'Run the command in a clone.')
  const half = await onBranch(repo, tip)
  if (half !== null && (await isHalfMade(repo, half))) return completePlace(repo, tip.id, half)
  const [main] = await repo.worktrees()
  if (main !== undefined && main.branch === tip.snapshot.branch) {
    throw fatal(
      `the branch of session ${tip.snapshot.name} is checked out in the main worktree, which is yours`,
      'Switch that checkout to another branch first with "git switch -".',
    )
  }
  await restoreBranch(repo, tip)
  return addPlace(repo, tip.id, { path: path ?? (await worktreePath(repo, tip.id)), branch: tip.snapshot.branch })
}

/** Another git-amp may be at it this moment: git's checkout names the worktree in its environment. */
async function refuseBeingMade(repo: Repo, place: Place): Promise<void> {
  const { processes } = repo.host
  const entries = [`GIT_DIR=${join(place.path, '.git')}`, `GIT_DIR=${place.gitDir}`]
  const found = (await Promise.all(entries.map((entry) => processes.withEnv(entry)))).flat()
  if (found.length === 0) return
  throw fatal(
    `the worktree '${place.path}' is being made (process ${found[0]})`,
    'Wait for it, then run the command again.',
  )
}

const isBelow = (path: string, dir: string): boolean => path.startsWith(`${dir}/`)

/** A path as gitignore(5) reads it: each special character is itself; a newline can only be matched by what matches any character. */
const excludePattern = (path: string): string => path.replace(/[\\*?[\]]/g, '\\$&').replaceAll('\n', '?')

/** Finishes a checkout that was killed. Everything in it is git's: nobody was told of the worktree yet. */
async function completePlace(repo: Repo, id: string, place: Place): Promise<Place> {
  await refuseBeingMade(repo, place)
  await repo.host.fs.rm(join(place.gitDir, 'index.lock'), { force: true })
  await place.git.run(['reset', '--hard', '--quiet'])
  await repo.host.fs.rm(join(place.gitDir, 'locked'), { force: true })
  await nameSession(repo, id, place)
  repo.forgetWorktrees()
  return place
}

/**
 * Keeps a worktree out of the user's `git status` and `git add -A`, by a line in the shared `info/exclude`: all of `.worktrees/`, and elsewhere
 * nothing but the worktree itself, for the user has files beside it.
 */
export async function excludeWorktrees(repo: Repo, path: string): Promise<void> {
  const home = await repo.home()
  const usual = resolve(await repo.worktreeHome())
  const dir = isBelow(path, usual) && isBelow(usual, home) ? usual : path
  const tops = [home, repo.location.topLevel ?? home].filter((top) => isBelow(dir, top))
  const top = tops.sort((a, b) => b.length - a.length)[0]
  if (top === undefined) return
  const line = `/${excludePattern(dir.slice(top.length + 1))}/`
  const { fs } = repo.host
  const file = repo.location.excludeFile
  const text = await fs.readFile(file, 'utf8').catch(() => '')
  const lines = text.split(/\r?\n/)
  if (lines.includes(line) || lines.includes(line.slice(1))) return
  await fs.mkdir(dirname(file), { recursive: true })
  // One append in one write: two processes at once give the line twice, never a torn file.
  await fs.appendFile(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`)
}
