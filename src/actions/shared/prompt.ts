import type { AgentAdapter } from '../../agent/adapter.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents } from '../../state/chain.js'
import type { LongText } from '../../state/events.js'
import { iterationsOf } from '../../state/iterations.js'

/** What the agent is told, and the thread it is told in. */
export interface Composed {
  prompt: string
  thread: string | null
}

/**
 * The prompt of the next iteration: what the user says; the first time the session's own prompt; afterwards a request to go on, with the
 * goal and what the tests said last. An agent without its thread is told the goal as well.
 */
export async function composePrompt(
  repo: Repo,
  tip: ChainTip,
  { prompt, adapter }: { prompt: string | undefined; adapter: AgentAdapter },
): Promise<Composed> {
  const { snapshot } = tip
  const thread = adapter.continues && snapshot.thread?.agent === adapter.name ? snapshot.thread.id : null
  const isFirst = snapshot.iterations === 0
  if (prompt !== undefined && (isFirst || thread !== null || !adapter.continues)) return { prompt, thread }
  const goal = await goalOf(repo, tip)
  if (prompt !== undefined)
    return { prompt: `The goal of this session:\n\n${goal}\n\nNow do this:\n\n${prompt}`, thread }
  if (isFirst || !adapter.continues) return { prompt: goal, thread }
  return { prompt: await goOn(repo, tip, { goal, hasThread: thread !== null }), thread }
}

/** The session's own prompt, whole. */
export async function goalOf(repo: Repo, tip: ChainTip): Promise<string> {
  for (const event of await readEvents(repo.objects, tip.oid, tip.ref)) {
    if (event.type === 'session.created') return longText(repo.objects, event.data.prompt as LongText)
  }
  return tip.snapshot.title
}

async function goOn(
  repo: Repo,
  tip: ChainTip,
  { goal, hasThread }: { goal: string; hasThread: boolean },
): Promise<string> {
  const last = iterationsOf(await readEvents(repo.objects, tip.oid, tip.ref)).at(-1)
  const failed = last?.tests !== null && last?.tests !== undefined && last.tests.exit !== 0 ? last.tests : null
  const parts = [
    hasThread ? 'Go on with the task.' : `Go on with this task; its work so far is in this directory:\n\n${goal}`,
  ]
  if (failed !== null) {
    const output = failed.output === null ? '' : await longText(repo.objects, failed.output)
    const command = await longText(repo.objects, failed.command)
    parts.push(`The test command \`${command}\` failed (exit code ${failed.exit ?? 'none'}). It printed:\n\n${output}`)
  }
  if (last?.outcome === 'failed' || last?.outcome === 'interrupted') parts.push('The last run did not come to its end.')
  return parts.join('\n\n')
}
