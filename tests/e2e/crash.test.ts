import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { realProcesses } from '../../src/processes.js'
import { install, run, startAmp, thisMachine } from '../helpers/bundle.js'
import { type Scene, scene } from '../helpers/scene.js'

const processes = realProcesses()
/** An agent that goes on writing, and says who it is. */
const writing = 'echo edit >a; echo $$ >../../pid; while :; do echo x >>log; sleep 0.02; done'

/** Starts an iteration with that agent, and waits until it writes. */
async function underWay() {
  const s = install(scene())
  const id = await s.session('a')
  const { child, ended } = startAmp(s, 'iterate', id, '-m', writing)
  await s.until(() => s.exists('log', s.worktree(id)))
  const iteration = s.snapshot(id).open[0]?.iteration ?? ''
  return { s, id, ended, pid: child.pid ?? 0, agent: Number(s.read('pid')), iteration }
}

/** Nothing of the iteration lives or writes any more. */
async function isQuiet(s: Scene, id: string, iteration: string): Promise<void> {
  await s.until(
    async () => (await processes.withEnv(`GIT_AMP_ITERATION=${iteration}`)).length === 0,
    'the agent to end',
  )
  const size = () => statSync(join(s.worktree(id), 'log')).size
  const before = size()
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(size()).toBe(before)
}

async function interruptedAndSalvaged(s: Scene, id: string): Promise<void> {
  expect((await run(s, ['git', 'amp', 'list'])).stdout).toMatch(/^! .* interrupted /)
  const answer = await run(s, ['git', 'amp', 'iterate', id, '-m', 'echo next >b'])
  expect([answer.code, answer.stderr]).toEqual([
    0,
    expect.stringContaining('Iteration 1 was interrupted; its work is kept in '),
  ])
  expect(s.git('show', `${s.branch(id)}~1:a`)).toBe('edit')
  expect(s.git('diff', '--name-only', `${s.branch(id)}~1`, s.branch(id))).toBe('b')
  expect(s.status(id)).toBe('')
}

describe('kill -9', () => {
  it('of git-amp: the agent ends within seconds, its edits are salvaged', async () => {
    const { s, id, pid, ended, iteration } = await underWay()
    process.kill(pid, 'SIGKILL')
    expect(await ended).toMatchObject({ signal: 'SIGKILL' })
    await isQuiet(s, id, iteration)
    await interruptedAndSalvaged(s, id)
  })

  it('of git-amp, and the next command comes at once: it ends the agent itself', async () => {
    const { s, id, pid, ended } = await underWay()
    process.kill(pid, 'SIGKILL')
    await ended
    await interruptedAndSalvaged(s, id)
  })

  it('of the agent: the iteration failed, and its edits are committed', async () => {
    const { s, id, agent, ended } = await underWay()
    process.kill(agent, 'SIGKILL')
    const answer = await ended
    expect([answer.code, answer.stderr]).toEqual([1, expect.stringContaining('SIGKILL')])
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('edit')
    expect(s.snapshot(id)).toMatchObject({ open: [], status: 'failed' })
  })

  it('of both at once', async () => {
    const { s, id, pid, agent, iteration, ended } = await underWay()
    process.kill(pid, 'SIGKILL')
    process.kill(-agent, 'SIGKILL')
    await ended
    await isQuiet(s, id, iteration)
    await interruptedAndSalvaged(s, id)
  })

  it('at any moment of any command leaves a repository in which the next one works', async () => {
    const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
    const random = generator(seed)
    const s = install(scene())
    s.write({ mine: 'untracked' })
    let number = 0
    const fresh = async () => {
      number++
      const id = await s.session(`s${number}`, { prompt: `echo ${number} >f${number}` })
      await s.amp('iterate', id)
      return id
    }
    const commands: [(id: string) => string[], number][] = [
      [() => ['new', `killed${number}`, '-m', 'echo 1 >k', '--agent', 'shell'], 250],
      [(id) => ['iterate', id, '-m', `echo again >>f${number}; echo own >g; git add g; git commit -qm own`], 450],
      [(id) => ['squash', id, '-m', `Squashed ${number}`], 250],
      [(id) => ['merge', id, '--no-ff'], 300],
    ]
    for (let round = 0; round < Number(process.env.KILL_ROUNDS ?? 12); round++) {
      const id = await fresh()
      const [argvOf, span] = commands[round % commands.length] as (typeof commands)[number]
      const [argv, delay] = [argvOf(id), Math.round(60 + random() * span)]
      const what = `seed ${seed}, round ${round}: ${argv.join(' ')} killed after ${delay} ms`
      const [before, main] = [s.checkout(), s.git('rev-parse', 'main')]
      const { child, ended } = startAmp(s, ...argv)
      const timer = setTimeout(() => child.kill('SIGKILL'), delay)
      await ended
      clearTimeout(timer)
      // What git-amp had started ends by itself.
      await s.until(async () => (await processes.workingIn(s.root)).length === 0, `${what}: its children to end`)
      expect(s.git('fsck', '--no-dangling'), what).toBe('')
      if (argv[0] !== 'merge') expect([what, s.checkout(), s.git('rev-parse', 'main')]).toEqual([what, before, main])
      for (const next of [['list'], ['show', id], ['iterate', id, '-m', `echo next >n${number}`], ['merge', id]]) {
        const answer = await s.ampWith({ host: thisMachine }, ...next)
        expect([what, next[0], answer.code, answer.stderr]).toEqual([
          what,
          next[0],
          0,
          expect.not.stringMatching(/fatal|internal/),
        ])
      }
      expect([what, s.git('status', '--porcelain')]).toEqual([what, '?? mine'])
      expect([what, s.git('show', `main:f${number}`).split('\n')[0]]).toEqual([what, `${number}`])
      const killed = (await s.amp('list', '--format', '%(id) %(slug)')).stdout
        .split('\n')
        .find((line) => line.endsWith(` killed${number}`))
      if (killed === undefined) continue
      const answer = await s.ampWith({ host: thisMachine }, 'iterate', killed.split(' ')[0] ?? '')
      expect([what, answer.code, answer.stderr]).toEqual([what, 0, expect.not.stringMatching(/fatal|internal/)])
    }
  })
})

