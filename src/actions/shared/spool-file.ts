import { join } from 'node:path'
import type { Host, HostFile } from '../../host.js'

/** So much is kept in memory before a file is made. */
const memoryBytes = 256 * 1024

/** Text that is written now and read later: a little in memory, more in a temporary file. */
export class SpoolFile {
  private chunks: Buffer[] = []
  private length = 0
  private stored: { dir: string; file: HostFile } | null = null

  constructor(private readonly host: Host) {}

  async write(text: string): Promise<void> {
    const chunk = Buffer.from(text)
    this.chunks.push(chunk)
    this.length += chunk.length
    if (this.length >= memoryBytes) await this.store()
  }

  private async store(): Promise<void> {
    const { fs, tmpdir } = this.host
    if (this.stored === null) {
      const dir = await fs.mkdtemp(join(tmpdir, 'git-amp-'))
      this.stored = { dir, file: await fs.open(join(dir, 'spool'), 'wx+', 0o600) }
    }
    await this.stored.file.appendFile(Buffer.concat(this.chunks))
    this.chunks = []
    this.length = 0
  }

  /** All that was written, in order. */
  async *read(): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(memoryBytes)
    for (let position = 0; this.stored !== null; ) {
      const { bytesRead } = await this.stored.file.read(buffer, 0, buffer.length, position)
      if (bytesRead === 0) break
      position += bytesRead
      yield buffer.slice(0, bytesRead)
    }
    yield* this.chunks
  }

  async remove(): Promise<void> {
    if (this.stored === null) return
    await this.stored.file.close().catch(() => {})
    await this.host.fs.rm(this.stored.dir, { recursive: true, force: true }).catch(() => {})
    this.stored = null
  }
}
