import { isAbsolute, join, relative } from 'node:path'
import type { Repo } from '../../repo.js'
import { Patterns } from '../../util/gitignore.js'
import { type CopyResult, copyTrees, isClear } from './copy-tree.js'
import type { Place } from './place.js'

/** What was copied into a worktree. */
export interface Copied extends CopyResult {
  /** Paths from the top; directories end in a slash. */
  paths: string[]
  /** Wanted, and left out because git would not ignore them in the worktree: the next commit would hold them. */
  unignored: string[]
  durationMs: number
}

export interface CopyOptions {
  /** Patterns in the syntax of gitignore. */
  patterns: string
  signal: AbortSignal
  on?: ((done: number, total: number, paths: readonly string[]) => void) | undefined
}

/**
 * Copies ignored files of the main worktree that match the patterns into a session's worktree. Nothing of git's own and no worktree is copied,
 * nothing that git does not ignore in both, and nothing over a file that is there.
 */
export async function copyIgnored(repo: Repo, place: Place, options: CopyOptions): Promise<Copied> {
  const { patterns: text, signal, on } = options
  const begun = repo.host.now().getTime()
  const main = await repo.home()
  const patterns = new Patterns(text)
  const nothing = { paths: [], unignored: [], problems: [], durationMs: 0 }
  if (patterns.isEmpty || main === place.path) return nothing
  const wanted = await choose(repo, main, patterns)
  if (wanted.length === 0) return nothing
  const isFree = await Promise.all(wanted.map((path) => isClear(repo.host.fs, place.path, path)))
  const clear = wanted.filter((_, at) => isFree[at])
  const ignored = await ignoredThere(repo, place, { main, paths: clear })
  const paths = clear.filter((path) => ignored.has(path))
  const { problems } = await copyTrees(repo.host.fs, {
    from: main,
    to: place.path,
    paths: paths.map((path) => path.replace(/\/$/, '')),
    env: repo.childEnv,
    signal,
    on: (done, total) => on?.(done, total, paths),
  })
  const blocked = wanted.filter((_, at) => !isFree[at])
  const unignored = clear.filter((path) => !ignored.has(path))
  const all = [...blocked.map((path) => `${path}: a link or a file is in its way in the worktree`), ...problems]
  return { paths, unignored, problems: all, durationMs: repo.host.now().getTime() - begun }
}

/** Directories whose contents are not listed end in a slash. */
async function choose(repo: Repo, main: string, patterns: Patterns): Promise<string[]> {
  const git = repo.in(main)
  const listed = await git.items(['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'])
  const avoid = await avoided(repo, main)
  const search: Search = { repo, main, patterns, avoid, found: [] }
  const tops = new Set(listed)
  for (const path of listed) {
    // A directory that ignores itself is listed with what is in it.
    const isInside = parentsOf(path).some((parent) => tops.has(parent))
    if (!isInside) await look(search, path.replace(/\/$/, ''), path.endsWith('/'))
  }
  return search.found
}

interface Search {
  repo: Repo
  main: string
  patterns: Patterns
  avoid: ReadonlySet<string>
  found: string[]
}

async function look(search: Search, path: string, isDirectory: boolean): Promise<void> {
  const { patterns, avoid, found } = search
  if (avoid.has(path) || path.split('/').some((part) => part === '..' || part.toLowerCase() === '.git')) return
  const isWanted = patterns.has(path, isDirectory)
  const holdsOther = isDirectory && [...avoid].some((one) => one.startsWith(`${path}/`))
  if (isWanted && !holdsOther) found.push(isDirectory ? `${path}/` : path)
  else if (isDirectory && (isWanted || patterns.reachesInto(path))) {
    const { fs } = search.repo.host
    const entries = await fs.readdir(join(search.main, path), { withFileTypes: true }).catch(() => [])
    for (const entry of entries) await look(search, `${path}/${entry.name}`, entry.isDirectory())
  }
}

/** The folder of the worktrees, and every worktree, where they are inside the main one. */
async function avoided(repo: Repo, main: string): Promise<Set<string>> {
  const worktrees = (await repo.worktrees()).map(({ path }) => path)
  const paths = [await repo.worktreeHome(), repo.location.commonDir, ...worktrees].map((path) => relative(main, path))
  return new Set(paths.filter((path) => path !== '' && !path.startsWith('..') && !isAbsolute(path)))
}

/** `a/b/c` has the parents `a/` and `a/b/`. */
function parentsOf(path: string): string[] {
  const parts = path.replace(/\/$/, '').split('/')
  return parts.slice(0, -1).map((_, at) => `${parts.slice(0, at + 1).join('/')}/`)
}

/** Git stops at a path that is in a submodule: then each is asked for alone. */
async function askIgnored(place: Place, paths: readonly string[]): Promise<string[]> {
  const input = paths.map((path) => `${path}\0`).join('')
  const { code, stdout } = await place.git.run(['check-ignore', '-z', '--stdin'], { input, ok: [0, 1, 128] }) // 1: none
  if (code !== 128) return stdout.split('\0').filter((path) => path !== '')
  if (paths.length === 1) return []
  return (await Promise.all(paths.map((path) => askIgnored(place, [path])))).flat()
}

/** Those that git ignores in the worktree, too, or that bring along the file that says so. */
async function ignoredThere(
  repo: Repo,
  place: Place,
  { main, paths }: { main: string; paths: readonly string[] },
): Promise<Set<string>> {
  const ignored = new Set(await askIgnored(place, paths))
  for (const path of paths) {
    if (ignored.has(path) || !path.endsWith('/')) continue
    const own = await repo.host.fs.readFile(join(main, path, '.gitignore'), 'utf8').catch(() => '')
    if (own.split(/\r?\n/).some((line) => line === '*' || line === '**')) ignored.add(path)
  }
  return ignored
}
