import { spawn } from 'node:child_process'
import { fatal } from '../errors.js'
import type { Repo } from '../repo.js'
import type { ChainTip } from '../state/chain.js'
import { findSession } from './shared/find.js'
import { ensurePlace } from './shared/place.js'
import { sessionEnv } from './shared/session-env.js'

export interface OpenOptions {
  session?: string | undefined
  /** The editor's command; without it `amp.editor`, `$VISUAL`, `$EDITOR` or git's editor. */
  with?: string | undefined
}

export interface OpenResult {
  tip: ChainTip
  worktree: string
  exit: number | null
}

/** Opens a session's worktree in an editor, which has the user's terminal. A worktree that is not there is made again. */
export async function openSession(repo: Repo, options: OpenOptions): Promise<OpenResult> {
  const tip = await findSession(repo, options.session)
  const editor = options.with ?? (await editorOf(repo))
  const { place } = await ensurePlace(repo, tip)
  const env = { ...repo.childEnv, PWD: place.path, ...(await sessionEnv(repo, tip, place.path)) } as NodeJS.ProcessEnv
  // As git starts an editor: the setting may hold arguments.
  const child = spawn('sh', ['-c', `${editor} "$@"`, editor, place.path], { cwd: place.path, env, stdio: 'inherit' })
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { tip, worktree: place.path, exit }
}

async function editorOf(repo: Repo): Promise<string> {
  const { env } = repo.host
  const own = (await repo.config()).get('amp.editor') || env.VISUAL || env.EDITOR
  if (own) return own
  const editor = await repo.in(repo.location.topLevel ?? repo.location.gitDir).text(['var', 'GIT_EDITOR'], {
    ok: [0, 1, 128], // 1, 128: a terminal that can show none
  })
  if (editor !== '') return editor
  throw fatal('there is no editor to open it in', 'Name one with --with <command>, VISUAL or "git config amp.editor".')
}
