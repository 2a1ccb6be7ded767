import { AmpError, fatal } from '../../errors.js'
import type { Repo } from '../../repo.js'
import { type ChainTip, readTip } from '../../state/chain.js'
import type { EventData, ItemStatus, Usage } from '../../state/events.js'
import { type IterateNews, iterateSession } from '../iterate.js'
import { abortMerge, mergeSession } from '../merge.js'
import { newSession } from '../new.js'
import { readMerge } from '../shared/merging.js'
import { testCommand } from '../shared/testing.js'
import { isOwn } from '../shared/trust.js'
import { testSession } from '../test.js'
import { iterateUntilPass } from '../until-pass.js'
import type { ItemView } from './runs.js'

/** How one item is worked on. */
export interface ItemWork {
  /** The run that it belongs to. */
  batch: string
  item: ItemView & { session: string }
  /** Nothing of its session can be there yet. */
  isFresh: boolean
  /** It has an end that is to be tried again: at least one more iteration. */
  isRetry: boolean
  /** The prompt with its secrets, which the plan is kept without. */
  prompt?: string | undefined
  signal: AbortSignal
  on?: ((news: IterateNews) => void) | undefined
}

/** How an item ended: the data of its event, without its number and key. */
export type ItemEnd = Omit<EventData['batch.item'], 'n' | 'key' | 'session'> & { status: ItemStatus }

/** So much of a reason is kept in the chain. */
const reasonLength = 400

/**
 * Does what is missing of one item, with the actions of `new`, `iterate`, `test` and `merge`: a session that is there already, made before
 * everything was killed, is taken up where it stands.
 */
export async function runItem(repo: Repo, work: ItemWork): Promise<ItemEnd> {
  const began = repo.host.now().getTime()
  const before: Spent = { usage: null, costUsd: null }
  const end = await attempt(repo, work, before).catch((error: unknown) => failed(error, work.signal))
  const tip = await readTip(repo, work.item.session).catch(() => null)
  const reason =
    end.error === undefined ? {} : { error: [...(await repo.redactor())(end.error)].slice(0, reasonLength).join('') }
  return {
    ...end,
    ...reason,
    durationMs: repo.host.now().getTime() - began,
    ...(tip === null ? {} : figures(tip, before)),
  }
}

interface Spent {
  usage: Usage | null
  costUsd: number | null
}

/** What the session says of itself, and what this try has used of it. */
function figures({ snapshot }: ChainTip, before: Spent): Partial<ItemEnd> {
  const { usage, costUsd, changes, iterations } = snapshot
  const was = before.usage ?? { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 }
  const used = {
    input: usage.input - was.input,
    output: usage.output - was.output,
    cacheRead: usage.cacheRead - was.cacheRead,
    cacheWrite: usage.cacheWrite - was.cacheWrite,
  }
  const cost = costUsd === undefined ? 0 : Number((costUsd - (before.costUsd ?? 0)).toFixed(8))
  return {
    iterations,
    ...changes,
    ...(Object.values(used).some((count) => count !== 0) ? { usage: used } : {}),
    ...(cost === 0 ? {} : { costUsd: cost }),
  }
}

function failed(error: unknown, signal: AbortSignal): ItemEnd {
  if (signal.aborted) return { status: 'aborted' }
  if (error instanceof AmpError) return { status: 'error', error: error.message }
  throw error
}

async function attempt(repo: Repo, work: ItemWork, before: Spent): Promise<ItemEnd> {
  const { item, signal } = work
  signal.throwIfAborted()
  const until = item.timeoutMs === undefined ? undefined : repo.host.now().getTime() + item.timeoutMs
  const found = work.isFresh ? null : await readTip(repo, item.session)
  if (found !== null && (found.snapshot.branch === '' || !(await isOwn(repo, found.id))))
    throw fatal(`session ${item.session} was not started in this clone`)
  if (found !== null) {
    before.usage = found.snapshot.usage
    before.costUsd = found.snapshot.costUsd ?? null
  }
  if (found?.snapshot.status === 'merged') return { status: 'success', merged: true }
  const tip = found ?? (await begin(repo, work))
  if (found !== null && (await readMerge(repo, tip.id)) !== null) await abortMerge(repo, { session: tip.id })
  const ended = await iterated(repo, work, { tip, until })
  if (ended.status !== 'success' || !item.mergeOnPass) return ended
  return { ...ended, ...(await merged(repo, work)) }
}

