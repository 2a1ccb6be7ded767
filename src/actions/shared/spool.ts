import type { Tape } from '../../agent/run.js'
import type { HostFile } from '../../host.js'
import type { Repo } from '../../repo.js'
import { characterEnd, encodeLine, type TapeHead, type TapeStream, textOf } from '../../state/tape.js'
import { longestForm, type Redact, valueRedactor } from '../../util/redact.js'

/**
 * The spool of a running iteration: what passes between git-amp and its agent, appended as it comes, so that nothing of it is lost when git-amp is
 * killed. It is local, for its owner's eyes, and gone when the iteration has ended.
 */

/** So much is gathered before it is written, so long at most. */
const batchBytes = 256 * 1024
const batchMs = 100
/** The agent waits while more than this is on its way to the disk. */
const mostBytes = 1024 * 1024
/** A line that has not ended after this much is written as far as it has come. */
const pendingBytes = 64 * 1024

export const spoolFile = (repo: Repo, iteration: string): string => repo.local('spool', `${iteration}.ndjson`)

/** Opens the spool of an iteration. It never throws: `error` of a spool that does not work says why. */
export async function openSpool(repo: Repo, head: TapeHead, how: { prompt: string; worktree: string }): Promise<Spool> {
  const { fs } = repo.host
  const secrets = await repo.secrets(how.worktree).catch((): string[] => [])
  const open = async () => {
    await fs.mkdir(repo.local('spool'), { recursive: true, mode: 0o700 })
    return fs.open(spoolFile(repo, head.iteration), 'a', 0o600)
  }
  const file = await open().catch((error: Error) => error)
  const spool = new Spool(file, () => repo.host.now().getTime(), secrets)
  spool.note('head', JSON.stringify(head))
  spool.given(how.prompt)
  return spool
}

export class Spool implements Tape {
  /** Why nothing more is written. */
  error: string | null = null
  private readonly file: HostFile | null
  private readonly begun: number
  private readonly redact: Redact
  /** Bytes at the end of an unfinished line that may be the beginning of a secret. */
  private readonly hold: number
  private readonly pending = new Map<TapeStream, { parts: Buffer[]; bytes: number }>()
  private prompt: string | null = null
  private queue: string[] = []
  private queued = 0
  private writing: Promise<void> = Promise.resolve()
  private underway = 0
  private timer: NodeJS.Timeout | null = null

  /** @param secrets values that are not written even here: whoever stores the spool later may not know them any more */
  constructor(
    file: HostFile | Error,
    private readonly now: () => number,
    secrets: readonly string[],
  ) {
    this.file = file instanceof Error ? null : file
    if (file instanceof Error) this.error = file.message
    this.begun = now()
    this.redact = valueRedactor(secrets)
    this.hold = longestForm(secrets)
  }

  /** What the agent is given. */
  given(prompt: string): void {
    this.prompt = prompt
    this.note('prompt', prompt)
  }

  called(argv: readonly string[]): void {
    // Some agents take the prompt as an argument: once is enough.
    const short = argv.map((word) => (word === this.prompt ? '<prompt>' : word))
    this.note('call', JSON.stringify({ argv: short }))
  }

  heard(stream: 'out' | 'err', chunk: Buffer): void | Promise<void> {
    if (this.error !== null) return
    let start = 0
    for (let end = chunk.indexOf(0x0a); end !== -1; end = chunk.indexOf(0x0a, start)) {
      this.record(stream, this.take(stream, chunk.subarray(start, end)), false)
      start = end + 1
    }
    if (start < chunk.length) this.keep(stream, chunk.subarray(start))
    if (this.queued + this.underway > mostBytes) return this.flush()
  }

  /** Writes one whole line. */
  note(stream: TapeStream, text: string): void {
    this.record(stream, Buffer.from(text), false)
  }

  /** Writes what is left and closes the file. */
  async close(): Promise<void> {
    for (const stream of [...this.pending.keys()]) this.record(stream, this.take(stream, Buffer.alloc(0)), false)
    await this.flush()
    await this.file?.close().catch(() => {})
  }

  /** What came of the line so far, with its last piece. */
  private take(stream: TapeStream, last: Buffer): Buffer {
    const line = this.pending.get(stream)
    this.pending.delete(stream)
    return line === undefined ? last : Buffer.concat([...line.parts, last])
  }

  /** The end of the line may be far away: what is certain of it is written. */
  private keep(stream: TapeStream, piece: Buffer): void {
    const line = this.pending.get(stream) ?? { parts: [], bytes: 0 }
    // A copy: the piece may be the small end of a large chunk.
    line.parts.push(Buffer.from(piece))
    line.bytes += piece.length
    this.pending.set(stream, line)
    if (line.bytes < pendingBytes + this.hold) return
    const clean = this.clean(Buffer.concat(line.parts))
    const end = characterEnd(clean, Math.max(0, clean.length - this.hold))
    const rest = clean.subarray(end)
    this.pending.set(stream, { parts: [rest], bytes: rest.length })
    if (end > 0) this.record(stream, clean.subarray(0, end), true)
  }

  private clean(line: Buffer): Buffer {
    const text = textOf(line)
    const [known, encoding] = text === null ? [line.toString('latin1'), 'latin1' as const] : [text, 'utf8' as const]
    const clean = this.redact(known)
    return clean === known ? line : Buffer.from(clean, encoding)
  }

  private record(stream: TapeStream, line: Buffer, more: boolean): void {
    if (this.error !== null) return
    for (const record of encodeLine({ ms: this.now() - this.begun, stream, data: this.clean(line), more })) {
      this.queue.push(record)
      this.queued += record.length
    }
    if (this.queued >= batchBytes) void this.flush()
    else this.timer ??= setTimeout(() => void this.flush(), batchMs)
  }

  private flush(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    const [text, length] = [this.queue.join(''), this.queued]
    this.queue = []
    this.queued = 0
    this.underway += length
    this.writing = this.writing.then(async () => {
      await this.write(text)
      this.underway -= length
    })
    return this.writing
  }

  /** What cannot be written is given up: the iteration goes on. */
  private async write(text: string): Promise<void> {
    if (this.file === null || this.error !== null || text === '') return
    try {
      await this.file.appendFile(text)
    } catch (error) {
      this.error = (error as Error).message
    }
  }
}
