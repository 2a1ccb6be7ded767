import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { install, startAmp } from '../helpers/bundle.js'
import { plain } from '../helpers/run.js'
import { type Scene, scene } from '../helpers/scene.js'

/** A session whose agent works until it is stopped; `what` runs before. */
async function atWork(what = 'echo 1 >a') {
  const s = scene()
  const id = await s.session('busy')
  const running = s.iterate(id, `${what}; touch .begun; while :; do sleep 0.05; done`)
  await s.until(() => s.exists('.begun', s.worktree(id)), 'the agent to begin')
  return { s, id, running }
}

const leases = (s: Scene): string[] => {
  const dir = join(s.dir, '.git/amp/leases')
  return existsSync(dir) ? readdirSync(dir) : []
}

/** Changes the one lease there is. */
function changeLease(s: Scene, change: Record<string, unknown>): void {
  const file = join(s.dir, '.git/amp/leases', leases(s).find((name) => name.endsWith('.json')) ?? '')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }))
}

describe('stop', () => {
  it('ends the agent from another terminal, and keeps what it did', async () => {
    const { s, id, running } = await atWork()
    expect((await s.amp('list')).stdout).toContain(' running ')
    const answer = await s.amp('stop', id)
    expect([answer.code, plain(answer.stdout, s.root), answer.stderr]).toEqual([
      0,
      expect.stringMatching(/^\w{4} busy: iteration 1: <oid12> 2 files \+1 -0, interrupted\n$/),
      '',
    ])
    expect(await running).toMatchObject({ code: 1 })
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('1')
    expect(s.ended(id)).toMatchObject({ reason: 'interrupted' })
    expect(leases(s)).toEqual([])
    expect((await s.amp('list', '--format', '%(state)')).stdout).toBe('interrupted\n')
  })

  it('says in JSON what ended', async () => {
    const { s, id, running } = await atWork('true')
    const answer = JSON.parse((await s.amp('stop', '--all', '--json')).stdout)
    expect(answer).toMatchObject({
      schema: 'git-amp/stop@1',
      stopped: [{ session: { id }, iteration: { n: 1, outcome: 'interrupted' }, isKilled: false }],
    })
    await running
  })

  it('ends the tests of an iteration', async () => {
    const s = scene()
    const id = await s.session('t', { args: ['--test', 'touch .testing; while :; do sleep 0.05; done'] })
    const running = s.iterate(id, 'echo 1 >a')
    await s.until(() => s.exists('.testing', s.worktree(id)))
    expect((await s.amp('squash', id)).stderr).toContain('fatal: the tests of session t are running (process ')
    expect((await s.amp('stop', id)).stdout).toMatch(/^\w{4} t: iteration 1: \w{12} 1 file \+1 -0\n$/)
    expect((await running).code).toBe(1)
    expect(s.ended(id)).toMatchObject({ outcome: 'success' })
  })

  it('takes up what a killed git-amp left', async () => {
    const { s, id, running } = await atWork()
    changeLease(s, { pid: 0 })
    expect((await s.amp('stop', id)).stdout).toContain('iteration 1: ')
    expect(s.snapshot(id).open).toEqual([])
    await running
  })

  it('nothing runs: says so', async () => {
    const s = scene()
    const id = await s.session('idle')
    expect(await s.amp('stop', id)).toMatchObject({ code: 128, stderr: 'fatal: nothing is running in session idle\n' })
    expect(await s.amp('stop', '--all')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'hint: Nothing is running in this repository.\n',
    })
    expect((await s.amp('stop', '--all', id)).code).toBe(129)
  })
})

