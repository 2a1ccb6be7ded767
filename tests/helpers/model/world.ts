import { join } from 'node:path'
import { realProcesses } from '../../../src/processes.js'
import { type Ended, install, run } from '../bundle.js'
import { seeded } from '../repository.js'
import { type Scene, scene } from '../scene.js'
import { diverge } from './diverge.js'
import { type Look, look } from './look.js'

/** One step of a sequence: a shell line, in the repository's folder. */
export interface Step {
  line: string
  /** The git-amp command in it; without it the step is the user's, with plain git. */
  command?: string
  /** The session that it is about. */
  id?: string
  /** Where git-amp is killed, as `kill-at.cjs` reads it. */
  kill?: string
  /** Said of the line in the script, when ids stand in it that every run makes anew. */
  shown?: string
  /** Of an undo: the operation that it names. */
  operation?: string
  /** The chain gets an event of another clone, which went on from the same head. */
  diverges?: true
}

/** A step that was taken, and what was there before and after it. */
export interface Taken {
  step: Step
  before: Look
  after: Look
  ended: Ended
  /** Git-amp, or a git of its, was killed. */
  isKilled: boolean
}

/** Of random choices, which are the same for the same seed. */
export class Dice {
  private readonly next: () => number
  constructor(seed: number) {
    this.next = seeded(seed)
  }

  /** Whether something of this probability is so. */
  chance = (probability: number): boolean => this.next() < probability
  upTo = (n: number): number => Math.floor(this.next() * n)
  one = <T>(list: readonly T[]): T => list[this.upTo(list.length)] as T

  /** One of several, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let left = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0)
    for (const [weight, choice] of choices) {
      left -= weight
      if (left < 0) return choice
    }
    return choices.at(-1)?.[1] as T
  }
}

const killer = join(import.meta.dirname, 'kill-at.cjs')

/** A repository in which a sequence of steps is taken. */
export class World {
  readonly s: Scene
  readonly dice: Dice
  now: Look
  /** Sessions in the order in which they were made; the script calls them A, B, ... */
  readonly ids: string[] = []
  /** The session in which git-amp was killed, until a command on it has done its work. */
  killed: string | undefined
  private readonly script: string[] = []

  constructor(readonly seed: number) {
    this.dice = new Dice(seed)
    this.s = install(scene())
    this.s.write({ '../gitconfig': `${this.s.read('../gitconfig')}[advice]\n\tdetachedHead = false\n` })
    this.now = look(this.s)
  }

  /** Takes a step. @returns what it did */
  async take(step: Step): Promise<Taken> {
    const { s, now: before } = this
    const kill = step.kill === undefined ? '' : `KILL_AT=${step.kill} NODE_OPTIONS="--require=$KILLER" `
    this.script.push(kill + (step.shown ?? step.line))
    Object.assign(s.env, { KILLER: killer, ...this.names() })
    const ended = await run(s, ['bash', '-ec', kill + step.line])
    this.script.push(`${this.script.pop()} # ${ended.code ?? ended.signal}`)
    if (step.diverges) await diverge(s, step.id ?? '')
    if (step.kill !== undefined) await this.calmDown()
    this.now = look(s)
    const isKilled = step.kill !== undefined && ended.code !== 0 && (ended.code === 137 || step.kill.endsWith(':child'))
    if (isKilled) this.killed = step.id
    else if (step.command !== undefined && step.id === this.killed && ended.code === 0) this.killed = undefined
    for (const id of this.now.sessions.keys()) if (!this.ids.includes(id)) this.ids.push(id)
    return { step, before, after: this.now, ended, isKilled }
  }

  /** What a killed git-amp had started comes to its end. */
  private async calmDown(): Promise<void> {
    const { s } = this
    await s.until(async () => (await realProcesses().workingIn(s.root)).length === 0, 'its children to end')
  }

  /** Shell variables for ids and worktrees: `$A` and `$WA`. */
  private names(): Record<string, string> {
    const names: Record<string, string> = {}
    for (const [at, id] of this.ids.entries()) {
      const name = this.nameOf(id)
      if (at < 26)
        Object.assign(names, { [name]: id, [`W${name}`]: this.s.worktree(id), [`B${name}`]: this.branch(id) })
    }
    return names
  }

  branch = (id: string): string => this.now.sessions.get(id)?.branch ?? ''

  nameOf = (id: string): string => String.fromCharCode(65 + this.ids.indexOf(id))

  /** The steps so far as a script. */
  told(): string {
    return [
      'set -x; git init -q -b main repo; cd repo; echo "# Project" >README.md; git add .; git commit -qm Begin',
      'id() { git for-each-ref --sort=creatordate --format="%(refname:lstrip=3)" refs/amp/sessions | sed -n "$1p"; }',
      'op() { git amp oplog -n "$1" --format "%(id)" | tail -n 1; }',
      ...this.script,
    ].join('\n')
  }
}
