import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { Repo } from '../../repo.js'
import type { ConflictHunk } from '../../util/conflict-hunks.js'

/** A file in conflict. */
export interface ConflictedFile {
  path: string
  /** As git calls it: `contents`, `modify/delete`, `rename/rename`, `binary`. */
  type: string
  /** Where both sides changed the same lines. */
  hunks: ConflictHunk[]
}

/** What came of merging two commits; null when git cannot merge them. */
export type Outcome = { files: ConflictedFile[] } | null

const version = 2
/** So many merges are remembered, those that were needed last. */
const maxEntries = 20_000

const fileOf = (repo: Repo): string => repo.local('conflicts.json')

/** Merges that were tried before, by what was merged: two trees on their bases, or two commits. All of it may be lost. */
export class OutcomeCache {
  private readonly used = new Map<string, Outcome>()

  private constructor(
    private readonly repo: Repo,
    private readonly known: Map<string, Outcome>,
    private readonly stamp: string,
  ) {}

  static async open(repo: Repo): Promise<OutcomeCache> {
    const stamp = await stampOf(repo)
    try {
      const text = await repo.host.fs.readFile(fileOf(repo), 'utf8')
      const found = JSON.parse(text) as { version: number; stamp: string; clean: string[]; others: [string, Outcome][] }
      if (found.version !== version || found.stamp !== stamp) return new OutcomeCache(repo, new Map(), stamp)
      const clean = found.clean.map((key): [string, Outcome] => [key, { files: [] }])
      return new OutcomeCache(repo, new Map([...clean, ...found.others]), stamp)
    } catch {
      // None yet, or not what was written.
      return new OutcomeCache(repo, new Map(), stamp)
    }
  }

  /** Undefined when it was never tried. */
  get(key: string): Outcome | undefined {
    const found = this.used.get(key) ?? this.known.get(key)
    if (found !== undefined) this.used.set(key, found)
    return found
  }

  set(key: string, outcome: Outcome): void {
    this.used.set(key, outcome)
  }

  async save(): Promise<void> {
    const entries = [...this.used, ...[...this.known].filter(([key]) => !this.used.has(key))].slice(0, maxEntries)
    const isClean = ([, outcome]: [string, Outcome]) => outcome?.files.length === 0
    const clean = entries.filter(isClean).map(([key]) => key)
    const others = entries.filter((entry) => !isClean(entry))
    await replaceFile(this.repo, fileOf(this.repo), JSON.stringify({ version, stamp: this.stamp, clean, others }))
  }
}

/** What decides how merges end beside what is merged: settings, and attributes outside of the commits. */
async function stampOf(repo: Repo): Promise<string> {
  const config = await repo.config()
  const { topLevel, commonDir } = repo.location
  const files = [
    join(commonDir, 'info', 'attributes'),
    ...(topLevel === null ? [] : [join(topLevel, '.gitattributes')]),
  ]
  const texts = await Promise.all(files.map((file) => repo.host.fs.readFile(file, 'utf8').catch(() => '')))
  const settings = ['merge', 'diff'].flatMap((section) =>
    config.keysBelow(section).map((key) => [key, config.all(key)]),
  )
  return createHash('sha256')
    .update(JSON.stringify([texts, settings]))
    .digest('hex')
}

/** What was seen of each session the last time, for `list`. */
export interface Seen {
  heads: string
  /** Ids of sessions that it conflicts with. */
  with: string[]
  /** It conflicts with its base. */
  base: boolean
}

export type SeenConflicts = Readonly<Record<string, Seen>>

const seenFile = (repo: Repo): string => repo.local('conflicts-seen.json')

/** What the last `git amp conflicts` saw; nothing when there was none. */
export async function readSeen(repo: Repo): Promise<SeenConflicts> {
  try {
    const found: unknown = JSON.parse(await repo.host.fs.readFile(seenFile(repo), 'utf8'))
    return typeof found === 'object' && found !== null ? (found as SeenConflicts) : {}
  } catch {
    // None yet, or not what was written.
    return {}
  }
}

export const writeSeen = (repo: Repo, seen: SeenConflicts): Promise<void> =>
  replaceFile(repo, seenFile(repo), JSON.stringify(seen))

/** Whoever reads meanwhile sees the old one or the new one. */
async function replaceFile(repo: Repo, file: string, text: string): Promise<void> {
  const { fs } = repo.host
  const fresh = repo.local('tmp', `file-${repo.newId()}`)
  try {
    await fs.mkdir(repo.local('tmp'), { recursive: true })
    await fs.writeFile(fresh, text)
    await fs.rename(fresh, file)
  } catch {
    // A full disk, or a repository that may only be read: it is found out again the next time.
    await fs.rm(fresh, { force: true }).catch(() => {})
  }
}
