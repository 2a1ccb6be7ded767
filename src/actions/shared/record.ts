import { AmpError, fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { type Append, appendTo, type ChainTip, isoTime, type Prepared, readTip } from '../../state/chain.js'
import type { AmpEvent, NewEvent } from '../../state/events.js'
import { type NoteLine, prepareNotes } from '../../state/notes.js'
import { type OperationNote, prepareOperation } from '../../state/oplog.js'
import { type RefChange, RefLocked, RefMoved } from '../../state/storage.js'
import { redactText } from '../../util/redact.js'
import { reflogCommits } from './reflog.js'
import { isBusy, takeTurn } from './turn.js'

/** One step of a session: what is recorded, and every ref that moves together with it. */
export interface Step extends Append {
  /** Branch and base: refs that hold code, each with the value it was seen at. */
  moves?: readonly RefChange[]
  /** Refs that git itself has moved before, for the operation log alone. */
  moved?: readonly RefChange[]
  notes?: readonly NoteLine[]
  /** The command, for the operation log; steps that move no code need none. */
  operation?: OperationNote
}

/** A chain after a step. */
export interface Recorded {
  tip: ChainTip
  events: readonly AmpEvent[]
}

/** A locked ref is tried again this often, with growing pauses: about 5 seconds in all. */
const lockTries = 10
/** A moved chain is built again on its new tip until this much time has passed. */
const maxMilliseconds = 60_000

/**
 * Appends to a session's chain and moves all refs of the step in one transaction. When somebody else appended meanwhile, `decide` is asked
 * again with the new tip; `null` from it ends without a change.
 * @throws AmpError when a ref that holds code was moved by somebody else, or stays locked
 */
export async function record(
  repo: Repo,
  id: string,
  decide: (tip: ChainTip) => Promise<Step | null> | Step | null,
): Promise<Recorded | null> {
  try {
    return await transact(repo, async () => {
      const tip = await readTip(repo, id)
      if (tip === null) throw fatal(`session ${id} is gone`)
      const step = await decide(tip)
      if (step === null) return null
      const prepared = await appendTo(repo, await repo.writer(), { ...(await redacted(repo, step)), tip })
      return { prepared, step }
    })
  } catch (error) {
    if (!(error instanceof RefMoved)) throw error
    throw fatal(`${error.refs.join(' and ')} moved while the command ran`, 'Run the command again.')
  }
}

/**
 * Builds and tries a transaction until it succeeds. `build` reads what it needs anew each time.
 * @throws RefMoved when a ref that holds code was moved by somebody else: the command has to look at it anew
 */
export async function transact(
  repo: Repo,
  build: () => Promise<{ prepared: Prepared; step: Step } | null>,
): Promise<Recorded | null> {
  let giveBack = (await isBusy(repo)) ? await takeTurn(repo) : null
  const end = repo.host.now().getTime() + maxMilliseconds
  try {
    for (let locked = 0; ; ) {
      const built = await build()
      if (built === null) return null
      const error = await attempt(repo, built)
      if (error === null) return { tip: built.prepared.tip, events: built.prepared.events }
      // A ref that moved is no stale lock: with many writers each of them finds the others' locks now and then.
      locked = error instanceof RefMoved ? 0 : locked + 1
      if (error instanceof RefLocked && locked >= lockTries) throw lockedFor(error)
      if (repo.host.now().getTime() > end) throw error
      if (giveBack === null) giveBack = await takeTurn(repo)
      else await repo.host.sleep(pause(repo, locked))
    }
  } finally {
    await giveBack?.()
  }
}

/** Logs what git itself has moved for the user, for "undo" alone: the session's chain says nothing of it. */
export async function logMoved(repo: Repo, tip: ChainTip, operation: OperationNote): Promise<void> {
  const { id: session, snapshot } = tip
  const at = isoTime((await repo.writer()).author)
  for (let locked = 0; ; locked++) {
    const what = { ...operation, session, slug: snapshot.slug, at, changes: [] }
    try {
      await repo.refs.update([await prepareOperation(repo, await repo.writer(), what)], `amp: ${operation.command}`)
      return
    } catch (error) {
      if (!(error instanceof RefMoved || error instanceof RefLocked) || locked >= lockTries) throw error
      await repo.host.sleep(pause(repo, locked))
    }
  }
}

/** Tries one transaction. @returns why it has to be built again, or null when it is done */
async function attempt(repo: Repo, built: { prepared: Prepared; step: Step }): Promise<RefMoved | RefLocked | null> {
  const moves = built.step.moves ?? []
  try {
    await repo.refs.update(await allChanges(repo, built), `amp: ${built.step.subject}`.slice(0, 200))
    return null
  } catch (error) {
    const isCode = error instanceof RefMoved && error.refs.some((ref) => moves.some((move) => move.ref === ref))
    if (!isCode && (error instanceof RefMoved || error instanceof RefLocked)) return error
    throw error
  }
}

/** The step with secrets taken out of everything it records. */
export async function redacted<T extends Append>(repo: Repo, step: T): Promise<T> {
  const redact = await repo.redactor()
  const events = step.events.map((event) => ({ ...event, data: redactText(event.data, redact) }) as NewEvent)
  return { ...step, subject: redact(step.subject), events }
}

async function allChanges(repo: Repo, built: { prepared: Prepared; step: Step }): Promise<RefChange[]> {
  const { prepared, step } = built
  const writer = await repo.writer()
  const redact = await repo.redactor()
  const lines = (step.notes ?? []).map((note) => ({ ...note, line: redact(note.line) }))
  const notes = lines.length === 0 ? null : await prepareNotes(repo, writer, lines)
  const changes = [prepared.change, ...(step.moves ?? []), ...(notes === null ? [] : [notes])]
  if (step.operation === undefined) return changes
  const { slug } = prepared.tip.snapshot
  const at = prepared.events[0]?.at ?? ''
  const { kept = [] } = step.operation
  const operation = await prepareOperation(repo, writer, {
    ...step.operation,
    kept: [...kept, ...(await reflogCommits(repo, prepared.tip))],
    ...(repo.within === null ? {} : { within: repo.within }),
    session: prepared.tip.id,
    slug,
    at,
    // The ref of an archived session comes back, and its chain was there all the time.
    changes: [{ ...prepared.change, old: prepared.before }, ...changes.slice(1), ...(step.moved ?? [])],
  })
  return [...changes, operation]
}

/** The error about a ref that stays locked, naming the lock. */
export function lockedFor(error: RefLocked): AmpError {
  const file = /Unable to create '(.+\.lock)'/.exec(error.message)?.[1]
  const hints = file === undefined ? [] : [`If no git command is running, remove the stale lock file '${file}'.`]
  return new AmpError('fatal', `a ref stays locked: ${error.refs.join(', ')}`, { cause: error, hints })
}

/** Milliseconds to wait: some jitter after a lost race, growing while a lock is held. */
export function pause(repo: Repo, locked: number): number {
  const jitter = (repo.host.random(1)[0] ?? 0) / 256
  return locked === 0 ? jitter * 40 : jitter * 100 * locked + 50
}
