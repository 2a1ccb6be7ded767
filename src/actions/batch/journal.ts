import type { Repo } from '../../repo.js'
import type { NewEvent } from '../../state/events.js'
import { type BatchTip, recordBatch } from './runs.js'

/** So many events go in one commit: its message stays small. */
const mostEvents = 8

interface Entry {
  event: NewEvent
  subject: string
  done: () => void
  failed: (error: unknown) => void
}

/**
 * Writes the events of a run as they happen, one commit at a time: what comes while one is written goes together into the next.
 */
export class Journal {
  private waiting: Entry[] = []
  private writing: Promise<void> | null = null

  constructor(
    private readonly home: Repo,
    /** The chain as it was written last. */
    public tip: BatchTip,
  ) {}

  /** Settles when the event is in the chain. */
  add(event: NewEvent, subject: string): Promise<void> {
    return new Promise((done, failed) => {
      this.waiting.push({ event, subject, done, failed })
      this.writing ??= this.write()
    })
  }

  private async write(): Promise<void> {
    // What is added in the same turn goes along: the end of one item and the beginning of the next.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.waiting.length > 0) {
      const entries = this.waiting.splice(0, mostEvents)
      try {
        const [first] = entries as [Entry, ...Entry[]]
        const more = entries.length === 1 ? '' : `, and ${entries.length - 1} more`
        this.tip = await recordBatch(this.home, this.tip, () => ({
          subject: `amp(${this.tip.snapshot.name}): ${first.subject}${more}`,
          events: entries.map(({ event }) => event),
        }))
        for (const { done } of entries) done()
      } catch (error) {
        for (const { failed } of entries) failed(error)
      }
    }
    this.writing = null
  }
}
