import type { Hit } from '../actions/search.js'
import { escapeControls } from '../util/escape.js'
import type { Span } from '../util/needle.js'
import { oneLine } from '../util/sanitize.js'
import { relativeDate } from '../util/time.js'
import { textWidth } from '../util/width.js'
import type { Screen } from './session.js'

/** How much is shown around a match. */
export interface Context {
  before: number
  after: number
}

/** A line of a hit; without spans it is one of those around. */
interface Shown {
  number: number
  text: string
  spans: Span[]
}

/** Draws hits one after the other: a heading for each session, and a line for each line with a match. */
export class SearchPage {
  private session: string | null = null
  private hasContext = false

  constructor(
    private readonly screen: Screen & { match: (text: string) => string },
    private readonly context: Context,
  ) {}

  draw(hit: Hit): string {
    const heading = hit.session.id === this.session ? '' : this.heading(hit)
    const groups = groupsOf(hit, this.context)
    const isWide = this.context.before > 0 || this.context.after > 0
    const texts = groups.map((lines) => {
      const border = isWide && this.hasContext ? '  --\n' : ''
      this.hasContext = true
      return border + lines.map((line) => `${this.line(hit, line)}\n`).join('')
    })
    return heading + texts.join('')
  }

  private heading({ session: { id, snapshot } }: Hit): string {
    const { paint, now } = this.screen
    const gap = this.session === null ? '' : '\n'
    this.session = id
    this.hasContext = false
    const age = relativeDate(snapshot.updatedAt, now)
    return `${gap}${paint('id', id.slice(0, 4))} ${paint('heading', oneLine(snapshot.slug))}  ${age}  ${oneLine(snapshot.title, 100)}\n`
  }

  private line(hit: Hit, { text, spans }: Shown): string {
    const label = `  ${labelOf(hit)}${spans.length > 0 ? ':' : '-'} `
    const room = this.screen.width === null ? null : Math.max(20, this.screen.width - textWidth(label))
    return `${this.screen.paint('dim', label)}${this.drawn(text, { spans, room })}`.trimEnd()
  }

  /** The line with its matches painted; a long one as much of it around the first match as there is room. */
  private drawn(text: string, { spans, room }: { spans: readonly Span[]; room: number | null }): string {
    const [from, to] = room === null ? [0, text.length] : windowOf(text, spans[0] ?? null, room)
    let [drawn, at] = [from > 0 ? '…' : '', from]
    for (const [start, end] of spans) {
      if (start >= to || end <= at) continue
      drawn += clean(text.slice(at, Math.max(at, start)))
      drawn += this.screen.match(clean(text.slice(Math.max(at, start), Math.min(end, to))))
      at = Math.min(end, to)
    }
    return `${drawn}${clean(text.slice(at, to))}${to < text.length ? '…' : ''}`
  }
}

const clean = (text: string): string => escapeControls(text.replaceAll('\t', ' '))

function labelOf({ kind, n, place }: Hit): string {
  const what = kind === 'comment' && place !== null ? `comment ${oneLine(place)}` : kind
  return n === null ? what : `iter ${n} ${what}`
}

/** The part of a line that is shown: a third of the room before the match. */
function windowOf(text: string, span: Span | null, room: number): [number, number] {
  if (text.length <= 4 * room && textWidth(clean(text)) <= room) return [0, text.length]
  const start = span?.[0] ?? 0
  const from = start + 10 < room ? 0 : edge(text, start - Math.floor(room / 3))
  let [to, width] = [from, from > 0 ? 2 : 1]
  for (const char of text.slice(from, from + 2 * room)) {
    width += textWidth(clean(char))
    if (width > room) break
    to += char.length
  }
  return [from, to]
}

/** Not in the middle of a pair of surrogates. */
const edge = (text: string, at: number): number => (/[\udc00-\udfff]/.test(text[at] ?? '') ? at + 1 : at)

/** The lines of a hit with those around them; groups of neighbours. */
export function groupsOf({ text, spans }: Pick<Hit, 'text' | 'spans'>, { before, after }: Context): Shown[][] {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  const matched = new Map<number, Span[]>()
  let number = 0
  for (const [start, end] of spans) {
    while (number + 1 < starts.length && (starts[number + 1] ?? 0) <= start) number++
    // A match may go over several lines.
    for (let at = number; at < starts.length && (starts[at] ?? 0) < end; at++) {
      const begin = starts[at] ?? 0
      matched.set(at, [...(matched.get(at) ?? []), [Math.max(0, start - begin), end - begin]])
    }
  }
  const groups: Shown[][] = []
  let last = -2
  for (const at of [...matched.keys()]) {
    for (let line = Math.max(last + 1, at - before, 0); line <= Math.min(at + after, starts.length - 1); line++) {
      const begin = starts[line] ?? 0
      const content = text.slice(begin, line + 1 < starts.length ? (starts[line + 1] ?? 0) - 1 : undefined)
      const shown = { number: line, text: content, spans: clipped(matched.get(line) ?? [], content.length) }
      if (line === last + 1 && groups.length > 0) groups.at(-1)?.push(shown)
      else groups.push([shown])
      last = line
    }
  }
  return groups
}

/** A hit with the matches of its first lines alone, and how many lines those are. */
export function firstLines(hit: Hit, max: number): { kept: Hit; count: number } {
  let [count, last] = [0, -1]
  const spans: Span[] = []
  for (const span of hit.spans) {
    const start = hit.text.lastIndexOf('\n', span[0] - 1)
    if (spans.length === 0 || start !== last) count++
    if (count > max) return { kept: { ...hit, spans }, count: max }
    last = start
    spans.push(span)
  }
  return { kept: hit, count }
}

const clipped = (spans: readonly Span[], length: number): Span[] =>
  spans.map(([start, end]): Span => [start, Math.min(end, length)]).filter(([start, end]) => start < end)

/** A hit for programs, on one line. */
export const searchJson = ({ session, kind, n, agent, at, by, place, text, spans }: Hit, context: Context): string =>
  JSON.stringify({
    schema: 'git-amp/search-hit@1',
    session: session.id,
    slug: session.snapshot.slug,
    kind,
    iteration: n,
    agent,
    at,
    by,
    place,
    lines: groupsOf({ text, spans }, context)
      .flat()
      .map((line) => ({ line: line.number + 1, text: line.text, matches: line.spans })),
  })
