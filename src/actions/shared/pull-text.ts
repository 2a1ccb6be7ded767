import type { Repo } from '../../repo.js'
import { type ChainTip, longText, readEvents } from '../../state/chain.js'
import { headOf, type LongText } from '../../state/events.js'
import { firstLine } from '../../state/fold.js'
import { type IterationView, iterationsOf } from '../../state/iterations.js'
import { oneLine } from '../../util/sanitize.js'
import { plural } from '../../util/time.js'

/** Title and text of a pull request: the message that the user wrote, the prompt, the iterations and their tests. */
export async function pullText(
  repo: Repo,
  tip: ChainTip,
  message: string | undefined,
): Promise<{ title: string; body: string }> {
  const [first, ...rest] = (message ?? '').split('\n')
  const events = await readEvents(repo.objects, tip.oid, tip.ref)
  const created = events.find((event) => event.type === 'session.created')
  const prompt = created === undefined ? '' : await longText(repo.objects, created.data.prompt as LongText)
  const views = iterationsOf(events).filter((view) => view.outcome !== 'open')
  const title = oneLine(first?.trim() || tip.snapshot.title, 200)
  const parts = [rest.join('\n').trim(), `## Prompt\n\n${fenced(prompt.trim())}`, iterationLines(views), testLine(tip)]
  return { title, body: `${parts.filter((part) => part !== '').join('\n\n')}\n\nSession: \`${tip.id}\`\n` }
}

/** A code block whose fence no line of the text can close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}

function iterationLines(views: readonly IterationView[]): string {
  if (views.length === 0) return ''
  const lines = views.map((view) => {
    const tests = view.tests === null ? '' : view.tests.exit === 0 ? ', tests pass' : ', tests fail'
    const size = `${plural(view.files, 'file')}, +${view.insertions} -${view.deletions}${tests}`
    return `${view.n}. ${oneLine(firstLine(headOf(view.prompt)), 120)} (${oneLine(view.agent)}: ${size})`
  })
  return `## Iterations\n\n${lines.join('\n')}`
}

function testLine({ snapshot }: ChainTip): string {
  if (snapshot.tested === undefined) return ''
  const { exit, at } = snapshot.tested
  return `## Tests\n\n${exit === 0 ? 'Pass' : `Fail (exit code ${exit ?? 'none'})`}, ${at}.`
}
