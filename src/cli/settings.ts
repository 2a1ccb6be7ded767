import { badValue, type Config } from '../git/config.js'
import { mergeStyles, setupModes } from '../util/choices.js'

/**
 * Looks at every setting of git-amp that can be wrong, before a command changes anything: most are needed only after an agent has run.
 * @throws AmpError naming the key and what it can be
 */
export function checkSettings(config: Config): void {
  config.choice('amp.hooks', ['run', 'skip'])
  config.choice('amp.mergeStyle', mergeStyles)
  config.choice('amp.setupMode', setupModes)
  config.bool('amp.team', true)
  config.count('amp.ports')
  config.choice('amp.onFailure', ['commit', 'keep'])
  config.choice('amp.transcripts', ['never', 'ask', 'push'])
  config.choice('amp.snapshots', ['never', 'ask', 'push'])
  config.bool('amp.pushBranches', false)
  config.choice('amp.squash', ['runs', 'stop'])
  for (const key of config.keysBelow('amp.agent')) if (key.endsWith('.approve')) config.bool(key, true)
  for (const key of ['amp.timeout', 'amp.idleTimeout', 'amp.notifyAfter', 'amp.batchBackoff']) config.duration(key)
  config.dollars('amp.maxCost')
  config.count('amp.jobs')
  config.when('amp.notify')
  const author = config.get('amp.coAuthor')
  if (author !== null && !/\S.*<.+>/.test(author))
    throw badValue('amp.coAuthor', author, 'Write a name and an address: "A U Thor <author@example.com>".')
}
