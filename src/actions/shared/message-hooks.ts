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
  const git = repo.asUser(home)
  if (config.get('amp.hooks') === 'skip') return cleaned(message)
  const hooks = await Hooks.find(git, repo.host.fs, home)
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
