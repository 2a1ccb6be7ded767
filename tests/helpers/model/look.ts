import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Snapshot } from '../../../src/state/fold.js'
import type { Operation } from '../../../src/state/oplog.js'
import type { Scene } from '../scene.js'

/** A worktree as plain git and the file system tell. */
export interface Checkout {
  path: string
  head: string
  branch: string
  /** Entries with stages, modes, flags and content. */
  index: string
  /** What differs from HEAD, staged and unstaged, and what is untracked: a line each. */
  dirt: string
  unmerged: string[]
  /** Mode and content of every file, ignored ones included. */
  files: Map<string, string>
  isUnfinished: boolean
  /** Where HEAD has been. */
  reflog: string[]
}

/** All that a step may change, read with plain git. */
export interface Look {
  refs: Map<string, string>
  sessions: Map<string, Snapshot>
  /** By session; the user's own by `''`. */
  checkouts: Map<string, Checkout>
  /** Newest first. */
  operations: Operation[]
}

/** More than a sequence makes. */
const operationsRead = 200

export function look(s: Scene): Look {
  const { refs, sessions } = readRefs(s)
  const checkouts = new Map<string, Checkout>()
  for (const [id, path] of [['', s.dir], ...[...sessions.keys()].map((one) => [one, s.worktree(one)])] as const)
    if (existsSync(join(path, '.git'))) checkouts.set(id, readCheckout(s, path))
  return { refs, sessions, checkouts, operations: readOplog(s, refs) }
}

function readRefs(s: Scene): Pick<Look, 'refs' | 'sessions'> {
  const [refs, sessions] = [new Map<string, string>(), new Map<string, Snapshot>()]
  const fields = s.git('for-each-ref', '--format=%(refname)%00%(objectname)%00%(contents)%00').split('\0')
  for (let at = 0; at + 2 < fields.length; at += 3) {
    const [ref = '', oid = '', text = ''] = [fields[at]?.trimStart(), fields[at + 1], fields[at + 2]]
    refs.set(ref, oid)
    const json = /^Amp-Snapshot: (.*)$/m.exec(text)?.[1]
    if (ref.startsWith('refs/amp/sessions/') && json !== undefined)
      sessions.set(ref.slice('refs/amp/sessions/'.length), JSON.parse(json) as Snapshot)
  }
  for (const ref of refs.keys()) if (ref.startsWith('refs/amp/archive/')) readArchive(s, ref, sessions)
  return { refs, sessions }
}

/** Archived sessions: of those that were archived more than once the last time counts. */
function readArchive(s: Scene, ref: string, sessions: Map<string, Snapshot>): void {
  for (const [, id = '', tip = ''] of s.git('log', '--first-parent', '--format=%B', ref).matchAll(archived)) {
    const json = sessions.has(id)
      ? undefined
      : /^Amp-Snapshot: (.*)$/m.exec(s.git('log', '-1', '--format=%B', tip))?.[1]
    if (json !== undefined) sessions.set(id, JSON.parse(json) as Snapshot)
  }
}

const archived = /^Amp-Archived: (\S+) (\S+)$/gm

function readOplog(s: Scene, refs: ReadonlyMap<string, string>): Operation[] {
  const log = 'refs/amp-local/oplog'
  if (!refs.has(log)) return []
  const text = s.git('rev-list', '--no-commit-header', '--first-parent', `-n${operationsRead}`, '--format=%B', log)
  return [...text.matchAll(/^Amp-Operation: (.*)$/gm)].map((found) => JSON.parse(found[1] ?? '') as Operation)
}

function readCheckout(s: Scene, path: string): Checkout {
  const status = s
    .gitAt(path, 'status', '--porcelain=v2', '--branch', '-z', '-uall', '--no-renames')
    .split('\0')
    .filter(Boolean)
  const header = (name: string) => status.find((line) => line.startsWith(`# branch.${name} `))?.slice(10 + name.length)
  const files = readFiles(path)
  const entries = status.filter((line) => !line.startsWith('#'))
  const told = entries.map((line) => `${line} ${files.get(pathIn(line)) ?? '-'}`)
  const unmerged = entries.filter((line) => line.startsWith('u ')).map(pathIn)
  const gitDir = path === s.dir ? join(path, '.git') : readFileSync(join(path, '.git'), 'utf8').slice(8).trimEnd()
  const unfinished = ['rebase-merge', 'rebase-apply', 'MERGE_HEAD', 'CHERRY_PICK_HEAD', 'REVERT_HEAD']
  return {
    path,
    head: header('oid') ?? '',
    branch: header('head') ?? '',
    index: s.gitAt(path, 'ls-files', '--stage', '-v', '-z'),
    dirt: told
      .sort()
      .map((line) => JSON.stringify(line))
      .join('\n'),
    unmerged,
    files,
    isUnfinished: unfinished.some((name) => existsSync(join(gitDir, name))),
    reflog: readReflog(join(gitDir, 'logs/HEAD')),
  }
}

function readReflog(file: string): string[] {
  const words = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []
  const oids = words.flatMap((line) => line.split(' ').slice(0, 2))
  return oids.filter((oid) => /^[0-9a-f]{40,64}$/.test(oid) && !/^0+$/.test(oid))
}

/** The path at the end of a line of `git status --porcelain=v2`. */
function pathIn(line: string): string {
  const words = { '1': 8, u: 10, '?': 1, '!': 1 }[line[0] ?? ''] ?? 0
  return line.split(' ').slice(words).join(' ')
}

function readFiles(top: string): Map<string, string> {
  const files = new Map<string, string>()
  const visit = (dir: string) => {
    for (const name of readdirSync(join(top, dir))) {
      if (dir === '' && (name === '.git' || name === '.worktrees')) continue
      const path = dir === '' ? name : `${dir}/${name}`
      const stat = lstatSync(join(top, path))
      if (stat.isDirectory()) visit(path)
      else if (stat.isSymbolicLink()) files.set(path, `120000 ${readlinkSync(join(top, path))}`)
      else files.set(path, `${stat.mode & 0o100 ? '100755' : '100644'} ${readFileSync(join(top, path), 'latin1')}`)
    }
  }
  visit('')
  return files
}

/** Ids of the blobs that stand in a checkout: in its files, and in its index. */
export function blobsOf(checkout: Checkout, algorithm: string): Set<string> {
  const blobs = new Set<string>()
  for (const text of checkout.files.values()) {
    const content = Buffer.from(text.slice(7), 'latin1')
    const link = text.startsWith('120000') ? Buffer.from(text.slice(7)) : content
    blobs.add(createHash(algorithm).update(`blob ${link.length}\0`).update(link).digest('hex'))
  }
  for (const found of checkout.index.matchAll(/\d{6} ([0-9a-f]{40,64}) \d\t/g)) blobs.add(found[1] ?? '')
  // An entry that is only intended has the empty blob.
  blobs.delete(createHash(algorithm).update('blob 0\0').digest('hex'))
  return blobs
}

/** Everything of a checkout but what git finds out for itself. */
export const standingOf = (checkout: Checkout | undefined): string =>
  checkout === undefined
    ? 'no worktree'
    : [checkout.head, checkout.branch, checkout.index, checkout.dirt, ...fileLines(checkout)].join('\n')

const fileLines = ({ files }: Checkout): string[] => [...files].map(([path, text]) => `${path} ${text}`).sort()
