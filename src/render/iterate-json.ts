import type { IterateResult } from '../actions/iterate.js'
import type { ShowResult } from '../actions/show.js'
import type { LoopEnd } from '../actions/until-pass.js'
import { iterationJson, sessionJson } from './json.js'

/** All rounds of a session as `iterate --json` shows them, with what its records tell of each. */
export function outcomeJson(shown: ShowResult, { rounds, end }: { rounds: IterateResult[]; end: LoopEnd | null }) {
  const session = sessionJson(shown.tip, shown.state, shown.worktree)
  const answers = rounds.map((result, index) => {
    const recorded = shown.iterations.find(({ id }) => id === result.iteration.id) ?? result.iteration
    return {
      session:
        index === rounds.length - 1 ? session : sessionJson(result.tip, result.tip.snapshot.status, shown.worktree),
      iteration: iterationJson({ ...recorded, summary: result.summary }),
      tests: result.tests,
      manual: result.manual,
      kept: result.kept,
    }
  })
  return { session, end, rounds: answers, error: null }
}

/** An error, as it is told. */
interface Complaint {
  kind: string
  message: string
  hints: readonly string[]
}

/** A session that could not be iterated, and why. */
export function failedJson(shown: ShowResult, { kind, message, hints }: Complaint) {
  const session = sessionJson(shown.tip, shown.state, shown.worktree)
  return { session, end: null, rounds: [], error: { kind, message, hints } }
}
