import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { expect, it } from 'vitest'
import { begin } from '../helpers/model/edits.js'
import { nextStep } from '../helpers/model/moves.js'
import { Rules } from '../helpers/model/rules.js'
import { World } from '../helpers/model/world.js'

// Random sequences of steps on real repositories, by the built program and plain git, and what must be true after each of them.

const seed = Number(process.env.MODEL_SEED ?? 4)
const wanted = Number(process.env.MODEL_STEPS ?? 300)
const perRepository = 30

/** Takes up to `most` steps in a repository of its own. @returns how many, and how often each command did its work */
async function sequence(own: number, most: number): Promise<{ taken: number; done: Map<string, number> }> {
  const world = new World(own)
  await world.take({ line: begin(world.s.dir) })
  const rules = new Rules(world)
  for (let taken = 1; taken <= most; taken++) {
    const step = nextStep(world)
    const result = await world.take(step)
    try {
      rules.check(result)
      if (taken % 10 === 0) rules.fsck()
    } catch (error) {
      const { code, stdout, stderr } = result.ended
      if (process.env.MODEL_KEEP) execFileSync('cp', ['-a', world.s.root, process.env.MODEL_KEEP])
      const how = `MODEL_SEED=${own} MODEL_STEPS=${taken} npx vitest run tests/e2e/model.test.ts`
      throw new Error(
        `${(error as Error).message}\n\nAfter: ${step.line}\nIt ended with ${code}: ${stdout}${stderr}\nIn ${world.s.root}\nRun it again: ${how}\n\n${world.told()}`,
        { cause: error },
      )
    }
  }
  rmSync(world.s.root, { recursive: true, force: true })
  return { taken: most, done: rules.done }
}

it(`holds after every step of ${wanted} random ones (MODEL_SEED=${seed})`, { timeout: 86_400_000 }, async () => {
  const done = new Map<string, number>()
  let count = 0
  for (let own = seed; count < wanted; own++) {
    const result = await sequence(own, Math.min(perRepository, wanted - count))
    count += result.taken
    for (const [command, times] of result.done) done.set(command, (done.get(command) ?? 0) + times)
  }
  process.stdout.write(`${count} steps: ${[...done].map(([command, times]) => `${command} ${times}`).join(', ')}\n`)
  expect(count).toBe(wanted)
})
