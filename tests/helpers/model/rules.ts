import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { difference, hold } from './hold.js'
import { blobsOf, type Checkout, type Look, standingOf } from './look.js'
import { Outcomes } from './outcomes.js'
import { commandsOf, type Known, partsOf, undoTarget } from './parts.js'
import { Reference } from './reference.js'
import { Unsettled } from './unsettled.js'
import type { Taken, World } from './world.js'

/** Commands that only look. */
const looking = ['list', 'show', 'oplog']
/** Commands that move the session's branch, or drop its worktree with its reflog. */
const moving = ['squash', 'rebase', 'merge', 'iterate', 'undo', 'pause', 'remove', 'resolve']
const exits = [0, 1, 128]

/** What must be true of a repository after each step, whatever the steps were. */
export class Rules {
  private readonly reference: Reference
  private readonly outcomes: Outcomes
  /** Commits that git-amp has recorded, or that stood in a worktree when it was done with it. */
  private readonly seen = new Set<string>()
  /** What was there before and after each command that was the only one of its step. */
  private readonly operations = new Map<string, Known>()
  /** Sessions in which git-amp was killed: what may stand uncommitted in their worktrees until a command has put them right. */
  private readonly unsettled = new Map<string, Unsettled>()
  /** Whether it was so in the session of the step, before it. */
  private wasUnsettled = false
  /** How often each command did what it was asked to. */
  readonly done = new Map<string, number>()
  private readonly algorithm: string

  constructor(private readonly world: World) {
    this.reference = new Reference(world.s)
    this.outcomes = new Outcomes(this.reference, this.operations)
    this.algorithm = world.s.git('rev-parse', '--show-object-format')
  }

  check(taken: Taken): void {
    const { command } = taken.step
    this.wasUnsettled = this.unsettled.has(this.idOf(taken)) || this.unsettled.has('')
    if (command !== undefined) {
      this.ends(taken)
      this.content(taken)
      this.othersAreLeftAlone(taken)
      // An agent that fails has run.
      if (taken.ended.code === 0 || (command === 'iterate' && taken.ended.code === 1)) this.succeeded(taken)
      else this.refused(taken)
      this.remember(taken)
    } else for (const [id, one] of this.unsettled) one.goesOn(taken.after.checkouts.get(id))
    this.commitsAreThere(taken)
  }

  private name = (id: string): string => (id === '' ? 'the user' : this.world.nameOf(id))

  /** The session that a step was about: of an undo, what the operation was. */
  private idOf({ step, before, after }: Taken): string {
    if (step.command !== 'undo')
      return (
        step.id ??
        (step.command === 'new' ? ([...after.sessions.keys()].find((id) => !before.sessions.has(id)) ?? '') : '')
      )
    return undoTarget(before.operations, step.operation)?.session ?? ''
  }

  private ends({ ended, isKilled }: Taken): void {
    hold(!/internal error/.test(ended.stderr), () => 'an internal error')
    if (!isKilled) hold(exits.includes(ended.code ?? -1), () => `it ended with ${ended.code}`)
  }

  /** Nothing that stood in a worktree is gone from both the worktrees and the refs. */
  private content({ before, after, step }: Taken): void {
    const now = new Set([...after.checkouts.values()].flatMap((one) => [...blobsOf(one, this.algorithm)]))
    for (const [id, checkout] of before.checkouts) {
      const own = { ...checkout, files: ownFiles(checkout, step.command === 'iterate') }
      const moved = [...blobsOf(own, this.algorithm)].filter((oid) => !now.has(oid))
      const reached = moved.length === 0 ? now : this.reference.objects()
      const missing = moved.filter((oid) => !reached.has(oid))
      const words = () => `content of ${this.name(id)} is in no worktree and no ref: ${missing.join(', ')}`
      hold(missing.length === 0, words)
    }
    this.ignoredIsThere(before, after)
  }

  /** An ignored file is where it was, or in the trash with its worktree. */
  private ignoredIsThere(before: Look, after: Look): void {
    const trash = join(this.world.s.dir, '.git/amp/trash')
    for (const [id, { files }] of before.checkouts) {
      const text = files.get('work.log')?.slice(7)
      if (text === undefined || after.checkouts.get(id)?.files.get('work.log')?.slice(7) === text) continue
      const dirs = existsSync(trash) ? readdirSync(trash).filter((name) => name.includes(id)) : []
      const found = dirs.map((name) => join(trash, name, 'worktree/work.log')).filter((path) => existsSync(path))
      hold(
        found.some((path) => readFileSync(path, 'latin1') === text),
        () => `an ignored file of ${this.name(id)} is gone`,
      )
    }
  }

