import { listRefs } from '../git/ref-list.js'
import type { Oid } from '../git/run.js'
import type { Repo } from '../repo.js'
import { type ChainTip, longText } from '../state/chain.js'
import { commentsOf } from '../state/comments.js'
import { type AmpEvent, headOf, type LongText } from '../state/events.js'
import { inOrder, isKnown } from '../state/fold.js'
import type { IterationView } from '../state/iterations.js'
import { transcriptsPrefix } from '../state/names.js'
import { scanTape } from '../state/tape-scan.js'
import { transcriptTrees } from '../state/transcripts.js'
import { Needle, type Pattern, type Span } from '../util/needle.js'
import { textsIn } from '../util/spoken.js'
import { pathFromTop } from './shared/blamed.js'
import { BlobReader } from './shared/blobs.js'
import { type ReadSession, readSessions } from './shared/selection.js'
import type { BrokenSession } from './shared/sessions.js'
import { type AskedSpan, isIn, readSpan, type SpanOptions } from './shared/span.js'
import { hasTouched } from './shared/touched.js'

export interface SearchOptions extends SpanOptions {
  pattern: Pattern
  /** Iterations of this agent alone. */
  agent?: string | undefined
  /** Sessions that changed this path. */
  file?: string | undefined
  /** Sessions that cannot be read are added. */
  broken: BrokenSession[]
  signal: AbortSignal
}

/** Where a text was found. */
export type HitKind = 'prompt' | 'transcript' | 'stderr' | 'result' | 'comment'

/** A text with matches in it. */
export interface Hit {
  session: ChainTip
  kind: HitKind
  /** Number of the iteration; null where it is of none. */
  n: number | null
  agent: string | null
  /** ISO 8601 in UTC. */
  at: string
  /** Who wrote it, and where, of a comment. */
  by: string | null
  place: string | null
  text: string
  spans: readonly Span[]
}

/** The last session that something happened in comes first; in a session it is told in the order of time. */
export async function* searchSessions(repo: Repo, options: SearchOptions): AsyncGenerator<Hit> {
  const needle = new Needle(options.pattern)
  const span = await readSpan(repo, options)
  const path = options.file === undefined ? null : pathFromTop(repo, options.file)
  const transcripts = await listRefs(repo.git, [transcriptsPrefix])
  const blobs = new BlobReader(repo)
  const search = { repo, options, needle, span, transcripts }
  try {
    for await (const { part, chunks } of byPart(blobs.read(unitsOf(parts(search, path))))) {
      options.signal.throwIfAborted()
      if (part.type === 'text') yield* textHits(needle, part)
      else yield* transcriptHits(needle, part, chunks)
    }
  } finally {
    blobs.close()
  }
}

interface Search {
  repo: Repo
  options: SearchOptions
  needle: Needle
  span: AskedSpan
  /** Refs of transcripts that are here. */
  transcripts: ReadonlyMap<string, Oid>
}

type Told = Omit<Hit, 'spans'> & { type: 'text' }
interface Recorded {
  type: 'transcript'
  session: ChainTip
  iteration: IterationView
  chunks: Oid[]
  /** Lines that are told elsewhere: an agent repeats its prompt and its result. */
  seen: Set<string>
}
type Part = Told | Recorded

/** All that is looked at, in its order. Of transcripts nothing is read yet. */
async function* parts(search: Search, path: string | null): AsyncGenerator<Part> {
  const { repo, span, options } = search
  const isWanted = ({ snapshot }: ChainTip): boolean =>
    (span.from === undefined || Date.parse(snapshot.updatedAt) >= span.from) &&
    (span.to === undefined || Date.parse(snapshot.createdAt) <= span.to)
  const { broken } = options
  for await (const session of readSessions(repo, [], { isWanted, broken, order: 'latest' })) {
    if (path !== null && !(await hasTouched(repo.git, session, path))) continue
    for (const part of await partsOf(search, session))
      if (isIn(span, atOf(part)) && isOf(options.agent, part)) yield part
  }
}

const atOf = (part: Part): string => (part.type === 'text' ? part.at : part.iteration.startedAt)

const isOf = (agent: string | undefined, part: Part): boolean =>
  agent === undefined || agent === (part.type === 'text' ? part.agent : part.iteration.agent)

