import { join } from 'node:path'
import type { Git, Oid } from '../../git/run.js'
import { writeTree } from '../../git/stage.js'
import type { Repo } from '../../repo.js'
import { removeFiles } from './exchange.js'
import { notHalfWritten } from './half-written.js'
import { onIndexCopy } from './index-copy.js'

/** A checkout, with the git directory that holds its index. */
export interface CheckoutAt {
  path: string
  gitDir: string
  git: Git
}

/** A change of a checkout's files that git began, and may not have ended. */
export interface Switch {
  from: Oid
  to: Oid
  /** The tree of the index before. */
  index: Oid
  /** Where it is to end: `from` or `to`. */
  wanted: Oid
}

/** A path that git was to change, as one of the sides has it. */
interface Entry {
  path: string
  mode: string
  oid: Oid
}

const gone = '000000'
const submodule = '160000'

/**
 * Brings index and files to one side of a change that git was killed in. Only what git itself wrote is touched: an entry or a file of the other side,
 * the beginning of one, or none where git had taken the old one away. Everything else is the user's, and stays.
 * @returns files of the user's among those that were to change
 */
export async function settleFiles(repo: Repo, at: CheckoutAt, change: Switch): Promise<string[]> {
  const entries = await entriesOf(at.git, change)
  const now = await writeTree(at.git).catch(() => null)
  // With conflicts in it, the user is at work there.
  if (now === null || entries.length === 0) return []
  const isOfUser = await differingFrom(at.git, now, [change.from, change.to])
  const isOther = await differingFrom(at.git, now, [change.wanted])
  const ours = entries.filter(({ path }) => !isOfUser(path))
  // An entry that is right keeps its flags.
  const input = ours.filter(({ path }) => isOther(path)).map(infoOf)
  await at.git.run(['update-index', '-z', '--index-info'], { input: input.join('') })
  const hidden = await flagged(at.git, /^[Ss] /)
  const files = ours.filter(({ path, mode }) => mode !== submodule && !hidden.has(path))
  const own = await writeFiles(repo, at, { files, change })
  await at.git.run(['update-index', '-q', '--refresh'], { ok: [0, 1] }) // 1: some files differ, which is fine
  return [...entries.filter((entry) => !ours.includes(entry)).map(({ path }) => path), ...own]
}

/** The paths that the change is about, as they are wanted. What was staged as `to` has it before is the user's, and git left it alone. */
async function entriesOf(git: Git, { from, to, index, wanted }: Switch): Promise<Entry[]> {
  const other = wanted === to ? from : to
  const items = await git.items(['diff-tree', '-r', '-z', '--raw', '--no-renames', other, wanted])
  const changed = new Set(await namesOf(git, index, to))
  const entries: Entry[] = []
  for (let at = 0; at + 1 < items.length; at += 2) {
    const [, mode = gone, , oid = ''] = (items[at] ?? '').split(' ')
    const path = items[at + 1] ?? ''
    if (changed.has(path)) entries.push({ path, mode, oid })
  }
  return entries
}

/** Paths whose flags in the index are such ones. */
const flagged = async (git: Git, which: RegExp): Promise<Set<string>> =>
  new Set((await git.items(['ls-files', '-v', '-z'])).filter((line) => which.test(line)).map((line) => line.slice(2)))

const infoOf = ({ path, mode, oid }: Entry): string => `${mode === gone ? '0' : mode} ${oid}\t${path}\0`

const namesOf = (git: Git, from: Oid, to: Oid): Promise<string[]> =>
  git.items(['diff-tree', '-r', '-z', '--name-only', '--no-renames', from, to])

/** @returns whether a path is in `tree` as in none of the others */
async function differingFrom(git: Git, tree: Oid, trees: readonly Oid[]): Promise<(path: string) => boolean> {
  const lists = await Promise.all(trees.map(async (one) => new Set(await namesOf(git, tree, one))))
  return (path) => lists.every((list) => list.has(path))
}

async function writeFiles(
  repo: Repo,
  at: CheckoutAt,
  { files, change }: { files: readonly Entry[]; change: Switch },
): Promise<string[]> {
  const stands = await standsAt(repo, at, files)
  const there = files.filter(({ path }) => stands.get(path) === 'file')
  const tree = await treeWith(repo, at, { there, absent: files.filter((entry) => !there.includes(entry)) })
  const isNeither = await differingFrom(at.git, tree, [change.from, change.to])
  const isOther = await differingFrom(at.git, tree, [change.wanted])
  const neither = there.filter(({ path }) => isNeither(path)).map(({ path }) => path)
  const own = await notHalfWritten(repo, at, { paths: neither, trees: [change.from, change.to] })
  const wrong = files.filter(({ path }) => isOther(path) && !own.includes(path))
  await removeFiles(
    repo,
    at,
    wrong.filter((entry) => there.includes(entry)).map(({ path }) => path),
  )
  await checkOut(repo, at, wrong)
  return own
}

/** Writes files where nothing stands, so that nothing is overwritten. */
async function checkOut(repo: Repo, at: CheckoutAt, entries: readonly Entry[]): Promise<void> {
  const wanted = entries.filter(({ mode }) => mode !== gone)
  const stands = await standsAt(repo, at, wanted)
  const input = wanted.filter(({ path }) => stands.get(path) === 'nothing').map(({ path }) => `${path}\0`)
  if (input.length > 0) await at.git.run(['checkout-index', '-q', '-u', '-z', '--stdin'], { input: input.join('') })
}

/** The tree that the files would make, whatever the index says of them. */
function treeWith(
  repo: Repo,
  at: CheckoutAt,
  { there, absent }: { there: readonly Entry[]; absent: readonly Entry[] },
): Promise<Oid> {
  const names = (entries: readonly Entry[]) => entries.map(({ path }) => `${path}\0`).join('')
  return onIndexCopy(repo, { place: at, git: at.git }, async (git) => {
    const assumed = await flagged(git, /^[a-z] /)
    const input = names(there.filter(({ path }) => assumed.has(path)))
    await git.run(['update-index', '--no-assume-unchanged', '-z', '--stdin'], { input })
    await git.run(['update-index', '--force-remove', '-z', '--stdin'], { input: names(absent) })
    const add = ['-c', 'core.safecrlf=false', 'update-index', '--add', '--replace', '-z', '--stdin']
    await git.run(add, { input: names(there) })
    return writeTree(git)
  })
}

/** What stands at paths: a file or link, nothing, or what git would have to go around. */
async function standsAt(
  repo: Repo,
  { path: top }: CheckoutAt,
  entries: readonly Entry[],
): Promise<Map<string, 'file' | 'nothing' | 'other'>> {
  const known = new Map<string, Promise<'file' | 'directory' | 'nothing'>>()
  const look = (path: string) => {
    const found = known.get(path) ?? kindOf(repo, join(top, path))
    known.set(path, found)
    return found
  }
  const stands = new Map<string, 'file' | 'nothing' | 'other'>()
  for (const { path } of entries) {
    const names = path.split('/')
    const parents = await Promise.all(names.slice(1).map((_, at) => look(names.slice(0, at + 1).join('/'))))
    // Through a link there is somebody else's directory.
    const kind = parents.includes('file') ? 'directory' : parents.includes('nothing') ? 'nothing' : await look(path)
    stands.set(path, kind === 'directory' ? 'other' : kind)
  }
  return stands
}

async function kindOf(repo: Repo, path: string): Promise<'file' | 'directory' | 'nothing'> {
  const stat = await repo.host.fs.lstat(path).catch(() => null)
  return stat === null ? 'nothing' : stat.isDirectory() ? 'directory' : 'file'
}
