import { difference, hold, lines } from './hold.js'
import { type Look, standingOf } from './look.js'
import { type Known, partsOf, undoTarget, whatUndoBrings } from './parts.js'
import type { Reference } from './reference.js'
import type { Taken } from './world.js'

/** Commands that leave what is not committed as it is. */
const carrying = ['squash', 'rebase', 'merge', 'resolve']

/** What a command must have made of a session when it says that it is done, and when it must not say no. */
export class Outcomes {
  /** What a paused worktree was like, by the snapshot of its uncommitted work. */
  private readonly paused = new Map<string, { standing: string; dirt: string }>()

  constructor(
    private readonly reference: Reference,
    /** What was there before and after operations. */
    private readonly operations: ReadonlyMap<string, Known>,
  ) {}

  /** Uncommitted work that a killed command may have been about to bring back, or to take away. */
  expected({ before, step }: Taken, id: string): (string | undefined)[] {
    const target = step.command === 'undo' ? undoTarget(before.operations, step.operation)?.id : undefined
    const known = this.operations.get(target ?? '')
    const paused = this.paused.get(before.sessions.get(id)?.paused?.snapshot ?? '')
    return [known?.before.dirts.get(id), known?.after.dirts.get(id), paused?.dirt]
  }

  /** Looked at after every pause. */
  remember({ before, after }: Taken, id: string): void {
    const was = before.checkouts.get(id)
    hold(!after.checkouts.has(id), () => 'the worktree is still there')
    const snapshot = after.sessions.get(id)?.paused?.snapshot ?? ''
    this.paused.set(snapshot, { standing: standingOf(was), dirt: was?.dirt ?? '' })
  }

  check(taken: Taken, id: string): void {
    const { before, after, step } = taken
    const [was, is] = [before.checkouts.get(id), after.checkouts.get(id)]
    if (step.command === 'squash') this.squashed(taken, id)
    if (step.command === 'rebase') this.rebased(taken, id)
    if (step.command === 'merge') this.merged(taken, id)
    if (step.command === 'undo') this.undone(taken)
    if (step.command === 'resume') this.resumed(taken, id)
    if (step.command === 'iterate') hold(is?.dirt === '', () => `iterate leaves changes:\n${is?.dirt}`)
    if (carrying.includes(step.command ?? '') && was !== undefined && is !== undefined && !was.isUnfinished)
      hold(was.dirt === is.dirt, () => `what is not committed changed: ${difference(was, is)}`)
  }

  mustNotBeRefused({ before, step, ended }: Taken, id: string): void {
    const [session, checkout] = [before.sessions.get(id), before.checkouts.get(id)]
    if (session === undefined || session.heads.length > 1 || checkout === undefined) return
    if (checkout.isUnfinished || checkout.unmerged.length > 0 || checkout.branch !== session.branch) return
    const isRight = {
      pause: () => session.status === 'paused',
      undo: () => !this.isAsLeft(before, step.operation) || /is undone already|checked out in/.test(ended.stderr),
      rebase: () => !/ conflicts with the base in /.test(ended.stderr) || this.conflicts(before, { id, step }),
    }[step.command ?? '']
    hold(isRight === undefined || isRight(), () => `it must not be refused: ${ended.stderr}`)
  }

  private isAsLeft(before: Look, operation: string | undefined): boolean {
    const known = this.operations.get(undoTarget(before.operations, operation)?.id ?? '')
    return known !== undefined && whatUndoBrings(known, partsOf(before)).isAsLeft
  }

  private conflicts(before: Look, { id, step }: { id: string; step: Taken['step'] }): boolean {
    const head = before.checkouts.get(id)?.head ?? ''
    const onto = ontoOf(before, id, step.line)
    return this.reference.rebased({ start: this.startOf(before, id), onto, head }) === null
  }

  /** Where the session's own commits begin. */
  private startOf(before: Look, id: string): string {
    const { reference } = this
    const [head, base] = [tipOf(before, id), before.sessions.get(id)?.base]
    const recorded = base?.oid ?? ''
    const start = reference.mergeBase(head, before.refs.get(base?.ref ?? '') ?? recorded) ?? recorded
    return reference.isAncestor(start, recorded) && reference.isAncestor(recorded, head) ? recorded : start
  }

