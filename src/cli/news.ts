import type { IterateNews } from '../actions/iterate.js'
import type { AgentEvent } from '../agent/adapter.js'
import { oneLine } from '../util/sanitize.js'
import type { Ui } from './ui.js'

/** Prints the news of an iteration as plain lines of the story. */
export function iterationNews(ui: Ui, options: { verbose?: boolean } = {}): (news: IterateNews) => void {
  let worktree = ''
  return (news) => {
    if (news.type === 'warning') return ui.warn(oneLine(news.message, 400))
    if (news.type === 'started') worktree = `${news.worktree}/`
    const line = lineOf(news, options.verbose === true)
    // Agents name files by their absolute paths: below the worktree that is only noise.
    if (line !== null) ui.tell(worktree === '' ? line : line.replaceAll(worktree, ''))
  }
}

function lineOf(news: IterateNews, verbose: boolean): string | null {
  switch (news.type) {
    case 'worktree':
      return `Worktree made again: ${news.path}`
    case 'salvaged':
      return `Iteration ${news.n} was interrupted; ${news.to === null ? 'it left no change' : `its work is kept in ${news.to.slice(0, 12)}`}`
    case 'manual':
      return `Committed the changes found in the worktree as your own: ${news.oid.slice(0, 12)}`
    case 'started':
      return `Iteration ${news.n} of ${oneLine(news.session)}: ${news.agent} is working...`
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
  if (event.type === 'tool') return `  ${oneLine(`${event.name} ${subjectOf(event.input)}`)}`
  if (event.type === 'error') return `  error: ${oneLine(event.message)}`
  if (event.type === 'text') return `  ${oneLine(event.text, verbose ? 2000 : 100)}`
  return null
}

/** What a tool is used on: the first short text in its input. */
function subjectOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return ''
  const { path, file_path: filePath, command, cmd, pattern } = input as Record<string, unknown>
  const subject = [path, filePath, command, cmd, pattern].find((value) => typeof value === 'string')
  return typeof subject === 'string' ? subject : ''
}