describe('a living iteration is left alone', () => {
  it('when the machine has another name now', async () => {
    const { s, id, running } = await atWork()
    changeLease(s, { host: 'another-name' })
    for (const verb of ['squash', 'merge', 'rebase', 'iterate']) {
      expect([verb, (await s.amp(verb, id)).stderr]).toEqual([
        verb,
        expect.stringContaining('iteration 1 of session busy is running'),
      ])
    }
    await s.amp('stop', id)
    await running
    expect(s.snapshot(id).heads).toHaveLength(1)
  })

  it('when it runs in a container with process numbers of its own; -f takes over what it left', async () => {
    const { s, id, running } = await atWork()
    changeLease(s, { boot: 'test-boot another-namespace' })
    const inside = { host: { bootId: async () => 'test-boot this-namespace' } }
    expect((await s.ampWith(inside, 'list', '--format', '%(state)')).stdout).toBe('running\n')
    for (const verb of ['squash', 'merge', 'rebase', 'iterate', 'stop']) {
      const { code, stderr } = await s.ampWith(inside, verb, id)
      expect([verb, code, stderr]).toEqual([
        verb,
        128,
        expect.stringContaining('iteration 1 of session busy may be running in a container or under another user'),
      ])
    }
    changeLease(s, { boot: 'test-boot' })
    await s.amp('stop', id)
    await running
  })

  it('when its lease belongs to a container that is gone, -f closes the iteration for good', async () => {
    const s = install(scene())
    const id = await s.session('busy')
    const { child, ended } = startAmp(s, 'iterate', id, '-m', 'echo 1 >a; touch .begun; while :; do sleep 0.05; done')
    await s.until(() => s.exists('.begun', s.worktree(id)))
    child.kill('SIGKILL')
    await ended
    changeLease(s, { boot: 'test-boot gone' })
    const inside = { host: { bootId: async () => 'test-boot here' } }
    expect((await s.ampWith(inside, 'iterate', id)).stderr).toContain('may be running in a container')
    const answer = await s.ampWith(inside, 'iterate', '-f', id, '-m', 'echo 2 >b')
    expect([answer.code, answer.stderr]).toEqual([
      0,
      expect.stringContaining('Iteration 1 was interrupted; its work is kept in '),
    ])
    expect(s.snapshot(id)).toMatchObject({ open: [], heads: [s.git('rev-parse', s.branch(id))] })
    expect((await s.ampWith(inside, 'iterate', id, '-m', 'echo 3 >c')).code).toBe(0)
  })

  it('when its lease cannot be read', async () => {
    const { s, id, running } = await atWork()
    const fs = (await import('node:fs/promises')).default
    const denied = Object.assign(new Error('EACCES'), { code: 'EACCES' })
    const readFile = (path: string, encoding: 'utf8') =>
      /leases.*json$/.test(path) ? Promise.reject(denied) : fs.readFile(path, encoding)
    const other = { host: { fs: { ...fs, readFile } as never } }
    expect((await s.ampWith(other, 'merge', id)).stderr).toContain(
      'may be running in a container or under another user',
    )
    await s.amp('stop', id)
    await running
  })
})

describe('limits', () => {
  it('--timeout and amp.idleTimeout end the agent, and its work is kept', async () => {
    const s = scene()
    const id = await s.session('slow')
    const answer = await s.iterate(id, 'echo 1 >a; sleep 60', '--timeout', '300ms')
    expect([answer.code, answer.stderr]).toEqual([
      1,
      expect.stringContaining('error: the agent failed: timed out after 300 ms'),
    ])
    expect(s.git('show', `${s.branch(id)}:a`)).toBe('1')
    s.git('config', 'amp.idleTimeout', '300ms')
    expect((await s.iterate(id, 'echo 2 >a; sleep 60')).stderr).toContain('the agent failed: no output for 300 ms')
    expect(s.subjects(`main..${s.branch(id)}`)).toEqual([
      'amp: echo 1 >a; sleep 60 (failed)',
      'amp: echo 2 >a; sleep 60 (failed)',
    ])
  })

  it('amp.timeout that is no length of time is named', async () => {
    const s = scene()
    const id = await s.session('x')
    s.git('config', 'amp.timeout', 'soon')
    expect(await s.amp('iterate', id)).toMatchObject({
      code: 128,
      stderr: "fatal: bad config value 'soon' for 'amp.timeout'\nhint: Write a length of time: 90s, 10m, 2h or 0.\n",
    })
  })

  it('amp.onFailure=keep leaves what a failed agent did in the worktree', async () => {
    const s = scene()
    const id = await s.session('keep')
    s.git('config', 'amp.onFailure', 'keep')
    const answer = await s.iterate(id, 'echo 1 >a; git add a; git commit -qm own; echo 2 >b; exit 4')
    expect(answer.stderr).toContain('warning: what the agent did is left in the worktree, uncommitted (amp.onFailure)')
    expect(s.git('rev-parse', s.branch(id))).toBe(s.git('rev-parse', 'main'))
    expect(s.status(id).split('\n').sort()).toEqual(['?? b', 'A  a'])
    expect(s.ended(id)).toMatchObject({ reason: 'exit code 4', kept: true, commits: [expect.any(String)] })
  })
})
