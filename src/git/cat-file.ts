import type { ChildProcess } from 'node:child_process'
import type { Socket } from 'node:net'
import { AmpError } from '../errors.js'
import type { LooseObjects } from './loose.js'
import type { Hash, NewObject, ObjectType } from './pack.js'
import { Questions } from './questions.js'
import type { Git, Oid } from './run.js'

/** An object as `git cat-file --batch` prints it. */
export interface RawObject {
  oid: Oid
  type: string
  content: Buffer
}

interface Waiting {
  resolve(object: RawObject | null): void
  reject(error: unknown): void
}

/** Whether git-amp lives on for a process: one that nobody asks anything keeps it from no end, also when it was started again after `close`. */
function keepWaiting(child: ChildProcess, isAsked: boolean): void {
  const how = isAsked ? 'ref' : 'unref'
  child[how]()
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket | null)?.[how]()
}

/**
 * The door to the object database. Reading goes through one `git cat-file --batch` for the whole command: a request costs 0.1 ms there, a
 * process of its own 4 ms; objects written after it started are found as well, because git looks again when it misses one. Writing is
 * gathered until `flush` is called, before any ref points at it: few small objects are written here, all others by one `git unpack-objects`.
 */
export class CatFile {
  private child: ChildProcess | null = null
  private questions = new Questions(null)
  private buffered: Buffer[] = []
  private length = 0
  private readonly waiting: Waiting[] = []

  private pending = new Map<Oid, NewObject>()

  constructor(
    private readonly git: Git,
    private readonly hash: Hash = 'sha1',
    /** Writes a few small objects without git; null where only git may. */
    private readonly loose: () => Promise<LooseObjects | null> = async () => null,
  ) {}

  /** Takes an object up for writing; it can be read at once, and is in the database after `flush`. */
  async write(type: ObjectType, content: Buffer): Promise<Oid> {
    // Hashes and compression are loaded only when something is written.
    const { objectId } = await import('./pack.js')
    const oid = objectId({ type, content }, this.hash)
    this.pending.set(oid, { type, content })
    return oid
  }

  /** Writes what was taken up. */
  async flush(): Promise<void> {
    // A copy: what is taken up while git writes is not written yet, and stays.
    const objects = new Map(this.pending)
    if (objects.size === 0) return
    if ((await (await this.loose())?.write(objects)) !== true) {
      const { packOf } = await import('./pack.js')
      await this.git.run(['unpack-objects', '-q'], { input: packOf([...objects.values()], this.hash) })
    }
    for (const oid of objects.keys()) this.pending.delete(oid)
  }

  /** Reads an object by oid or by a name without newline; null when there is none. */
  read(name: string): Promise<RawObject | null> {
    const pending = this.pending.get(name)
    if (pending !== undefined) return Promise.resolve({ oid: name, ...pending })
    if (/[\n\0]/.test(name)) return Promise.resolve(null)
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.start().ask(name)
      if (this.child !== null) keepWaiting(this.child, true)
    })
  }

  /** Ends the process; a later read starts another one. */
  close(): void {
    this.child?.stdin?.end()
    this.fail(new AmpError('fatal', 'the repository was closed while an object was read'))
  }

  private start(): Questions {
    if (this.child !== null) return this.questions
    const child = this.git.open(['cat-file', '--batch'])
    this.child = child
    this.buffered = []
    this.length = 0
    this.needed = 1
    // The end of a process that was closed says nothing about the one that followed it.
    const fail = (error: unknown) => this.child === child && this.fail(error)
    this.questions = new Questions(child.stdin)
    child.stderr?.resume()
    child.stdout?.on('data', (chunk: Buffer) => this.child === child && this.receive(chunk))
    child.once('error', fail)
    child.once('close', () => fail(new AmpError('fatal', 'git cat-file ended early; the repository may be damaged')))
    return this.questions
  }

  private fail(error: unknown): void {
    this.child = null
    for (const { reject } of this.waiting.splice(0)) reject(error)
  }

  private receive(chunk: Buffer): void {
    this.buffered.push(chunk)
    this.length += chunk.length
    for (let answer = this.next(); answer !== undefined; answer = this.next()) this.waiting.shift()?.resolve(answer)
    if (this.child !== null && this.waiting.length === 0) keepWaiting(this.child, false)
  }

  /** The next whole answer, or undefined while it has not arrived. Pieces are joined only when enough is there. */
  private next(): RawObject | null | undefined {
    if (this.waiting.length === 0 || this.length < this.needed) return undefined
    const all = this.buffered.length === 1 ? (this.buffered[0] as Buffer) : Buffer.concat(this.buffered)
    const newline = all.indexOf(0x0a)
    this.buffered = [all]
    if (newline < 0) return undefined
    const header = all.toString('utf8', 0, newline)
    const match = /^([0-9a-f]{40,64}) (\w+) (\d+)$/.exec(header)
    if (match === null) return this.take(all, newline + 1, null)
    const [, oid = '', type = '', size = '0'] = match
    const end = newline + 1 + Number(size)
    this.needed = end + 1
    if (all.length < this.needed) return undefined
    return this.take(all, end + 1, { oid, type, content: Buffer.from(all.subarray(newline + 1, end)) })
  }

  /** Bytes that must be there before the next answer can be whole. */
  private needed = 1

  private take(all: Buffer, end: number, answer: RawObject | null): RawObject | null {
    this.buffered = end === all.length ? [] : [all.subarray(end)]
    this.length = all.length - end
    this.needed = 1
    return answer
  }
}
