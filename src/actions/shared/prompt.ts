import type { AgentAdapter } from '../../agent/adapter.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents } from '../../state/chain.js'
import type { LongText } from '../../state/events.js'
import { type IterationView, iterationsOf, testWord } from '../../state/iterations.js'
import { plural } from '../../util/time.js'

/** What the agent is told, and the thread it is told in. */
export interface Composed {
  prompt: string
  /** What the user asked for, or git-amp in the user's place, without what an agent without its thread is told besides. */
  asked: string
  thread: string | null
}

export interface ComposeOptions {
  prompt: string | undefined
  adapter: AgentAdapter
  /** The thread turned out not to be there any more. */
  isLost?: boolean
  /** Review comments, in words. */
  review?: string | null
}

/**
 * The prompt of the next iteration: what the user says; the first time the session's own prompt; afterwards a request to go on, with the
 * goal and what the tests said last. An agent without its thread is told the goal as well, and what happened so far. Review comments come last.
 */
export async function composePrompt(repo: Repo, tip: ChainTip, options: ComposeOptions): Promise<Composed> {
  const composed = await compose(repo, tip, options)
  const { review = null } = options
  if (review === null) return composed
  return { ...composed, prompt: `${composed.prompt}\n\n${review}`, asked: `${composed.asked}\n\n${review}` }
}

async function compose(repo: Repo, tip: ChainTip, options: ComposeOptions): Promise<Composed> {
  const { prompt, adapter } = options
  const { snapshot } = tip
  const isKnown = adapter.continues && options.isLost !== true && snapshot.thread?.agent === adapter.name
  const thread = isKnown ? (snapshot.thread?.id ?? null) : null
  const isPlain = snapshot.iterations === 0 || !adapter.continues
  if (prompt !== undefined && (isPlain || thread !== null)) return { prompt, asked: prompt, thread }
  const goal = await goalOf(repo, tip)
  if (isPlain) return { prompt: goal, asked: goal, thread }
  const past = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).filter((one) => one.outcome !== 'open')
  const parts = thread === null ? [`The goal of this session:\n\n${goal}`, await retell(repo, past)] : []
  const goOn = ['Go on with the task.', ...(await lastResult(repo, past))].join('\n\n')
  parts.push(prompt === undefined ? goOn : `Now do this:\n\n${prompt}`)
  return { prompt: parts.join('\n\n'), asked: prompt ?? goOn, thread }
}

/** The past iterations in short, for an agent that was not there or has forgotten them. The work itself it finds in the worktree. */
async function retell(repo: Repo, past: readonly IterationView[]): Promise<string> {
  const shown = past.slice(-retold.iterations)
  const items = await Promise.all(
    shown.map(async (iteration) => {
      const asked = shorten(await longText(repo.objects, iteration.prompt), retold.prompt)
      const said =
        iteration.summary === null ? '' : shorten(await longText(repo.objects, iteration.summary), retold.summary)
      const result = [outcomeWords[iteration.outcome], testWord(iteration.tests)].filter(Boolean).join(', ')
      return [
        `Iteration ${iteration.n} (${result}) was asked:`,
        asked,
        ...(said === '' ? [] : ['It answered:', said]),
      ].join('\n\n')
    }),
  )
  const omitted = past.length - shown.length
  const head = `What happened so far; its result is in this directory${omitted === 0 ? '' : ` (${plural(omitted, 'earlier iteration')} left out)`}:`
  return [head, ...items].join('\n\n')
}

/** So much is told of the past: it must leave room for the work. */
const retold = { iterations: 10, prompt: 1000, summary: 1000 }

const outcomeWords = {
  success: 'changed files',
  'no-change': 'changed nothing',
  failed: 'failed',
  interrupted: 'was interrupted',
  open: 'has not ended',
}

const shorten = (text: string, max: number): string =>
  text.length <= max ? text.trim() : `${text.slice(0, max).trim()} [...]`

/** The session's own prompt, whole. */
export async function goalOf(repo: Repo, tip: ChainTip): Promise<string> {
  for (const event of await readEvents(repo.objects, tip.oid, tip.ref)) {
    if (event.type === 'session.created') return longText(repo.objects, event.data.prompt as LongText)
  }
  return tip.snapshot.title
}

/** What the tests said after the last iteration, when they failed. */
async function lastResult(repo: Repo, past: readonly IterationView[]): Promise<string[]> {
  const last = past.at(-1)
  const parts: string[] = []
  const failed = last?.tests !== null && last?.tests !== undefined && last.tests.exit !== 0 ? last.tests : null
  if (failed !== null) {
    const output = failed.output === null ? '' : await longText(repo.objects, failed.output)
    const command = await longText(repo.objects, failed.command)
    parts.push(`The test command \`${command}\` failed (exit code ${failed.exit ?? 'none'}). It printed:\n\n${output}`)
  }
  if (last?.outcome === 'failed' || last?.outcome === 'interrupted') parts.push('The last run did not come to its end.')
  return parts
}