  private squashed({ before, after, step }: Taken, id: string): void {
    const { reference } = this
    const [from, to, start] = [tipOf(before, id), tipOf(after, id), this.startOf(before, id)]
    const isMoved = step.line.includes('--onto')
    const base = isMoved ? (before.refs.get('refs/heads/main') ?? start) : start
    hold(isMoved || reference.tree(from) === reference.tree(to), () => 'the tree after the squash is another')
    hold(reference.isAncestor(base, to), () => 'the squash stands on something else')
    if (!step.line.includes('include')) this.keepsManual({ start, tip: from }, { start: base, tip: to })
  }

  /** The user's own commits have author, date and message as before. */
  private keepsManual(before: { start: string; tip: string }, after: { start: string; tip: string }): void {
    const [was, is] = [before, after].map(({ start, tip }) => this.reference.manual(start, tip)) as [string[], string[]]
    const lost = was.filter((one) => !is.includes(one))
    // On another base a commit may have nothing left to do.
    const mayDrop = before.start !== after.start
    hold(lost.length === 0 || mayDrop, () => `commits of the user's are gone, or changed: ${lost.join(' / ')}`)
    const changed = is.filter((one) => !was.includes(one))
    hold(changed.length === 0, () => `commits of the user's changed: ${changed.join(' / ')}`)
  }

  private rebased({ before, after, step }: Taken, id: string): void {
    const { reference } = this
    if (/ --(continue|skip|abort)/.test(step.line)) return
    const [from, to, onto] = [tipOf(before, id), tipOf(after, id), ontoOf(before, id, step.line)]
    hold(reference.isAncestor(onto, to), () => 'the session does not stand on its base')
    const start = this.startOf(before, id)
    if (from === to || reference.hasMerge(start, from) || before.sessions.get(id)?.rebasing) return
    const tree = reference.rebased({ start, onto, head: from })
    hold(tree === reference.tree(to), () => `plain git rebases to ${tree}, git-amp to ${reference.tree(to)}`)
    this.keepsManual({ start, tip: from }, { start: onto, tip: to })
  }

  private merged({ before, after, step }: Taken, id: string): void {
    const { reference } = this
    const [head, into] = [tipOf(before, id), before.sessions.get(id)?.base.ref ?? '']
    const [from, to] = [before.refs.get(into) ?? '', after.refs.get(into) ?? '']
    if (from === to || from === '') return
    hold(reference.isAncestor(from, to), () => 'the base lost commits')
    if (/ --(continue|abort)/.test(step.line) || before.checkouts.get(id)?.isUnfinished) return
    const rebased = () => reference.rebased({ start: this.startOf(before, id), onto: from, head })
    const wanted = reference.isAncestor(from, head) ? reference.tree(head) : (reference.merged(from, head) ?? rebased())
    hold(wanted === reference.tree(to), () => `plain git merges to ${wanted}, git-amp to ${reference.tree(to)}`)
  }

  private undone({ before, after, step }: Taken): void {
    const known = this.operations.get(undoTarget(before.operations, step.operation)?.id ?? '')
    if (known === undefined) return
    const now = partsOf(after).all
    for (const [key, value] of whatUndoBrings(known, partsOf(before)).expected)
      hold(now.get(key) === value, () => `undo does not bring back ${key}:\n${lines(value, now.get(key))}`)
  }

  private resumed({ before, after }: Taken, id: string): void {
    const is = after.checkouts.get(id)
    const was = this.paused.get(before.sessions.get(id)?.paused?.snapshot ?? '')?.standing
    // A branch that moved meanwhile has other files.
    if (was === undefined || !was.startsWith(`${is?.head}\n`)) return
    hold(was === standingOf(is), () => `resume brings back another worktree:\n${lines(was, standingOf(is))}`)
  }
}

/** The session's head, as the user sees it. */
const tipOf = (look: Look, id: string): string => {
  const session = look.sessions.get(id)
  return look.checkouts.get(id)?.head ?? look.refs.get(`refs/heads/${session?.branch}`) ?? session?.heads[0] ?? ''
}

/** What a rebase goes onto. */
function ontoOf(before: Look, id: string, line: string): string {
  const base = before.sessions.get(id)?.base
  return before.refs.get(line.includes('--onto side') ? 'refs/heads/side' : (base?.ref ?? '')) ?? base?.oid ?? ''
}
