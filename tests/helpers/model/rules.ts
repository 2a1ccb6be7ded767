import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobsOf, type Checkout, type Look, standingOf } from './look.js'
import { type Known, partsOf, undoTarget, whatUndoBrings } from './parts.js'
import { Reference } from './reference.js'
import type { Taken, World } from './world.js'

/** A rule that does not hold. */
export class Broken extends Error {}

function hold(condition: boolean, words: () => string): void {
  if (!condition) throw new Broken(words())
}

/** Commands that only look. */
const looking = ['list', 'show', 'oplog']
const exits = [0, 1, 128]

/** What may stand uncommitted in a worktree where git-amp was killed. */
class Unsettled {
  private readonly lines = new Set<string>()
  /** All that stood there, as long as nothing has touched it. */
  private exact: string | undefined

  mayHold(dirts: readonly (string | undefined)[]): void {
    this.exact ??= this.lines.size === 0 ? dirts[0] : undefined
    for (const dirt of dirts) for (const line of dirt?.split('\n') ?? []) this.lines.add(line)
  }

  /** Somebody has worked there. */
  goesOn(checkout: Checkout | undefined): void {
    this.exact = undefined
    this.mayHold([checkout?.dirt])
    this.exact = undefined
  }

  explains({ dirt }: Checkout): boolean {
    const isKnown = dirt.split('\n').every((line) => line === '' || this.lines.has(line))
    return isKnown && (this.exact === undefined || this.exact === dirt)
  }
}

/** What must be true of a repository after each step, whatever the steps were. */
export class Rules {
  readonly reference: Reference
  /** Commits that git-amp has recorded, or that stood in a worktree when it was done with it. */
  private readonly seen = new Set<string>()
  /** What was there before and after each operation that was the only one of its step. */
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

  private ends({ ended, step }: Taken): void {
    hold(!/internal error/.test(ended.stderr), () => 'an internal error')
    if (step.kill === undefined) hold(exits.includes(ended.code ?? -1), () => `it ended with ${ended.code}`)
  }

