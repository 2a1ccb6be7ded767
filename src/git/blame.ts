import type { Git, Oid } from './run.js'

/** A commit as `git blame` tells of it. */
export interface BlamedCommit {
  oid: Oid
  /** Nothing but zeros: the line is not committed yet. */
  isUncommitted: boolean
  author: string
  /** Without its angle brackets. */
  mail: string
  /** Seconds since 1970, and the zone as git writes it (`+0130`). */
  time: number
  zone: string
  summary: string
  /** Git did not look further back. */
  isBoundary: boolean
}

/** A line and the commit it comes from. */
export interface BlamedLine {
  commit: Oid
  /** Number in the file that was asked for, and in the file of that commit. */
  line: number
  origin: number
  /** Path in that commit. */
  path: string
  text: string
}

export interface Blame {
  lines: BlamedLine[]
  commits: Map<Oid, BlamedCommit>
}

/** Asks `git blame` once. `args` are its options, revision and path. */
export async function readBlame(git: Git, args: readonly string[]): Promise<Blame> {
  return parseBlame((await git.run(['blame', '--porcelain', ...args])).stdout)
}

/** Reads what `git blame --porcelain` prints. */
export function parseBlame(text: string): Blame {
  const lines: BlamedLine[] = []
  const commits = new Map<Oid, BlamedCommit>()
  /** The path of a commit is told once, until another one follows. */
  const paths = new Map<Oid, string>()
  let current: (Omit<BlamedLine, 'path' | 'text'> & { told: BlamedCommit }) | null = null
  for (let at = 0; at < text.length; ) {
    const found = text.indexOf('\n', at)
    const end = found < 0 ? text.length : found
    const row = text.slice(at, end)
    at = end + 1
    if (current === null) {
      const [commit = '', origin, line] = row.split(' ')
      const told = commits.get(commit) ?? newCommit(commit)
      commits.set(commit, told)
      current = { commit, origin: Number(origin), line: Number(line), told }
    } else if (row.startsWith('\t')) {
      const { told: _, ...rest } = current
      lines.push({ ...rest, path: paths.get(rest.commit) ?? '', text: row.slice(1) })
      current = null
    } else {
      const space = row.indexOf(' ')
      const [key, value] = space < 0 ? [row, ''] : [row.slice(0, space), row.slice(space + 1)]
      if (key === 'filename') paths.set(current.commit, unquoted(value))
      else tell(current.told, key, value)
    }
  }
  return { lines, commits }
}

const newCommit = (oid: Oid): BlamedCommit => ({
  oid,
  isUncommitted: /^0+$/.test(oid),
  author: '',
  mail: '',
  time: 0,
  zone: '+0000',
  summary: '',
  isBoundary: false,
})

function tell(commit: BlamedCommit, key: string, value: string): void {
  if (key === 'author') commit.author = value
  else if (key === 'author-mail') commit.mail = value.replace(/^<|>$/g, '')
  else if (key === 'author-time') commit.time = Number(value)
  else if (key === 'author-tz') commit.zone = value
  else if (key === 'summary') commit.summary = value
  else if (key === 'boundary') commit.isBoundary = true
}

const escapes: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, '\\': 92 }

/** A path that git may have put in quotation marks, with escapes for its bytes. */
export function unquoted(path: string): string {
  if (!/^".*"$/s.test(path)) return path
  const bytes: number[] = []
  const pattern = /\\([0-3][0-7]{2}|.)|[^\\]+/gs
  for (const [whole, code] of path.slice(1, -1).matchAll(pattern)) {
    if (code === undefined) bytes.push(...Buffer.from(whole))
    else bytes.push(code.length === 3 ? Number.parseInt(code, 8) : (escapes[code] ?? code.charCodeAt(0)))
  }
  return Buffer.from(bytes).toString('utf8')
}
