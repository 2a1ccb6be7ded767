import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Scene } from './scene.js'

/** All that git knows of a worktree: branch, index with flags, files with modes and contents. */
export function standing(s: Scene, dir: string): string {
  const files = s
    .gitAt(dir, 'ls-files', '--cached', '--others', '--exclude-standard', '-z', '--deduplicate')
    .split('\0')
    .filter(Boolean)
    .sort()
  const told = files.map((file) => `${file} ${content(join(dir, file))}`)
  const asked = [
    ['rev-parse', 'HEAD'],
    ['symbolic-ref', '-q', 'HEAD'],
    ['ls-files', '--stage', '-v'],
    ['status', '--porcelain'],
  ]
  return [...asked.map((args) => s.gitAt(dir, ...args)), ...told].join('\n')
}

function content(path: string): string {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return '-'
  const text = stat.isSymbolicLink() ? readlinkSync(path) : stat.isFile() ? readFileSync(path, 'latin1') : ''
  return `${stat.mode.toString(8)} ${text}`
}
