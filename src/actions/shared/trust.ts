import { createHash } from 'node:crypto'
import { findAdapter } from '../../agent/registry.js'
import { AmpError, no } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents } from '../../state/chain.js'
import { type CommentView, commentsOf } from '../../state/comments.js'
import type { LongText } from '../../state/events.js'
import { readOperations } from '../../state/oplog.js'
import { shellWord } from '../../util/quote.js'
import { longestLog } from '../oplog.js'
import { goalOf } from './prompt.js'
import { teamFile, teamOf } from './team.js'

/** Something of a session or a repository that runs, that an agent is told to do, or that files are handed to it for. */
export interface Runnable {
  kind: 'test' | 'prompt' | 'comment' | 'setup' | 'agent' | 'copy'
  text: string
  /** The file of the repository that says it; without it the session does. */
  file?: string
  /** Id of a comment. */
  id?: string
  /** Who wrote a comment, and where it points. */
  about?: string
}

/** The setting that holds what the user has approved, a digest each. */
export const trustKey = 'amp.trusted'

/** Ids of sessions that were started, and of comments that were written in this clone: there is nobody else to trust. */
const ownFile = (repo: Repo): string => repo.local('own')

/** The session's own test command, whole: the snapshot holds only the beginning of a long one. */
export async function ownTest(repo: Repo, tip: ChainTip): Promise<string | null> {
  if (tip.snapshot.test === undefined || tip.snapshot.test.length < 200) return tip.snapshot.test ?? null
  for (const event of await readEvents(repo.objects, tip.oid, tip.ref)) {
    if (event.type === 'session.created') return longText(repo.objects, event.data.test as LongText)
  }
  return tip.snapshot.test
}

/** What a session has that could run. */
export async function runnablesOf(repo: Repo, tip: ChainTip): Promise<Runnable[]> {
  const test = await ownTest(repo, tip)
  const prompt = { kind: 'prompt' as const, text: await goalOf(repo, tip) }
  const open = tip.snapshot.comments === undefined ? [] : commentsOf(await readEvents(repo.objects, tip.oid, tip.ref))
  const comments = await commentRunnables(
    repo,
    open.filter(({ resolved }) => resolved === null),
  )
  return [...(test === null ? [] : [{ kind: 'test' as const, text: test }]), prompt, ...comments]
}

/** Comments as something that an agent is told to do: their words and the code that they quote. */
export const commentRunnables = (repo: Repo, comments: readonly CommentView[]): Promise<Runnable[]> =>
  Promise.all(
    comments.map(async ({ id, text, path, line, code, by }) => {
      const quoted = code === null ? '' : `${(await longText(repo.objects, code)).replace(/^/gm, '> ')}\n\n`
      const place = path === null ? '' : ` on ${path}${line === null ? '' : `:${line}`}`
      const about = `${by}${place}`
      return { kind: 'comment' as const, id, about, text: `${quoted}${await longText(repo.objects, text)}` }
    }),
  )

/** What an approval is for: these words, in this session; or in any session of this repository, when one of its files says them. */
export const digestOf = (id: string, { kind, text, file }: Runnable): string =>
  createHash('sha256')
    .update(`${file === undefined ? id : 'repository'}\0${kind}\0${text}`)
    .digest('hex')

/** Remembers that a session was started here, or a comment written. */
export async function rememberOwn(repo: Repo, id: string): Promise<void> {
  await repo.host.fs.mkdir(repo.local(), { recursive: true })
  await repo.host.fs.appendFile(ownFile(repo), `${id}\n`)
}

/** Whether a session was started here. The file only saves a walk: the log of this clone's own operations knows it, too. */
export async function isOwn(repo: Repo, id: string): Promise<boolean> {
  if ((await ownIds(repo)).includes(id)) return true
  const operations = await readOperations(repo, longestLog)
  return operations.some(({ command, session }) => command === 'new' && session === id)
}

const ownIds = async (repo: Repo): Promise<string[]> =>
  (await repo.host.fs.readFile(ownFile(repo), 'utf8').catch(() => '')).split('\n')

