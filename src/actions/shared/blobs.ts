import { CatFile } from '../../git/cat-file.js'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'

/** Processes that read, and blobs that are asked for before they are needed. */
const processes = 2
const ahead = 8

/** Reads many large blobs in their order, by several processes at once: git inflates on one core each. */
export class BlobReader {
  private readonly readers: CatFile[]
  private next = 0

  constructor(repo: Repo) {
    this.readers = Array.from({ length: processes }, () => new CatFile(repo.git, repo.location.hash))
  }

  /** Blobs with what belongs to each; null for one that is not here, and where none is asked for. */
  async *read<T>(wanted: AsyncIterable<{ oid: Oid | null; of: T }>): AsyncGenerator<{ data: Buffer | null; of: T }> {
    const waiting: { of: T; data: Promise<Buffer | null> }[] = []
    for await (const { oid, of } of wanted) {
      const data = oid === null ? Promise.resolve(null) : this.one(oid)
      // Whoever stops early waits for none of them.
      data.catch(() => {})
      waiting.push({ of, data })
      if (waiting.length >= ahead) yield* this.first(waiting)
    }
    while (waiting.length > 0) yield* this.first(waiting)
  }

  private async *first<T>(waiting: { of: T; data: Promise<Buffer | null> }[]) {
    const one = waiting.shift()
    if (one !== undefined) yield { of: one.of, data: await one.data }
  }

  private async one(oid: Oid): Promise<Buffer | null> {
    const reader = this.readers[this.next++ % processes]
    const object = await reader?.read(oid)
    return object?.type === 'blob' ? object.content : null
  }

  close(): void {
    for (const reader of this.readers) reader.close()
  }
}
