import { dirname, join } from 'node:path'
import type { Repo } from '../../repo.js'

/**
 * A worktree that `git worktree add` was killed in before it had a branch: its HEAD is missing or the null id, and with it
 * `git fetch` fails for the whole repository. There is nothing in it yet.
 */
export interface HalfMade {
  /** Its own git directory. */
  gitDir: string
  /** Where it was to be; null when not even that was written. */
  path: string | null
}

/** Git comes through this stage in milliseconds, and for some of them nothing tells that it is at it. */
const tooYoungMs = 2000

/** Finds them. One that a running git is at is none. */
export async function halfMade(repo: Repo): Promise<HalfMade[]> {
  const { fs, processes } = repo.host
  const home = join(repo.location.commonDir, 'worktrees')
  const found: HalfMade[] = []
  for (const name of await fs.readdir(home).catch((): string[] => [])) {
    const gitDir = join(home, name)
    const read = async (file: string) => (await fs.readFile(join(gitDir, file), 'utf8').catch(() => '')).trim()
    if (!/^0*$/.test(await read('HEAD')) || (await read('locked')) !== 'initializing') continue
    const made = (await fs.stat(join(gitDir, 'locked')).catch(() => null))?.mtimeMs ?? 0
    if (repo.host.now().getTime() - made < tooYoungMs) continue
    const link = await read('gitdir')
    const path = link === '' ? null : dirname(link)
    const entries = path === null ? [] : await fs.readdir(path).catch((): string[] => [])
    if (entries.some((entry) => entry !== '.git')) continue
    const at = [`GIT_DIR=${gitDir}`, ...(path === null ? [] : [`GIT_DIR=${join(path, '.git')}`])]
    if ((await Promise.all(at.map((entry) => processes.withEnv(entry)))).flat().length > 0) continue
    found.push({ gitDir, path })
  }
  return found
}

/** Takes one away: what git wrote of it, and nothing else. */
export async function dropHalfMade(repo: Repo, { gitDir, path }: HalfMade): Promise<void> {
  const { fs } = repo.host
  if (path !== null) {
    const file = join(path, '.git')
    const text = await fs.readFile(file, 'utf8').catch(() => '')
    if (text.startsWith('gitdir: ')) await fs.rm(file, { force: true })
  }
  await fs.rm(gitDir, { recursive: true, force: true })
  repo.forgetWorktrees()
}
