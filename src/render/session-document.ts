import type { DocumentPart, SessionDocument } from '../actions/export/session.js'
import type { TranscriptItem } from '../actions/transcript.js'
import { type IterationView, testWord } from '../state/iterations.js'
import { oneLine } from '../util/sanitize.js'
import { duration, plainTime } from '../util/time.js'
import { costWords, sizeWords, spentWords } from './session.js'
import { TranscriptPage } from './transcript.js'

/** What a document about one session says, whatever it is written in. Pure. */

/** Facts about the session: a name and a value each. */
export function sessionFacts({ show }: SessionDocument): [string, string][] {
  const { tip, cost, changes, base } = show
  const { snapshot } = tip
  const { merged, tested, usage } = snapshot
  const facts: [string, string][] = [
    ['Session', tip.id],
    ['State', merged === undefined ? show.state : `merged into ${merged.into.replace(/^refs\/heads\//, '')}`],
    ['Agent', [snapshot.agent, snapshot.model].filter((one) => one !== undefined).join(', ')],
    ['Branch', snapshot.branch],
    ['Base', [snapshot.base.ref?.replace(/^refs\/heads\//, ''), base.slice(0, 12)].filter(Boolean).join(' at ')],
    ['Changes', sizeWords(changes)],
    ['Tests', tested === undefined ? '' : tested.exit === 0 ? 'pass' : 'fail'],
    [
      'Tokens',
      spentWords({ usage, costUsd: null })
        .join('')
        .replace(/ tokens$/, ''),
    ],
    ['Cost', cost.costUsd === null && cost.unpriced > 0 ? 'unknown' : costWords(cost)],
    ['Started', `${plainTime(snapshot.createdAt)} UTC by ${snapshot.by}`],
  ]
  return facts.map(([name, value]): [string, string] => [name, oneLine(value)]).filter(([, value]) => value !== '')
}

/** `success, 2 files +3 -1, tests pass, 1.2k tokens, $0.10` */
export function iterationWords(iteration: IterationView): string {
  const { outcome, reason, durationMs, tests } = iteration
  return [
    reason === null || reason === outcome ? outcome : `${outcome}: ${oneLine(reason, 300)}`,
    ...(iteration.to === null ? [] : [sizeWords(iteration)]),
    testWord(tests) ?? '',
    durationMs === null ? '' : duration(durationMs),
    ...spentWords(iteration),
  ]
    .filter((word) => word !== '')
    .join(', ')
}

/** `amp, big model, 2026-11-01 10:00:00 UTC` */
export const iterationSource = ({ agent, model, startedAt }: IterationView): string =>
  [oneLine(agent), model === null ? '' : oneLine(model), `${plainTime(startedAt)} UTC`].filter(Boolean).join(', ')

/** What was said and done, as `git amp transcript` tells it: words of the agent apart from all else. */
export async function* talkOf(part: DocumentPart): AsyncGenerator<{ isSaid: boolean; text: string }> {
  if (part.talk === null) return
  const page = new TranscriptPage({ paint: (_, text) => text, now: new Date(0), width: null }, { tools: false })
  for await (const item of part.talk()) {
    const text = page.draw(item).replace(/^\n+|\s+$/g, '')
    // They stand in the document already.
    if (item.type === 'iteration' || item.type === 'prompt' || item.type === 'end' || text === '') continue
    yield { isSaid: isSaid(item), text }
  }
}

const isSaid = (item: TranscriptItem): boolean =>
  item.type === 'agent' && (item.event.type === 'text' || item.event.type === 'end')
