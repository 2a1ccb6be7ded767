import { join } from 'node:path'
import type { HostFs } from '../host.js'
import { subjectOf } from '../util/message.js'
import type { Git, Oid } from './run.js'

/** A rebase that git has in progress in a worktree. */
export interface GitRebase {
  /** The branch's commit before; null when git was killed before it had written that. */
  origHead: Oid | null
  /** The command that git was at when it ended without having stopped on purpose: it was killed in it. */
  killedIn: { line: string; commit: string } | null
}

/** The rebase in progress in a worktree, by the files that git keeps in the worktree's git directory; null when there is none. */
export async function readRebase(fs: HostFs, gitDir: string): Promise<GitRebase | null> {
  const read = (name: string) => fs.readFile(join(gitDir, name), 'utf8').catch(() => null)
  const has = (name: string) => fs.lstat(join(gitDir, name)).catch(() => null)
  if ((await has('rebase-merge')) === null) {
    if ((await has('rebase-apply')) === null || (await has('rebase-apply/applying')) !== null) return null
    return { origHead: (await read('rebase-apply/orig-head'))?.trim() ?? null, killedIn: null }
  }
  const origHead = (await read('rebase-merge/orig-head'))?.trim() ?? null
  const [done, todo, stopped] = await Promise.all(
    ['rebase-merge/done', 'rebase-merge/git-rebase-todo', 'rebase-merge/stopped-sha'].map(read),
  )
  const line = commandsIn(done).at(-1)
  const commit = /^p(?:ick)? ([0-9a-f]+)/.exec(line ?? '')?.[1]
  // A command that git puts back, because a file was in its way, is the next one again.
  const isLost = stopped === null && line !== undefined && commit !== undefined && commandsIn(todo)[0] !== line
  return { origHead, killedIn: isLost ? { line, commit } : null }
}

const commandsIn = (text: string | null | undefined): string[] =>
  (text ?? '').split('\n').filter((line) => line !== '' && !line.startsWith('#'))

/** Lets a rebase that is in progress do a command once more. */
export async function putBackCommand(fs: HostFs, gitDir: string, line: string): Promise<void> {
  const file = join(gitDir, 'rebase-merge/git-rebase-todo')
  const text = await fs.readFile(file, 'utf8')
  await fs.writeFile(`${file}.amp`, `${line}\n${text}`)
  await fs.rename(`${file}.amp`, file)
}

/** Nobody answers an editor: the messages stay as they are. */
const noEditor = { GIT_EDITOR: ':', GIT_SEQUENCE_EDITOR: ':', LC_ALL: 'C', LANGUAGE: '' }

/** Settings that would make of it another rebase than the one that was tried in memory. */
const plainRebase = [
  '--merge',
  '--no-autosquash',
  '--no-autostash',
  '--no-fork-point',
  '--no-update-refs',
  '--no-rebase-merges',
]

/** How a call of `git rebase` ended: 0 done; 1 stopped; 128 refused. */
export interface Rebased {
  code: number
  stderr: string
}

/** Rebases the checked-out branch: the commits after `start` onto `onto`. Merges vanish. */
export const startRebase = (git: Git, { start, onto }: { start: Oid; onto: Oid }): Promise<Rebased> =>
  stepRebase(git, [...plainRebase, '--onto', onto, start])

/** Runs `git rebase` with these words. @throws GitError when a signal ended it */
export const stepRebase = (git: Git, words: readonly string[]): Promise<Rebased> =>
  git.run(['rebase', ...words], { ok: [0, 1, 128], env: noEditor })

/** What git said went wrong, in one line. */
export function rebaseComplaint(stderr: string): string {
  const lines = stderr.split(/[\r\n]+/).map((line) => line.trim())
  const told = lines.find((line) => /^(fatal|error): /.test(line)) ?? lines.findLast((line) => line !== '') ?? ''
  return told.replace(/^(fatal|error): /, '').replace(/\.$/, '')
}

/** A commit of a rebase before and after, as far as it can be told. */
interface Told {
  oid: Oid
  author: { name: string; email: string; date: string }
  message: string
}

/**
 * What became of each commit, told by author, author date and subject, which a rebase keeps. A commit that is not there any more (skipped, or
 * empty on the new base) is mapped to the one before it.
 */
export function matchCommits(before: readonly Told[], after: readonly Told[], onto: Oid): [Oid, Oid][] {
  const [found, left] = [new Map<Oid, Oid>(), [...after]]
  // Those whose subject was edited are looked for among what the others leave.
  for (const keyOf of [(one: Told) => `${whoAndWhen(one)}\0${subjectOf(one.message)}`, whoAndWhen]) {
    for (const commit of before.filter((one) => !found.has(one.oid))) {
      const at = left.findIndex((one) => keyOf(one) === keyOf(commit))
      const [match] = at < 0 ? [] : left.splice(at, 1)
      if (match !== undefined) found.set(commit.oid, match.oid)
    }
  }
  let last = onto
  return before.map(({ oid }): [Oid, Oid] => {
    last = found.get(oid) ?? last
    return [oid, last]
  })
}

const whoAndWhen = ({ author }: Told): string => [author.name, author.email, author.date].join('\0')
