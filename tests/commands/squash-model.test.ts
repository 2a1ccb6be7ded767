import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { seeded } from '../helpers/repository.js'
import { scene } from '../helpers/scene.js'
import { Work } from '../helpers/work.js'

// Random sessions, squashed, against the same order made by `git cherry-pick` in a worktree of its own.

const seed = Number(process.env.SQUASH_SEED ?? 4)
const rounds = Number(process.env.SQUASH_ROUNDS ?? 30)

interface Step {
  oid: string
  isManual: boolean
}

/** One sequence of commits in a new session of a shared repository. */
class Sequence {
  readonly steps: Step[] = []
  hasMerge = false

  constructor(
    private readonly w: Work,
    private readonly random: () => number,
  ) {}

  private upTo = (n: number): number => Math.floor(this.random() * n)

  make(): void {
    for (let left = 3 + this.upTo(6); left > 0; left--) {
      if (this.random() < 0.06) this.mergeBase()
      const isManual = this.random() < 0.45
      const change = () => this.change()
      this.steps.push({ oid: isManual ? this.w.manual(change) : this.w.agent(change), isManual })
    }
    this.steps.push({ oid: this.w.agent(() => this.change()), isManual: false })
  }

  /** A line of a file, a new file, a removed one, or a renamed one; few of each, so that they meet. */
  private change(): void {
    const { w } = this
    const name = ['f', 'd/f', 'd/g'][this.upTo(3)] ?? 'f'
    const at = join(w.wt, name)
    const kind = this.random()
    if (kind < 0.1 && existsSync(at)) rmSync(at)
    else if (kind < 0.2) w.s.write({ [`d/${'xyz'[this.upTo(3)]}`]: `${this.upTo(2)}\n` }, w.wt)
    else if (kind < 0.28 && existsSync(at)) w.git('mv', '-f', name, `e${this.upTo(3)}`)
    else {
      const lines = (existsSync(at) ? readFileSync(at, 'utf8') : start).split('\n')
      lines[this.upTo(4) * 6] = 'ab'[this.upTo(2)] ?? ''
      w.s.write({ [name]: lines.join('\n') }, w.wt)
    }
  }

  private mergeBase(): void {
    this.hasMerge = true
    const text = Array.from({ length: 3 }, () => 'ab'[this.upTo(2)]).join('\n')
    this.w.s.commit({ [['f', 'up'][this.upTo(2)] ?? 'up']: `${text}\n` }, 'Upstream')
    this.w.git('-c', 'merge.directoryRenames=true', 'merge', '-q', '--no-edit', '-X', 'ours', '-s', 'ort', 'main')
  }

  /** What plain git makes of an order: the tree after each commit, or null when one conflicts or the end is another. */
  reference(): string[] | null {
    const { w, steps } = this
    const first = steps.findIndex(({ isManual }) => !isManual)
    const after = steps.slice(first)
    const order = [
      ...steps.slice(0, first),
      ...after.filter((one) => !one.isManual),
      ...after.filter((one) => one.isManual),
    ]
    // Only the agent's commits come after: nothing is moved past anything.
    if (after.every(({ isManual }) => !isManual))
      return [...steps.slice(0, first).map(({ oid }) => w.tree(oid)), w.tree()]
    const copy = join(w.s.root, 'copy')
    w.s.git('worktree', 'add', '-q', '--detach', copy, w.s.git('merge-base', 'main', w.branch))
    try {
      const trees = order.map(({ oid }) => {
        w.s.gitAt(copy, 'cherry-pick', '--allow-empty', '--keep-redundant-commits', oid)
        return w.s.gitAt(copy, 'rev-parse', 'HEAD^{tree}')
      })
      const agents = after.filter(({ isManual }) => !isManual).length
      return trees.at(-1) === w.tree() ? [...trees.slice(0, first), ...trees.slice(first + agents - 1)] : null
    } catch {
      return null
    } finally {
      w.s.git('worktree', 'remove', '--force', copy)
    }
  }
}

const start = Array.from({ length: 24 }, (_, at) => `line ${at}`).join('\n')

it(`squashes ${rounds} random sessions as plain git would (seed ${seed})`, { timeout: rounds * 10_000 }, async () => {
  const s = scene()
  s.commit({ f: start, 'd/f': start, 'd/g': start.toUpperCase() }, 'Files')
  let reordered = 0
  for (let round = 0; round < rounds; round++) {
    const w = await Work.begin({}, s)
    const sequence = new Sequence(w, seeded(seed * 100_000 + round))
    const where = `SQUASH_SEED=${seed}, round ${round}`
    let wanted: string[] | null = null
    try {
      sequence.make()
    } catch (error) {
      // A merge of the base that conflicts although one side is preferred: a file that one side removed.
      if (!sequence.hasMerge) throw error
      continue
    }
    if (!sequence.hasMerge) wanted = sequence.reference()
    const subjects = await w.squashed().catch((error: unknown) => {
      throw new Error(where, { cause: error })
    })
    const made = subjects.filter((subject) => subject === 'S').length
    if (wanted !== null) {
      expect([made, w.s.git('log', '--reverse', '--format=%T', `main..${w.branch}`).split('\n')], where).toEqual([
        1,
        wanted,
      ])
      reordered++
    } else if (!sequence.hasMerge) expect(made, where).toBeGreaterThan(1)
  }
  expect(s.git('fsck', '--no-dangling')).toBe('')
  // Both ways have to be gone often, or the model has become too easy or too hard.
  if (rounds >= 30) expect([reordered > rounds / 5, reordered < (rounds * 4) / 5]).toEqual([true, true])
})
