import { basename, dirname, join } from 'node:path'
import { AmpError, fatal } from '../../errors.js'
import type { Host, HostFile } from '../../host.js'
import { systemWords } from '../../util/system.js'

/** So much is gathered before it is written. */
const chunkBytes = 64 * 1024

/**
 * A file that is there whole or not at all: written beside its place under another name, and renamed when it is complete. A device or a named
 * pipe is written as it is.
 */
export class Draft {
  private chunks: Buffer[] = []
  private length = 0

  private constructor(
    private readonly host: Host,
    readonly path: string,
    private readonly at: { file: HostFile; temporary: string | null; target: string },
  ) {}

  /** @throws AmpError when it cannot be written there */
  static async open(host: Host, path: string): Promise<Draft> {
    return naming(path, async () => {
      const target = await host.fs.realpath(path).catch(() => path)
      const stat = await host.fs.stat(target).catch(() => null)
      if (stat?.isDirectory()) throw fatal(`cannot write '${path}': it is a directory`, 'Name a file in it.')
      if (stat !== null && !stat.isFile()) {
        return new Draft(host, path, { file: await host.fs.open(target, 'a'), temporary: null, target })
      }
      const suffix = Buffer.from(host.random(6)).toString('hex')
      const temporary = join(dirname(target), `.${basename(target).slice(0, 200)}.${suffix}.tmp`)
      const file = await host.fs.open(temporary, 'wx', stat === null ? 0o666 : stat.mode & 0o777)
      return new Draft(host, path, { file, temporary, target })
    })
  }

  async write(piece: string | Uint8Array): Promise<void> {
    const chunk = Buffer.from(piece)
    this.chunks.push(chunk)
    this.length += chunk.length
    if (this.length >= chunkBytes) await this.flush()
  }

  private async flush(): Promise<void> {
    const all = Buffer.concat(this.chunks)
    this.chunks = []
    this.length = 0
    if (all.length > 0) await naming(this.path, () => this.at.file.appendFile(all))
  }

  /** Writes what is left to the disk; it is not in its place yet. */
  async complete(): Promise<void> {
    await this.flush()
    await naming(this.path, async () => {
      if (this.at.temporary !== null) await this.at.file.datasync()
      await this.at.file.close()
    })
  }

  /** Puts it in its place; after `complete`. */
  async publish(): Promise<void> {
    const { temporary, target } = this.at
    if (temporary !== null) await naming(this.path, () => this.host.fs.rename(temporary, target))
  }

  /** Takes it away; one that is in its place stays. */
  async discard(): Promise<void> {
    // It may be closed already.
    await this.at.file.close().catch(() => {})
    if (this.at.temporary !== null) await this.host.fs.rm(this.at.temporary, { force: true }).catch(() => {})
  }
}

/**
 * Writes several files: all are complete before the first one is in its place.
 * @param write gets the drafts in the order of the paths
 */
export async function writeFiles(
  host: Host,
  paths: readonly string[],
  write: (drafts: readonly Draft[]) => Promise<void>,
): Promise<void> {
  const drafts: Draft[] = []
  try {
    for (const path of paths) drafts.push(await Draft.open(host, path))
    await write(drafts)
    for (const draft of drafts) await draft.complete()
    for (const draft of drafts) await draft.publish()
  } finally {
    for (const draft of drafts) await draft.discard()
  }
}

/** Errors of the system name the file that was asked for, and not the one beside it. */
async function naming<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof AmpError) throw cause
    const isFull = ['ENOSPC', 'EDQUOT'].includes((cause as { code?: string }).code ?? '')
    throw new AmpError('fatal', `cannot write '${path}': ${systemWords(cause)}`, {
      hints: [isFull ? 'Free some disk space and run it again: nothing half-written is left.' : 'Look at the path.'],
      cause,
    })
  }
}
