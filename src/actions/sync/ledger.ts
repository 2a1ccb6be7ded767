/** What kind of thing a ref holds. */
export type SharedKind =
  | 'session'
  | 'batch'
  | 'archive'
  | 'transcript'
  | 'snapshot'
  | 'notes'
  | 'tombstones'
  | 'branch'
  | 'other'

/** What became of one ref, both ways. */
export interface Entry {
  kind: SharedKind
  /** Id of the session or batch, month of the archive; the ref itself for what has none. */
  id: string
  /** For people; null when it is not known. */
  name: string | null
  /** As the remote calls it. */
  ref: string
  /** What came from the remote. `joined`: both sides had something of their own. `forgotten`: it was purged elsewhere, and is gone here. */
  came: 'new' | 'forward' | 'joined' | 'forgotten' | null
  /** Events that came. */
  events: number
  /** Archived sessions that came. */
  sessions: number
  /** What the remote got. */
  went: 'new' | 'forward' | 'deleted' | null
  /** Nothing of it was taken, or of an archive not all, and why. */
  quarantined: string | null
  /** The remote did not take it, and why. */
  refused: string | null
  /** What the user should know besides. */
  remarks: string[]
}

/** All that a sync has to tell, by the name of the ref. */
export class Ledger {
  /** What the remote's hooks printed, each line once. */
  readonly said = new Set<string>()
  /** What helps where something could not be pushed. */
  readonly hints = new Set<string>()
  private readonly entries = new Map<string, Entry>()

  /** The entry of a ref, made when there is none. */
  at(ref: string, what: { kind: SharedKind; id: string; name?: string | null }): Entry {
    const known = this.entries.get(ref)
    if (known !== undefined) {
      if (known.name === null) known.name = what.name ?? null
      return known
    }
    const { kind, id, name = null } = what
    const blank = { came: null, events: 0, sessions: 0, went: null, quarantined: null, refused: null, remarks: [] }
    const entry: Entry = { kind, id, name, ref, ...blank }
    this.entries.set(ref, entry)
    return entry
  }

  /** Entries that have something to tell, by kind and name. */
  all(): Entry[] {
    const tells = (entry: Entry) =>
      entry.came !== null ||
      entry.went !== null ||
      entry.quarantined !== null ||
      entry.refused !== null ||
      entry.remarks.length > 0
    return [...this.entries.values()].filter(tells).sort((a, b) => (a.ref < b.ref ? -1 : 1))
  }
}

/** Says what came, also when more of the same came before. */
export function addCame(entry: Entry, came: NonNullable<Entry['came']>, events: number): void {
  if (entry.came === null || entry.came === 'forward') entry.came = came
  entry.events += events
}
