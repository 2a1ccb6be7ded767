import type { Warming, WarmNews } from '../actions/shared/warm.js'
import type { Repo } from '../repo.js'
import { oneLine, printable } from '../util/sanitize.js'
import { duration, plural } from '../util/time.js'
import { startInBackground } from './background.js'
import type { AmpContext } from './context.js'
import type { Ui } from './ui.js'

/** Tells of a worktree that is prepared, and starts what does not hold up a command. */
export function warmingOf(context: AmpContext, repo: Repo): Warming {
  const { ui, signal, self } = context
  const { host } = repo
  return {
    signal,
    on: (news) => tell(ui, news),
    inBackground:
      self.length === 0
        ? null
        : async (words, log) => {
            const call = { argv: [...self, ...words], cwd: host.cwd, env: host.env, stdin: null, log }
            await startInBackground(host.fs, call)
          },
  }
}

/** Paths that are named. */
const fewPaths = 4
/** Reasons that are told. */
const fewReasons = 5

function tell(ui: Ui, news: WarmNews): void {
  switch (news.type) {
    case 'copying':
      copying(ui, news)
      return
    case 'copied': {
      const { paths, problems, unignored, durationMs } = news.copied
      if (paths.length > 0) ui.tell(`Copied ${pathWords(paths)} in ${duration(durationMs)}.`)
      if (unignored.length > 0)
        ui.warn(
          `not copied, because git does not ignore ${unignored.length === 1 ? 'it' : 'them'} here: ${pathWords(unignored)}`,
        )
      for (const problem of problems.slice(0, fewReasons)) ui.warn(`not copied: ${oneLine(problem, 300)}`)
      if (problems.length > fewReasons) ui.warn(`not copied: ${plural(problems.length - fewReasons, 'more path')}`)
      return
    }
    case 'submodules': {
      const { made, problems } = news.submodules
      if (made.length > 0) ui.tell(`Checked out ${plural(made.length, 'submodule')}: ${pathWords(made)}.`)
      for (const problem of problems) ui.warn(`a submodule is missing: ${oneLine(problem, 300)}`)
      return
    }
    case 'left-cold':
      ui.warn(`the worktree is not prepared: ${news.reason.message}`)
      for (const hint of news.reason.hints) ui.hint(hint, 'ampSetup')
      return
    case 'setup':
      ui.tell(`Setup${news.mode === 'background' ? ' in the background' : ''}: ${oneLine(news.command)}`)
      return
    case 'setup-line':
      if (news.line.trim() !== '') ui.tell(`  ${printable(news.line)}`)
      return
    case 'setup-end': {
      const { state, exit, signal, durationMs } = news.state
      if (state === 'done') {
        ui.tell(`Setup done in ${duration(durationMs)}.`)
        return
      }
      ui.warn(
        `the setup failed ${exit === null ? `by ${signal ?? 'a signal'}` : `with exit code ${exit}`}; the session is there`,
      )
      ui.hint(`Its output is kept in ${news.log}`, 'ampSetup')
      ui.hint(`Run it again with "git amp setup ${news.session.slice(0, 4)}".`, 'ampSetup')
    }
  }
}

/** On a terminal the line is written over until it is done. */
function copying(ui: Ui, { done, total, paths }: Extract<WarmNews, { type: 'copying' }>): void {
  if (!ui.isTerminal || total < 2) return
  ui.overwrite(done === total ? '' : `Copying ${pathWords(paths)}: ${Math.floor((100 * done) / total)}%`)
}

function pathWords(paths: readonly string[]): string {
  const named = paths.slice(0, fewPaths).map((path) => oneLine(path, 60))
  const rest = paths.length - named.length
  return rest === 0 ? named.join(', ') : `${named.join(', ')} and ${rest} more`
}
