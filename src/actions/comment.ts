import { AmpError, fatal, no } from '../errors.js'
import type { Repo } from '../repo.js'
import { type ChainTip, longText, readEvents } from '../state/chain.js'
import { type CommentView, commentsOf } from '../state/comments.js'
import type { EventData } from '../state/events.js'
import { isFilePath } from '../state/rules.js'
import { anchor, headOf } from './diff.js'
import { linesOfFile } from './shared/comments.js'
import { findSession } from './shared/find.js'
import { findPlace, type Place } from './shared/place.js'
import { record } from './shared/record.js'
import { currentSession } from './shared/session-file.js'
import { rememberOwn } from './shared/trust.js'

/** What a comment is about: a file, or lines of it. */
export interface CommentTarget {
  /** As the user typed it, in the current directory. */
  path: string
  line: number | null
  end: number | null
}

/** So many lines are kept with a comment. */
const maxLines = 60

/** Reads `<file>`, `<file>:<line>` or `<file>:<line>,<line>`. @throws AmpError when the lines are none */
export function parseTarget(text: string): CommentTarget {
  const match = /^(.+):(\d+)(?:[,-](\d+))?$/s.exec(text)
  if (match === null) return { path: text, line: null, end: null }
  const [, path = '', first, last = first] = match
  const [line, end] = [Number(first), Number(last)]
  if (line < 1 || end < line || end - line >= maxLines)
    throw fatal(`'${text}' names no lines`, `Name one line or up to ${maxLines} of them: <file>:12 or <file>:12,20`)
  return { path, line, end }
}

/** Adds a review comment. @throws AmpError when the session has no such file, or the file no such line */
export async function addComment(
  repo: Repo,
  options: { session?: string | undefined; target: CommentTarget | null; text: string },
): Promise<{ tip: ChainTip; comment: CommentView }> {
  const tip = await findSession(repo, options.session)
  const text = options.text.trim()
  if (text === '') throw fatal('the comment is empty', 'Say it with -m <text>, -F <file> or -e.')
  const comment = repo.newId()
  const place = options.target === null ? {} : await located(repo, tip, options.target)
  // Before it is there: what is not known as one's own would need an approval.
  await rememberOwn(repo, comment)
  const data: EventData['comment.added'] = { comment, text, ...place }
  const recorded = await record(repo, tip.id, ({ snapshot }) => ({
    subject: `amp(${snapshot.slug}): comment${data.path === undefined ? '' : ` on ${data.path}`}`,
    events: [{ type: 'comment.added', data }],
    code: data.commit === undefined ? [] : [data.commit],
    operation: { id: repo.newId(), command: 'comment' },
  }))
  const after = recorded?.tip ?? tip
  return { tip: after, comment: (await listComments(repo, after)).find(({ id }) => id === comment) as CommentView }
}

/** Where the comment points, with the lines themselves as they stand in the worktree, or in the branch. */
async function located(
  repo: Repo,
  tip: ChainTip,
  target: CommentTarget,
): Promise<Omit<EventData['comment.added'], 'comment' | 'text'>> {
  const { path: typed, line, end } = target
  const place = await findPlace(repo, tip)
  const path = pathOf(repo, place, target)
  if (!isFilePath(path))
    throw fatal(`'${typed}' is no file of session ${tip.snapshot.name}`, 'Name one from the top of its worktree.')
  const commit = (place === null ? null : await repo.worktreeRef(place.gitDir, 'HEAD')) ?? (await headOf(repo, tip))
  const lines = await linesOfFile(repo, { place, commit, path })
  if (lines === null)
    throw fatal(
      `session ${tip.snapshot.name} has no file '${path}'`,
      `"git amp diff --name-only ${tip.id.slice(0, 4)}" lists those that it changed.`,
    )
  if (line === null || end === null) return { path, commit }
  if (end > lines.length) throw fatal(`'${path}' has ${lines.length} lines, and no line ${end}`)
  const code = lines.slice(line - 1, end).join('\n')
  return { path, line, ...(end === line ? {} : { end }), commit, code }
}

