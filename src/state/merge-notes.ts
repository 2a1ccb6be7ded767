import type { Stores } from './chain.js'
import { byIteration, isOurs, isTree, keyOf, rootOf, there } from './notes.js'
import type { Oid, TreeEntry } from './storage.js'

/** Two notes commits to be joined, and where they parted; `base` null when nobody knows. */
export interface NoteSides {
  tips: readonly [Oid, Oid]
  base: Oid | null
  /** Sessions that were forgotten: their lines are dropped. */
  forgotten: ReadonlySet<string>
}

/**
 * The notes without the lines of sessions that were forgotten; null when there are none. Every clone makes the same commit of the same notes.
 */
export async function withoutForgotten(stores: Stores, tip: Oid, forgotten: ReadonlySet<string>): Promise<Oid | null> {
  const { objects } = stores
  const root = await rootOf(stores, tip)
  const commit = there(tip, await objects.readCommit(tip))
  const tree = await objects.writeTree(await joinTrees(stores, { a: root, b: root, base: root }, forgotten))
  if (tree === commit.tree) return null
  const { author, committer } = commit
  return objects.writeCommit({
    tree,
    parents: [tip],
    author,
    committer,
    message: 'Notes of forgotten sessions taken out\n',
  })
}

interface Three {
  a: readonly TreeEntry[]
  b: readonly TreeEntry[]
  base: readonly TreeEntry[]
}

/**
 * Joins two notes commits: lines are a set, each side's changes count, and where both changed one line the choice is the same everywhere.
 * The commit takes its stamps from the later of the two, so that whoever joins them makes the same one.
 */
export async function joinNotes(stores: Stores, sides: NoteSides): Promise<Oid> {
  const { objects } = stores
  const tips = [...sides.tips].sort()
  const [a = '', b = ''] = tips
  const base = sides.base === null ? [] : await rootOf(stores, sides.base)
  const three = { a: await rootOf(stores, a), b: await rootOf(stores, b), base }
  const tree = await objects.writeTree(await joinTrees(stores, three, sides.forgotten))
  const commits = await Promise.all(
    tips.map(async (tip) => ({ tip, commit: there(tip, await objects.readCommit(tip)) })),
  )
  const time = ({ commit }: (typeof commits)[number]) => commit.committer.seconds
  const later = commits.sort((x, y) => time(x) - time(y) || (x.tip < y.tip ? -1 : 1)).at(-1)?.commit
  const { author, committer } = there(a, later ?? null)
  return objects.writeCommit({ tree, parents: tips, author, committer, message: 'Notes of git-amp sessions joined\n' })
}

async function joinTrees(stores: Stores, three: Three, forgotten: ReadonlySet<string>): Promise<TreeEntry[]> {
  const names = new Set([...three.a, ...three.b].map((entry) => entry.name))
  const result: TreeEntry[] = []
  for (const name of names) {
    const [a, b, base] = [three.a, three.b, three.base].map((side) => side.find((entry) => entry.name === name))
    const joined = await joinEntry(stores, { name, a, b, base }, forgotten)
    if (joined !== null) result.push(joined)
  }
  return result
}

interface Entries {
  name: string
  a: TreeEntry | undefined
  b: TreeEntry | undefined
  base: TreeEntry | undefined
}

async function joinEntry(
  stores: Stores,
  { name, a, b, base }: Entries,
  forgotten: ReadonlySet<string>,
): Promise<TreeEntry | null> {
  if (forgotten.size === 0) {
    if (a?.oid === b?.oid || b?.oid === base?.oid) return a ?? null
    if (a?.oid === base?.oid) return b ?? null
  }
  const known = [a, b].filter((entry) => entry !== undefined)
  const dirs = known.filter(isTree)
  if (dirs.length > 0) {
    // A file of a directory's name is no note.
    const entriesOf = async (entry: TreeEntry | undefined) =>
      entry === undefined || !isTree(entry) ? [] : there(entry.oid, await stores.objects.readTree(entry.oid))
    const three = { a: await entriesOf(a), b: await entriesOf(b), base: await entriesOf(base) }
    const joined = await joinTrees(stores, three, forgotten)
    return joined.length === 0 ? null : { mode: '40000', name, oid: await stores.objects.writeTree(joined) }
  }
  const linesOf = async (entry: TreeEntry | undefined) => {
    if (entry === undefined || isTree(entry)) return []
    const text = Buffer.from(there(entry.oid, await stores.objects.readBlob(entry.oid))).toString('utf8')
    return text.replace(/\n+$/, '').split('\n')
  }
  const lines = joinLines([await linesOf(a), await linesOf(b), await linesOf(base)], forgotten)
  if (lines.length === 0) return null
  return { mode: '100644', name, oid: await stores.objects.writeBlob(`${lines.join('\n')}\n`) }
}

type Lines = readonly string[]

function joinLines([a, b, base]: readonly [Lines, Lines, Lines], forgotten: ReadonlySet<string>): string[] {
  const foreign = (lines: Lines) => lines.filter((line) => !isOurs(line))
  const stays = (line: string) => (a.includes(line) && b.includes(line)) || !base.includes(line)
  const theirs = foreign(b).filter((line) => line !== '' && !a.includes(line))
  const others = [...foreign(a).filter((line) => line === '' || stays(line)), ...theirs.filter(stays)]
  while (others.at(-1) === '') others.pop()
  const byKey = (lines: Lines) => new Map(lines.filter(isOurs).map((line) => [keyOf(line), line]))
  const [left, right, before] = [byKey(a), byKey(b), byKey(base)]
  const ours: string[] = []
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const line = choose(left.get(key), right.get(key), before.get(key))
    if (line !== undefined && !forgotten.has(line.slice('Session '.length).slice(0, 12))) ours.push(line)
  }
  return [...others, ...ours.sort(byIteration)]
}

/** The side that changed a line counts; when both did, what is there before what is gone, and then the greater text. */
function choose(a: string | undefined, b: string | undefined, base: string | undefined): string | undefined {
  if (a === b || b === base) return a
  if (a === base) return b
  if (a === undefined || b === undefined) return a ?? b
  return a > b ? a : b
}
