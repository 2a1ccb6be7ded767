import type { IterateNews } from '../actions/iterate.js'
import type { ResolveNews } from '../actions/shared/resolve-conflict.js'
import type { AgentEvent } from '../agent/adapter.js'
import { oneLine } from '../util/sanitize.js'
import type { Ui } from './ui.js'

export interface NewsOptions {
  verbose?: boolean
  /** Begins every line. */
  prefix?: string
  /** A live view shows what passes. */
  isLive?: boolean
}

/** News that count when everything is over. */
const lasting: readonly IterateNews['type'][] = ['worktree', 'salvaged', 'kept', 'manual', 'thread-lost']

/** Prints the news of an iteration as plain lines of the story. */
export function iterationNews(ui: Ui, options: NewsOptions = {}): (news: IterateNews) => void {
  let worktree = ''
  return (news) => {
    if (news.type === 'warning') return ui.warn(`${options.prefix ?? ''}${oneLine(news.message, 400)}`)
    if (options.isLive === true && !lasting.includes(news.type)) return
    if (news.type === 'started') worktree = `${news.worktree}/`
    const line = lineOf(news, options.verbose === true)
    // Agents name files by their absolute paths: below the worktree that is only noise.
    if (line === null) return
    ui.tell(`${options.prefix ?? ''}${worktree === '' ? line : line.replaceAll(worktree, '')}`)
  }
}

/** Prints the news of an agent that resolves a conflict. */
export const resolveNews =
  (ui: Ui): ((news: ResolveNews) => void) =>
  (news) => {
    const line =
      news.type === 'asked'
        ? `${news.agent} is asked to resolve ${news.paths.map((path) => oneLine(path)).join(', ')}...`
        : news.type === 'test'
          ? `Testing: ${oneLine(news.command)}`
          : agentLine(news.event, false)
    if (line !== null) ui.tell(line)
  }

function lineOf(news: IterateNews, verbose: boolean): string | null {
  switch (news.type) {
    case 'worktree':
      return `Worktree made again: ${news.path}`
    case 'salvaged':
      return `Iteration ${news.n} was interrupted; ${news.to === null ? 'it left no change' : `its work is kept in ${news.to.slice(0, 12)}`}`
    case 'kept':
      return `Committed what iteration ${news.n} had left uncommitted: ${news.oid.slice(0, 12)}`
    case 'manual':
      return `Committed the changes found in the worktree as your own: ${news.oid.slice(0, 12)}`
    case 'started':
      return `Iteration ${news.n} of ${oneLine(news.session)}: ${news.agent} is working...`
    case 'thread-lost':
      return `  its thread is gone (${oneLine(news.reason)}); it begins a new one and is told what happened so far`
    case 'agent':
      return agentLine(news.event, verbose)
    case 'test':
      return `Testing: ${oneLine(news.command)}`
    case 'test-line':
      return verbose ? `  ${oneLine(news.line, 500)}` : null
    case 'collected':
    case 'warning':
      return null
  }
}

function agentLine(event: AgentEvent, verbose: boolean): string | null {
  if (event.type === 'tool') return `  ${toolWords(event)}`
  if (event.type === 'waiting') return `  waiting: ${oneLine(event.message)}`
  if (event.type === 'error') return `  error: ${oneLine(event.message)}`
  if (event.type === 'text') return `  ${oneLine(event.text, verbose ? 2000 : 100)}`
  return null
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
