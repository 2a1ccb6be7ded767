import type { Git, Oid } from './run.js'

/** A commit as the rewriting commands need it. */
export interface CommitInfo {
  oid: Oid
  parents: Oid[]
  tree: Oid
  author: { name: string; email: string; date: string }
  message: string
}

/** Format and parser in one value: each field ends in NUL, the message last, and each commit in a newline after that. */
const commitFormat = {
  argument: '--format=%H%x00%P%x00%T%x00%an%x00%ae%x00%ad%x00%B%x00',
  fields: 7,
}

/**
 * Commits reachable from `tip` and not from `base` (or any of several), oldest first, parents before children. By `git rev-list`, because
 * `git log` listens to the user's `log.*` settings, and prints more than it was asked for.
 */
export async function commitsBetween(git: Git, base: Oid | readonly Oid[], tip: Oid): Promise<CommitInfo[]> {
  const args = [
    '-c',
    'i18n.logOutputEncoding=UTF-8',
    'rev-list',
    '--topo-order',
    '--reverse',
    '--no-commit-header',
    '--date=raw',
    commitFormat.argument,
    '--end-of-options',
    tip,
    ...[base].flat().map((oid) => `^${oid}`),
  ]
  const words = await git.items(args)
  const commits: CommitInfo[] = []
  for (let at = 0; at + commitFormat.fields <= words.length; at += commitFormat.fields) {
    const [line = '', parents = '', tree = '', name = '', email = '', date = '', message = ''] = words.slice(at)
    const author = { name, email, date }
    commits.push({ oid: line.trimStart(), parents: parents === '' ? [] : parents.split(' '), tree, author, message })
  }
  return commits
}

/** Ids of the commits reachable from `tip` and not from `base`. */
export async function idsBetween(git: Git, base: Oid, tip: Oid): Promise<Oid[]> {
  const text = await git.text(['rev-list', '--end-of-options', tip, `^${base}`])
  return text === '' ? [] : text.split('\n')
}

/** The best common ancestor, or null when the histories are unrelated. */
export async function mergeBase(git: Git, a: Oid, b: Oid): Promise<Oid | null> {
  const oid = await git.text(['merge-base', '--end-of-options', a, b], { ok: [0, 1] }) // 1: there is none
  return oid === '' ? null : oid
}

/** Whether `ancestor` is reachable from `descendant`; equal commits are. */
export async function isAncestor(git: Git, ancestor: Oid, descendant: Oid): Promise<boolean> {
  const { code } = await git.run(['merge-base', '--is-ancestor', ancestor, descendant], { ok: [0, 1] }) // 1: it is not
  return code === 0
}

/** Commits only on the left and only on the right side. */
export async function aheadBehind(git: Git, left: Oid, right: Oid): Promise<{ ahead: number; behind: number }> {
  const text = await git.text(['rev-list', '--left-right', '--count', '--end-of-options', `${left}...${right}`])
  const [ahead = 0, behind = 0] = text.split('\t').map(Number)
  return { ahead, behind }
}

/** The commit that a user's revision names, or null. */
export async function resolveCommit(git: Git, revision: string): Promise<Oid | null> {
  const oid = await git.text(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`], {
    ok: [0, 1, 128], // 1: no such revision; 128: its syntax is wrong, or it is ambiguous
  })
  return /^[0-9a-f]{40,64}$/.test(oid) ? oid : null
}

/** The full ref that a revision names (`refs/heads/main`), or null when it names none. */
export async function fullRef(git: Git, revision: string): Promise<string | null> {
  const name = await git.text(
    ['rev-parse', '--symbolic-full-name', '--verify', '--quiet', '--end-of-options', revision],
    {
      ok: [0, 1, 128],
    },
  )
  return name.startsWith('refs/') ? name : null
}
