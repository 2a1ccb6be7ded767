import type { Repo } from '../../repo.js'
import { isId } from '../../state/names.js'
import { type Owner, whereIs } from './lease.js'

/** How the setup of a session's worktree went, in this clone. */
export interface SetupState {
  command: string
  state: 'running' | 'done' | 'failed'
  exit: number | null
  signal: string | null
  at: string
  durationMs: number
}

/** What is not done is in a file of its own kind, so that `list` finds it by the names alone. */
const openFile = (repo: Repo, id: string): string => repo.local('setup', `${id}.open`)
const doneFile = (repo: Repo, id: string): string => repo.local('setup', `${id}.done`)

/** What the setup command printed, the last time. */
export const setupLog = (repo: Repo, id: string): string => repo.local('setup', `${id}.log`)

/** Writes down how it goes. */
export async function writeSetup(repo: Repo, id: string, state: SetupState & Partial<Owner>): Promise<void> {
  const { fs } = repo.host
  await fs.mkdir(repo.local('setup'), { recursive: true })
  await fs.writeFile(`${openFile(repo, id)}.new`, JSON.stringify(state), { mode: 0o600 })
  await fs.rename(`${openFile(repo, id)}.new`, openFile(repo, id))
  if (state.state === 'done') await fs.rename(openFile(repo, id), doneFile(repo, id))
  else await fs.rm(doneFile(repo, id), { force: true })
}

/** How the setup of a session went; null when none ran here. */
export async function readSetup(repo: Repo, id: string): Promise<SetupState | null> {
  return (await read(repo, openFile(repo, id))) ?? (await read(repo, doneFile(repo, id)))
}

/** Setups that run or have failed, by session. */
export async function openSetups(repo: Repo): Promise<Map<string, SetupState>> {
  const names = await repo.host.fs.readdir(repo.local('setup')).catch((): string[] => [])
  const found = new Map<string, SetupState>()
  for (const name of names) {
    const id = name.replace(/\.open$/, '')
    const state = id !== name && isId(id) ? await read(repo, openFile(repo, id)) : null
    if (state !== null) found.set(id, state)
  }
  return found
}

async function read(repo: Repo, file: string): Promise<SetupState | null> {
  try {
    const { pid, start, host, boot, ...state } = JSON.parse(await repo.host.fs.readFile(file, 'utf8')) as SetupState &
      Owner
    if (state.state !== 'running') return state
    const where = await whereIs(repo, { pid, start, host, boot })
    return where === 'dead' ? { ...state, state: 'failed' } : state
  } catch {
    // None, or one that a full disk has cut.
    return null
  }
}
