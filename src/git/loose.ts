import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import type { Env, HostFs } from '../host.js'
import type { Config } from './config.js'
import type { NewObject } from './pack.js'
import type { Oid } from './run.js'

/** More objects, or larger ones, are handed to git. */
const mostObjects = 16
const mostBytes = 256 * 1024

/** With any of these git writes in ways of its own: other permissions, synced to disk, in two hashes. */
const special = [
  ...['core.sharedRepository', 'core.fsync', 'core.fsyncMethod', 'core.fsyncObjectFiles'],
  'extensions.compatObjectFormat',
]

/** Whether few small objects may be written without git: nothing in the repository asks for more than git's usual way. */
export const isPlain = (config: Config, env: Env): boolean =>
  env.GIT_OBJECT_DIRECTORY === undefined && special.every((key) => config.get(key) === null)

/**
 * Writes a few small objects as git does: compressed into `tmp_obj_*`, which `git gc` clears away, and renamed to
 * their place; see gitformat-loose(5). Starting a git for them takes 4 ms.
 */
export class LooseObjects {
  constructor(
    private readonly fs: HostFs,
    /** Where git keeps them. */
    private readonly dir: string,
    private readonly newName: () => string,
  ) {}

  /** @returns whether all of them are written; if not, git is to write them, and tells what is wrong */
  async write(objects: ReadonlyMap<Oid, NewObject>): Promise<boolean> {
    const size = [...objects.values()].reduce((sum, { content }) => sum + content.length, 0)
    if (objects.size > mostObjects || size > mostBytes) return false
    const written = await Promise.allSettled([...objects].map(([oid, object]) => this.writeOne(oid, object)))
    return written.every(({ status }) => status === 'fulfilled')
  }

  private async writeOne(oid: Oid, { type, content }: NewObject): Promise<void> {
    const dir = join(this.dir, oid.slice(0, 2))
    const temporary = join(dir, `tmp_obj_${this.newName()}`)
    const data = deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content]), { level: 1 })
    const write = () => this.fs.writeFile(temporary, data, { mode: 0o444, flag: 'wx' })
    try {
      await write().catch(async (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
        await this.fs.mkdir(dir, { recursive: true })
        await write()
      })
      // One that is there already holds the same, and is as good as new for "git prune" now.
      await this.fs.rename(temporary, join(dir, oid.slice(2)))
    } catch (error) {
      await this.fs.rm(temporary, { force: true }).catch(() => {})
      throw error
    }
  }
}
