import type { AgentEvent } from '../agent/adapter.js'
import type { Redact } from '../util/redact.js'
import { oneLine, printable } from '../util/sanitize.js'

/** So much of a text is looked at for one line, and shown of a tool's output in all. */
const [lookedAt, shownText] = [2000, 4000]
/** Lines of a tool's output that are shown: of its beginning and of its end. */
const [firstLines, lastLines] = [8, 4]

/** Tells what an agent does, line by line: calm, or with all that its tools print. */
export class AgentTeller {
  private worktree = ''
  private redact: Redact = (text) => text
  private readonly tools = new Map<string, string>()
  /** A fault that is told only when the agent goes on after it: that of its end is told with its end. */
  private fault: string[] = []

  constructor(private readonly isVerbose: boolean) {}

  begin(run: { worktree: string; redact: Redact }): void {
    this.worktree = `${run.worktree}/`
    this.redact = run.redact
    this.tools.clear()
    this.fault = []
  }

  lines(event: AgentEvent): string[] {
    if (event.type === 'waiting') return this.hold(`  waiting: ${this.short(event.message)}`)
    // Of a thread that is lost the iteration tells itself.
    if (event.type === 'error') return event.kind === 'thread' ? [] : this.hold(`  error: ${this.short(event.message)}`)
    const lines = this.told(event)
    if (lines.length === 0 && event.type !== 'thinking') return lines
    const before = this.fault
    this.fault = []
    return [...before, ...lines]
  }

  private hold(line: string): string[] {
    const before = this.fault.filter((one) => one !== line)
    this.fault = [line]
    return before
  }

  private told(event: AgentEvent): string[] {
    if (event.type === 'text')
      return this.isVerbose ? this.block(event.text, '  ') : [`  ${this.short(event.text, 100)}`]
    if (event.type === 'tool') {
      this.tools.set(event.id, event.name)
      return [`  ${this.short(toolWords(event))}`]
    }
    if (!this.isVerbose) return []
    if (event.type === 'thinking') return [`  thinking: ${this.short(event.text, 160)}`]
    return event.type === 'tool-result' ? this.result(event) : []
  }

  private result({ id, output, failed }: AgentEvent & { type: 'tool-result' }): string[] {
    const head = failed
      ? [`  ${oneLine(this.tools.get(id) ?? 'the tool')} failed${output.trim() === '' ? '' : ':'}`]
      : []
    this.tools.delete(id)
    return output.trim() === '' ? head : [...head, ...excerptLines(this.block(output, '    '))]
  }

  private block(text: string, indent: string): string[] {
    const clean = printable(this.local(text.length > shownText ? middleCut(text) : text))
    return clean
      .trimEnd()
      .split('\n')
      .map((line) => `${indent}${line}`.trimEnd())
  }

  private short(text: string, max?: number): string {
    return oneLine(this.local(text.slice(0, lookedAt)), max)
  }

  /** Without secrets. Agents name files by their absolute paths: below the worktree that is only noise. */
  private local(text: string): string {
    const clean = this.redact(text)
    return this.worktree === '' ? clean : clean.replaceAll(this.worktree, '')
  }
}

/** Beginning and end of a long text, cut at lines where there are any. */
function middleCut(text: string): string {
  const [head, tail] = [text.slice(0, shownText / 2), text.slice(-shownText / 2)]
  return `${head.slice(0, head.lastIndexOf('\n') + 1 || undefined)}[...]\n${tail.slice(tail.indexOf('\n') + 1)}`
}

function excerptLines(lines: string[]): string[] {
  const left = lines.length - firstLines - lastLines
  return left <= 1 ? lines : [...lines.slice(0, firstLines), `    [... ${left} lines]`, ...lines.slice(-lastLines)]
}

/** A tool call in a few words. */
export const toolWords = (tool: { name: string; input: unknown }): string =>
  oneLine(`${tool.name} ${subjectOf(tool.input)}`)

/** What a tool is used on: the first short text in its input. */
function subjectOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return ''
  const { path, file_path, filePath, command, cmd, pattern } = input as Record<string, unknown>
  const subject = [path, file_path, filePath, command, cmd, pattern].find((value) => typeof value === 'string')
  return typeof subject === 'string' ? subject : ''
}