/** What a session says: its prompt, its iterations one after the other, and the comments where they were made. */
async function partsOf({ repo, transcripts }: Search, { tip, events, iterations }: ReadSession): Promise<Part[]> {
  const order = orderOf(events)
  const ranks = new Map<Part, number>()
  const add = (part: Part, key: string) => ranks.set(part, order.get(key) ?? -1)
  const { agent, createdAt } = tip.snapshot
  const common = { type: 'text', session: tip, n: null, by: null, place: null } as const
  const created = promptOf(events)
  const goal = created === null ? null : await whole(repo, created)
  if (goal !== null) add({ ...common, kind: 'prompt', agent, at: createdAt, text: goal }, '')
  const isHere = transcripts.has(`${transcriptsPrefix}/${tip.id}`)
  const trees = isHere ? await transcriptTrees(repo, tip.id) : new Map<string, Oid>()
  for (const iteration of iterations) {
    const { id, n, agent: by, startedAt: at } = iteration
    const told = { ...common, n, agent: by }
    const prompt = await whole(repo, iteration.prompt)
    const summary = iteration.summary === null ? null : await whole(repo, iteration.summary)
    if (prompt !== goal) add({ ...told, kind: 'prompt', at, text: prompt }, id)
    const seen = new Set([prompt, summary ?? ''].flatMap((text) => text.split('\n').map(keyOf)))
    const tree = trees.get(iteration.id)
    if (tree !== undefined)
      add({ type: 'transcript', session: tip, iteration, chunks: await chunksOf(repo, tree), seen }, id)
    if (summary !== null) add({ ...told, kind: 'result', at: iteration.endedAt ?? at, text: summary }, `${id} end`)
  }
  for (const { id, text, at, by, path, line } of commentsOf(events)) {
    const place = path === null ? null : `${path}${line === null ? '' : `:${line}`}`
    add({ ...common, kind: 'comment', agent: null, at, by, place, text: await whole(repo, text) }, id)
  }
  // What was said in one second stands in the order of its events.
  const rank = (part: Part) => ranks.get(part) ?? 0
  return [...ranks.keys()].sort((a, b) => (atOf(a) < atOf(b) ? -1 : atOf(a) > atOf(b) ? 1 : rank(a) - rank(b)))
}

/** Where the events stand that began and ended iterations (`<id>`, `<id> end`) and made comments. */
function orderOf(events: readonly AmpEvent[]): Map<string, number> {
  const order = new Map<string, number>()
  for (const [at, event] of [...inOrder(events)].entries()) {
    if (!isKnown(event)) continue
    if (event.type === 'iteration.started') order.set(event.data.iteration, at)
    else if (event.type === 'iteration.finished' || event.type === 'iteration.failed')
      order.set(`${event.data.iteration} end`, at)
    else if (event.type === 'comment.added') order.set(event.data.comment, at)
  }
  return order
}

/** The whole text, or as much of it as is here. */
const whole = (repo: Repo, text: LongText): Promise<string> => longText(repo.objects, text).catch(() => headOf(text))

const keyOf = (line: string): string => line.trim()

function promptOf(events: readonly AmpEvent[]): LongText | null {
  for (const event of events) if (isKnown(event) && event.type === 'session.created') return event.data.prompt
  return null
}

async function chunksOf(repo: Repo, tree: Oid): Promise<Oid[]> {
  const entries = (await repo.objects.readTree(tree)) ?? []
  return entries
    .filter(({ name }) => name.endsWith('.ndjson'))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ oid }) => oid)
}

/** A text is one unit, and a transcript one for each of its chunks. */
async function* unitsOf(all: AsyncIterable<Part>): AsyncGenerator<{ oid: Oid | null; of: Part }> {
  for await (const part of all) {
    if (part.type === 'text') yield { oid: null, of: part }
    else for (const oid of part.chunks) yield { oid, of: part }
  }
}

/** The parts again, each with its chunks. */
async function* byPart(
  units: AsyncGenerator<{ data: Buffer | null; of: Part }>,
): AsyncGenerator<{ part: Part; chunks: AsyncGenerator<Buffer> }> {
  let unit = await units.next()
  async function* chunksFor(part: Part): AsyncGenerator<Buffer> {
    for (; !unit.done && unit.value.of === part; unit = await units.next())
      if (unit.value.data !== null) yield unit.value.data
  }
  try {
    while (!unit.done) {
      const part = unit.value.of
      const chunks = chunksFor(part)
      yield { part, chunks }
      // A text has none, and whoever was given them may have left some.
      for await (const _ of chunks);
    }
  } finally {
    await units.return(undefined)
  }
}

function* textHits(needle: Needle, { type: _, ...told }: Told): Generator<Hit> {
  const spans = needle.find(told.text)
  if (spans.length > 0) yield { ...told, spans }
}

async function* transcriptHits(
  needle: Needle,
  { session, iteration, seen }: Recorded,
  chunks: AsyncIterable<Buffer>,
): AsyncGenerator<Hit> {
  const { n, agent, startedAt } = iteration
  const common = { session, n, agent, by: null, place: null }
  for await (const { stream, data, ms } of scanTape(chunks, (bytes) => needle.mayBeIn(bytes))) {
    if (stream !== 'out' && stream !== 'err') continue
    const at = timeAfter(startedAt, ms)
    const kind = stream === 'out' ? 'transcript' : 'stderr'
    for (const text of stream === 'out' ? textsIn(data) : [data.toString('utf8')]) {
      const spans = needle.find(text).filter((span) => isNew(seen, lineAt(text, span)))
      if (spans.length > 0) yield { ...common, kind, at, text, spans }
    }
  }
}

/** The line that a match begins in. */
function lineAt(text: string, [start]: Span): string {
  const end = text.indexOf('\n', start)
  return text.slice(text.lastIndexOf('\n', start - 1) + 1, end < 0 ? undefined : end)
}

function isNew(seen: Set<string>, line: string): boolean {
  const key = keyOf(line)
  if (seen.has(key)) return false
  seen.add(key)
  return true
}

const timeAfter = (iso: string, ms: number): string => `${new Date(Date.parse(iso) + ms).toISOString().slice(0, 19)}Z`
