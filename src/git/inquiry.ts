import type { Host } from '../host.js'
import { sessionsPrefix } from '../state/names.js'
import { Config } from './config.js'
import { plumbing } from './env.js'
import { type Location, locate } from './location.js'
import { type AskedTips, askTips } from './refs.js'
import { Git } from './run.js'

/** What a command needs to know of its repository: all need its place and settings, `list` the sessions as well. */
export type Wanted = 'repository' | 'sessions'

/** Questions to git that are on their way. */
export interface Inquiry {
  location: Promise<Location>
  config: Promise<Config>
  sessions: AskedTips | null
  /** Nobody waits for the answers. */
  cancel(): void
}

/** Asks git at once, with the user's own environment (`--git-dir`, a surrounding hook); the caller has other work meanwhile. */
export function inquire(host: Pick<Host, 'cwd' | 'env'>, wanted: Wanted): Inquiry {
  const git = new Git(host.cwd, { ...host.env, ...plumbing })
  const [location, config] = [locate(git), Config.read(git)]
  // Outside a repository one answer is enough to say so.
  for (const answer of [location, config]) answer.catch(() => {})
  const sessions = wanted === 'sessions' ? askTips(git, sessionsPrefix) : null
  return { location, config, sessions, cancel: () => sessions?.cancel() }
}
