import type { Env } from '../host.js'

/**
 * What `git rev-parse --local-env-vars` lists (git 2.38 to 2.51), less the two variables that carry the user's `-c`: hooks, `!` aliases and
 * `git --git-dir` set them for one repository, and a child that works in another worktree must not see them. A test
 * compares the list with the installed git.
 */
export const localVariables = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CONFIG',
  'GIT_OBJECT_DIRECTORY',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_COMMON_DIR',
  'GIT_INTERNAL_SUPER_PREFIX',
] as const

/** Set by `git --literal-pathspecs` and its like: our own pathspecs use magic. */
const pathspecVariables = [
  'GIT_LITERAL_PATHSPECS',
  'GIT_GLOB_PATHSPECS',
  'GIT_NOGLOB_PATHSPECS',
  'GIT_ICASE_PATHSPECS',
] as const

/** What git-amp tells its own process in the background: an agent that calls git-amp is none. */
export const detachedVariable = 'GIT_AMP_DETACHED'

/** Also set by `git commit` for its hooks: they would back-date our commits and silence the editor. */
const commitVariables = [
  'GIT_AUTHOR_NAME',
  'GIT_AUTHOR_EMAIL',
  'GIT_AUTHOR_DATE',
  'GIT_REFLOG_ACTION',
  'GIT_EDITOR',
] as const

/**
 * The environment for children that work in a session's worktree: the surrounding hook's or alias' repository taken out, the user's own
 * variables and `-c` settings kept.
 */
export function scrub(env: Env): Env {
  const inHook = env.GIT_INDEX_FILE !== undefined
  const drop = new Set<string>([
    detachedVariable,
    ...localVariables,
    ...pathspecVariables,
    ...(inHook ? commitVariables : []),
  ])
  return Object.fromEntries(Object.entries(env).filter(([name]) => !drop.has(name)))
}

/** Added for every git call whose answer git-amp reads itself. */
export const plumbing: Env = {
  LC_ALL: 'C',
  LANGUAGE: '',
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_OPTIONAL_LOCKS: '0',
}

/** For plumbing on state refs: the user's hooks and automatic maintenance have no part in it. */
export const quiet = ['-c', 'core.hooksPath=/dev/null', '-c', 'gc.auto=0', '-c', 'i18n.commitEncoding=UTF-8'] as const
