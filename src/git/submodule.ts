import { join } from 'node:path'
import type { HostFs } from '../host.js'
import { type Git, GitError } from './run.js'

/** What became of the submodules of a new worktree. */
export interface Submodules {
  made: string[]
  /** Why one could not be made, by path. */
  problems: string[]
}

/**
 * Checks out the submodules that the main worktree has checked out, from its own copies: nothing is fetched, and no command that `.gitmodules` or
 * the configuration names for an update is run.
 * @param git git in the new worktree, as the user runs it
 */
export async function addSubmodules(
  git: Git,
  { fs, main, modules }: { fs: Pick<HostFs, 'stat'>; main: string; modules: string },
): Promise<Submodules> {
  const result: Submodules = { made: [], problems: [] }
  for (const { name, path } of await listed(git)) {
    const source = join(modules, name)
    const isAtHand = (await isThere(fs, join(source, 'HEAD'))) && (await isThere(fs, join(main, path, '.git')))
    if (!isAtHand) continue
    try {
      await add(git, { name, path, source })
      result.made.push(path)
    } catch (error) {
      if (!(error instanceof GitError)) throw error
      result.problems.push(`${path}: ${error.message}`)
    }
  }
  return result
}

const isThere = (fs: Pick<HostFs, 'stat'>, path: string): Promise<boolean> =>
  fs.stat(path).then(
    () => true,
    () => false,
  )

/** Names and paths, as `.gitmodules` of the worktree gives them; those that would lead elsewhere are none. */
async function listed(git: Git): Promise<{ name: string; path: string }[]> {
  const args = ['config', '--file', '.gitmodules', '-z', '--get-regexp', '^submodule\\..*\\.path$']
  const items = await git.items(args, { ok: [0, 1] }) // 1: there are none
  return items.flatMap((item) => {
    const [key = '', path = ''] = item.split('\n')
    const name = key.slice('submodule.'.length, -'.path'.length)
    const isSafe = [name, path].every((one) => one !== '' && !/^[-/]/.test(one) && !one.split('/').includes('..'))
    return isSafe ? [{ name, path }] : []
  })
}

async function add(git: Git, { name, path, source }: { name: string; path: string; source: string }): Promise<void> {
  const url = await git.text(['config', '--get', `submodule.${name}.url`], { ok: [0, 1] }) // 1: it is not initialised
  if (url === '') return
  const local = [
    '-c',
    `submodule.${name}.url=${source}`,
    '-c',
    'protocol.allow=never',
    '-c',
    'protocol.file.allow=always',
  ]
  await git.with({}, local).run(['submodule', '--quiet', 'update', '--checkout', '--', path])
  // Its own clone fetches from where the first one does.
  const inside = git.at(join(git.cwd, path))
  await inside.run(['remote', 'set-url', 'origin', '--', url], { ok: [0, 2] }) // 2: there is no such remote
}
