import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { begin } from '../helpers/model/edits.js'
import { nextStep } from '../helpers/model/moves.js'
import { Rules } from '../helpers/model/rules.js'
import { type Taken, World } from '../helpers/model/world.js'

// Random sequences of steps on real repositories, by the built program and plain git, and what must be true after each of them.
// MODEL_SEED and MODEL_STEPS repeat a run; MODEL_MINUTES lets it go on for as long. The soak takes other seeds each time.

const isSoak = process.env.KILL_ROUNDS !== undefined
const seed = Number(process.env.MODEL_SEED ?? (isSoak ? Date.now() % 1_000_000 : 500))
const steps = Number(process.env.MODEL_STEPS ?? (isSoak ? 3000 : 300))
const end = Date.now() + Number(process.env.MODEL_MINUTES ?? 0) * 60_000
/** Then a new repository begins: what is long ago matters less than how many beginnings there are. */
const perRepository = 30

/** How often each command did what it was asked to. */
const done = new Map<string, number>()

/** Takes steps in a repository of its own. @throws Error that says how to repeat them */
async function sequence(own: number, most: number): Promise<void> {
  const world = new World(own)
  await world.take({ line: begin(world.s.dir) })
  const rules = new Rules(world)
  for (let taken = 1; taken <= most; taken++) {
    const result = await world.take(nextStep(world))
    try {
      rules.check(result)
      if (taken % 10 === 0) rules.fsck()
    } catch (error) {
      const again = `MODEL_SEED=${own} MODEL_STEPS=${taken} npx vitest run tests/e2e/model.test.ts`
      throw new Error(`${(error as Error).message}\n\n${toldOf(result)}\n\n${again}\n\n${world.told()}`, {
        cause: error,
      })
    }
  }
  for (const [command, times] of rules.done) done.set(command, (done.get(command) ?? 0) + times)
  rmSync(world.s.root, { recursive: true, force: true })
}

const toldOf = ({ step, ended }: Taken): string =>
  `after: ${step.line}\nwhich ended with ${ended.code ?? ended.signal} and said:\n${ended.stdout}${ended.stderr}`

it(`random ones of ${steps} steps leave everything as it must be (MODEL_SEED=${seed})`, {
  timeout: 86_400_000,
}, async () => {
  let [taken, own] = [0, seed]
  for (; taken < steps || Date.now() < end; own++) {
    const most = Date.now() < end ? perRepository : Math.min(perRepository, steps - taken)
    await sequence(own, most)
    taken += most
  }
  const told = [...done].sort().map(([command, times]) => `${command} ${times}`)
  process.stdout.write(`${taken} steps, seeds ${seed} to ${own - 1}: ${told.join(', ')}\n`)
  // All of them have to be done, or the model has become too strange.
  if (steps >= 300)
    for (const command of ['iterate', 'squash', 'rebase', 'merge', 'pause', 'resume', 'remove', 'reopen', 'undo'])
      expect(done.get(command), command).toBeGreaterThan(0)
})
