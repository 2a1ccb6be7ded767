import { join } from 'node:path'
import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents } from '../../state/chain.js'
import { type CommentView, commentsOf } from '../../state/comments.js'
import type { Place } from './place.js'
import { commentRunnables, untrusted } from './trust.js'

/** A comment on a file that is larger points at its lines, and is not looked for again. */
const maxFileBytes = 4 * 1024 * 1024

/** The lines of a file in the worktree, or in the commit where there is none; null when it is not there, or no text. */
export async function linesOfFile(
  repo: Repo,
  { place, commit, path }: { place: Place | null; commit: Oid; path: string },
): Promise<string[] | null> {
  const data = place === null ? await blobAt(repo, commit, path) : await fileIn(repo, place, path)
  if (data === null || data.length > maxFileBytes || data.includes(0)) return null
  return data
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)
}

const blobAt = async (repo: Repo, commit: Oid, path: string): Promise<Buffer | null> => {
  const object = await repo.catFile.read(`${commit}:${path}`).catch(() => null)
  return object?.type === 'blob' ? object.content : null
}

/** Not through a symbolic link: it may lead anywhere. */
async function fileIn(repo: Repo, place: Place, path: string): Promise<Buffer | null> {
  const { fs } = repo.host
  const full = join(place.path, path)
  try {
    const stat = await fs.lstat(full)
    const isInside = (await fs.realpath(full)) === join(await fs.realpath(place.path), path)
    return stat.isFile() && stat.size <= maxFileBytes && isInside ? Buffer.from(await fs.readFile(full)) : null
  } catch {
    return null
  }
}

/** Comments that the next run is told, and how many from elsewhere it is not told because nobody approved them. */
export interface OpenComments {
  told: CommentView[]
  withheld: number
}

/** The unresolved comments of a session. Those that came from elsewhere are told only after "git amp trust". */
export async function openComments(repo: Repo, tip: ChainTip): Promise<OpenComments> {
  if (tip.snapshot.comments === undefined) return { told: [], withheld: 0 }
  const open = commentsOf(await readEvents(repo.objects, tip.oid, tip.ref)).filter(({ resolved }) => resolved === null)
  const runnables = await commentRunnables(repo, open)
  const missing = new Set(await untrusted(repo, tip, runnables))
  const told = open.filter((_, at) => !missing.has(runnables[at] as (typeof runnables)[number]))
  return { told, withheld: open.length - told.length }
}

/** The open comments as words for an agent, with the code that they point at, where it stands now. */
export async function commentWords(
  repo: Repo,
  comments: readonly CommentView[],
  where: { place: Place | null; commit: Oid },
): Promise<string> {
  const items = await Promise.all(comments.map((one) => itemOf(repo, one, where)))
  const head = comments.length === 1 ? 'Take up this review comment:' : 'Take up these review comments:'
  return [head, ...items.map((item, at) => `${at + 1}. ${item.replace(/\n(?=.)/g, '\n   ')}`)].join('\n\n')
}

async function itemOf(repo: Repo, comment: CommentView, where: { place: Place | null; commit: Oid }): Promise<string> {
  const text = (await longText(repo.objects, comment.text)).trim()
  if (comment.path === null) return text
  if (comment.line === null || comment.code === null) return `${comment.path}\n\n${text}`
  const code = await longText(repo.objects, comment.code)
  const lines = await linesOfFile(repo, { ...where, path: comment.path })
  const now = lines === null ? null : lineNow(lines, code.split('\n'), comment.line)
  const count = code.split('\n').length
  const at = now === null ? `lines that were at ${comment.line}` : count === 1 ? `${now}` : `${now}-${now + count - 1}`
  const quoted = code.split('\n').map((line) => `> ${line}`.trimEnd())
  return [`${comment.path}${now === null ? `, ${at}` : `:${at}`}`, quoted.join('\n'), text].join('\n\n')
}

/** The line at which the same lines stand now, the nearest to where they were; null when they are gone. */
function lineNow(lines: readonly string[], code: readonly string[], was: number): number | null {
  let best: number | null = null
  for (let at = 0; at + code.length <= lines.length; at++) {
    if (!code.every((line, n) => lines[at + n] === line)) continue
    if (best === null || Math.abs(at + 1 - was) < Math.abs(best - was)) best = at + 1
  }
  return best
}
