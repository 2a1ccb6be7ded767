import type { CommitObject, Oid, Stamp, TreeEntry } from './storage.js'

/** The bytes of git's commit and tree objects. Pure; see gitformat(5) and the comments in git's `commit.c`, `tree-walk.c`. */

/** `Name <mail> 1700000000 +0100`, as in a commit object. */
export const formatStamp = (stamp: Stamp): string =>
  `${stamp.name} <${stamp.email}> ${stamp.seconds} ${formatOffset(stamp.offset)}`

function formatOffset(minutes: number): string {
  const absolute = Math.abs(minutes)
  const hours = String(Math.floor(absolute / 60)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${hours}${String(absolute % 60).padStart(2, '0')}`
}

/** Reads `Name <mail> seconds zone`; what is missing (old or broken commits) is empty or 0. */
export function parseStamp(text: string): Stamp {
  const match = /^(.*?) ?<([^>]*)>(?: (-?\d+))?(?: ([+-])(\d\d)(\d\d))?/.exec(text)
  const [, name = '', email = '', seconds = '0', sign = '+', hours = '0', minutes = '0'] = match ?? []
  const offset = Number(hours) * 60 + Number(minutes)
  return { name, email, seconds: Number(seconds), offset: sign === '-' && offset !== 0 ? -offset : offset }
}

/** The content of a commit object. */
export function formatCommit(commit: CommitObject): string {
  return [
    `tree ${commit.tree}`,
    ...commit.parents.map((parent) => `parent ${parent}`),
    `author ${formatStamp(commit.author)}`,
    `committer ${formatStamp(commit.committer)}`,
    '',
    commit.message,
  ].join('\n')
}

/** Reads the content of a commit object; extra headers (a signature, an encoding) are skipped. */
export function parseCommit(content: string): CommitObject {
  const end = content.indexOf('\n\n')
  const headers = (end < 0 ? content : content.slice(0, end)).split('\n')
  const values = (key: string) =>
    headers.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1))
  return {
    tree: values('tree')[0] ?? '',
    parents: values('parent'),
    author: parseStamp(values('author')[0] ?? ''),
    committer: parseStamp(values('committer')[0] ?? ''),
    message: end < 0 ? '' : content.slice(end + 2),
  }
}

/** The content of a tree object, in git's order: names as bytes, a directory as if it ended in `/`. */
export function formatTree(entries: readonly TreeEntry[]): Uint8Array {
  const key = (entry: TreeEntry) => Buffer.from(entry.mode === '40000' ? `${entry.name}/` : entry.name)
  const sorted = [...entries].sort((a, b) => Buffer.compare(key(a), key(b)))
  return Buffer.concat(
    sorted.flatMap((entry) => [Buffer.from(`${entry.mode} ${entry.name}\0`), Buffer.from(entry.oid, 'hex')]),
  )
}

/** Reads the content of a tree object; `hashBytes` is 20 for sha1 and 32 for sha256. */
export function parseTree(content: Buffer, hashBytes: number): TreeEntry[] {
  const entries: TreeEntry[] = []
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(0x20, at)
    const nul = content.indexOf(0, space)
    const end = nul + 1 + hashBytes
    entries.push({
      mode: content.toString('latin1', at, space),
      name: content.toString('utf8', space + 1, nul),
      oid: content.toString('hex', nul + 1, end) as Oid,
    })
    at = end
  }
  return entries
}
