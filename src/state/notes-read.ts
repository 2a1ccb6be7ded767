import type { Stores } from './chain.js'
import { notesRef } from './names.js'
import { isTree, rootOf } from './notes.js'
import type { Oid, TreeEntry } from './storage.js'

/** What a line of a note tells of an iteration. */
export interface Noted {
  session: string
  slug: string
  n: number
  agent: string
  title: string
}

const line = /^Session ([0-9a-z]{12}) \(([^)]*)\), iteration (\d+) by (.*?)(?:, tests (?:pass|fail))?: (.*)$/

/** The notes of some commits, those that have one; without a process for each. Notes that cannot be read are none. */
export async function readNotes(stores: Stores, commits: readonly Oid[]): Promise<Map<Oid, Noted[]>> {
  const found = new Map<Oid, Noted[]>()
  const tip = commits.length === 0 ? null : await stores.refs.read(notesRef)
  if (tip === null) return found
  try {
    const root = await rootOf(stores, tip)
    await Promise.all(
      commits.map(async (oid) => {
        const blobs = await blobsOf(stores, root, oid)
        const texts = await Promise.all(blobs.map((blob) => stores.objects.readBlob(blob)))
        const noted = texts.flatMap((text) => (text === null ? [] : read(Buffer.from(text).toString('utf8'))))
        if (noted.length > 0) found.set(oid, noted)
      }),
    )
  } catch {
    // Derived: "git amp doctor" tells what is wrong with them.
  }
  return found
}

/** A note stands at the name of its commit, with a slash after every two digits or after none. */
async function blobsOf(stores: Stores, entries: readonly TreeEntry[], rest: string): Promise<Oid[]> {
  const blobs = entries.filter((entry) => entry.name === rest && !isTree(entry)).map(({ oid }) => oid)
  const fan = entries.find((entry) => entry.name === rest.slice(0, 2) && isTree(entry))
  const below = fan === undefined ? null : await stores.objects.readTree(fan.oid)
  return [...blobs, ...(below === null ? [] : await blobsOf(stores, below, rest.slice(2)))]
}

const read = (text: string): Noted[] =>
  text.split('\n').flatMap((row) => {
    const [, session = '', slug = '', n, agent = '', title = ''] = line.exec(row) ?? []
    return n === undefined ? [] : [{ session, slug, n: Number(n), agent, title }]
  })
