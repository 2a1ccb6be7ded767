import type { Oid } from '../../git/run.js'
import type { Repo } from '../../repo.js'
import { readEvents, readTip } from '../../state/chain.js'
import { isKnown } from '../../state/fold.js'
import { groupBy } from '../../util/collections.js'
import type { Plan, PlanItem } from './plan.js'
import type { Repos } from './repos.js'
import type { BatchView } from './runs.js'

/** How items are worked on. What a plan says anew is not done by what an earlier one said. */
const settings = ({ script, timeoutMs, retries, mergeOnPass, maxIterations, maxCost }: PlanItem) => [
  ...[script, timeoutMs, retries, mergeOnPass, maxIterations, maxCost],
]

const isSame = (a: Plan, b: Plan, told: (item: PlanItem) => unknown): boolean => {
  const text = ({ items }: Plan) => items.map((item) => JSON.stringify([told(item), ...settings(item)])).sort()
  return JSON.stringify(text(a)) === JSON.stringify(text(b))
}

/**
 * Whether a run is one of this plan: the same items, from the same base commits. A base that was moved by nothing but merges of the run itself
 * counts as the same one.
 */
export async function isRunOf(view: BatchView, plan: Plan, repos: Repos): Promise<boolean> {
  if (isSame(view.plan, plan, ({ key }) => key)) return true
  const place = ({ dir, base }: PlanItem) => JSON.stringify([dir, base.ref])
  const what = (item: PlanItem) => [place(item), item.prompt, item.agent, item.model, item.attempt]
  if (!isSame(view.plan, plan, what)) return false
  const before = new Map(view.plan.items.map((item) => [place(item), item.base.oid]))
  for (const [, [first]] of groupBy(plan.items, place)) {
    if (first === undefined) continue
    const from = before.get(place(first)) ?? ''
    const sessions = view.items.flatMap(({ dir, session }) => (dir === first.dir && session !== null ? [session] : []))
    const isOurs = (repo: Repo) => isMovedBy(repo, sessions, { from, to: first.base.oid })
    if (from !== first.base.oid && !(await repos.use(first.dir, isOurs))) return false
  }
  return true
}

/** Whether a base went from one commit to another by merges of these sessions alone. */
async function isMovedBy(
  repo: Repo,
  sessions: readonly string[],
  { from, to }: { from: Oid; to: Oid },
): Promise<boolean> {
  const before = new Map<Oid, Oid>()
  for (const id of sessions) {
    const tip = await readTip(repo, id)
    if (tip?.snapshot.merged === undefined) continue
    for (const event of await readEvents(repo.objects, tip.oid, tip.ref))
      if (isKnown(event) && event.type === 'session.merged' && event.data.after === tip.snapshot.merged.after)
        before.set(event.data.after, event.data.before)
  }
  let at: Oid | undefined = to
  // Each merge is gone back once: no walk is longer than there are merges.
  for (let steps = 0; at !== undefined && at !== from && steps < before.size; steps++) at = before.get(at)
  return at === from
}