/** A comment with its whole texts. */
export interface WholeComment extends Omit<CommentView, 'text' | 'code'> {
  text: string
  code: string | null
}

/** Comments with what lives in blobs. */
export const withTexts = (repo: Repo, comments: readonly CommentView[]): Promise<WholeComment[]> =>
  Promise.all(
    comments.map(async (one) => ({
      ...one,
      text: await longText(repo.objects, one.text),
      code: one.code === null ? null : await longText(repo.objects, one.code),
    })),
  )

/** The comments of a session, or those on a file; resolved ones only with `all`. */
export async function sessionComments(
  repo: Repo,
  options: { session?: string | undefined; target: CommentTarget | null; all: boolean },
): Promise<{ tip: ChainTip; comments: WholeComment[] }> {
  const tip = await findSession(repo, options.session)
  const { target } = options
  const path = target === null ? null : pathOf(repo, await findPlace(repo, tip), target)
  const comments = (await listComments(repo, tip)).filter(
    (one) => (options.all || one.resolved === null) && (path === null || one.path === path),
  )
  return { tip, comments: await withTexts(repo, comments) }
}

const pathOf = (repo: Repo, place: Place | null, { path }: CommentTarget): string =>
  anchor(repo, place, path).replace(/^:\(top\)/, '')

/** Reads `[<session>] [<file>[:<line>]]`: a single word is a session when there is one of that name, else a file of the session here. */
export async function findTarget(
  repo: Repo,
  [first, second]: readonly [string | undefined, string | undefined],
): Promise<{ session: string | undefined; target: CommentTarget | null }> {
  if (first === undefined || second !== undefined)
    return { session: first, target: second === undefined ? null : parseTarget(second) }
  const isSession = await findSession(repo, first).then(
    () => true,
    (error) => {
      if (error instanceof AmpError) return false
      throw error
    },
  )
  if (isSession || (await currentSession(repo)) === null) return { session: first, target: null }
  return { session: undefined, target: parseTarget(first) }
}

/** All review comments of a session. */
const listComments = async (repo: Repo, tip: ChainTip): Promise<CommentView[]> =>
  commentsOf(await readEvents(repo.objects, tip.oid, tip.ref))

/** Resolves comments, or opens them again. @throws AmpError when there is none of that id */
export async function settleComments(
  repo: Repo,
  options: { session?: string | undefined; ids: readonly string[]; to: 'resolved' | 'reopened' },
): Promise<{ tip: ChainTip; comments: CommentView[] }> {
  const tip = await findSession(repo, options.session)
  const all = await listComments(repo, tip)
  const wanted = options.ids.map((id) => named(all, id))
  const chosen = wanted.filter(({ resolved }) => (resolved === null) === (options.to === 'resolved'))
  if (chosen.length === 0) {
    const state = options.to === 'resolved' ? 'resolved' : 'open'
    throw no(wanted.length === 1 ? `it is ${state} already` : `they are ${state} already`)
  }
  const type = options.to === 'resolved' ? ('comment.resolved' as const) : ('comment.reopened' as const)
  const recorded = await record(repo, tip.id, ({ snapshot }) => ({
    subject: `amp(${snapshot.slug}): ${chosen.length === 1 ? 'a comment' : `${chosen.length} comments`} ${options.to}`,
    events: chosen.map(({ id }) => ({ type, data: { comment: id } })),
    code: [],
    operation: { id: repo.newId(), command: 'comment' },
  }))
  const after = recorded?.tip ?? tip
  const ids = new Set(chosen.map(({ id }) => id))
  return { tip: after, comments: (await listComments(repo, after)).filter(({ id }) => ids.has(id)) }
}

function named(all: readonly CommentView[], id: string): CommentView {
  const found = all.filter((one) => one.id.startsWith(id))
  const [comment] = found
  if (comment !== undefined && found.length === 1 && id.length >= 4) return comment
  throw fatal(
    found.length > 1 ? `'${id}' is ambiguous` : `no comment '${id}' in this session`,
    '"git amp comment --all" lists them with their ids.',
  )
}
