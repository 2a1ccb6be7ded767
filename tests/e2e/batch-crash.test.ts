import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { realProcesses } from '../../src/processes.js'
import { bundle, run, startAmp } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

const processes = realProcesses()
const rounds = Number(process.env.KILL_ROUNDS ?? 8)
const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 1e6))
const repositories = ['api', 'web', 'cli', 'docs']
const prompts = Array.from({ length: 10 }, (_, at) => `echo work ${at} > file-${at}`)

/** A home and four repositories, and a plan of 40 items. */
function fleet(): Scene {
  const s = scene()
  for (const name of repositories) {
    s.gitAt(s.root, 'init', '-q', name)
    s.commit({ 'README.md': name }, 'Begin', join(s.root, name))
  }
  const plan = {
    runId: 'fleet',
    concurrency: 8,
    repos: repositories.map((name) => `../${name}`),
    prompts,
    agents: ['shell'],
  }
  s.write({ 'plan.json': JSON.stringify(plan) })
  return s
}

/** Numbers between 0 and 1 that a seed repeats. */
function random(from: number): () => number {
  let state = from
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648
    return state / 2147483648
  }
}

const amp = (s: Scene, ...argv: string[]) => run(s, [process.execPath, bundle(), ...argv])

async function isWhole(s: Scene): Promise<void> {
  const { items } = JSON.parse((await amp(s, 'batch', 'status', '--json')).stdout)
  expect(items.map((item: { status: string }) => item.status)).toEqual(Array.from({ length: 40 }, () => 'success'))
  expect(new Set(items.map((item: { session: string }) => item.session)).size).toBe(40)
  for (const name of repositories) {
    const dir = join(s.root, name)
    const refs = s.gitAt(dir, 'for-each-ref', '--format=%(refname:lstrip=3)', 'refs/amp/sessions').split('\n')
    const mine = items.filter((item: { dir: string }) => item.dir === dir)
    expect(refs).toEqual(mine.map((item: { session: string }) => item.session).sort())
    for (const { session, prompt } of mine) {
      const text = s.gitAt(dir, 'log', '--first-parent', '--format=%B', `refs/amp/sessions/${session}`)
      expect(text.match(/"type":"iteration.finished"/g)).toHaveLength(1)
      const file = /file-\d/.exec(prompt)?.[0] ?? ''
      expect(s.gitAt(dir, 'show', `${s.branchAt(dir, session)}:${file}`)).toMatch(/^work /)
    }
    expect(s.gitAt(dir, 'worktree', 'list', '--porcelain').match(/^worktree /gm)).toHaveLength(11)
    expect(s.gitAt(dir, 'for-each-ref', 'refs/heads/amp').split('\n')).toHaveLength(10)
  }
  await s.until(async () => (await processes.workingIn(s.root)).length === 0, 'its children to end')
}

describe('a batch of 40 items', () => {
  it(`killed at ${rounds} random moments and resumed has 40 results, one session each (KILL_SEED=${seed})`, async () => {
    const next = random(seed)
    const first = fleet()
    const began = Date.now()
    expect((await amp(first, 'batch', 'start', '--file', 'plan.json')).code).toBe(0)
    const length = Date.now() - began
    await isWhole(first)
    for (let round = 0; round < rounds; round++) {
      const s = fleet()
      const { child, ended } = startAmp(s, 'batch', 'start', '--file', 'plan.json')
      const timer = setTimeout(() => child.kill('SIGKILL'), next() * length)
      await ended
      clearTimeout(timer)
      // Both go on with it, also when nothing was left to do.
      const isKnown = s.git('for-each-ref', 'refs/amp/batches') !== ''
      const again = isKnown && next() < 0.5 ? ['batch', 'resume'] : ['batch', 'start', '--file', 'plan.json']
      const resumed = await amp(s, ...again)
      const isDone = resumed.code === 0 || /nothing is left to do/.test(resumed.stderr)
      expect(isDone ? '' : resumed.stderr).toBe('')
      await isWhole(s)
    }
  }, 3_600_000)
})