const begin = async (repo: Repo, { batch, item, prompt }: ItemWork): Promise<ChainTip> => {
  const created = await newSession(repo, {
    id: item.session,
    batch,
    prompt: prompt ?? item.prompt,
    name: item.name,
    from: item.base,
    agent: item.agent,
    model: item.model,
    test: item.script,
  })
  return created.tip
}

/** Whether the last iteration came to its end, so that only what follows it is missing. */
const isIterated = ({ snapshot: { open, status, last } }: ChainTip): boolean =>
  open.length === 0 && status !== 'failed' && (last?.outcome === 'success' || last?.outcome === 'no-change')

async function iterated(
  repo: Repo,
  work: ItemWork,
  now: { tip: ChainTip; until: number | undefined },
): Promise<ItemEnd> {
  const { tip, until } = now
  const command = await testCommand(repo, tip)
  const left = work.item.maxIterations - (work.isRetry ? 0 : tip.snapshot.iterations)
  if (!work.isRetry && isIterated(tip)) {
    const known = await tested(repo, work, { tip, command })
    if (known.status !== 'fail' || left <= 0) return known
  }
  const { item, signal, on, prompt } = work
  const options = { session: tip.id, timeoutMs: item.timeoutMs, maxCost: item.maxCost, signal, on, prompt }
  if (command === null || item.maxIterations === 1) return endOf(await iterateSession(repo, options), null)
  const { rounds, end } = await iterateUntilPass(repo, { ...options, until, maxIterations: Math.max(1, left) })
  const last = rounds.at(-1)
  if (last === undefined) throw fatal('nothing was iterated')
  return endOf(last, end)
}

/** The result of the tests on what stands there: the recorded one, or they are run. */
async function tested(
  repo: Repo,
  { signal }: ItemWork,
  { tip, command }: { tip: ChainTip; command: string | null },
): Promise<ItemEnd> {
  if (command === null) return { status: 'success' }
  const { exit } = await testSession(repo, { session: tip.id, signal })
  if (signal.aborted) return { status: 'aborted' }
  return exit === 0 ? { status: 'success', tests: 0 } : { status: 'fail', tests: exit, error: failing(exit) }
}

const failing = (exit: number | null): string =>
  exit === null ? 'the tests were ended by a signal' : `the tests fail (exit code ${exit})`

type Round = Awaited<ReturnType<typeof iterateSession>>

function endOf(last: Round, end: Awaited<ReturnType<typeof iterateUntilPass>>['end'] | null): ItemEnd {
  // What did not change was tested before.
  const exit = last.tests === null ? last.tip.snapshot.tested?.exit : last.tests.exit
  const tests = last.passed === null || exit === undefined ? {} : { tests: exit }
  if (last.isStopped) return { status: 'aborted', ...tests }
  if (last.outcome === 'failed') {
    const isTransient = last.fault === 'transient' ? { isTransient: true } : {}
    return {
      status: last.fault === 'timeout' ? 'timeout' : 'error',
      error: last.reason ?? 'the agent failed',
      ...isTransient,
    }
  }
  if (end === 'timeout') return { status: 'timeout', error: 'no time is left for another iteration', ...tests }
  if (last.passed === false) {
    const words = end === 'stuck' ? ', and the agent changes nothing any more' : ''
    return { status: 'fail', error: `${failing(exit ?? null)}${words}`, ...tests }
  }
  return { status: 'success', ...tests, ...(last.outcome === 'no-change' ? { error: 'nothing changed' } : {}) }
}

/** Merges by the one transaction of `merge`; whatever stops it, what it had done is taken back, and nothing is half merged. */
async function merged(repo: Repo, { item, signal }: ItemWork): Promise<Partial<ItemEnd>> {
  try {
    const result = await mergeSession(repo, { session: item.session, signal, test: true })
    return result.isEmpty ? { error: 'there is nothing to merge' } : { merged: true }
  } catch (error) {
    if (!(error instanceof AmpError) || error.kind === 'bug') throw error
    if ((await readMerge(repo, item.session)) !== null) await abortMerge(repo, { session: item.session })
    if (signal.aborted) return { status: 'aborted' }
    return { status: 'fail', error: `not merged: ${error.message}` }
  }
}
