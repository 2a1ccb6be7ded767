import type { Repo } from '../repo.js'
import { type ChainTip, readEvents, readTip } from '../state/chain.js'
import { type IterationView, iterationsOf } from '../state/iterations.js'
import { joinPieces, type TapeLine } from '../state/tape.js'
import { splitLines } from '../util/ndjson.js'
import { leaseOf, localLeases, whereabouts } from './shared/lease.js'
import { spoolFile } from './shared/spool.js'
import { redactedLines } from './shared/transcript.js'
import { type TranscriptItem, transcriptItems } from './transcript.js'

const pollMs = 100
const readBytes = 64 * 1024

/**
 * What the agent of a session does, from the beginning of the iteration that runs now, as it happens; then the next one, if it follows at once. Ends
 * when nothing runs any more. Nothing at all when nothing runs.
 * @param signal ends the watching, and not the agent
 */
export async function* followSession(repo: Repo, tip: ChainTip, signal: AbortSignal): AsyncGenerator<TranscriptItem> {
  let last: { iteration: string; pid: number } | null = null
  for (;;) {
    const iteration = await nextRunning(repo, tip.id, { last, signal })
    if (iteration === null) return
    last = { iteration: iteration.id, pid: (await leaseOf(repo, iteration.id))?.pid ?? 0 }
    const lines = () => spooled(repo, iteration, signal)
    yield* transcriptItems(repo, [{ iteration, lines }])
    await untilOver(repo, iteration, signal)
    const ended = (await iterations(repo, tip.id)).find((one) => one.id === iteration.id)
    if (ended !== undefined && ended.endedAt !== null) yield { type: 'end', iteration: ended }
  }
}

/** The iteration that runs now; after one that was seen, the next one that the same git-amp begins. */
async function nextRunning(
  repo: Repo,
  id: string,
  { last, signal }: { last: { iteration: string; pid: number } | null; signal: AbortSignal },
): Promise<IterationView | null> {
  const { host } = repo
  for (;;) {
    const mayFollow = last !== null && last.pid > 0 && host.processes.kill(last.pid, 0)
    const alive = (await localLeases(repo)).filter((lease) => lease.session === id && lease.where === 'alive')
    const running = (await iterations(repo, id)).find(
      (one) => one.id !== last?.iteration && alive.some((lease) => lease.iteration === one.id),
    )
    if (running !== undefined) return running
    if (!mayFollow || signal.aborted) return null
    await host.sleep(pollMs)
  }
}

async function iterations(repo: Repo, id: string): Promise<IterationView[]> {
  const tip = await readTip(repo, id)
  return tip === null ? [] : iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref))
}

const isAlive = async (repo: Repo, { id, host }: IterationView): Promise<boolean> =>
  (await whereabouts(repo, { iteration: id, host })) === 'alive'

async function untilOver(repo: Repo, iteration: IterationView, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && (await isAlive(repo, iteration))) await repo.host.sleep(pollMs)
}

async function* spooled(repo: Repo, iteration: IterationView, signal: AbortSignal): AsyncGenerator<TapeLine> {
  const lines = joinPieces(splitLines(growing(repo, iteration, signal)))
  yield* redactedLines(lines, await repo.redactor())
}

/** The spool as it grows. It is read on when it is removed, which is what happens when the agent has ended. */
async function* growing(repo: Repo, iteration: IterationView, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const path = spoolFile(repo, iteration.id)
  let file = null
  while (file === null) {
    file = await repo.host.fs.open(path, 'r').catch(() => null)
    if (file !== null) break
    if (signal.aborted || !(await isAlive(repo, iteration))) return
    await repo.host.sleep(pollMs)
  }
  try {
    for (let isOver = false; ; ) {
      const buffer = Buffer.alloc(readBytes)
      const { bytesRead } = await file.read(buffer, 0, readBytes, null)
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
      else if (isOver || signal.aborted) return
      else {
        await repo.host.sleep(pollMs)
        // Read once more afterwards: its last words were written before it was removed.
        isOver = !(await isThere(repo, path)) || !(await isAlive(repo, iteration))
      }
    }
  } finally {
    await file.close()
  }
}

const isThere = (repo: Repo, path: string): Promise<boolean> =>
  repo.host.fs.access(path).then(
    () => true,
    () => false,
  )
