import type { TranscriptItem } from '../actions/transcript.js'
import type { IterationView } from '../state/iterations.js'
import { testWord } from '../state/iterations.js'
import { escapeControls } from '../util/escape.js'
import { oneLine } from '../util/sanitize.js'
import { duration, plainTime, plural } from '../util/time.js'
import { type Screen, sizeWords, spentWords } from './session.js'

type AgentEvent = Extract<TranscriptItem, { type: 'agent' }>['event']

/** Thinking is shown this far. */
const shortText = 120

/** Draws a transcript item by item, so that one of any length is shown at once. */
export class TranscriptPage {
  private last: 'none' | 'text' | 'other' = 'none'
  private said = ''
  private readonly tools = new Map<string, string>()
  private readonly noise: Noise

  /** @param options `worktree`: paths below it are shown without it */
  constructor(
    private readonly screen: Screen,
    private readonly options: { tools: boolean; worktree?: string | null },
  ) {
    this.noise = new Noise(options.tools)
  }

  /** The lines of an item, with their newlines; empty for what is not shown. */
  draw(item: TranscriptItem): string {
    const left = item.type === 'stderr' ? '' : this.noise.end()
    return `${left === '' ? '' : `${this.dim(left)}\n`}${this.drawn(item)}`
  }

  private drawn(item: TranscriptItem): string {
    if (item.type === 'iteration') this.noise.begin(item.iteration.agent)
    const text = this.textOf(item)
    if (text === '') return ''
    const kind = item.type === 'agent' && item.event.type === 'text' ? 'text' : 'other'
    const isBlock = item.type === 'iteration' || item.type === 'prompt' || item.type === 'end' || kind !== this.last
    const gap = this.last === 'none' || (!isBlock && !text.includes('\n')) ? '' : '\n'
    this.last = kind
    return `${gap}${text}\n`
  }

  private textOf(item: TranscriptItem): string {
    if (item.type === 'iteration') return this.heading(item.iteration)
    if (item.type === 'prompt') return indent(visible(item.text).trim(), '> ')
    if (item.type === 'call') return this.options.tools ? this.dim(`$ ${item.argv.map(word).join(' ')}`) : ''
    if (item.type === 'stderr')
      return this.noise.isShown(item.text) ? this.dim(indent(visible(item.text), 'stderr: ')) : ''
    if (item.type === 'end') return this.dim(endWords(item.iteration))
    return this.event(item.event, item.durationMs)
  }

  private heading(iteration: IterationView): string {
    const model = iteration.model === null ? '' : `, model ${oneLine(iteration.model)}`
    const took = iteration.durationMs === null ? '' : `, ${duration(iteration.durationMs)}`
    const outcome = iteration.outcome === 'open' ? 'not ended' : iteration.outcome
    const words = `iteration ${iteration.n}  ${oneLine(iteration.agent)}${model}  ${plainTime(iteration.startedAt)} UTC${took}  ${outcome}`
    return this.screen.paint('heading', words)
  }

  private event(event: AgentEvent, durationMs: number | null): string {
    switch (event.type) {
      case 'text':
        this.said = event.text
        return visible(event.text).trimEnd()
      case 'thinking':
        return this.dim(`  thinking: ${oneLine(event.text, shortText)}`)
      case 'tool':
        return this.tool(event)
      case 'tool-result':
        return this.toolResult(event, durationMs)
      case 'waiting':
        return this.screen.paint('failed', `  waiting: ${oneLine(event.message)}`)
      case 'error':
        return this.screen.paint('failed', `  error: ${oneLine(event.message, 500)}`)
      case 'end':
        return event.text === null || event.text.trim() === this.said.trim() ? '' : visible(event.text).trimEnd()
      default:
        return ''
    }
  }

  private tool(event: AgentEvent & { type: 'tool' }): string {
    this.tools.set(event.id, event.name)
    if (!this.options.tools) return `  ${oneLine(this.local(`${event.name} ${subjectOf(event.input)}`), 120)}`
    const input = typeof event.input === 'string' ? event.input : (JSON.stringify(event.input, null, 2) ?? '')
    return `  ${oneLine(event.name)}\n${indent(visible(input), '    ')}`
  }

