/** A run of text in one typeface. */
export interface Span {
  text: string
  face: 'plain' | 'code' | 'strong' | 'emphasis'
}

/** A piece of a page. */
export type Block =
  | { kind: 'heading'; text: string }
  | { kind: 'paragraph'; spans: Span[] }
  | { kind: 'item'; spans: Span[] }
  | { kind: 'code'; lines: string[] }

/**
 * Reads the little Markdown that command descriptions are written in: `## headings`, paragraphs, `- ` items, code indented by four
 * spaces or fenced by three backticks, and inside a line backticks for code, `**strong**` and `*emphasis*`.
 */
export function parseProse(markdown: string): Block[] {
  const blocks: Block[] = []
  let lines = dedent(markdown)
  while (lines.length > 0) {
    const [first = '', ...others] = lines
    if (first.trim() === '') lines = others
    else if (first.startsWith('```')) {
      const end = others.findIndex((line) => line.startsWith('```'))
      const length = end < 0 ? others.length : end
      blocks.push({ kind: 'code', lines: others.slice(0, length) })
      lines = others.slice(length + 1)
    } else if (/^ {4}/.test(first)) {
      const length = countWhile(lines, (line) => /^ {4}/.test(line) || line.trim() === '')
      const code = lines.slice(0, length).map((line) => line.slice(4))
      blocks.push({ kind: 'code', lines: code.join('\n').trimEnd().split('\n') })
      lines = lines.slice(length)
    } else if (/^##? /.test(first)) {
      blocks.push({ kind: 'heading', text: first.replace(/^#+ /, '').trim() })
      lines = others
    } else {
      const length = 1 + countWhile(others, (line) => line.trim() !== '' && !/^([-*] |##? |```)/.test(line))
      const text = lines
        .slice(0, length)
        .map((line) => line.trim())
        .join(' ')
      const isItem = /^[-*] /.test(text)
      blocks.push({ kind: isItem ? 'item' : 'paragraph', spans: parseSpans(isItem ? text.slice(2).trim() : text) })
      lines = lines.slice(length)
    }
  }
  return blocks
}

/** Reads one line of Markdown. */
export function parseSpans(text: string): Span[] {
  const spans: Span[] = []
  let last = 0
  for (const match of text.matchAll(/`([^`]+)`|\*\*([^*]+)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])/g)) {
    if (match.index > last) spans.push({ text: text.slice(last, match.index), face: 'plain' })
    const [, code, strong, emphasis] = match
    if (code !== undefined) spans.push({ text: code, face: 'code' })
    else if (strong !== undefined) spans.push({ text: strong, face: 'strong' })
    else spans.push({ text: emphasis ?? '', face: 'emphasis' })
    last = match.index + match[0].length
  }
  if (last < text.length) spans.push({ text: text.slice(last), face: 'plain' })
  return spans
}

/** The words of spans without their typefaces; code of several words, or of one character, is quoted. */
export const plainText = (spans: readonly Span[]): string =>
  spans.map(({ text, face }) => (face === 'code' && /\s|^.$/.test(text) ? `"${text}"` : text)).join('')

/** The lines without the indentation they share; a first line that begins in the source's first column does not count. */
function dedent(text: string): string[] {
  const lines = text.replace(/\t/g, '    ').split('\n')
  const others = lines.slice(1).filter((line) => line.trim() !== '')
  const shared = Math.min(...others.map((line) => line.length - line.trimStart().length))
  const [first = ''] = lines
  return [/^\s/.test(first) ? first.trimStart() : first, ...lines.slice(1).map((line) => line.slice(shared).trimEnd())]
}

function countWhile<T>(items: readonly T[], test: (item: T) => boolean): number {
  const end = items.findIndex((item) => !test(item))
  return end < 0 ? items.length : end
}
