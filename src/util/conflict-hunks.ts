/** Lines of a file: the first one from 1 on, and how many; none at all stand before the first. */
export interface Lines {
  line: number
  count: number
}

/** Lines that both sides changed, on each side as they stand in its file. */
export interface ConflictHunk {
  ours: Lines
  theirs: Lines
}

/** What a merge left of a file, and the file on both sides. */
export interface MergedFile {
  merged: string
  ours: string
  theirs: string
  /** Names of the sides, as they stand behind the conflict markers. */
  names: readonly [string, string]
}

/** The conflicts in a merged file. Markers count when they name the sides: a file may hold others of its own. */
export function conflictHunks({ merged, ours, theirs, names: [our, their] }: MergedFile): ConflictHunk[] {
  const sides = { ours: new Finder(ours), theirs: new Finder(theirs) }
  const hunks: ConflictHunk[] = []
  let open: { ours: string[]; theirs: string[]; side: 'ours' | 'theirs' } | null = null
  for (const line of merged.split('\n')) {
    if (isMarker(line, '<', our)) open = { ours: [], theirs: [], side: 'ours' }
    else if (open === null) continue
    else if (isMarker(line, '>', their)) {
      hunks.push({ ours: sides.ours.find(open.ours), theirs: sides.theirs.find(open.theirs) })
      open = null
    } else if (open.side === 'ours' && /^={7,}\r?$/.test(line)) open.side = 'theirs'
    else open[open.side].push(line)
  }
  return hunks
}

/** `<<<<<<< name`, or `name:path` where the paths differ. */
function isMarker(line: string, sign: '<' | '>', name: string): boolean {
  const word = new RegExp(`^${sign}{7,} (.*)$`).exec(line.replace(/\r$/, ''))?.[1]
  return word !== undefined && (word === name || word.startsWith(`${name}:`))
}

/** Finds blocks of lines in a file, each behind the one before it. */
class Finder {
  private readonly lines: string[]
  private next = 0

  constructor(text: string) {
    this.lines = text.split('\n')
  }

  find(block: readonly string[]): Lines {
    for (let at = this.next; block.length > 0 && at + block.length <= this.lines.length; at++) {
      if (!block.every((line, n) => this.lines[at + n] === line)) continue
      this.next = at + block.length
      return { line: at + 1, count: block.length }
    }
    return { line: this.next + 1, count: 0 }
  }
}
