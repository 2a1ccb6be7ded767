import { fatal } from '../../errors.js'
import { scrub } from '../../git/env.js'
import type { Host } from '../../host.js'
import { openRepo, type Repo } from '../../repo.js'

/** So many repositories keep their helper processes although nothing works in them. */
const maxOpen = 16
/** So many are remembered. */
const maxIdle = 1000

/**
 * The repositories of a batch run. A `Repo` serves one item at a time and is then kept for the next one in the same directory: what git
 * tells of place, settings and identity is asked once.
 */
export class Repos {
  private idle: { dir: string; repo: Repo }[] = []

  constructor(private readonly host: Host) {}

  /** Hands over a repository that nobody else works with. @throws AmpError when there is none in that directory */
  async use<T>(dir: string, work: (repo: Repo) => Promise<T>): Promise<T> {
    const repo = await this.take(dir)
    try {
      return await work(repo)
    } finally {
      this.idle.push({ dir, repo })
      this.idle.at(-1 - maxOpen)?.repo.close()
      if (this.idle.length > maxIdle) this.idle.shift()
    }
  }

  private async take(dir: string): Promise<Repo> {
    const at = this.idle.findIndex((one) => one.dir === dir)
    const [found] = at < 0 ? [] : this.idle.splice(at, 1)
    if (found === undefined) {
      // Git would only say that it cannot be started there.
      const stat = await this.host.fs.stat(dir).catch(() => null)
      if (stat?.isDirectory() !== true) throw fatal(`there is no directory '${dir}'`)
      return openRepo({ ...this.host, cwd: dir, env: scrub(this.host.env) })
    }
    found.repo.forgetWorktrees()
    return found.repo
  }

  close(): void {
    for (const { repo } of this.idle.splice(0)) repo.close()
  }
}
