import { join } from 'node:path'
import { fatal, no } from '../../errors.js'
import { readStatus } from '../../git/status.js'
import type { Repo } from '../../repo.js'
import type { ChainTip } from '../../state/chain.js'
import { shellWord } from '../../util/quote.js'
import { leadsTo, linkedGitDirs, ownerOf } from './git-file.js'
import { clearStaleLocks } from './lock.js'
import { type Place, placeWith, takeMoved } from './place.js'
import { readSessionFile } from './session-file.js'
import type { Registered } from './trash.js'
import { unfinishedVerb } from './unfinished.js'

/** A session's worktree as it is registered: `place` is null when its directory is gone. */
export interface SessionWorktree extends Registered {
  place: Place | null
}

/**
 * The session's worktree, when directory and registration name each other. Nothing but a move of the whole repository is repaired here: what may be
 * removed must be known for certain.
 * @returns null when none is registered
 * @throws AmpError when the directory is something else now
 */
export async function worktreeOf(repo: Repo, tip: ChainTip): Promise<SessionWorktree | null> {
  await takeMoved(repo, tip.id)
  const found = await registeredOf(repo, tip)
  if (found === null) return null
  const { fs } = repo.host
  const stat = await fs.lstat(found.path).catch(() => null)
  if (stat === null || (await ownerOf(repo, found)) !== null) return { ...found, place: null }
  const file = join(found.path, '.git')
  const isFile = (await fs.lstat(file).catch(() => null))?.isFile() === true
  const isOurs = stat.isDirectory() && isFile && leadsTo(await fs.readFile(file, 'utf8'), found)
  if (isOurs) return { ...found, place: placeWith(repo, found) }
  throw fatal(
    `'${found.path}' is registered as the worktree of session ${tip.snapshot.name}, and is something else now`,
    `If it is that worktree, run: git worktree repair ${shellWord(found.path)}`,
    'If it is not, move it away, then run the command again.',
  )
}

/** The registration that names the session, or one without a session on its branch, such as of a killed `new`; its directory may be gone. */
export async function registeredOf(repo: Repo, tip: Pick<ChainTip, 'id' | 'snapshot'>): Promise<Registered | null> {
  const linked = await linkedGitDirs(repo)
  const owners = await Promise.all(linked.map(({ gitDir }) => readSessionFile(repo, gitDir)))
  const own = linked.find((_, at) => owners[at] === tip.id)
  if (own !== undefined || !owners.includes(null)) return own ?? null
  const onBranch = (await repo.worktrees()).find(({ branch }) => branch === tip.snapshot.branch)?.path
  return linked.find(({ path }, at) => owners[at] === null && path === onBranch) ?? null
}

/** What nobody may drop a worktree over, whatever the user says. */
export async function refuseBusyWorktree(repo: Repo, tip: ChainTip, worktree: SessionWorktree): Promise<void> {
  const { name } = tip.snapshot
  const locked = await repo.host.fs.readFile(join(worktree.gitDir, 'locked'), 'utf8').catch(() => null)
  if (locked !== null) {
    const reason = locked.trim() === '' ? '' : `: ${locked.trim()}`
    throw no(
      `the worktree of session ${name} is locked${reason}`,
      `If it may go, run: git worktree unlock ${shellWord(worktree.path)}`,
    )
  }
  const { place } = worktree
  if (place === null) return
  await clearStaleLocks(repo, place)
  const verb = await unfinishedVerb(repo, place)
  if (verb !== null) {
    throw no(
      `a ${verb} is in progress in the worktree of session ${name}`,
      `Finish it, or run: git -C ${shellWord(place.path)} ${verb} --abort`,
    )
  }
  if ((await readStatus(place.git)).unmerged.length > 0)
    throw no(`the worktree of session ${name} has conflicts that are not resolved`, `Resolve them in ${place.path}.`)
  const inside = (await repo.worktrees()).find(({ path }) => path.startsWith(`${place.path}/`))
  if (inside !== undefined)
    throw no(`another worktree stands inside of it: ${inside.path}`, 'Move that one first: git worktree move')
}

/** Repositories inside of a worktree that may hold the only copy of something: nested ones, and submodules with commits or changes of their own. */
export async function repositoriesIn(repo: Repo, place: Place): Promise<string[]> {
  const others = await place.git.items(['ls-files', '--others', '--directory', '-z', '--full-name', ':/'])
  const nested: string[] = []
  for (const path of others.filter((one) => one.endsWith('/')))
    await findRepositories(repo, place, { path, into: nested })
  const entries = await place.git.items(['ls-files', '--stage', '-z'])
  const links = entries
    .filter((entry) => entry.startsWith('160000 '))
    .map((entry) => entry.slice(entry.indexOf('\t') + 1))
  const own = await Promise.all(links.map((path) => hasOwnWork(repo, join(place.path, path))))
  return [...nested, ...links.filter((_, at) => own[at])]
}

async function findRepositories(repo: Repo, place: Place, at: { path: string; into: string[] }): Promise<void> {
  const entries = await repo.host.fs.readdir(join(place.path, at.path), { withFileTypes: true }).catch(() => [])
  const names = entries.map(({ name }) => name)
  const isBare = ['HEAD', 'objects', 'refs'].every((name) => names.includes(name))
  if (isBare || names.includes('.git')) at.into.push(at.path)
  else
    for (const entry of entries)
      if (entry.isDirectory()) await findRepositories(repo, place, { ...at, path: `${at.path}${entry.name}/` })
}

/** A submodule that is checked out, with changes or with commits that no remote is known to have. */
async function hasOwnWork(repo: Repo, path: string): Promise<boolean> {
  if ((await repo.host.fs.lstat(join(path, '.git')).catch(() => null)) === null) return false
  const git = repo.in(path)
  const lost = await git.text(['rev-list', '--max-count=1', 'HEAD', '--all', '--not', '--remotes'])
  return lost !== '' || (await git.text(['status', '--porcelain'])) !== ''
}

/** No snapshot can hold another repository. */
export async function refuseRepositories(repo: Repo, tip: ChainTip, place: Place): Promise<void> {
  const nested = await repositoriesIn(repo, place)
  if (nested.length === 0) return
  throw no(
    `the worktree of session ${tip.snapshot.name} holds ${nested.length === 1 ? 'another repository' : 'other repositories'}, which may be the only copy of something: ${nested.join(', ')}`,
    'Push or move what is in there, then run the command again.',
  )
}
