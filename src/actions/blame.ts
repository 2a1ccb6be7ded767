import type { Repo } from '../repo.js'
import { type Asked, type Blamed, blameFile } from './shared/blamed.js'
import { type Origin, Origins } from './shared/origins.js'

/** A file with the origin of each of its lines. */
export interface BlameResult extends Blamed {
  origins: Origin[]
}

/** Asks `git blame` once, and finds the sessions behind what it answers. */
export async function blameSessions(repo: Repo, asked: Asked): Promise<BlameResult> {
  const blamed = await blameFile(repo, asked)
  return { ...blamed, origins: await new Origins(repo, blamed.git, asked.options).of(blamed.blame) }
}
