import { basename, extname, resolve } from 'node:path'
import { usage } from '../../errors.js'
import type { Host } from '../../host.js'

/** Where an export goes. */
export type Target = { kind: 'stdout' } | { kind: 'file'; path: string } | { kind: 'dir'; path: string }

/**
 * What `--out` names: nothing and `-` are standard output; a directory is one that is there, a name that ends in a slash, and, where
 * directories are possible, a new name without an extension.
 */
export async function targetOf(host: Host, out: string | undefined, mayBeNewDir: boolean): Promise<Target> {
  if (out === undefined || out === '-') return { kind: 'stdout' }
  if (out === '') throw usage('--out names no file')
  const path = resolve(host.cwd, out)
  const stat = await host.fs.stat(path).catch(() => null)
  const isNewDir = stat === null && (/[/\\]$/.test(out) || (mayBeNewDir && extname(basename(path)) === ''))
  return stat?.isDirectory() || isNewDir ? { kind: 'dir', path } : { kind: 'file', path }
}

/** The format that is asked for, else the one that the name of the file ends in, else the first of the known ones. */
export function formatOf<T extends string>(
  format: string | undefined,
  out: string | undefined,
  known: readonly [T, ...T[]],
): T {
  const isKnown = (word: string): word is T => known.some((one) => one === word)
  if (format !== undefined) {
    if (isKnown(format)) return format
    throw usage(`unknown format '${format}'`, `Known: ${known.join(', ')}.`)
  }
  const extension = extname(out ?? '').slice(1)
  return isKnown(extension) ? extension : known[0]
}
