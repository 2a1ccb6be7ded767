import { AmpError } from '../errors.js'
import { formatCommit, formatTree, parseCommit, parseTree } from '../state/object-text.js'
import type { CommitObject, ObjectStore, Oid, TreeEntry } from '../state/storage.js'
import type { CatFile } from './cat-file.js'
import type { Git } from './run.js'

/** Objects through the git program: one reader process, and `git hash-object` for each write. */
export class GitObjects implements ObjectStore {
  constructor(
    private readonly git: Git,
    private readonly catFile: CatFile,
  ) {}

  async readCommit(oid: Oid): Promise<CommitObject | null> {
    const content = await this.read(oid, 'commit')
    return content === null ? null : parseCommit(content.toString('utf8'))
  }

  async readTree(oid: Oid): Promise<TreeEntry[] | null> {
    const content = await this.read(oid, 'tree')
    return content === null ? null : parseTree(content, oid.length / 2)
  }

  readBlob(oid: Oid): Promise<Uint8Array | null> {
    return this.read(oid, 'blob')
  }

  writeCommit(commit: CommitObject): Promise<Oid> {
    return this.write('commit', formatCommit(commit))
  }

  writeTree(entries: readonly TreeEntry[]): Promise<Oid> {
    return this.write('tree', formatTree(entries))
  }

  writeBlob(data: Uint8Array | string): Promise<Oid> {
    return this.write('blob', data)
  }

  private write(type: string, content: Uint8Array | string): Promise<Oid> {
    return this.git.text(['hash-object', '-w', '-t', type, '--stdin'], { input: content })
  }

  private async read(oid: Oid, type: string): Promise<Buffer | null> {
    const object = await this.catFile.read(oid)
    if (object === null) return null
    if (object.type !== type) throw new AmpError('fatal', `object ${oid} is a ${object.type} where a ${type} is expected`)
    return object.content
  }
}
