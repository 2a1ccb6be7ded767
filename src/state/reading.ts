import { readEvents, readTip, type Stores } from './chain.js'
import type { AmpEvent } from './events.js'
import { inOrder } from './fold.js'
import { type IterationView, iterationsOf } from './iterations.js'
import { isId } from './names.js'
import { type BrokenSession, everySession, type SessionState, stateIn } from './sessions.js'
import { readTranscript, transcriptTrees } from './transcripts.js'
import { type SessionView, sessionView } from './view.js'

/** A session, with its state as its history tells it: only the machine it runs on knows whether a run is alive. */
export interface Session extends SessionView {
  state: SessionState
}

/** A session with all that is recorded of it. */
export interface SessionHistory {
  session: Session
  /** In the order in which they count, each once. */
  events: AmpEvent[]
  iterations: IterationView[]
}

/** A line that an agent was given or printed. */
export interface TranscriptLine {
  /** Milliseconds since the start of the iteration. */
  ms: number
  /** `head` names the run and `call` the program's arguments, in JSON; `prompt` is what the agent was given; `out` and `err` what it printed. */
  stream: 'head' | 'prompt' | 'call' | 'out' | 'err'
  /** Without its newline; bytes that are no UTF-8 are replaced. */
  text: string
}

/** All sessions, open and closed ones, by id. One that cannot be read is named and does not hide the others. */
export async function sessionsIn(stores: Stores): Promise<{ sessions: Session[]; broken: BrokenSession[] }> {
  const { sessions, broken } = await everySession(stores)
  return {
    sessions: sessions
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map(({ id, snapshot }) => ({ ...sessionView(id, snapshot), state: stateIn(snapshot) })),
    broken,
  }
}

/** What happened in a session; null when there is none. @throws BrokenState when it cannot be read */
export async function historyOf(stores: Stores, id: string): Promise<SessionHistory | null> {
  const tip = isId(id) ? await readTip(stores, id) : null
  if (tip === null) return null
  const events = inOrder(await readEvents(stores.objects, tip.oid, tip.ref))
  const session = { ...sessionView(id, tip.snapshot), state: stateIn(tip.snapshot) }
  return { session, events, iterations: iterationsOf(events) }
}

/** What the agent of an iteration was given and printed; null when there is no transcript of it. */
export async function transcriptOf(
  stores: Stores,
  { id, iteration }: { id: string; iteration: string },
): Promise<AsyncGenerator<TranscriptLine> | null> {
  const tree = isId(id) ? (await transcriptTrees(stores, id)).get(iteration) : undefined
  return tree === undefined ? null : linesOf(stores, tree)
}

async function* linesOf(stores: Stores, tree: string): AsyncGenerator<TranscriptLine> {
  for await (const { ms, stream, data } of readTranscript(stores.objects, tree))
    yield { ms, stream, text: data.toString('utf8') }
}
