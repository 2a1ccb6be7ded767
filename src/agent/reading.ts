import type { Readable } from 'node:stream'
import type { Host } from '../host.js'
import { LineSplitter } from '../util/ndjson.js'

/** How long an output may stay open, silent and in all, once the agent itself has ended: a child may hold it for ever. */
const patience = { silenceMs: 1000, totalMs: 30_000, pollMs: 20 }

/** Reads an output to its end, or as long as it makes sense. */
abstract class Output {
  /** Changes with every sign of life. */
  private beats = 0
  private working = false
  protected abstract readonly done: Promise<void>

  constructor(
    private readonly stream: Readable,
    private readonly onBeat: (chunk: Buffer) => void | Promise<void>,
  ) {}

  /** Waits for the end, but not for ever. */
  async drained(host: Pick<Host, 'sleep'>): Promise<void> {
    let ended = false
    const end = this.done
      .catch(() => {})
      .then(() => {
        ended = true
      })
    let [silent, beats] = [0, this.beats]
    for (
      let waited = 0;
      !ended && silent < patience.silenceMs && waited < patience.totalMs;
      waited += patience.pollMs
    ) {
      await Promise.race([end, host.sleep(patience.pollMs)])
      silent = this.working || beats !== this.beats ? 0 : silent + patience.pollMs
      beats = this.beats
    }
  }

  /** Waits a last time, closes the output and throws what its reader threw. */
  async finish(host: Pick<Host, 'sleep'>): Promise<void> {
    await this.drained(host)
    this.stream.destroy()
    await this.done
  }

  protected async *chunks(): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of this.stream) {
        this.beats++
        this.working = true
        await this.onBeat(chunk as Buffer)
        yield chunk as Buffer
        this.working = false
      }
    } catch {
      // Closed by `finish`, or broken by the system: either way there is nothing more to read.
    }
  }
}

/** The agent's stdout, line by line. */
export class Lines extends Output {
  protected readonly done: Promise<void>
  /** Settles when a line could not be handled; never, when all could. */
  readonly broken: Promise<void>

  constructor(
    stream: Readable,
    onBeat: (chunk: Buffer) => void | Promise<void>,
    onLine: (line: Buffer) => void | Promise<void>,
  ) {
    super(stream, onBeat)
    this.done = this.read(onLine)
    this.broken = new Promise((resolve) => this.done.catch(() => resolve()))
  }

  private async read(onLine: (line: Buffer) => void | Promise<void>): Promise<void> {
    const splitter = new LineSplitter()
    for await (const chunk of this.chunks()) await handle(splitter.push(chunk), onLine)
    await handle(splitter.end(), onLine)
  }
}

/** A flood of lines is handled without a turn of the event loop for each. */
async function handle(lines: Iterable<Buffer>, onLine: (line: Buffer) => void | Promise<void>): Promise<void> {
  for (const line of lines) {
    const pending = onLine(line)
    if (pending !== undefined) await pending
  }
}

/** The end of the agent's stderr. It is read all the same: an agent whose stderr is full would stand still. */
export class Tail extends Output {
  protected readonly done: Promise<void>
  private kept = Buffer.alloc(0)

  constructor(
    stream: Readable,
    onBeat: (chunk: Buffer) => void | Promise<void>,
    private readonly max = 4096,
  ) {
    super(stream, onBeat)
    this.done = this.read()
  }

  get text(): string {
    return this.kept.toString('utf8')
  }

  private async read(): Promise<void> {
    for await (const chunk of this.chunks()) this.kept = Buffer.concat([this.kept, chunk]).subarray(-this.max)
  }
}
