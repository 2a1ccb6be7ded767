import { createHash } from 'node:crypto'
import { basename, dirname, join } from 'node:path'
import { fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { restoreGitFile } from './git-file.js'

/**
 * A worktree in the trash is a directory `<time>-<id>` with `worktree`, all files as they were, and `git`, its own git directory: index, HEAD and reflog.
 * What brought it there is in the operation log; `gc` expires it.
 */
const [filesName, gitName] = ['worktree', 'git'] as const

/** A worktree as the repository has it registered. */
export interface Registered {
  path: string
  gitDir: string
}

/** A free name below the trash, for a worktree of a session. */
export function trashName(repo: Repo, id: string): string {
  const time = repo.host.now().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
  return `${time}-${id}-${repo.newId().slice(0, 4)}`
}

/** A worktree in the trash. */
export interface TrashEntry {
  path: string
  session: string
  /** When it came there, ISO 8601 in UTC. */
  at: string
}

/** What is in the trash; directories with other names are not git-amp's. */
export async function readTrash(repo: Repo): Promise<TrashEntry[]> {
  const names = await repo.host.fs.readdir(repo.local('trash')).catch((): string[] => [])
  return names.sort().flatMap((name) => {
    const [, ...parts] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-([0-9a-z]{12})-[0-9a-z]{4}$/.exec(name) ?? []
    const [year, month, day, hour, minute, second, session] = parts
    if (session === undefined) return []
    const at = `${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`
    return [{ path: repo.local('trash', name), session, at }]
  })
}

/**
 * Moves a worktree with its registration into the trash, ignored files included. Killed in between, it is half there: `bringBack` takes what it finds,
 * and a registration without a directory is git's to prune.
 */
export async function intoTrash(repo: Repo, worktree: Registered, name: string): Promise<void> {
  const dir = repo.local('trash', name)
  await repo.host.fs.mkdir(dir, { recursive: true })
  // Without its directory there is still the index, and the reflog.
  if (await exists(repo, worktree.path)) await moveDirectory(repo, worktree.path, join(dir, filesName))
  await moveDirectory(repo, worktree.gitDir, join(dir, gitName))
  repo.forgetWorktrees()
}

/**
 * Brings a worktree back from the trash to where it was.
 * @returns false when it is not there any more
 * @throws AmpError when something stands at its path now
 */
export async function bringBack(repo: Repo, worktree: { path: string; name: string }): Promise<boolean> {
  const dir = repo.local('trash', worktree.name)
  const gitDir = await gitDirFor(repo, dir, worktree.path)
  if (!(await exists(repo, join(dir, filesName))) || gitDir === null) return false
  if (await exists(repo, worktree.path)) {
    throw fatal(`'${worktree.path}' exists, where the worktree has to come back`, 'Move it away, then run it again.')
  }
  await repo.host.fs.mkdir(dirname(worktree.path), { recursive: true })
  // What is intended to be added stands in the index as the empty blob, which git may have collected meanwhile.
  await repo.git.run(['hash-object', '-w', '--stdin'], { input: '' })
  if (await exists(repo, join(dir, gitName))) {
    await repo.host.fs.mkdir(dirname(gitDir), { recursive: true })
    await moveDirectory(repo, join(dir, gitName), gitDir)
  }
  await moveDirectory(repo, join(dir, filesName), worktree.path)
  await repo.host.fs.writeFile(join(gitDir, 'gitdir'), `${join(worktree.path, '.git')}\n`)
  await restoreGitFile(repo, { path: worktree.path, gitDir })
  await repo.host.fs.rm(dir, { recursive: true, force: true })
  repo.forgetWorktrees()
  return true
}

/** Where the worktree's git directory goes, or still is; null when it is lost. */
async function gitDirFor(repo: Repo, dir: string, path: string): Promise<string | null> {
  const home = repo.location.worktreesDir
  const usual = join(home, basename(path))
  const isKept = await exists(repo, join(dir, gitName))
  if (isKept) return (await exists(repo, usual)) ? `${usual}-${repo.newId().slice(0, 4)}` : usual
  // Killed between the two moves: the registration stands where it stood.
  const text = await repo.host.fs.readFile(join(dir, filesName, '.git'), 'utf8').catch(() => '')
  const named = /^gitdir: (.+?)[\r\n]*$/s.exec(text)?.[1]
  return named !== undefined && dirname(named) === home && (await exists(repo, named)) ? named : null
}

/** Renames a directory; to another file system it is copied, compared and removed. */
async function moveDirectory(repo: Repo, from: string, to: string): Promise<void> {
  const { fs } = repo.host
  try {
    await fs.rename(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
    const half = `${to}.part`
    await fs.cp(from, half, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true })
    if ((await digest(repo, from)) !== (await digest(repo, half))) {
      throw fatal(`the copy of '${from}' differs from it: something changed it meanwhile`, 'Run the command again.')
    }
    await fs.rename(half, to)
    await fs.rm(from, { recursive: true, force: true })
  }
}

/** What a directory holds: names, kinds, modes and contents. */
async function digest(repo: Repo, path: string): Promise<string> {
  const { fs } = repo.host
  const hash = createHash('sha256')
  const visit = async (at: string, name: string): Promise<void> => {
    const stat = await fs.lstat(at)
    hash.update(`${name}\0${stat.mode}\0`)
    if (stat.isSymbolicLink()) hash.update(await fs.readlink(at))
    else if (stat.isFile()) hash.update(await fs.readFile(at))
    else if (stat.isDirectory())
      for (const entry of (await fs.readdir(at)).sort()) await visit(join(at, entry), `${name}/${entry}`)
  }
  await visit(path, '')
  return hash.digest('hex')
}

const exists = (repo: Repo, path: string): Promise<boolean> =>
  repo.host.fs.lstat(path).then(
    () => true,
    () => false,
  )
