import { badValue, type Config } from '../git/config.js'
import { parseDuration } from '../util/time.js'

/**
 * Looks at every setting of git-amp that can be wrong, before a command changes anything: most are needed only after an agent has run.
 * @throws AmpError naming the key and what it can be
 */
export function checkSettings(config: Config): void {
  config.choice('amp.hooks', ['run', 'skip'])
  config.choice('amp.mergeStyle', ['ff', 'ff-only', 'no-ff', 'squash'])
  for (const key of config.keys(/^amp\.agent\..+\.approve$/)) config.bool(key, true)
  const timeout = config.get('amp.timeout')
  if (timeout !== null && parseDuration(timeout) === null)
    throw badValue('amp.timeout', timeout, 'Write a length of time: 90s, 10m or 2h.')
  const author = config.get('amp.coAuthor')
  if (author !== null && !/\S.*<.+>/.test(author))
    throw badValue('amp.coAuthor', author, 'Write a name and an address: "A U Thor <author@example.com>".')
}
