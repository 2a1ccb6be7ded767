import type { Operation } from '../../../src/state/oplog.js'
import { type Look, standingOf } from './look.js'

/** A look taken apart into what operations change one by one: branches, worktrees, and what the chains say. */
export interface Parts {
  all: Map<string, string>
  /** What is not committed, by session. */
  dirts: Map<string, string>
  /** Keys of `all` for sessions, by their branches. */
  sessions: Map<string, string>
}

export function partsOf(look: Look): Parts {
  const all = new Map<string, string>()
  for (const [ref, oid] of look.refs) if (/^refs\/(heads|amp-private\/snapshots)\//.test(ref)) all.set(ref, oid)
  // HEAD is the branch's; a session's branch may be renamed by the user, and that stays.
  for (const [id, one] of look.checkouts)
    all.set(`worktree ${id}`, standingOf({ ...one, head: '', branch: id === '' ? one.branch : '' }))
  for (const [id, { heads, base, branch, status, paused, merged }] of look.sessions) {
    // What the user did with plain git is taken up by the next command, and not taken back.
    const tip = look.checkouts.get(id)?.head ?? look.refs.get(`refs/heads/${branch}`) ?? heads.join()
    if (heads.join() === tip)
      all.set(`session ${id}`, JSON.stringify({ heads, base, status, paused, merged: merged?.after }))
  }
  const dirts = new Map([...look.checkouts].map(([id, { dirt }]) => [id, dirt]))
  const sessions = new Map([...look.sessions].map(([id, { branch }]) => [`refs/heads/${branch}`, `session ${id}`]))
  return { all, dirts, sessions }
}

/** A command as the user sees it: all of its steps. */
export interface Done {
  id: string
  session: string
  /** Newest first. */
  steps: Operation[]
}

/** Operations, newest first, by command. */
export function commandsOf(operations: readonly Operation[]): Done[] {
  const commands = new Map<string, Done>()
  for (const step of operations) {
    const id = step.within?.id ?? step.id
    const known = commands.get(id)
    if (known === undefined) commands.set(id, { id, session: step.session, steps: [step] })
    else known.steps.push(step)
  }
  return [...commands.values()]
}

/** Operations that count as undone. */
function undoneAmong(operations: readonly Operation[]): Set<string> {
  const undone = new Set<string>()
  for (const { id, undoes } of operations) if (undoes !== undefined && !undone.has(id)) undone.add(undoes)
  return undone
}

/** What an undo is about: the command that is named, or the newest that is neither undone nor an undo. */
export function undoTarget(operations: readonly Operation[], named: string | undefined): Done | undefined {
  const undone = undoneAmong(operations)
  const isOpen = ({ steps }: Done) =>
    steps.some(({ id }) => !undone.has(id)) && steps.every(({ undoes }) => undoes === undefined)
  return commandsOf(operations).find((one) => (named === undefined ? isOpen(one) : one.id === named))
}

/** A command, and what was there before and after it. */
export interface Known {
  command: Done
  before: Parts
  after: Parts
}

/**
 * What must be there after an operation was undone. A part that it had not changed stays as it is; one that is still as the operation left it is as
 * before the operation; of any other nothing is said.
 */
export function whatUndoBrings(
  { command, before, after }: Known,
  now: Parts,
): { expected: Map<string, string | undefined>; isAsLeft: boolean } {
  const expected = new Map<string, string | undefined>()
  let isAsLeft = true
  // A base may be another session's branch: its chain takes that up like any move by plain git, with the next command there.
  const moved = command.steps.flatMap(({ refs }) => refs.map(({ ref }) => now.sessions.get(ref)))
  const hasMade = command.steps.some(({ worktrees }) => worktrees?.some((one) => one.before === null))
  for (const key of new Set([...before.all.keys(), ...after.all.keys(), ...now.all.keys()])) {
    const [was, left, is] = [before, after, now].map(({ all }) => all.get(key))
    // A session does not go: it is closed. A worktree or branch that was missing is made by many commands, and stays.
    const isOwn = key.startsWith('worktree ') ? hasMade : command.steps.some(({ refs }) => refs.some(isMaking(key)))
    const stays = was === undefined && !isOwn
    // A branch that the user deleted is made again with its worktree, and a worktree that was made since goes with its branch.
    const isSince = key.startsWith('refs/heads/')
      ? is === undefined && left !== undefined
      : key.startsWith('worktree ') && left === undefined && is !== undefined
    const isUnknown = was === undefined && left === undefined && moved.includes(key)
    if (isSince) isAsLeft = false
    else if (isUnknown) continue
    else if (was === left) expected.set(key, is)
    else if (left !== is) isAsLeft = false
    else if (!stays) expected.set(key, was)
  }
  return { expected, isAsLeft }
}

const isMaking =
  (ref: string) =>
  (one: Operation['refs'][number]): boolean =>
    one.ref === ref && one.before === null
