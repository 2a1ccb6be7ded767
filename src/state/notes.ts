import { fatal } from '../errors.js'
import { groupBy, present, unique } from '../util/collections.js'
import type { Stores, Writer } from './chain.js'
import { notesRef } from './names.js'
import type { Oid, RefChange, TreeEntry } from './storage.js'

/**
 * Notes on `refs/notes/amp`, for `git log --notes=amp`: derived from the chains and written as trees, because `git notes` does no
 * compare-and-swap and aborts on mixed fan-out. Every tree written here has one level of fan-out (`ab/cdef...`);
 * git and this reader understand any.
 */

/** A line of a commit's note. Lines of one commit are a set; `key` tells which line it replaces. */
export interface NoteLine {
  commit: Oid
  /** `Session <id> (<slug>), iteration <n> by <agent>, tests pass: <title>` */
  line: string
}

/** What a line is about: the same session and iteration. Lines of other programs are their own key. */
export const keyOf = (line: string): string => /^Session [0-9a-z]{12} \([^)]*\), iteration \d+ /.exec(line)?.[0] ?? line

/**
 * Writes the trees and the commit that add or replace note lines.
 * @returns the change of `refs/notes/amp`, or null when the notes say this already
 */
export async function prepareNotes(
  stores: Stores,
  writer: Writer,
  lines: readonly NoteLine[],
): Promise<RefChange | null> {
  const old = await stores.refs.read(notesRef)
  const root = old === null ? [] : await rootOf(stores, old)
  let entries: TreeEntry[] = root
  const byFan = groupBy(lines, (line) => line.commit.slice(0, 2))
  for (const [fan, members] of byFan) entries = await withFan(stores, entries, { fan, lines: members })
  const tree = await stores.objects.writeTree(entries)
  if (old !== null && (await stores.objects.readCommit(old))?.tree === tree) return null
  const message = 'Notes of git-amp sessions\n'
  const parents = old === null ? [] : [old]
  const oid = await stores.objects.writeCommit({
    tree,
    parents,
    author: writer.author,
    committer: writer.author,
    message,
  })
  return { ref: notesRef, old, new: oid }
}

/**
 * Writes the trees and the commit that take back what one change did to the notes; notes of other commits, and those changed since, stay.
 * @returns the change of `refs/notes/amp`, or null when there is nothing to take back
 */
export async function prepareNotesBack(
  stores: Stores,
  writer: Writer,
  change: { before: Oid | null; after: Oid | null },
): Promise<RefChange | null> {
  const old = await stores.refs.read(notesRef)
  if (old === null || change.after === null) return null
  const before = change.before === null ? [] : await rootOf(stores, change.before)
  const now = await stores.objects.readCommit(old)
  const entries = await takenBack(stores, await rootOf(stores, old), {
    before,
    after: await rootOf(stores, change.after),
  })
  const tree = await stores.objects.writeTree(entries)
  if (now?.tree === tree) return null
  const stamps = { author: writer.author, committer: writer.author }
  const oid = await stores.objects.writeCommit({
    tree,
    parents: [old],
    ...stamps,
    message: 'Notes of an undone operation\n',
  })
  return { ref: notesRef, old, new: oid }
}

interface Sides {
  before: readonly TreeEntry[]
  after: readonly TreeEntry[]
}

/** Entries of a tree: what still is as it was `after` becomes what it was `before`. */
async function takenBack(stores: Stores, now: readonly TreeEntry[], sides: Sides): Promise<TreeEntry[]> {
  const result: TreeEntry[] = []
  const named = (entries: readonly TreeEntry[], name: string) => entries.find((entry) => entry.name === name)
  const leaves = async (entry: TreeEntry | undefined) =>
    entry === undefined ? [] : there(entry.oid, await stores.objects.readTree(entry.oid))
  for (const name of unique([...now, ...sides.before].map((entry) => entry.name))) {
    const [here, before, after] = [named(now, name), named(sides.before, name), named(sides.after, name)]
    const isChanged = before?.oid !== after?.oid
    const isFan = [here, before, after].every((entry) => entry === undefined || isTree(entry))
    if (!isChanged || (here === undefined && after !== undefined)) result.push(...present([here]))
    else if (here?.oid === after?.oid) result.push(...present([before]))
    else if (isFan) {
      const inner = { before: await leaves(before), after: await leaves(after) }
      const left = await takenBack(stores, await leaves(here), inner)
      if (left.length > 0) result.push({ mode: '40000', name, oid: await stores.objects.writeTree(left) })
    } else result.push(...present([here]))
  }
  return result
}

