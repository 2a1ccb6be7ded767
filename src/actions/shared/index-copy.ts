import { join } from 'node:path'
import type { Git } from '../../git/run.js'
import type { HostFs } from '../../host.js'
import type { Repo } from '../../repo.js'
import type { Place } from './place.js'

/**
 * Runs `work` with a copy of a worktree's index, so that nothing the user staged changes.
 * @param git a git in that worktree; `work` gets the same one on the copy
 */
export async function onIndexCopy<T>(
  repo: Repo,
  on: { place: Pick<Place, 'gitDir'>; git: Git },
  work: (git: Git) => Promise<T>,
): Promise<T> {
  const { fs } = repo.host
  const copy = repo.local('tmp', `index-${repo.newId()}`)
  await fs.mkdir(repo.local('tmp'), { recursive: true })
  try {
    // A worktree may have no index (after "git worktree add --no-checkout"), and an empty one is the same.
    await copyIndex(fs, join(on.place.gitDir, 'index'), copy).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
    })
    return await work(on.git.with({ GIT_INDEX_FILE: copy }))
  } finally {
    await fs.rm(copy, { force: true })
    await fs.rm(`${copy}.lock`, { force: true })
  }
}

/**
 * Git reads a file again that was written in the same second as the index, or later: it may have been edited since without looking another. A copy
 * that is younger would hide such an edit, so it gets the time of the index, without the fraction of its second.
 */
async function copyIndex(fs: HostFs, from: string, to: string): Promise<void> {
  const { mtimeMs } = await fs.stat(from)
  await fs.copyFile(from, to)
  const time = new Date(Math.floor(mtimeMs / 1000) * 1000)
  await fs.utimes(to, time, time)
}

/** Runs `work` with an index of its own that is empty. */
export async function onEmptyIndex<T>(repo: Repo, git: Git, work: (git: Git) => Promise<T>): Promise<T> {
  const { fs } = repo.host
  const file = repo.local('tmp', `index-${repo.newId()}`)
  await fs.mkdir(repo.local('tmp'), { recursive: true })
  try {
    return await work(git.with({ GIT_INDEX_FILE: file }))
  } finally {
    await fs.rm(file, { force: true })
    await fs.rm(`${file}.lock`, { force: true })
  }
}