  /** Other sessions, other branches, and the user's checkout unless the base moved in it. */
  private othersAreLeftAlone(taken: Taken): void {
    const { before, after, step } = taken
    const own = this.idOf(taken)
    const { branches, worktrees } = this.mayMove(taken, own)
    for (const id of new Set([...before.checkouts.keys(), ...after.checkouts.keys()])) {
      const isSame = () => standingOf(before.checkouts.get(id)) === standingOf(after.checkouts.get(id))
      hold(worktrees.includes(id) || isSame(), () => `the worktree of ${this.name(id)} changed`)
    }
    const [main, mainAfter] = [before.checkouts.get(''), after.checkouts.get('')]
    hold(main?.branch === mainAfter?.branch, () => 'the user was switched to another branch')
    // A killed merge may leave the checkout of the base behind until the next command.
    if (!taken.isKilled && this.unsettled.size === 0)
      hold(
        main?.dirt === mainAfter?.dirt,
        () => `what the user has not committed changed: ${difference(main, mainAfter)}`,
      )
    for (const ref of new Set([...before.refs.keys(), ...after.refs.keys()])) {
      const isOther = ref.startsWith('refs/heads/') && !branches.includes(ref) && step.command !== 'new'
      hold(!isOther || before.refs.get(ref) === after.refs.get(ref), () => `${ref} moved`)
    }
  }

  /** The branches that a step may move, and the sessions whose worktrees may follow: its own, and the base with a merge. */
  private mayMove({ before, after, step }: Taken, own: string): { branches: string[]; worktrees: string[] } {
    const sessions = [before, after].flatMap((one) => one.sessions.get(own) ?? [])
    const branches = sessions.map(({ branch }) => `refs/heads/${branch}`)
    if (!['merge', 'undo'].includes(step.command ?? '')) return { branches, worktrees: [own] }
    const all = [...branches, ...sessions.flatMap(({ base }) => base.ref ?? [])]
    const there = [...before.checkouts]
      .filter(([, { branch }]) => all.includes(`refs/heads/${branch}`))
      .map(([id]) => id)
    return { branches: all, worktrees: [own, ...there] }
  }

  /** A command that says no leaves everything of the user's as it is. */
  private refused(taken: Taken): void {
    const { before, after, step } = taken
    const id = this.idOf(taken)
    if (taken.isKilled) {
      this.killed(taken, id)
      return
    }
    const isUnsettled = this.wasUnsettled || this.unsettled.has('')
    if (!isUnsettled) this.outcomes.mustNotBeRefused(taken, id)
    // A branch that was deleted under its worktree comes back, whatever the command says.
    if (before.checkouts.get(id)?.head === '(initial)') return
    const isRebase = [before, after].some((one) => one.sessions.get(id)?.rebasing !== undefined)
    if (isUnsettled || isRebase || looking.includes(step.command ?? '')) return
    hold(
      standingOf(before.checkouts.get(id)) === standingOf(after.checkouts.get(id)),
      () =>
        `it was refused, and the worktree changed: ${difference(before.checkouts.get(id), after.checkouts.get(id))}`,
    )
    const heads = (one: Look) => [...one.refs].filter(([ref]) => ref.startsWith('refs/heads/')).join('\n')
    hold(heads(before) === heads(after), () => 'it was refused, and a branch moved')
  }

  private killed(taken: Taken, id: string): void {
    const { before, after, step } = taken
    const unsettled = this.unsettled.get(id) ?? new Unsettled()
    this.unsettled.set(id, unsettled)
    unsettled.mayHold([before, after].map((one) => one.checkouts.get(id)?.dirt))
    unsettled.mayHold(this.outcomes.expected(taken, id))
    const isFixed = ['squash', 'reopen'].includes(step.command ?? '') && !step.line.includes('--onto')
    if (!isFixed || before.checkouts.get(id)?.isUnfinished === true) unsettled.goesOn(after.checkouts.get(id))
    this.fsck()
  }