/** The entries of a notes commit's tree. */
export async function rootOf(stores: Stores, commit: Oid): Promise<TreeEntry[]> {
  const { tree } = there(commit, await stores.objects.readCommit(commit))
  return there(tree, await stores.objects.readTree(tree))
}

/** A part of the notes that must exist: without it, writing them again would lose what others wrote. */
export function there<T>(oid: Oid, object: T | null): T {
  if (object !== null) return object
  throw fatal(
    `${notesRef} is broken: its object ${oid} is missing`,
    `Fetch the ref again from a clone that has it, or remove it with "git update-ref -d ${notesRef}".`,
  )
}

interface Fan {
  /** First two digits of the commits. */
  fan: string
  lines: readonly NoteLine[]
}

async function withFan(stores: Stores, root: readonly TreeEntry[], { fan, lines }: Fan): Promise<TreeEntry[]> {
  const known = root.find((entry) => entry.name === fan && isTree(entry))
  let leaf = known === undefined ? [] : there(known.oid, await stores.objects.readTree(known.oid))
  let rest = root.filter((entry) => entry !== known)
  for (const [commit, members] of groupBy(lines, (line) => line.commit)) {
    const name = commit.slice(2)
    const flat = rest.find((entry) => entry.name === commit)
    // A note with even more fan-out stays where it is: git joins the notes of one object that it finds twice.
    const found = [leaf.find((entry) => entry.name === name), flat]
    const texts = await Promise.all(found.map((entry) => textOf(stores, entry)))
    const oid = await stores.objects.writeBlob(
      joinLines(
        texts.join(''),
        members.map((member) => member.line),
      ),
    )
    leaf = [...leaf.filter((entry) => entry.name !== name), { mode: '100644', name, oid }]
    rest = rest.filter((entry) => entry !== flat)
  }
  return [...rest, { mode: '40000', name: fan, oid: await stores.objects.writeTree(leaf) }]
}

/** Whether an entry is a directory. */
export const isTree = (entry: TreeEntry): boolean => entry.mode === '40000'

async function textOf(stores: Stores, entry: TreeEntry | undefined): Promise<string> {
  if (entry === undefined || isTree(entry)) return ''
  const text = Buffer.from(there(entry.oid, await stores.objects.readBlob(entry.oid))).toString('utf8')
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** What others wrote, as it is, and then our lines: each key once with its newest text, in a stable order. */
function joinLines(text: string, lines: readonly string[]): string {
  const foreign: string[] = []
  const ours = new Map<string, string>()
  for (const line of text.split('\n')) {
    if (isOurs(line)) ours.set(keyOf(line), line)
    else foreign.push(line)
  }
  while (foreign.at(-1) === '') foreign.pop()
  for (const line of lines) {
    if (isOurs(line)) ours.set(keyOf(line), line)
    else if (!foreign.includes(line)) foreign.push(line)
  }
  return `${[...foreign, ...[...ours.values()].sort(byIteration)].join('\n')}\n`
}

/** Whether git-amp wrote a line. */
export const isOurs = (line: string): boolean => keyOf(line) !== line

/** The order of our lines in a note. */
export function byIteration(a: string, b: string): number {
  const number = (line: string) => Number(/, iteration (\d+) /.exec(line)?.[1] ?? 0)
  const session = (line: string) => line.slice(8, 20)
  return session(a) < session(b) ? -1 : session(a) > session(b) ? 1 : number(a) - number(b)
}
