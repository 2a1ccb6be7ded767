import { splitLines } from '../util/ndjson.js'
import type { Stores, Writer } from './chain.js'
import { BrokenState } from './codec.js'
import { transcriptRef } from './names.js'
import { type ObjectStore, type Oid, RefMoved, type TreeEntry } from './storage.js'
import { encodeLine, joinPieces, type TapeLine } from './tape.js'

/** What an iteration's end event tells of its transcript. */
export interface StoredTranscript {
  /** The tree of its chunks. */
  oid: Oid
  /** Length of all chunks. */
  bytes: number
}

/** Largest chunk. */
export const chunkBytes = 1024 * 1024
/** So much is written at once: objects are kept in memory until then. */
const batchChunks = 2

/** Digits of a chunk's number: names sort as numbers do. */
const chunkName = (seq: number): string => `${String(seq).padStart(6, '0')}.ndjson`

/**
 * Writes lines as chunks that never change, none of them larger than 1 MiB. Nothing points at them yet, and the last ones are in the repository when
 * the next ref moves.
 */
export async function writeChunks(stores: Stores, lines: AsyncIterable<TapeLine>): Promise<StoredTranscript> {
  const entries: TreeEntry[] = []
  let [bytes, size] = [0, 0]
  let records: string[] = []
  const writeChunk = async () => {
    const oid = await stores.objects.writeBlob(records.join(''))
    entries.push({ mode: '100644', name: chunkName(entries.length + 1), oid })
    bytes += size
    records = []
    size = 0
    if (entries.length % batchChunks === 0) await flush(stores)
  }
  for await (const line of lines) {
    for (const record of encodeLine(line)) {
      const length = Buffer.byteLength(record)
      if (size > 0 && size + length > chunkBytes) await writeChunk()
      records.push(record)
      size += length
    }
  }
  if (size > 0) await writeChunk()
  return { oid: await stores.objects.writeTree(entries), bytes }
}

/** A transaction of no refs writes the objects that were taken up. */
const flush = (stores: Stores): Promise<void> => stores.refs.update([], 'amp: transcript')

/** What a transcript is looked up by. */
interface Looked {
  session: string
  iteration: string
  /** Where the session's ref was seen just now; without it git is asked. */
  tip?: Oid | null | undefined
}

const tipOf = async (stores: Stores, { session, tip }: Looked): Promise<Oid | null> =>
  tip === undefined ? stores.refs.read(transcriptRef(session)) : tip

/**
 * Puts the transcript of an iteration on its session's ref. When the iteration has one there already, that one stays.
 * @throws RefLocked when the ref stays locked
 */
export async function addTranscript(
  stores: Stores,
  writer: Writer,
  what: Looked & { subject: string; transcript: StoredTranscript },
): Promise<StoredTranscript> {
  const ref = transcriptRef(what.session)
  for (let tip = await tipOf(stores, what); ; tip = await stores.refs.read(ref)) {
    const entries = tip === null ? [] : await entriesOf(stores.objects, ref, tip)
    const existing = entries.find((entry) => entry.name === what.iteration)
    if (existing !== undefined) return measured(stores.objects, existing.oid)
    const added = { mode: '40000', name: what.iteration, oid: what.transcript.oid }
    const commit = await stores.objects.writeCommit({
      tree: await stores.objects.writeTree([...entries, added]),
      parents: tip === null ? [] : [tip],
      author: writer.author,
      committer: writer.author,
      message: `${what.subject}\n\nAmp-Format: 1\nAmp-Entity: transcript ${what.session}\nAmp-Iteration: ${what.iteration}\n`,
    })
    try {
      await stores.refs.update([{ ref, old: tip, new: commit }], 'amp: transcript')
      return what.transcript
    } catch (error) {
      // Another iteration's was added meanwhile, here or by a sync.
      if (!(error instanceof RefMoved)) throw error
    }
  }
}

/** The transcript of an iteration; null when there is none. */
export async function findTranscript(stores: Stores, what: Looked): Promise<StoredTranscript | null> {
  const ref = transcriptRef(what.session)
  const tip = await tipOf(stores, what)
  const entries = tip === null ? [] : await entriesOf(stores.objects, ref, tip)
  const entry = entries.find(({ name }) => name === what.iteration)
  return entry === undefined ? null : measured(stores.objects, entry.oid)
}

/** The trees of all iterations of a session that have a transcript. */
export async function transcriptTrees(stores: Stores, session: string): Promise<Map<string, Oid>> {
  const ref = transcriptRef(session)
  const tip = await stores.refs.read(ref)
  const entries = tip === null ? [] : await entriesOf(stores.objects, ref, tip)
  return new Map(entries.map(({ name, oid }) => [name, oid]))
}

/** The lines of a transcript, in the order in which they were printed. */
export const readTranscript = (objects: ObjectStore, tree: Oid): AsyncGenerator<TapeLine> =>
  joinPieces(splitLines(chunksOf(objects, tree)))

async function* chunksOf(objects: ObjectStore, tree: Oid): AsyncGenerator<Uint8Array> {
  for (const { oid } of await chunkEntries(objects, tree)) {
    const chunk = await objects.readBlob(oid)
    if (chunk === null) throw missing(oid)
    yield chunk
  }
}

async function chunkEntries(objects: ObjectStore, tree: Oid): Promise<TreeEntry[]> {
  const entries = await objects.readTree(tree)
  if (entries === null) throw missing(tree)
  return entries.filter(({ name }) => name.endsWith('.ndjson')).sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function measured(objects: ObjectStore, tree: Oid): Promise<StoredTranscript> {
  let bytes = 0
  for (const { oid } of await chunkEntries(objects, tree)) bytes += (await objects.readBlob(oid))?.length ?? 0
  return { oid: tree, bytes }
}

async function entriesOf(objects: ObjectStore, ref: string, tip: Oid): Promise<TreeEntry[]> {
  const tree = (await objects.readCommit(tip))?.tree
  const entries = tree === undefined ? null : await objects.readTree(tree)
  if (entries !== null) return entries.filter(({ mode }) => mode === '40000')
  throw new BrokenState(`${ref} is broken: its commit or its tree is missing`, [
    `Fetch the ref again from a clone that has it, or remove it with "git update-ref -d ${ref}".`,
  ])
}

const missing = (oid: Oid): BrokenState =>
  new BrokenState(`a part of the transcript is missing: ${oid}`, [
    'Fetch its ref again from a clone that has it: git fetch <remote> "refs/amp-private/*:refs/amp-private/*"',
  ])
