import type { Repo } from '../../repo.js'
import { readTipAs } from '../../state/chain.js'
import { batchKind } from '../../state/kinds.js'
import { type BatchState, type BatchView, batchState, findBatch, type ItemView, readBatch } from './runs.js'

/** A run, and what it is doing. */
export interface BatchStatusView {
  view: BatchView
  state: BatchState
}

const pollMs = 300

/** One run with its items. */
export async function batchStatus(home: Repo, name: string | undefined): Promise<BatchStatusView> {
  const view = await readBatch(home, await findBatch(home, name))
  return { view, state: await batchState(home, view.tip) }
}

/**
 * A run as it goes on: each item that changes, until nothing works on the run any more.
 * @param signal ends the watching, and not the run
 */
export async function* followBatch(
  home: Repo,
  { view, state }: BatchStatusView,
  signal: AbortSignal,
): AsyncGenerator<{ view: BatchView; changed: ItemView[] }> {
  let known = view
  let isRunning = state === 'running'
  while (isRunning && !signal.aborted) {
    await home.host.sleep(pollMs)
    // Asked before it is read: what was written last is read after its process is seen to be gone.
    isRunning = (await batchState(home, known.tip)) === 'running'
    const tip = await readTipAs(batchKind, home, view.tip.id)
    if (tip === null || tip.oid === known.tip.oid) continue
    const next = await readBatch(home, tip)
    const changed = next.items.filter((item, at) => {
      const before = known.items[at]
      return before?.status !== item.status || before.tries !== item.tries
    })
    known = next
    yield { view: next, changed }
  }
}
