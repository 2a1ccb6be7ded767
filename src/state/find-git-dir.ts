import { fatal } from '../errors.js'
import type { FilePromises } from './file-refs.js'

type Reading = Pick<FilePromises, 'readFile' | 'stat'>

/**
 * The git directory that holds refs and objects, found from a worktree, a linked worktree, a submodule, a bare repository or a git directory.
 * @throws AmpError when there is none
 */
export async function findGitDir(fs: Reading, start: string): Promise<string> {
  const gitdir = await ownGitDir(fs, start.length > 1 ? start.replace(/\/+$/, '') : start)
  const common = await textOf(fs, `${gitdir}/commondir`)
  return common === null ? gitdir : resolvePath(gitdir, common)
}

async function ownGitDir(fs: Reading, start: string): Promise<string> {
  const inside = `${start}/.git`
  const linked = (await isDirectory(fs, inside)) ? null : await textOf(fs, inside)
  if (linked === null) {
    for (const dir of [inside, start]) if ((await textOf(fs, `${dir}/HEAD`)) !== null) return dir
    throw fatal(`there is no repository in '${start}'`, 'Name the top of a worktree, or a git directory.')
  }
  const target = /^gitdir: (.+)$/.exec(linked)?.[1]
  if (target === undefined) throw fatal(`'${inside}' names no git directory`)
  return resolvePath(start, target)
}

const isAbsolute = (path: string): boolean => /^([a-z]:)?[\\/]/i.test(path)

/** Not cut short by hand: with symbolic links `a/../b` is the file system's to say. */
const resolvePath = (from: string, path: string): string => (isAbsolute(path) ? path : `${from}/${path}`)

const isDirectory = (fs: Reading, path: string): Promise<boolean> =>
  fs.stat(path).then(
    (stat) => stat.isDirectory(),
    () => false,
  )

/** The one line of a file; null when there is none. */
async function textOf(fs: Reading, path: string): Promise<string | null> {
  const data = await fs.readFile(path).catch(() => null)
  return data === null ? null : Buffer.from(data).toString('utf8').replace(/\n$/, '')
}
