import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, expect, test } from 'vitest'
import { transact } from '../../src/actions/shared/record.js'
import { isBusy, takeTurn } from '../../src/actions/shared/turn.js'
import { openRepo } from '../../src/repo.js'
import { beginChain, readEvents, readTip } from '../../src/state/chain.js'
import { fold } from '../../src/state/fold.js'
import { testHost } from '../helpers/host.js'
import { Repository } from '../helpers/repository.js'

const repository = new Repository()
afterAll(() => repository.remove())

const processes = 8
const appends = 25

/** One program of the worker, because only a bundler resolves the imports of our sources. */
async function bundleWorker(): Promise<string> {
  const outfile = join(repository.root, 'worker.mjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'append-worker.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['isomorphic-git'],
    logLevel: 'silent',
  })
  return outfile
}

test('8 processes append 25 times each to one session and one note, and nothing is lost', async () => {
  const commits = ['one', 'two', 'three'].map((text) => {
    repository.git('commit', '-q', '--allow-empty', '-m', text)
    return repository.git('rev-parse', 'HEAD')
  })
  const base = commits[0] ?? ''
  const repo = await openRepo(testHost({ cwd: repository.dir, env: repository.env }))
  const id = repo.newId()
  const created = {
    name: 'race',
    slug: 'race',
    prompt: 'p',
    branch: 'amp/race/1',
    base: { ref: null, oid: base },
    agent: 'shell',
  }
  const step = {
    subject: 'amp(race): session created',
    events: [{ type: 'session.created' as const, data: created }],
    code: [base],
  }
  await transact(repo, async () => ({ prepared: await beginChain(repo, await repo.writer(), { ...step, id }), step }))

  const worker = await bundleWorker()
  const started = performance.now()
  const answers = await Promise.all(
    Array.from({ length: processes }, async (_, index) => {
      const args = [worker, repository.dir, id, String(index), String(appends), ...commits]
      const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: repository.env,
        cwd: repository.root,
      })
      return JSON.parse(stdout) as { attempts: number; longest: number }
    }),
  )
  const seconds = (performance.now() - started) / 1000
  const attempts = answers.reduce((sum, answer) => sum + answer.attempts, 0)
  const longest = Math.max(...answers.map((answer) => answer.longest))
  console.log(
    `${processes * appends} appends: ${seconds.toFixed(1)} s, ${attempts} attempts, the slowest append ${longest} ms`,
  )

  const wanted = Array.from({ length: processes }, (_, w) =>
    Array.from({ length: appends }, (_, index) => `w${w}-${String(index).padStart(2, '0')}`),
  ).flat()
  const tip = await readTip(repo, id)
  expect(tip?.snapshot.labels).toEqual(wanted)
  const events = await readEvents(repo.objects, tip?.oid ?? '', tip?.ref ?? '')
  expect(events.length).toBe(1 + wanted.length)
  expect(fold(events)).toEqual(tip?.snapshot)
  const notes = commits.map((commit) => repository.git('notes', '--ref=amp', 'show', commit).split('\n'))
  expect(
    notes
      .flat()
      .map((line) => line.slice(-5))
      .sort(),
  ).toEqual(wanted)
  expect(repository.git('rev-list', '--count', '--first-parent', `refs/amp/sessions/${id}`)).toBe(
    String(2 + wanted.length),
  )
  repository.git('fsck', '--strict', '--no-dangling', '--no-progress')
  expect(readdirSync(repo.local('locks'))).toEqual([])
  repo.close()
}, 180_000)

test.each<[string, () => string, boolean]>([
  [
    'of a process that is gone',
    () => JSON.stringify({ pid: 2 ** 30, host: 'test-host', token: 'x', at: Date.now() }),
    true,
  ],
  ['that is older than any attempt', () => JSON.stringify({ pid: process.pid, host: 'h', token: 'x', at: 1 }), true],
  ['from the future', () => JSON.stringify({ pid: process.pid, host: 'h', token: 'x', at: Date.now() + 1e9 }), true],
  ['held elsewhere', () => JSON.stringify({ pid: 1, host: 'other', token: 'x', at: Date.now() }), false],
  ['that was cut', () => '{"pid":', false],
])('a turn %s holds nobody up', async (_, makeText, isTaken) => {
  const text = makeText()
  // The clock runs only while somebody sleeps, a hundred times faster.
  let passed = 0
  const sleep = async (ms: number) => {
    passed += 100 * ms
  }
  const repo = await openRepo(
    testHost({ cwd: repository.dir, env: repository.env, sleep, now: () => new Date(Date.now() + passed) }),
  )
  const file = repo.local('locks', 'turn.json')
  mkdirSync(repo.local('locks'), { recursive: true })
  writeFileSync(file, text)
  expect(await isBusy(repo)).toBe(true)
  const giveBack = await takeTurn(repo)
  expect(passed).toBeLessThan(isTaken ? 1 : 7_000)
  expect(readFileSync(file, 'utf8') === text).toBe(!isTaken)
  await giveBack()
  // What belongs to somebody else is left alone.
  expect(existsSync(file)).toBe(!isTaken)
  rmSync(file, { force: true })
  expect(await isBusy(repo)).toBe(false)
  repo.close()
})

test('a turn that was taken over is not given back', async () => {
  const repo = await openRepo(testHost({ cwd: repository.dir, env: repository.env }))
  const giveBack = await takeTurn(repo)
  writeFileSync(repo.local('locks', 'turn.json'), JSON.stringify({ pid: 1, host: 'other', token: 'x', at: Date.now() }))
  await giveBack()
  expect(await isBusy(repo)).toBe(true)
  rmSync(repo.local('locks', 'turn.json'))
  repo.close()
})
