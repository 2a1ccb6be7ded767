import { join } from 'node:path'
import type { Watcher } from '../host.js'
import type { Repo } from '../repo.js'
import { localLeases } from './shared/lease.js'

/** How often files are looked at: where the file system tells of no changes, and for what it cannot tell, as a process that was killed. */
const lookMs = 2000
/** One operation moves several refs: they are read when all of them are there. */
const settleMs = 40

/**
 * Yields `changed` whenever the sessions of a repository may look different in a list, and `waiting` now and then, for the time that goes by. Asks git
 * nothing: refs, leases and worktrees are files. Ends when the signal is aborted.
 */
export async function* watchSessions(
  repo: Repo,
  { signal, everyMs = lookMs }: { signal: AbortSignal; everyMs?: number },
): AsyncGenerator<'changed' | 'waiting'> {
  const { host } = repo
  const bell = new Bell(signal)
  const watchers = new Watchers(repo, () => bell.ring())
  try {
    let before = await fingerprint(repo)
    watchers.renew()
    while (!signal.aborted) {
      const isRung = await bell.wait(everyMs)
      if (signal.aborted) return
      if (isRung) await host.sleep(settleMs)
      const now = await fingerprint(repo)
      const hasChanged = now !== before
      before = now
      // A folder that git takes away and makes again has a new one to watch.
      if (hasChanged || !isRung) watchers.renew()
      yield hasChanged ? 'changed' : 'waiting'
    }
  } finally {
    watchers.close()
  }
}

/** Folders whose entries tell that something happened. */
const watchedFolders = (repo: Repo): string[] => {
  const { commonDir } = repo.location
  return [
    commonDir,
    ...['refs/amp/sessions', 'refs/amp', 'reftable', 'worktrees'].map((name) => join(commonDir, name)),
    repo.local('leases'),
  ]
}

/** What `list` shows, as far as files tell. */
async function fingerprint(repo: Repo): Promise<string> {
  const { fs } = repo.host
  const { commonDir } = repo.location
  const worktrees = await fs.readdir(join(commonDir, 'worktrees')).catch(() => [])
  const files = [
    ...['packed-refs', 'refs/amp/sessions', 'refs/amp/archive', 'reftable', 'reftable/tables.list'],
    ...worktrees.flatMap((name) => [`worktrees/${name}/rebase-merge`, `worktrees/${name}/rebase-apply`]),
  ].map((name) => join(commonDir, name))
  const stats = await Promise.all(
    files.map((file) =>
      fs.stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => '',
      ),
    ),
  )
  return JSON.stringify([worktrees, stats, await localLeases(repo)])
}

/** Rings once, however often it was pulled while nobody waited. */
class Bell {
  private isPulled = false
  private wake: () => void = () => {}

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', () => this.ring(), { once: true })
  }

  ring(): void {
    this.isPulled = true
    this.wake()
  }

  /** @returns whether it rang; false when the time is over */
  async wait(ms: number): Promise<boolean> {
    if (!this.isPulled && !this.signal.aborted) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.wake = resolve
        timer = setTimeout(resolve, ms)
      })
      clearTimeout(timer)
    }
    const isRung = this.isPulled
    this.isPulled = false
    return isRung
  }
}

/** The folders that are watched; where that is not possible, looking at them now and then has to do. */
class Watchers {
  private open: Watcher[] = []

  constructor(
    private readonly repo: Repo,
    private readonly onChange: () => void,
  ) {}

  renew(): void {
    this.close()
    this.open = watchedFolders(this.repo).flatMap((folder) => {
      const watcher = this.repo.host.watch(folder, this.onChange)
      return watcher === null ? [] : [watcher]
    })
  }

  close(): void {
    for (const watcher of this.open) watcher.close()
    this.open = []
  }
}