  private succeeded(taken: Taken): void {
    const { after, step } = taken
    const [id, command] = [this.idOf(taken), step.command ?? '']
    if (looking.includes(command) || step.line.endsWith(' -n')) return
    this.done.set(command, (this.done.get(command) ?? 0) + 1)
    this.agrees(after, id)
    if (command === 'pause') this.outcomes.remember(taken, id)
    const unsettled = this.unsettled.get(id)
    if (unsettled === undefined) {
      this.outcomes.check(taken, id)
      return
    }
    this.unsettled.delete(id)
    const checkout = after.checkouts.get(id)
    if (step.kill !== undefined || checkout === undefined || ['undo', 'iterate'].includes(command)) return
    const words = () => `after it was killed the worktree has changes of nobody, or lacks some:\n${checkout.dirt}`
    hold(unsettled.explains(checkout), words)
  }

  /** Chain, branch and worktree say the same, and nothing is left half done. */
  private agrees(after: Look, id: string): void {
    const [session, checkout] = [after.sessions.get(id), after.checkouts.get(id)]
    const [head, ...others] = session?.heads ?? []
    const tip = after.refs.get(`refs/heads/${session?.branch}`)
    if (tip !== undefined && others.length === 0)
      hold(tip === head, () => `the chain says ${head}, and the branch is ${tip}`)
    if (checkout === undefined || checkout.isUnfinished) return
    const words = () => `the worktree is on ${checkout.branch}, and the session on ${session?.branch}`
    hold(checkout.branch === session?.branch, words)
    const isPending = existsSync(join(this.gitDir(checkout), 'amp-pending'))
    hold(!isPending, () => 'a move of the worktree is left without its end')
  }

  private gitDir = (checkout: Checkout): string => readFileSync(join(checkout.path, '.git'), 'utf8').slice(8).trimEnd()

  private remember({ step, before, after, ended }: Taken): void {
    const known = new Set(before.operations.map(({ id }) => id))
    const fresh = commandsOf(after.operations.filter(({ id }) => !known.has(id)))
    const [command] = fresh
    const isInConflict = before.checkouts.get(command?.session ?? '')?.isUnfinished === true
    const isWhole = ended.code === 0 && step.kill === undefined && !/ --(continue|abort)/.test(step.line)
    // In a session where it was killed before, something else may have been put right as well.
    if (command !== undefined && fresh.length === 1 && isWhole && !isInConflict && !this.wasUnsettled)
      this.operations.set(command.id, { command, before: partsOf(before), after: partsOf(after) })
    if (ended.code !== 0 || !moving.includes(step.command ?? '')) return
    for (const { session } of fresh)
      for (const one of [before, after]) for (const oid of one.checkouts.get(session)?.reflog ?? []) this.seen.add(oid)
  }

  private commitsAreThere({ before, after }: Taken): void {
    const heads = [...after.checkouts.values()].map(({ head }) => head).filter((oid) => /^[0-9a-f]+$/.test(oid))
    const reached = this.reference.commits(heads)
    const lost = [...this.seen].filter((oid) => !reached.has(oid))
    hold(lost.length === 0, () => `commits are unreachable: ${lost.join(', ')}`)
    for (const [ref, oid] of after.refs)
      if (ref.startsWith('refs/amp') && before.refs.get(ref) !== oid) this.seen.add(oid)
    for (const { heads: known } of after.sessions.values()) for (const oid of known) this.seen.add(oid)
  }

  fsck(): void {
    const problems = this.world.s.git('fsck', '--no-dangling')
    hold(problems === '', () => `fsck: ${problems}`)
  }
}

/**
 * The files that somebody wrote: not those with conflict markers, and not the ignored one, which is looked for elsewhere. What is hidden from git by
 * flags of the index is the agent's to change, as everywhere.
 */
function ownFiles({ files, unmerged, index }: Checkout, isAgentAtWork: boolean): Map<string, string> {
  const entries = index.split('\0').filter((entry) => isAgentAtWork && /^[a-zS] /.test(entry))
  const hidden = entries.map((entry) => entry.slice(entry.indexOf('\t') + 1))
  return new Map([...files].filter(([path]) => ![...unmerged, ...hidden, 'work.log'].includes(path)))
}
