import type { Repo } from '../../repo.js'
import type { IterationView } from '../../state/iterations.js'
import { isId } from '../../state/names.js'
import { type Oid, RefLocked } from '../../state/storage.js'
import { joinPieces, type TapeHead, type TapeLine, textOf } from '../../state/tape.js'
import { addTranscript, findTranscript, type StoredTranscript, writeChunks } from '../../state/transcripts.js'
import { splitLines } from '../../util/ndjson.js'
import { lineRedactor, type Redact } from '../../util/redact.js'
import { whereabouts } from './lease.js'
import { type Spool, spoolFile } from './spool.js'

/** So much of a spool is read at once. */
const readBytes = 256 * 1024
/** A locked ref is tried again this often. */
const lockTries = 10
/** A spool that belongs to no session of this repository is removed after this long. */
const orphanMs = 14 * 24 * 60 * 60 * 1000

/** A run whose spool is kept. */
export interface Taped {
  session: string
  slug: string
  iteration: string
  n: number
  /** The session's worktree, whose `.env` files are read; null without one. */
  worktree: string | null
  /** Where the session's ref was seen just now; without it git is asked. */
  tip?: Oid | null | undefined
}

/** How a transcript was kept: what the end event tells of it, and what went wrong. */
export interface Kept {
  transcript: StoredTranscript | null
  problem: string | null
}

/** Keeps a closed spool as transcript. Whatever fails is told and stops nothing: the spool stays for the next command then. */
export async function keepSpool(repo: Repo, spool: Spool, what: Taped): Promise<Kept> {
  const kept = await keepTranscript(repo, what)
  return { ...kept, problem: spool.error ?? kept.problem }
}

/** Keeps the spool of an iteration that has ended, if there is one, and removes it. */
export async function keepTranscript(repo: Repo, what: Taped): Promise<Kept> {
  try {
    return { transcript: await store(repo, what), problem: null }
  } catch (error) {
    return { transcript: null, problem: (error as Error).message }
  }
}

async function store(repo: Repo, what: Taped): Promise<StoredTranscript | null> {
  const existing = await findTranscript(repo, what)
  const file = spoolFile(repo, what.iteration)
  const isThere = await repo.host.fs.access(file).then(
    () => true,
    () => false,
  )
  if (existing !== null || !isThere) {
    await repo.host.fs.rm(file, { force: true })
    return existing
  }
  const redact = await repo.redactor(what.worktree ?? undefined)
  const transcript = await writeChunks(repo, redactedLines(spoolLines(repo, what.iteration), redact))
  const subject = `amp(${what.slug}): transcript of iteration ${what.n}`
  const writer = await repo.writer()
  for (let tries = 1; ; tries++) {
    try {
      const added = await addTranscript(repo, writer, { ...what, subject, transcript })
      await repo.host.fs.rm(file, { force: true })
      return added
    } catch (error) {
      if (!(error instanceof RefLocked) || tries >= lockTries) throw error
      await repo.host.sleep(100 * tries)
    }
  }
}

/** The lines of a spool, as far as they are written; none when there is no spool. */
export const spoolLines = (repo: Repo, iteration: string): AsyncGenerator<TapeLine> =>
  joinPieces(splitLines(fileChunks(repo, spoolFile(repo, iteration))))

async function* fileChunks(repo: Repo, path: string): AsyncGenerator<Uint8Array> {
  const file = await repo.host.fs.open(path, 'r').catch(() => null)
  if (file === null) return
  try {
    for (;;) {
      const buffer = Buffer.alloc(readBytes)
      const { bytesRead } = await file.read(buffer, 0, readBytes, null)
      if (bytesRead === 0) return
      yield buffer.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/** The same lines without their secrets. */
export async function* redactedLines(lines: AsyncIterable<TapeLine>, redact: Redact): AsyncGenerator<TapeLine> {
  const redactors = new Map<string, Redact>()
  for await (const line of lines) {
    const clean = redactors.get(line.stream) ?? lineRedactor(redact)
    redactors.set(line.stream, clean)
    yield { ...line, data: redactBytes(line.data, clean) }
  }
}

/** Bytes that are not UTF-8 are looked at byte by byte: every known form is ASCII. */
function redactBytes(data: Buffer, redact: Redact): Buffer {
  const text = textOf(data)
  if (text !== null) {
    const clean = redact(text)
    return clean === text ? data : Buffer.from(clean)
  }
  const bytes = data.toString('latin1')
  const clean = redact(bytes)
  return clean === bytes ? data : Buffer.from(clean, 'latin1')
}

/** Whether a line of the spool's head names a session. */
const headOf = (line: TapeLine): TapeHead | null => {
  try {
    return line.stream === 'head' ? (JSON.parse(line.data.toString('utf8')) as TapeHead) : null
  } catch {
    // Cut by a full disk.
    return null
  }
}

/**
 * Keeps what other runs left: spools of this session whose iteration has ended without a transcript. A spool without a session is removed when it
 * is old.
 */
export async function sweepSpools(repo: Repo, what: Omit<Taped, 'iteration' | 'n'> & { open: readonly string[] }) {
  const names = await repo.host.fs.readdir(repo.local('spool')).catch((): string[] => [])
  for (const name of names) {
    const iteration = name.replace(/\.ndjson$/, '')
    if (!isId(iteration) || what.open.includes(iteration)) continue
    if ((await whereabouts(repo, { iteration, host: repo.host.hostname })) !== 'dead') continue
    const head = await headOfSpool(repo, iteration)
    if (head?.session === what.session) await keepTranscript(repo, { ...what, iteration, n: head.n })
    else if (head === null || (await repo.refs.read(`refs/amp/sessions/${head.session}`)) === null)
      await removeOld(repo, iteration)
  }
}

async function headOfSpool(repo: Repo, iteration: string): Promise<TapeHead | null> {
  for await (const line of spoolLines(repo, iteration)) return headOf(line)
  return null
}

async function removeOld(repo: Repo, iteration: string): Promise<void> {
  const file = spoolFile(repo, iteration)
  const stat = await repo.host.fs.stat(file).catch(() => null)
  if (stat === null || repo.host.now().getTime() - stat.mtimeMs < orphanMs) return
  await repo.host.fs.rm(file, { force: true })
}

/** What the transcript is looked up by. */
export const tapedOf = (
  session: { id: string; slug: string },
  iteration: Pick<IterationView, 'id' | 'n'>,
  worktree: string | null,
): Taped => ({ session: session.id, slug: session.slug, iteration: iteration.id, n: iteration.n, worktree })
