import { join } from 'node:path'
import { fatal, no } from '../../errors.js'
import { Hooks } from '../../git/hooks.js'
import type { Repo } from '../../repo.js'

/**
 * Passes a message that the user wrote for the project's history through the user's `commit-msg` hook.
 * @returns the message, as the hook left it
 * @throws AmpError when the hook refuses it, or nothing is left of it
 */
export async function checkMessage(repo: Repo, message: string): Promise<string> {
  const config = await repo.config()
  const home = repo.location.isBare ? repo.location.commonDir : await repo.home()
  // With --git-dir the directory alone does not lead to the repository.
  const isNamed = repo.host.env.GIT_DIR !== undefined && !repo.location.isBare
  const named = [`--git-dir=${repo.location.commonDir}`, `--work-tree=${home}`]
  const git = isNamed ? repo.asUser(home).at(home, named) : repo.asUser(home)
  if (config.get('amp.hooks') === 'skip') return cleaned(message)
  const hooks = await Hooks.find(git, repo.host.fs, { main: home })
  if (!hooks.has('commit-msg')) return cleaned(message)
  const file = repo.local('tmp', `message-${repo.newId()}`)
  await repo.host.fs.mkdir(repo.local('tmp'), { recursive: true })
  try {
    await repo.host.fs.writeFile(join(file), message)
    const failure = await hooks.run('commit-msg', [file])
    if (failure !== null)
      throw no('the commit-msg hook refused the message', ...failure.output.split('\n').filter((line) => line !== ''))
    return cleaned(await repo.host.fs.readFile(file, 'utf8'))
  } finally {
    await repo.host.fs.rm(file, { force: true })
  }
}

function cleaned(message: string): string {
  const text = message.replace(/[ \t]+$/gm, '').trim()
  if (text === '') throw fatal('the message is empty')
  return `${text}\n`
}
