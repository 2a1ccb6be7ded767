import { Config } from '../../git/config.js'
import type { Repo } from '../../repo.js'
import type { ChangedSetting } from '../../state/events.js'

/** Settings of the whole repository that decide what a later command of the user does, and which an install script may change in passing. */
const watched = ['core.bare', 'core.hooksPath', 'core.worktree'] as const

/** Git's configuration as it is now, seen from the shared part of the repository. */
export function readSettings(repo: Repo): Promise<Config> {
  const { commonDir } = repo.location
  return Config.read(repo.asUser(commonDir).at(commonDir, [`--git-dir=${commonDir}`]))
}

/** What changed of the watched settings since `before`. */
export async function changedSettings(repo: Repo, before: Config): Promise<ChangedSetting[]> {
  const after = await readSettings(repo)
  return watched
    .map((key) => ({ key, before: before.get(key), after: after.get(key) }))
    .filter((setting) => setting.before !== setting.after)
}
