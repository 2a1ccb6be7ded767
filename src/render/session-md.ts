import type { DocumentPart, SessionDocument } from '../actions/export/session.js'
import { printable } from '../util/sanitize.js'
import { plainTime } from '../util/time.js'
import { fenced, markdownCell, markdownTable } from './markdown.js'
import { iterationSource, iterationWords, sessionFacts, talkOf } from './session-document.js'

/** One session in Markdown. Foreign text stands between fences that it cannot end. */
export async function* sessionMarkdown(document: SessionDocument): AsyncGenerator<string> {
  const { show, manual, files } = document
  yield `# ${markdownCell(show.tip.snapshot.name)}\n\n`
  yield markdownTable(['', ''], sessionFacts(document))
  yield `## Prompt\n\n${fenced(show.prompt)}`
  for await (const part of document.iterations()) yield* iteration(part, show.prompt)
  if (manual.length > 0) {
    const rows = manual.map(({ oid, subject, by, at }) => [oid.slice(0, 12), subject, by, plainTime(at)])
    yield `## Commits of people\n\n${markdownTable(['Commit', 'Subject', 'By', 'At'], rows)}`
  }
  if (files.length > 0) {
    const rows = files.map(({ path, status, insertions, deletions }) => [
      status,
      printable(path),
      insertions === null ? 'binary' : `+${insertions} -${deletions ?? 0}`,
    ])
    yield `## Changed files\n\n${markdownTable(['', 'File', 'Lines'], rows)}`
  }
  if (document.diff !== null) yield `## All changes\n\n${await diff(document.diff)}`
}

async function* iteration(part: DocumentPart, goal: string): AsyncGenerator<string> {
  const { iteration: view, prompt, summary, testOutput } = part
  yield `## Iteration ${view.n}\n\n${markdownCell(iterationSource(view))}\n\n${markdownCell(iterationWords(view))}\n\n`
  // It stands above.
  if (prompt.trim() !== goal.trim()) yield `### Prompt\n\n${fenced(prompt)}`
  if (summary !== null) yield `### Answer\n\n${fenced(summary)}`
  if (testOutput !== null) yield `### Tests\n\n${fenced(testOutput)}`
  const talk: string[] = []
  for await (const { text } of talkOf(part)) talk.push(text)
  if (talk.length > 0) yield `### Conversation\n\n${fenced(talk.join('\n'))}`
  if (part.diff !== null) yield `### Diff\n\n${await diff(part.diff)}`
}

/** A diff between fences: to know how long they must be, all of it has to be seen. */
async function diff(read: () => AsyncIterable<string>): Promise<string> {
  const lines: string[] = []
  for await (const line of read()) lines.push(line)
  return lines.length === 0 ? '' : fenced(lines.join('\n'), 'diff')
}
