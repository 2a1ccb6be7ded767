import { AmpError } from '../errors.js'
import { formatCommit, formatTree, parseCommit, parseTree } from '../state/object-text.js'
import type { CommitObject, ObjectStore, Oid, TreeEntry } from '../state/storage.js'
import type { CatFile } from './cat-file.js'

const wholeOid = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** Objects through the git program: one process reads them all, and one writes all that a transaction needs. */
export class GitObjects implements ObjectStore {
  constructor(private readonly catFile: CatFile) {}

  async readCommit(oid: Oid): Promise<CommitObject | null> {
    const content = await this.read(oid, 'commit')
    return content === null ? null : parseCommit(content.toString('utf8'))
  }

  async readLine(oid: Oid, count: number): Promise<ReadonlyMap<Oid, CommitObject>> {
    if (!wholeOid.test(oid)) return new Map()
    const names = Array.from({ length: count }, (_, before) => (before === 0 ? oid : `${oid}~${before}`))
    const found = await Promise.all(names.map((name) => this.catFile.read(name)))
    return new Map(
      found.flatMap((object) =>
        object?.type === 'commit' ? [[object.oid, parseCommit(object.content.toString('utf8'))] as const] : [],
      ),
    )
  }

  async readTree(oid: Oid): Promise<TreeEntry[] | null> {
    const content = await this.read(oid, 'tree')
    return content === null ? null : parseTree(content, oid.length / 2)
  }

  readBlob(oid: Oid): Promise<Uint8Array | null> {
    return this.read(oid, 'blob')
  }

  async writeCommit(commit: CommitObject): Promise<Oid> {
    return this.catFile.write('commit', Buffer.from(formatCommit(commit)))
  }

  async writeTree(entries: readonly TreeEntry[]): Promise<Oid> {
    return this.catFile.write('tree', Buffer.from(formatTree(entries)))
  }

  async writeBlob(data: Uint8Array | string): Promise<Oid> {
    return this.catFile.write('blob', Buffer.from(data))
  }

  private async read(oid: Oid, type: string): Promise<Buffer | null> {
    // git would look up any other text as a revision.
    if (!wholeOid.test(oid)) return null
    const object = await this.catFile.read(oid)
    if (object === null) return null
    if (object.type !== type)
      throw new AmpError('fatal', `object ${oid} is a ${object.type} where a ${type} is expected`)
    return object.content
  }
}
