import type { Snapshot } from '../../../src/state/fold.js'
import { dirty, edit, quote } from './edits.js'
import type { Checkout } from './look.js'
import { commandsOf } from './parts.js'
import type { Step, World } from './world.js'

/** A step that is taken as often as its weight says. */
type Choice = readonly [number, () => Step]

/** A step in or on a session, as its state lets it. */
export function sessionStep(world: World, id: string): Step {
  const [session, checkout] = [world.now.sessions.get(id), world.now.checkouts.get(id)]
  const moves = new SessionMoves(world, id)
  const choices = () => {
    if (session !== undefined && session.heads.length > 1) return moves.diverged(session)
    if (checkout?.isUnfinished === true) return moves.inConflict(checkout)
    const isGone = session?.status === 'merged' && checkout === undefined
    if (session !== undefined && (isGone || ['paused', 'closed'].includes(session.status))) return moves.asleep(session)
    return [...moves.atWork(), ...(checkout === undefined ? [] : moves.byHand(checkout))]
  }
  return { id, ...world.dice.weighted(choices())() }
}

class SessionMoves {
  /** The session's name in the script. */
  private readonly name: string

  constructor(
    private readonly world: World,
    private readonly id: string,
  ) {
    this.name = world.nameOf(id)
  }

  /** What the user does in the worktree with plain git. */
  byHand(checkout: Checkout): Choice[] {
    const { dice, now } = this.world
    const change = () => edit(dice, checkout)
    const commit = (message: string) => `git add -A; git commit -q --allow-empty -m ${quote(message)}`
    const author = () => `--author=${quote(`Änn ${dice.upTo(9)} <ann@example.com>`)}`
    const agents = () => `amp: ${this.number()}\n\nAmp-Session: ${this.id}\nAmp-Iteration: i${this.number()}`
    const hasOwn = checkout.head !== now.refs.get('refs/heads/main')
    const branch = `$B${this.name}`
    const lines: [number, () => string][] = [
      [6, () => `${change()}; ${commit(agents())}`],
      [5, () => `${change()}; ${commit(`Own ${this.number()}`)} ${author()}`],
      [
        hasOwn ? 2 : 0,
        () => `${change()}; git add -A; git commit -q --allow-empty --amend ${dice.one(['--no-edit', '-m Amended'])}`,
      ],
      [6, () => dirty(dice, checkout)],
      [3, () => commit(`Own ${this.number()}`)],
      [hasOwn ? 0.7 : 0, () => `git reset -q --${dice.one(['hard', 'soft'])} HEAD~1`],
      [1, () => 'git merge -q --no-edit main || git merge --abort || git reset -q --hard'],
      [0.7, () => 'git rebase -q main || git rebase --abort || :'],
      [0.4, () => `cd ../..; rm -rf "$W${this.name}"`],
      [0.5, () => `git branch -m "${branch}-x"; B${this.name}="${branch}-x"; cd ../..`],
      [0.5, () => dice.one(['git checkout -q --detach', `git checkout -q "${branch}"`])],
    ]
    return lines.map(([weight, line]): Choice => [weight, () => this.here(line())])
  }

  /** What git-amp does with a session that is open. */
  atWork(): Choice[] {
    const { dice, now } = this.world
    const checkout = now.checkouts.get(this.id) ?? (now.checkouts.get('') as Checkout)
    const prompt = () => quote(`${edit(dice, checkout)}${dice.chance(0.2) ? '; git add -A; git commit -qm own' : ''}`)
    return [
      [4, () => this.amp(`iterate -m ${prompt()}`)],
      [
        5,
        () =>
          this.amp(
            `squash -m 'Squashed ${this.number()}' ${dice.one(['', '', '', '--manual=include', '--onto main'])}`,
          ),
      ],
      [6, () => this.amp(`rebase ${dice.one(['', '', '', '', '--onto side', '-n'])}`)],
      [
        3,
        () =>
          this.amp(`merge ${dice.one(['', '--keep', '--squash', '--no-ff --keep', '--ff-only', '--no-rebase', '-n'])}`),
      ],
      [3, () => this.amp('pause')],
      [2, () => this.remove()],
      [5, () => undo(this.world)],
      [0.3, () => this.amp(dice.one(['resume', 'reopen', 'show', 'merge --continue', 'merge --abort']))],
      [0.4, () => ({ line: ': two clones went on with it at once', diverges: true })],
    ]
  }

  inConflict(checkout: Checkout): Choice[] {
    const { dice } = this.world
    const isResolved = checkout.unmerged.length === 0
    return [
      [isResolved ? 1 : 12, () => this.resolve(checkout.unmerged)],
      [isResolved ? 10 : 1, () => this.amp('rebase --continue')],
      [isResolved ? 4 : 0.5, () => this.amp('merge --continue')],
      [1, () => this.amp(dice.one(['rebase --skip', 'merge --abort']))],
      [2, () => this.amp('rebase --abort')],
      [1, () => this.here(`GIT_EDITOR=: git rebase --${dice.one(['abort', 'continue', 'skip'])} || :`)],
      [1, () => this.amp(dice.one(['squash', 'pause', 'remove', 'merge', 'rebase', 'resume']))],
      [0.5, () => undo(this.world)],
      [0.5, () => this.here(edit(dice, checkout))],
    ]
  }

  /** Paused or closed. */
  asleep({ status }: Snapshot): Choice[] {
    const { dice } = this.world
    return [
      [6, () => this.amp(status === 'paused' ? 'resume' : 'reopen')],
      [4, () => undo(this.world)],
      [1, () => this.remove()],
      [0.5, () => this.amp(dice.one(['squash', 'rebase', 'merge', 'pause', 'resume', 'reopen']))],
      [0.3, () => ({ line: `git update-ref -d "refs/heads/$B${this.name}" || :` })],
    ]
  }

  diverged({ heads }: Snapshot): Choice[] {
    const { dice } = this.world
    return [
      [5, () => this.amp(`resolve --keep ${dice.one(heads)}`)],
      [1, () => this.amp(dice.one(['squash', 'rebase', 'merge', 'pause', 'remove']))],
      [1, () => undo(this.world)],
    ]
  }

  private remove = (): Step => this.amp(`remove ${this.world.dice.one(['', '-f', '-D', '-f -D'])}`)

  private number = (): number => this.world.dice.upTo(1000)

  private here = (line: string): Step => ({ line: `cd "$W${this.name}"; ${line}` })

  /** A command on the session. */
  private amp(words: string): Step {
    const [command = '', ...options] = words.trimEnd().split(' ')
    return { command, id: this.id, line: [`git amp ${command} "$${this.name}"`, ...options].join(' ') }
  }

  private resolve(paths: readonly string[]): Step {
    const each = paths.map((path) => {
      const name = quote(`./${path}`)
      return this.world.dice.chance(0.8)
        ? `rm -rf ${name}; echo ${this.world.dice.one(['ours', 'both'])} >${name}; git add ${name}`
        : `git rm -q --cached ${name}; rm -rf ${name}`
    })
    return this.here([...each, ':'].join('; '))
  }
}

/** Of the newest operation, or of one that is named. */
function undo({ dice, now }: World): Step {
  const commands = commandsOf(now.operations)
  const at = dice.upTo(Math.min(4, commands.length))
  const named = dice.chance(0.35) ? commands[at] : undefined
  if (named === undefined) return { command: 'undo', line: 'git amp undo' }
  const [id, session] = [named.id, named.session]
  return {
    command: 'undo',
    id: session,
    operation: id,
    line: `git amp undo ${id}`,
    shown: `git amp undo "$(op ${at + 1})"`,
  }
}