/** Which of some runnables the user has neither written here nor approved. */
export async function untrusted(repo: Repo, tip: ChainTip | null, runnables: readonly Runnable[]): Promise<Runnable[]> {
  const id = tip?.id ?? ''
  const unknown = await unapproved(repo, id, runnables)
  const [asked, missing] = [
    unknown.filter(({ file }) => file !== undefined),
    unknown.filter(({ file }) => file === undefined),
  ]
  return missing.length === 0 ? asked : [...(await unknownHere(repo, id, missing)), ...asked]
}

/** Those that no approval is kept for. */
export async function unapproved(repo: Repo, id: string, runnables: readonly Runnable[]): Promise<Runnable[]> {
  const approved = new Set((await repo.config()).all(trustKey))
  return runnables.filter((one) => !approved.has(digestOf(id, one)))
}

/** Those of a session that were not written in this clone. */
async function unknownHere(repo: Repo, id: string, missing: readonly Runnable[]): Promise<Runnable[]> {
  // Anybody may comment on a session that was started here.
  const comments = new Set(missing.some(({ kind }) => kind === 'comment') ? await ownIds(repo) : [])
  const foreign = missing.filter((one) => one.kind !== 'comment' || !comments.has(one.id ?? ''))
  const isOnlyComments = foreign.every(({ kind }) => kind === 'comment')
  return isOnlyComments || !(await isOwn(repo, id)) ? foreign : foreign.filter(({ kind }) => kind === 'comment')
}

/** Refuses to run a test command that came with the session or the repository, and was not approved. Those of git's configuration are the user's own. */
export async function refuseUntrustedTest(repo: Repo, tip: ChainTip): Promise<void> {
  const own = await ownTest(repo, tip)
  if (own !== null) {
    const [found] = await untrusted(repo, tip, [{ kind: 'test', text: own }])
    if (found !== undefined) throw refusal(tip, 'its test command')
  } else if ((await repo.config()).get('amp.test') === null) {
    const { test } = await teamOf(repo, tip)
    if (test !== undefined) await refuseUnapproved(repo, [{ kind: 'test', text: test, file: teamFile }], { tip })
  }
}

const wanted: Readonly<Record<Runnable['kind'], string>> = {
  test: 'a test command',
  setup: 'a setup command',
  agent: 'a command for its agent',
  copy: 'ignored files to be copied',
  prompt: '',
  comment: '',
}

/**
 * Refuses what a file of the repository asks for and nobody has approved here.
 * @param where the session that it is for, or the revision that a new one starts from
 */
export async function refuseUnapproved(
  repo: Repo,
  asked: readonly Runnable[],
  where: { tip: ChainTip } | { revision?: string | undefined },
): Promise<void> {
  const [found] = await unapproved(repo, '', asked)
  if (found === undefined) return
  const revision = 'tip' in where || where.revision === undefined ? '' : ` --base ${shellWord(where.revision)}`
  const words = 'tip' in where ? ` ${where.tip.id.slice(0, 4)}` : revision
  const without = { copy: 'copy', setup: 'setup', test: 'test' }[found.kind as string]
  throw new AmpError('no', `${found.file} of this repository asks for ${wanted[found.kind]}, which is not approved`, {
    hints: [
      `"git amp trust${words}" shows it, and approves it.`,
      ...(without === undefined ? [] : [`To do without it for good: git config amp.${without} ""`]),
    ],
    details: { untrusted: found.kind },
  })
}

/**
 * Refuses to hand the session's own prompt to what runs it as a program. Agents that read it as words have their approvals.
 */
export async function refuseUntrustedPrompt(repo: Repo, tip: ChainTip, agent: string): Promise<void> {
  const isReader = agent !== 'shell' && findAdapter(agent) !== null
  if (isReader) return
  const [found] = await untrusted(repo, tip, [{ kind: 'prompt', text: await goalOf(repo, tip) }])
  if (found !== undefined) throw refusal(tip, `its prompt, which the agent '${agent}' runs,`)
}

const refusal = (tip: ChainTip, what: string): AmpError =>
  no(
    `session ${tip.snapshot.name} was not started in this clone, and ${what} is not approved`,
    `"git amp trust ${tip.id.slice(0, 4)}" shows it, and approves it.`,
  )
