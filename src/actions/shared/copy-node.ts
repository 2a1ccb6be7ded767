import { join } from 'node:path'
import type { HostFs } from '../../host.js'
import { systemWords } from '../../util/system.js'

/** `COPYFILE_EXCL` and `COPYFILE_FICLONE`: nothing is written over, and blocks are shared where the file system can. */
const asNew = 1 | 2

/** So many entries of a directory are copied at once. */
const atOnce = 32

/** Copies a file, a link or a whole directory to a place where nothing is. @returns what could not be copied */
export async function copyByHand(fs: HostFs, source: string, target: string): Promise<string[]> {
  try {
    const stat = await fs.lstat(source)
    if (stat.isSymbolicLink()) await fs.symlink(await fs.readlink(source), target)
    else if (stat.isDirectory()) return await copyDirectory(fs, source, target)
    else if (stat.isFile()) {
      await fs.copyFile(source, target, asNew)
      await sameTimes(fs, source, target)
    }
    return []
  } catch (error) {
    // It has vanished since it was listed.
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? [] : [`'${source}': ${systemWords(error)}`]
  }
}

async function copyDirectory(fs: HostFs, source: string, target: string): Promise<string[]> {
  await fs.mkdir(target, { mode: 0o700 })
  const names = await fs.readdir(source)
  const problems: string[] = []
  for (let at = 0; at < names.length; at += atOnce) {
    const some = names.slice(at, at + atOnce)
    const found = await Promise.all(some.map((name) => copyByHand(fs, join(source, name), join(target, name))))
    problems.push(...found.flat())
  }
  await fs.chmod(target, (await fs.stat(source)).mode & 0o7777)
  await sameTimes(fs, source, target)
  return problems
}

/** Build tools look at times. */
async function sameTimes(fs: HostFs, source: string, target: string): Promise<void> {
  const { atime, mtime } = await fs.stat(source)
  await fs.utimes(target, atime, mtime)
}
