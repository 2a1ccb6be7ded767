import type { IterateNews } from '../actions/iterate.js'
import type { ResolveNews } from '../actions/shared/resolve-conflict.js'
import { oneLine, printable } from '../util/sanitize.js'
import { AgentTeller } from './teller.js'
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
  const { prefix = '', verbose: isVerbose = false, isLive = false } = options
  const teller = new AgentTeller(isVerbose)
  const tell = (line: string) => ui.tell(`${prefix}${line}`)
  return (news) => {
    if (news.type === 'warning') return ui.warn(`${prefix}${oneLine(news.message, 400)}`)
    if (news.type === 'started') teller.begin(news)
    if (isLive && !lasting.includes(news.type)) return
    if (news.type === 'agent') return teller.lines(news.event).forEach(tell)
    const line = lineOf(news, isVerbose)
    if (line !== null) tell(line)
  }
}

/** Lines of an agent's last words that stay on the terminal when the live view is gone. */
const shownAnswer = 20

/** What the agent said at its end; the transcript has the rest of a long answer. */
export function answerText(summary: string): string {
  const lines = printable(summary).trim().split('\n')
  const rest = lines.length - shownAnswer
  const shown =
    rest <= 1 ? lines : [...lines.slice(0, shownAnswer), `[... ${rest} lines; "git amp transcript" has them]`]
  return shown.map((line) => `  ${line}`.trimEnd()).join('\n')
}

/** Prints the news of an agent that resolves a conflict. */
export function resolveNews(ui: Ui): (news: ResolveNews) => void {
  const plain = new AgentTeller(false)
  return (news) => {
    const line =
      news.type === 'asked'
        ? `${news.agent} is asked to resolve ${news.paths.map((path) => oneLine(path)).join(', ')}...`
        : news.type === 'test'
          ? `Testing: ${oneLine(news.command)}`
          : (plain.lines(news.event)[0] ?? null)
    if (line !== null) ui.tell(line)
  }
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
    case 'stopping':
      return 'Stopping, and recording what there is...'
    case 'test':
      return `Testing: ${oneLine(news.command)}`
    case 'test-line':
      return verbose ? `  ${oneLine(news.line, 500)}` : null
    case 'agent':
    case 'collected':
    case 'warning':
      return null
  }
}
