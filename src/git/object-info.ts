import type { ChildProcess } from 'node:child_process'
import { AmpError } from '../errors.js'
import { Questions } from './questions.js'
import type { Git, Oid } from './run.js'

/** What `git cat-file --batch-check` tells of an object. */
export interface ObjectInfo {
  type: string
  size: number
}

interface Waiting {
  resolve(info: ObjectInfo | null): void
  reject(error: unknown): void
}

/** Types and sizes of objects that nobody vouches for: one process for all of them, and no content is read. */
export class ObjectInfos {
  private child: ChildProcess | null = null
  private questions = new Questions(null)
  private readonly waiting: Waiting[] = []
  private rest = ''
  private isClosed = false

  constructor(private readonly git: Git) {}

  /** Null when the object is not here. */
  look(oid: Oid): Promise<ObjectInfo | null> {
    if (!/^[0-9a-f]{40,64}$/.test(oid)) return Promise.resolve(null)
    // Another process would be ended by nobody, and hold the program up for ever.
    if (this.isClosed) return Promise.reject(closed())
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject })
      this.start().ask(oid)
    })
  }

  /** Ends the process; a later look starts another one. */
  close(): void {
    this.isClosed = true
    this.child?.stdin?.end()
    this.child = null
    for (const { reject } of this.waiting.splice(0)) reject(closed())
  }

  private start(): Questions {
    if (this.child !== null) return this.questions
    const child = this.git.open(['cat-file', '--batch-check'])
    this.child = child
    this.rest = ''
    const fail = (error: unknown) => {
      if (this.child !== child) return
      this.child = null
      for (const { reject } of this.waiting.splice(0)) reject(error)
    }
    this.questions = new Questions(child.stdin)
    child.stderr?.resume()
    child.stdout?.on('data', (chunk: Buffer) => this.child === child && this.receive(chunk.toString('latin1')))
    child.once('error', fail)
    child.once('close', () => fail(new AmpError('fatal', 'git cat-file ended early; the repository may be damaged')))
    return this.questions
  }

  private receive(text: string): void {
    const lines = (this.rest + text).split('\n')
    this.rest = lines.pop() ?? ''
    for (const line of lines) {
      const match = /^[0-9a-f]{40,64} (\w+) (\d+)$/.exec(line)
      this.waiting.shift()?.resolve(match === null ? null : { type: match[1] ?? '', size: Number(match[2]) })
    }
  }
}

const closed = () => new AmpError('fatal', 'the repository was closed')
