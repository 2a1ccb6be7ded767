import { type Git, GitError, type Oid } from './run.js'

/** A code commit to be made from a tree. */
export interface NewCommit {
  tree: Oid
  parents: readonly Oid[]
  message: string
  /** `commit.gpgSign`: `git commit-tree` ignores it, so it is passed as `-S`. */
  sign: boolean
  /** Author and author date to keep, as in a commit that is written again. */
  author?: { name: string; email: string; date: string }
}

/** Whether commits are to be signed in the place of `git`: what is set for one branch or worktree counts. */
export const isSigning = async (git: Git): Promise<boolean> =>
  (await git.text(['config', '--type=bool', '--default=false', '--get', 'commit.gpgSign'])) === 'true'

/** The commit, and why it is unsigned although signing was asked for. */
export interface Committed {
  oid: Oid
  unsigned: string | null
}

/** Makes a commit without touching index, worktree or refs. @throws GitError also when signing fails */
export function commitTree(git: Git, commit: NewCommit): Promise<Oid> {
  const parents = commit.parents.flatMap((parent) => ['-p', parent])
  const env = commit.author && {
    GIT_AUTHOR_NAME: commit.author.name,
    GIT_AUTHOR_EMAIL: commit.author.email,
    // `@`: a small number of seconds would be taken for a date of another form.
    GIT_AUTHOR_DATE: `@${commit.author.date}`,
  }
  // Messages are UTF-8 here, whatever the user writes by hand.
  const args = [
    '-c',
    'i18n.commitEncoding=UTF-8',
    'commit-tree',
    ...(commit.sign ? ['-S'] : []),
    ...parents,
    '-F',
    '-',
    commit.tree,
  ]
  return git.text(args, { input: commit.message, ...(env === undefined ? {} : { env }) })
}

/** As `commitTree`, but work is never lost for want of a signature: it is then committed without, and the answer says so. */
export async function commitSafely(git: Git, commit: NewCommit): Promise<Committed> {
  if (!commit.sign) return { oid: await commitTree(git, commit), unsigned: null }
  try {
    return { oid: await commitTree(git, commit), unsigned: null }
  } catch (error) {
    if (!(error instanceof GitError) || error.exit.code === null) throw error
    return { oid: await commitTree(git, { ...commit, sign: false }), unsigned: error.message }
  }
}
