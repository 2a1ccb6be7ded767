import { join } from 'node:path'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import type { Place } from './place.js'

/** Files, and the trees that they may come from. */
interface Suspects {
  paths: readonly string[]
  trees: readonly Oid[]
}

/**
 * The files among `paths` that are not just the beginning of what one of the trees has there. A git that was killed while it wrote a file leaves such a
 * beginning, and nothing is lost when the file is written again.
 */
export async function notHalfWritten(
  repo: Repo,
  place: Pick<Place, 'path' | 'git'>,
  { paths, trees }: Suspects,
): Promise<string[]> {
  const others: string[] = []
  for (const path of paths) {
    const stat = await repo.host.fs.lstat(join(place.path, path)).catch(() => null)
    const here = stat?.isFile() === true ? await repo.host.fs.readFile(join(place.path, path)) : null
    const asked = here === null ? [] : trees.map((tree) => isBeginning(place, { here, tree, path }))
    if (!(await Promise.all(asked)).includes(true)) others.push(path)
  }
  return others
}

async function isBeginning(
  place: Pick<Place, 'git'>,
  { here, tree, path }: { here: Uint8Array; tree: Oid; path: string },
): Promise<boolean> {
  const entry = await place.git.text(['ls-tree', '--full-tree', tree, '--', path])
  if (!/^100\d+ blob /.test(entry)) return false
  const whole = await place.git.bytes(['cat-file', '--filters', `${tree}:${path}`])
  return here.length < whole.length && Buffer.from(here).equals(whole.subarray(0, here.length))
}