  /** Nothing that stood in a worktree is gone from both the worktrees and the refs. */
  private content({ before, after, step }: Taken): void {
    const now = new Set([...after.checkouts.values()].flatMap((one) => [...blobsOf(one, this.algorithm)]))
    for (const [id, checkout] of before.checkouts) {
      const kept = {
        ...checkout,
        files: new Map(
          [...checkout.files].filter(([path]) => !checkout.unmerged.includes(path) && !path.endsWith('.log')),
        ),
      }
      let missing = [...blobsOf(kept, this.algorithm)].filter((oid) => !now.has(oid))
      if (missing.length === 0) continue
      const reached = this.reference.objects()
      missing = missing.filter((oid) => !reached.has(oid))
      if (step.line.endsWith('--skip')) continue
      hold(
        missing.length === 0,
        () => `content of ${this.name(id)} is in no worktree and no ref: ${missing.join(', ')}`,
      )
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
    if (step.kill === undefined && this.unsettled.size === 0)
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
    if (step.kill !== undefined) {
      this.killed(taken, id)
      return
    }
    this.mustNotBeRefused(taken, id)
    // A branch that was deleted under its worktree comes back, whatever the command says.
    if (before.checkouts.get(id)?.head === '(initial)') return
    const isRebase = [before, after].some((one) => one.sessions.get(id)?.rebasing !== undefined)
    if (this.unsettled.has(id) || this.unsettled.has('') || isRebase || looking.includes(step.command ?? '')) return
    hold(
      standingOf(before.checkouts.get(id)) === standingOf(after.checkouts.get(id)),
      () =>
        `it was refused, and the worktree changed: ${difference(before.checkouts.get(id), after.checkouts.get(id))}`,
    )
    const heads = (one: Look) => [...one.refs].filter(([ref]) => ref.startsWith('refs/heads/')).join('\n')
    hold(heads(before) === heads(after), () => 'it was refused, and a branch moved')
  }

  private killed({ before, after, step }: Taken, id: string): void {
    const unsettled = this.unsettled.get(id) ?? new Unsettled()
    this.unsettled.set(id, unsettled)
    const target = step.command === 'undo' ? undoTarget(before.operations, step.operation)?.id : undefined
    const known = this.operations.get(target ?? '')
    const paused = this.pausedDirt.get(before.sessions.get(id)?.paused?.snapshot ?? '')
    unsettled.mayHold([before, after].map((one) => one.checkouts.get(id)?.dirt))
    unsettled.mayHold([known?.before.dirts.get(id), known?.after.dirts.get(id), paused])
    const isTouched = !['squash', 'merge', 'reopen'].includes(step.command ?? '') || step.line.includes('--onto')
    if (isTouched) unsettled.goesOn(after.checkouts.get(id))
    const problems = this.world.s.git('fsck', '--no-dangling')
    hold(problems === '', () => `fsck: ${problems}`)
  }

  /** Uncommitted work by the snapshot that holds it. */
  private readonly pausedDirt = new Map<string, string>()

  private mustNotBeRefused({ before, step, ended }: Taken, id: string): void {
    const session = before.sessions.get(id)
    const checkout = before.checkouts.get(id)
    if (this.unsettled.has(id) || this.unsettled.has('') || session === undefined || session.heads.length > 1) return
    const isFree =
      checkout !== undefined &&
      !checkout.isUnfinished &&
      checkout.branch === session.branch &&
      checkout.unmerged.length === 0
    const said = () => `it must not be refused: ${ended.stderr}`
    if (step.command === 'pause') hold(!isFree || session.status === 'paused', said)
    if (step.command === 'undo') {
      const target = undoTarget(before.operations, step.operation)
      const known = this.operations.get(target?.id ?? '')
      const isAsLeft = known !== undefined && whatUndoBrings(known, partsOf(before)).isAsLeft
      hold(!isAsLeft || !isFree || /is undone already|checked out in/.test(ended.stderr), said)
    }
    if (
      step.command === 'rebase' &&
      isFree &&
      checkout.dirt === '' &&
      / conflicts with the base in /.test(ended.stderr)
    ) {
      const onto =
        before.refs.get(step.line.includes('side') ? 'refs/heads/side' : (session.base.ref ?? '')) ?? session.base.oid
      const start = this.startOf(before, id, checkout.head)
      const tree = this.reference.rebased({ start, onto, head: checkout.head })
      hold(tree === null, () => `plain git rebases without a conflict: ${ended.stderr}`)
    }
  }

  /** Where the session's own commits begin. */
  private startOf(before: Look, id: string, head: string): string {
    const { base } = before.sessions.get(id) as NonNullable<ReturnType<Look['sessions']['get']>>
    const current = before.refs.get(base.ref ?? '') ?? base.oid
    const start = this.reference.mergeBase(head, current) ?? base.oid
    const { isAncestor } = this.reference
    return isAncestor.call(this.reference, start, base.oid) && this.reference.isAncestor(base.oid, head)
      ? base.oid
      : start
  }

  private succeeded(taken: Taken): void {
    const { before, after, step } = taken
    const id = this.idOf(taken)
    const command = step.command ?? ''
    if (looking.includes(command) || step.line.endsWith(' -n')) return
    this.done.set(command, (this.done.get(command) ?? 0) + 1)
    const [session, checkout] = [after.sessions.get(id), after.checkouts.get(id)]
    const unsettled = this.unsettled.get(id)
    const isNewlyKilled = step.kill !== undefined
    if (session !== undefined && session.heads.length === 1 && after.refs.has(`refs/heads/${session.branch}`)) {
      const tip = after.refs.get(`refs/heads/${session.branch}`)
      hold(tip === session.heads[0], () => `the chain says ${session.heads[0]}, and the branch is ${tip}`)
    }
    if (checkout !== undefined && !checkout.isUnfinished) {
      hold(
        checkout.branch === session?.branch,
        () => `the worktree is on ${checkout.branch}, and the session on ${session?.branch}`,
      )
      hold(
        !existsSync(join(this.gitDir(checkout), 'amp-pending')),
        () => 'a move of the worktree is left without its end',
      )
    }
    if (unsettled !== undefined) {
      if (!isNewlyKilled && checkout !== undefined && !['undo', 'iterate'].includes(command))
        hold(
          unsettled.explains(checkout),
          () => `after it was killed the worktree has changes of nobody:\n${checkout.dirt}`,
        )
      this.unsettled.delete(id)
      return
    }
    const was = before.checkouts.get(id)
    if (command === 'squash') this.squashed(taken, id)
    if (command === 'rebase') this.rebased(taken, id)
    if (command === 'merge') this.merged(taken, id)
    if (command === 'undo') this.undone(taken)
    if (command === 'iterate') hold(checkout?.dirt === '', () => `iterate leaves changes:\n${checkout?.dirt}`)
    if (
      ['squash', 'rebase', 'merge', 'resolve'].includes(command) &&
      was !== undefined &&
      checkout !== undefined &&
      !was.isUnfinished
    )
      hold(was.dirt === checkout.dirt, () => `${command} changed what is not committed: ${difference(was, checkout)}`)
    if (command === 'pause') {
      hold(checkout === undefined, () => 'the worktree is still there')
      this.standings.set(session?.paused?.snapshot ?? '', standingOf(was))
      this.pausedDirt.set(session?.paused?.snapshot ?? '', was?.dirt ?? '')
    }
    if (command === 'resume') {
      const wanted = this.standings.get(before.sessions.get(id)?.paused?.snapshot ?? '')
      const isSameHead = wanted?.startsWith(`${checkout?.head}\n`)
      hold(
        wanted === undefined || !isSameHead || wanted === standingOf(checkout),
        () => `resume brings back another worktree:\n${lines(wanted, standingOf(checkout))}`,
      )
    }
  }

  private readonly standings = new Map<string, string>()

  private gitDir = (checkout: Checkout): string => readFileSync(join(checkout.path, '.git'), 'utf8').slice(8).trimEnd()

  private tips({ before, after }: Taken, id: string): [string, string] {
    const at = (one: Look) =>
      one.checkouts.get(id)?.head ??
      one.refs.get(`refs/heads/${one.sessions.get(id)?.branch}`) ??
      one.sessions.get(id)?.heads[0] ??
      ''
    return [at(before), at(after)]
  }

  private squashed(taken: Taken, id: string): void {
    const { reference } = this
    const [from, to] = this.tips(taken, id)
    const start = this.startOf(taken.before, id, from)
    if (!taken.step.line.includes('--onto')) {
      hold(reference.tree(from) === reference.tree(to), () => 'the tree after the squash is another')
      hold(reference.isAncestor(start, to), () => 'the squash stands on something else')
    }
    const base = taken.before.refs.get('refs/heads/main') ?? start
    if (!taken.step.line.includes('include'))
      this.keepsManual({ start, from }, { start: taken.step.line.includes('--onto') ? base : start, to })
  }

  private keepsManual(before: { start: string; from: string }, after: { start: string; to: string }): void {
    const { reference } = this
    const [was, is] = [reference.manual(before.start, before.from), reference.manual(after.start, after.to)]
    const lost = was.filter((one) => !is.includes(one))
    // On another base a commit may have nothing left to do.
    const mayDrop = before.start !== after.start
    hold(lost.length === 0 || mayDrop, () => `commits of the user's are gone, or changed: ${lost.join(' / ')}`)
    const changed = is.filter((one) => !was.includes(one))
    hold(changed.length === 0, () => `commits of the user's changed: ${changed.join(' / ')}`)
  }

  private rebased(taken: Taken, id: string): void {
    const { reference } = this
    const { before, after, step } = taken
    if (step.line.includes(' --') && !step.line.includes('--onto')) return
    const [from, to] = this.tips(taken, id)
    const session = before.sessions.get(id)
    const onto =
      before.refs.get(step.line.includes('side') ? 'refs/heads/side' : (session?.base.ref ?? '')) ??
      session?.base.oid ??
      ''
    hold(reference.isAncestor(onto, to), () => 'the session does not stand on its base')
    const start = this.startOf(before, id, from)
    if (from === to || reference.hasMerge(start, from) || before.sessions.get(id)?.rebasing) return
    const tree = reference.rebased({ start, onto, head: from })
    hold(tree === reference.tree(to), () => `plain git rebases to ${tree}, git-amp to ${reference.tree(to)}`)
    this.keepsManual({ start, from }, { start: onto, to })
    hold(after.checkouts.get(id)?.dirt === before.checkouts.get(id)?.dirt, () => 'rebase leaves changes')
  }

  private merged(taken: Taken, id: string): void {
    const { before, after } = taken
    const { reference } = this
    const [head] = this.tips(taken, id)
    const into = before.sessions.get(id)?.base.ref ?? ''
    const [from, to] = [before.refs.get(into) ?? '', after.refs.get(into) ?? '']
    if (from === to || from === '') return
    hold(reference.isAncestor(from, to), () => 'the base lost commits')
    const wanted = reference.isAncestor(from, head) ? reference.tree(head) : reference.merged(from, head)
    hold(wanted === reference.tree(to), () => `plain git merges to ${wanted}, git-amp to ${reference.tree(to)}`)
  }

  private undone({ before, after, step }: Taken): void {
    const known = this.operations.get(undoTarget(before.operations, step.operation)?.id ?? '')
    if (known === undefined) return
    const { expected } = whatUndoBrings(known, partsOf(before))
    const now = partsOf(after)
    for (const [key, value] of expected)
      hold(now.all.get(key) === value, () => `undo does not bring back ${key}:\n${lines(value, now.all.get(key))}`)
  }

  private remember({ step, before, after, ended }: Taken): void {
    const known = new Set(before.operations.map(({ id }) => id))
    const fresh = after.operations.filter(({ id }) => !known.has(id)).reverse()
    const isInConflict = before.checkouts.get(fresh[0]?.session ?? '')?.isUnfinished === true
    const isExact = fresh.length === 1 && ended.code === 0 && step.kill === undefined && !isInConflict
    const [operation] = fresh
    // In a session where it was killed before, something else may have been put right as well.
    if (isExact && operation !== undefined && !this.wasUnsettled)
      this.operations.set(operation.id, { operation, before: partsOf(before), after: partsOf(after) })
    const own = fresh.map(({ session }) => session)
    // The commands that move the session's branch, or drop its worktree with its reflog.
    if (
      ended.code === 0 &&
      ['squash', 'rebase', 'iterate', 'undo', 'pause', 'remove', 'resolve'].includes(step.command ?? '')
    )
      for (const id of own) for (const oid of this.world.reflog(id)) this.seen.add(oid)
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

const difference = (a: Checkout | undefined, b: Checkout | undefined): string => lines(standingOf(a), standingOf(b))

/** Lines that only one of two texts has. */
function lines(a = '', b = ''): string {
  const [left, right] = [a.split(/[\n\0]/), b.split(/[\n\0]/)]
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `- ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `+ ${line}`),
  ].join('\n')
}