  private toolResult(event: AgentEvent & { type: 'tool-result' }, durationMs: number | null): string {
    const name = oneLine(this.tools.get(event.id) ?? 'tool')
    const took = durationMs === null ? '' : ` (${duration(durationMs)})`
    if (!this.options.tools)
      return event.failed ? this.screen.paint('failed', `  ${name} failed: ${oneLine(event.output, shortText)}`) : ''
    const result = `  ${name} ${event.failed ? 'failed' : 'gave'}${took}${event.output.trim() === '' ? '' : ':'}`
    const head = event.failed ? this.screen.paint('failed', result) : result
    return event.output.trim() === '' ? head : `${head}\n${indent(visible(event.output).trimEnd(), '    ')}`
  }

  /** Agents name files by their absolute paths: below the worktree that is only noise. */
  private local(text: string): string {
    const { worktree } = this.options
    return worktree === undefined || worktree === null ? text : text.replaceAll(`${worktree}/`, '')
  }

  private dim(text: string): string {
    return this.screen.paint('dim', text)
  }
}

/** Lines of stderr that are shown one after the other. */
const shownErrors = 5
/** So many lines are known again. */
const knownErrors = 1000

/** What agents print on stderr says the same in every iteration, and goes on for long: once, and its beginning, is enough. */
class Noise {
  private readonly seen = new Set<string>()
  private shown = 0
  private left = 0
  private isScript = false

  constructor(private readonly isWhole: boolean) {}

  /** Of a script stderr is half of what it says. */
  begin(agent: string): void {
    this.isScript = agent === 'shell'
  }

  isShown(text: string): boolean {
    if (text.trim() === '') return false
    if (this.isWhole || this.isScript) return true
    if (this.seen.has(text)) return false
    if (this.seen.size < knownErrors) this.seen.add(text)
    if (this.shown < shownErrors) this.shown++
    else this.left++
    return this.left === 0
  }

  /** Something else follows. @returns what to say of the lines that were left out */
  end(): string {
    const { left } = this
    this.shown = 0
    this.left = 0
    return left === 0 ? '' : `stderr: [... ${plural(left, 'line')}; --tools shows all]`
  }
}

/** Text of somebody else with its control characters made visible; newlines and tabs stay. */
const visible = (text: string): string => escapeControls(text.replace(/\r\n/g, '\n'), '\n\t')

const indent = (text: string, by: string): string =>
  text
    .split('\n')
    .map((line) => `${by}${line}`.trimEnd())
    .join('\n')

const word = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${escapeControls(text)}'`)

/** What a tool is used on: the first short text in its input. */
function subjectOf(input: unknown): string {
  if (typeof input === 'string') return input
  if (typeof input !== 'object' || input === null) return ''
  const values = input as Record<string, unknown>
  const known = ['path', 'file_path', 'filePath', 'command', 'cmd', 'pattern', 'query', 'url']
  const subject = [...known.map((key) => values[key]), ...Object.values(values)].find((one) => typeof one === 'string')
  return Array.isArray(values.command) ? values.command.join(' ') : ((subject as string | undefined) ?? '')
}

/** `success, 1 file +1 -1, tests pass, 1.5k tokens, $0.12` */
function endWords(iteration: IterationView): string {
  const { outcome, reason } = iteration
  const tests = testWord(iteration.tests)
  const result = [
    reason === null || reason === outcome ? outcome : `${outcome}: ${oneLine(reason).replace(/\.$/, '')}`,
    ...(iteration.to === null ? [] : [sizeWords(iteration)]),
    ...(tests === null ? [] : [tests]),
  ]
  return `end: ${[...result, ...spentWords(iteration)].join(', ')}`
}

/** An item as one line of `--json`. */
export function transcriptJson(item: TranscriptItem, at: { session: string; n: number }): string {
  const common = { schema: 'git-amp/transcript-event@1', session: at.session, iteration: at.n }
  if (item.type !== 'agent') return JSON.stringify({ ...common, ...jsonOf(item) })
  const { ms, event, durationMs } = item
  return JSON.stringify({ ...common, ms, ...event, ...(durationMs === null ? {} : { durationMs }) })
}

/** The end that the agent announced is `end`, and that of the iteration `iteration-end`. */
function jsonOf(item: Exclude<TranscriptItem, { type: 'agent' }>): object {
  if (item.type !== 'iteration' && item.type !== 'end') return item
  const { id, agent, model, startedAt, endedAt, outcome, reason, exit, durationMs, usage, costUsd } = item.iteration
  if (item.type === 'iteration') return { type: 'iteration', id, agent, model, startedAt }
  return { type: 'iteration-end', id, endedAt, outcome, reason, exit, durationMs, usage, costUsd }
}
