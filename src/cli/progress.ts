import type { IterateNews } from '../actions/iterate.js'
import type { AgentEvent } from '../agent/adapter.js'
import { Meter } from '../agent/meter.js'
import { shortCount } from '../util/amounts.js'
import type { Redact } from '../util/redact.js'
import { oneLine } from '../util/sanitize.js'
import { plural } from '../util/time.js'
import { toolWords } from './teller.js'

/** Names of tools that change files, whatever their agent calls them. */
const changesFiles = /write|edit|create|patch|replace|file_change/i

/** So much of a text is looked at for its line. */
const shownText = 2000

/** What a watcher sees of a session that is iterated: one line, and what its agent does now. */
export class Progress {
  private name: string
  private agent = ''
  private iteration = 0
  private worktree = ''
  private phase: 'starting' | 'working' | 'collecting' | 'testing' | 'stopping' = 'starting'
  private redact: Redact = (text) => text
  private now = ''
  private tools = 0
  private readonly files = new Set<string>()
  private meter = new Meter()
  private ended: string | null = null
  private isBegun = false

  constructor(
    name: string,
    private began: number,
  ) {
    this.name = oneLine(name, 40)
  }

  add(news: IterateNews, now: number): void {
    if (!this.isBegun) this.began = now
    this.isBegun = true
    if (news.type === 'started') {
      this.name = oneLine(news.session, 40)
      this.agent = oneLine(news.agent, 40)
      this.iteration = news.n
      this.worktree = `${news.worktree}/`
      this.redact = news.redact
      this.phase = 'working'
      this.now = ''
      this.meter = new Meter()
    } else if (news.type === 'agent') this.agentDoes(news.event)
    else if (news.type === 'stopping') this.phase = 'stopping'
    else if (news.type === 'collected') {
      this.phase = 'collecting'
      this.now = ''
    } else if (news.type === 'test') {
      this.phase = 'testing'
      this.now = oneLine(news.command)
    } else if (news.type === 'test-line' && news.line.trim() !== '') this.now = oneLine(news.line)
  }

  /** It has ended; says in what. */
  end(words: string): void {
    this.ended = words
  }

  private agentDoes(event: AgentEvent): void {
    if (event.type === 'tool') {
      this.tools++
      this.now = this.local(toolWords(event))
      const path = pathOf(event.input)
      if (changesFiles.test(event.name) && path !== null) this.files.add(this.local(path))
    } else if (event.type === 'text' && event.text.trim() !== '') this.now = this.shown(event.text)
    else if (event.type === 'thinking') this.now = 'thinking'
    else if (event.type === 'waiting' || event.type === 'error') this.now = this.shown(event.message)
    else if (event.type === 'usage' || event.type === 'cost') this.meter.add(event)
  }

  /** What the agent said, in a line and without secrets. */
  private shown(text: string): string {
    return oneLine(this.redact(text.slice(0, shownText)))
  }

  /** Agents name files by their absolute paths: below the worktree that is only noise. */
  private local(text: string): string {
    return this.redact(this.worktree === '' ? text : text.replaceAll(this.worktree, ''))
  }

  /** `fix-parser  iteration 2, amp working  1:23  12 tools  34.5k tokens` */
  title(now: number): string {
    const usage = this.meter.soFar
    const tokens = usage === null ? 0 : usage.input + usage.output + usage.cacheRead + usage.cacheWrite
    const doing = this.phase === 'working' ? `${this.agent} at work` : this.phase
    if (this.ended !== null) return `${this.name}  ${this.ended}`
    if (!this.isBegun) return `${this.name}  queued`
    return [
      this.name,
      this.iteration === 0 ? doing : `iteration ${this.iteration}, ${doing}`,
      clock(now - this.began),
      ...(this.tools === 0 ? [] : [plural(this.tools, 'tool call')]),
      ...(tokens === 0 ? [] : [`${shortCount(tokens)} tokens`]),
    ].join('  ')
  }

  /** What is done now, and the files touched so far. */
  detail(): string[] {
    if (this.ended !== null) return []
    const names = [...this.files].slice(-3).map((file) => oneLine(file, 60))
    const more = this.files.size - names.length
    const files = `${plural(this.files.size, 'file')}: ${names.join(', ')}${more > 0 ? `, ${more} more` : ''}`
    return [...(this.now === '' ? [] : [this.now]), ...(this.files.size === 0 ? [] : [files])]
  }
}

function pathOf(input: unknown): string | null {
  if (typeof input !== 'object' || input === null) return null
  const { path, file_path: filePath, filePath: camel } = input as Record<string, unknown>
  const found = [path, filePath, camel].find((value) => typeof value === 'string')
  return typeof found === 'string' ? found : null
}

/** `1:23`, `1:02:03` */
function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