/** mulberry32: the same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

describe('a full disk', () => {
  const disk = mkdtempSync(join(tmpdir(), 'git-amp-disk-'))
  let isMounted = false
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk], { stdio: 'ignore' })
    isMounted = true
  } catch {
    // Not root, or not allowed here.
  }
  afterAll(() => {
    if (isMounted) execFileSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })

  it.runIf(isMounted)(
    'while the agent works: a clear error, and with space again the next iteration has its edits',
    async () => {
      const s = install(scene({ within: disk }))
      const id = await s.session('a')
      const filler = join(s.root, 'filler')
      const full = await run(s, [
        'git',
        'amp',
        'iterate',
        id,
        '-m',
        `echo edit >a; head -c 20000 /dev/urandom >noise; cat /dev/zero >${filler}; true`,
      ])
      expect([full.code, full.stderr]).toEqual([
        128,
        expect.stringMatching(/^fatal: .*(no space left|ENOSPC|unable to write|cannot write)/im),
      ])
      expect(full.stderr).not.toContain('internal error')
      expect(s.read('a', s.worktree(id))).toBe('edit\n')
      rmSync(filler)
      expect((await run(s, ['git', 'amp', 'list'])).stdout).toContain('interrupted')
      const next = await run(s, ['git', 'amp', 'iterate', id, '-m', 'echo next >b'])
      expect([next.code, next.stderr]).toEqual([0, expect.stringContaining('its work is kept in ')])
      expect(s.git('ls-tree', '--name-only', s.branch(id))).toBe('README.md\na\nb\nnoise')
      expect(s.git('fsck', '--no-dangling')).toBe('')
    },
  )

  it.runIf(isMounted)('before anything begins: nothing is left behind, and the next command works', async () => {
    const s = install(scene({ within: disk }))
    const id = await s.session('a')
    const filler = join(s.root, 'filler')
    try {
      writeFileSync(filler, Buffer.alloc(8 << 20))
    } catch {
      // That is what was wanted.
    }
    for (const argv of [
      ['new', 'b', '-m', 'x', '--agent', 'shell'],
      ['iterate', id, '-m', 'echo 1 >a'],
    ]) {
      const full = await run(s, ['git', 'amp', ...argv])
      expect([argv[0], full.code, full.stderr]).toEqual([argv[0], 128, expect.stringMatching(/^fatal: (?!internal)/)])
    }
    rmSync(filler)
    expect((await run(s, ['git', 'amp', 'list'])).stdout.trim().split('\n')).toHaveLength(1)
    expect((await run(s, ['git', 'amp', 'iterate', id, '-m', 'echo 1 >a'])).code).toBe(0)
    expect((await run(s, ['git', 'amp', 'new', 'b', '-m', 'x', '--agent', 'shell'])).code).toBe(0)
  })
})
