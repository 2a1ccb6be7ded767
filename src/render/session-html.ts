import type { DocumentPart, SessionDocument } from '../actions/export/session.js'
import { plainTime } from '../util/time.js'
import { html, pageBegin, pageEnd } from './html.js'
import { sizeWords } from './session.js'
import { iterationSource, iterationWords, sessionFacts, talkOf } from './session-document.js'

/** A longer diff is folded. */
const shownLines = 400

/** One session as a page, piece by piece. */
export async function* sessionHtml(document: SessionDocument): AsyncGenerator<string> {
  const { show, manual, files } = document
  const { name, title } = show.tip.snapshot
  yield pageBegin(name)
  yield `<header><p class="eyebrow">git-amp session</p><h1>${html(name)}</h1><p class="lede">${html(title)}</p></header>\n`
  yield `<dl class="facts">${sessionFacts(document)
    .map(([key, value]) => `<dt>${key}</dt><dd>${html(value)}</dd>`)
    .join('')}</dl>\n`
  yield `<section><h2>Prompt</h2><pre class="box ${faceOf(show.tip.snapshot)}">${html(show.prompt.trim())}</pre></section>\n`
  for await (const part of document.iterations()) yield* iteration(part, show.prompt)
  if (manual.length > 0) {
    const rows = manual.map(
      ({ oid, subject, by, at }) =>
        `<tr><th scope="row" class="what">${html(subject)}<small>${html(by)}, ${html(plainTime(at))} UTC</small></th><td class="num">${oid.slice(0, 12)}</td></tr>`,
    )
    yield `<section><h2>Commits of people</h2><div class="scroll"><table><tbody>${rows.join('')}</tbody></table></div></section>\n`
  }
  if (files.length > 0) {
    const rows = files.map(
      ({ path, status, insertions, deletions }) =>
        `<tr><td>${html(status)}</td><th scope="row" class="what">${html(path)}</th><td class="num">${insertions === null ? 'binary' : `+${insertions} \u2212${deletions ?? 0}`}</td></tr>`,
    )
    yield `<section class="long"><h2>Changed files</h2><div class="scroll"><table><tbody>${rows.join('')}</tbody></table></div></section>\n`
  }
  if (document.diff !== null) {
    yield '<section class="long"><h2>All changes</h2>'
    yield* diff(document.diff, { title: sizeWords(show.changes), lines: lineCount(show.changes) })
    yield '</section>\n'
  }
  yield pageEnd
}

const lineCount = ({ insertions, deletions }: { insertions: number; deletions: number }): number =>
  insertions + deletions

async function* iteration(part: DocumentPart, goal: string): AsyncGenerator<string> {
  const { iteration: view, prompt, summary, testOutput } = part
  yield `<section class="long"><h2>Iteration ${view.n}</h2><p class="note">${html(iterationSource(view))}<br>${html(iterationWords(view))}</p>\n`
  const face = faceOf(view)
  // It stands above.
  if (prompt.trim() !== goal.trim()) yield block('Prompt', prompt, face)
  if (summary !== null) yield block('Answer', summary, face)
  if (testOutput !== null) yield block('What the tests printed', testOutput, '')
  yield* talk(part)
  if (part.diff !== null) yield* diff(part.diff, { title: `Diff, ${sizeWords(view)}`, lines: lineCount(view) })
  yield '</section>\n'
}

/** To most agents people speak in words; what a shell is told is code. */
const faceOf = ({ agent }: { agent: string }): string => (agent === 'shell' ? '' : 'words')

const block = (title: string, text: string, face: string): string =>
  `<h3 class="part">${title}</h3><pre class="box ${face}">${html(text.replace(/\s+$/, ''))}</pre>\n`

async function* talk(part: DocumentPart): AsyncGenerator<string> {
  let count = 0
  for await (const { isSaid, text } of talkOf(part)) {
    if (count++ === 0) yield '<details><summary>Conversation</summary><div class="box">'
    yield `<pre class="${isSaid ? 'said' : 'did'}">${html(text)}</pre>`
  }
  if (count > 0) yield '</div></details>\n'
}

async function* diff(
  read: () => AsyncIterable<string>,
  { title, lines }: { title: string; lines: number },
): AsyncGenerator<string> {
  yield `<details${lines <= shownLines ? ' open' : ''}><summary>${html(title)}</summary><pre class="diff"><code>`
  let isHead = true
  for await (const line of read()) {
    if (line.startsWith('diff --git ')) isHead = true
    if (line.startsWith('@@')) isHead = false
    yield diffLine(line, isHead)
  }
  yield '</code></pre></details>\n'
}

function diffLine(line: string, isHead: boolean): string {
  const text = html(line)
  if (isHead) return `${line.startsWith('diff --git ') ? `<b>${text}</b>` : text}\n`
  if (line.startsWith('+')) return `<ins>${text}</ins>\n`
  if (line.startsWith('-')) return `<del>${text}</del>\n`
  return `${line.startsWith('@@') ? `<i>${text}</i>` : text}\n`
}
