import { join } from 'node:path'
import { localVariables } from '../git/env.js'
import { fetchRefs } from '../git/remote.js'
import { GitError } from '../git/run.js'
import { openRepo, type Repo } from '../repo.js'
import { archivesPrefix, sessionsPrefix } from '../state/names.js'
import { wrongSnapshot } from '../state/rules.js'
import { type ListOptions, type ListResult, listSessions, wantsClosed } from './list.js'
import { unreachable } from './sync/fetch.js'
import { findRemote } from './sync/remote.js'

/**
 * Lists the sessions of another repository, from the tips of their histories alone, in a repository that is thrown away afterwards: nothing
 * is kept here.
 */
export async function listRemoteSessions(
  repo: Repo,
  options: ListOptions & { remote: string; canAsk: boolean },
): Promise<ListResult> {
  const remote = await findRemote(repo, options.remote, options.canAsk)
  const { fs } = repo.host
  await fs.mkdir(repo.local(), { recursive: true })
  const dir = await fs.mkdtemp(repo.local('peek-'))
  try {
    await repo.git
      .at(dir)
      .run(['init', '--quiet', '--bare', `--object-format=${repo.location.hash}`, '--template=', dir])
    // Remotes, credentials and proxies are those of this repository.
    const config = join(repo.location.commonDir, 'config')
    const git = remote.git.at(remote.git.cwd, [
      `--git-dir=${dir}`,
      '-c',
      `include.path=${config}`,
      '-c',
      'core.bare=true',
    ])
    try {
      await fetchRefs(git, remote.name, { refspecs: [`+${sessionsPrefix}/*:${sessionsPrefix}/*`], depth: 1 })
      // The tips of these are deeper down; what is here already is not fetched.
      if (wantsClosed(options)) {
        await fs.writeFile(join(dir, 'objects/info/alternates'), `${repo.location.objectsDir}\n`)
        await fetchRefs(git, remote.name, { refspecs: [`+${archivesPrefix}/*:${archivesPrefix}/*`] })
      }
    } catch (error) {
      if (error instanceof GitError && error.exit.code !== null) throw unreachable(remote, error)
      throw error
    }
    const env = { ...repo.host.env }
    for (const name of localVariables) delete env[name]
    const there = await openRepo({ ...repo.host, cwd: dir, env })
    try {
      return withoutMalformed(await listSessions(there, options))
    } finally {
      there.close()
    }
  } finally {
    await fs.rm(dir, { recursive: true, force: true })
  }
}

/** Nobody has looked through what a remote has: what no git-amp writes is named, and not shown. */
function withoutMalformed(result: ListResult): ListResult {
  const broken = [...result.broken]
  const sessions = result.sessions.filter(({ ref, snapshot }) => {
    const reason = wrongSnapshot(snapshot)
    if (reason !== null) broken.push({ ref, reason })
    return reason === null
  })
  return { ...result, sessions, broken }
}
