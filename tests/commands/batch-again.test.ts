import { execFileSync } from 'node:child_process'
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { withoutPassword } from '../../src/actions/batch/cache.js'
import { startAmp, thisMachine } from '../helpers/bundle.js'
import { Clones } from '../helpers/clones.js'
import { fleet, itemsOf, started } from '../helpers/fleet.js'

const cross = (prompt: string, more: object = {}) => ({
  repos: ['../api'],
  prompts: [prompt],
  agents: ['shell'],
  ...more,
})

describe('the same plan', () => {
  it('of two that start it at once begins one run', async () => {
    const s = fleet('api')
    s.write({ 'plan.json': JSON.stringify(cross('echo x >>log')) })
    await Promise.all([1, 2].map(() => s.ampWith({ host: thisMachine }, 'batch', 'start', '--file', 'plan.json')))
    expect(s.git('for-each-ref', 'refs/amp/batches').split('\n')).toHaveLength(1)
    expect(s.gitAt(join(s.root, 'api'), 'for-each-ref', 'refs/amp/sessions').split('\n')).toHaveLength(1)
  })

  it('with other settings is another run, which has the results of the first', async () => {
    const s = fleet('api')
    const plan = (maxIterations: number) => ({
      defaults: { agent: 'shell', maxIterations, scriptCommand: 'test -f a2' },
      matrix: [{ repo: '../api', prompt: 'exit 3' }],
    })
    const first = await started(s, plan(1))
    const again = await started(s, plan(1))
    expect(again.items).toEqual(first.items)
    const second = await started(s, plan(2))
    expect(second.items[0]).toMatchObject({ status: 'error', tries: 1, run: null })
    expect(second.items[0]?.session).not.toBe(first.items[0]?.session)
  })
})

describe('a plan that merges what passes', () => {
  const plan = cross('date +%N >a', {
    defaults: { mergeOnPass: true, maxIterations: 1 },
    prompts: ['date >a', 'date >b'],
  })

  it('started again does nothing anew, although its own merges moved the base', async () => {
    const s = fleet('api')
    const first = await started(s, plan)
    expect(first.items.map(({ merged }) => merged)).toEqual([true, true])
    const again = await started(s, plan)
    expect([again.answer.code, again.items]).toEqual([0, first.items])
    expect(s.git('for-each-ref', 'refs/amp/batches').split('\n')).toHaveLength(1)
  })

  it('runs again when somebody else has moved the base', async () => {
    const s = fleet('api')
    const first = await started(s, plan)
    s.commit({ more: '1' }, 'Mine', join(s.root, 'api'))
    const again = await started(s, plan)
    expect(again.items[0]?.session).not.toBe(first.items[0]?.session)
  })
})

describe('a plan', () => {
  it('is kept without the password of a URL', async () => {
    const s = fleet('api')
    const url = 'https://bob:open%20sesame@example.test/api.git'
    s.git('config', '--global', `url.file://${join(s.root, 'api')}.insteadOf`, url)
    const { answer } = await started(s, cross('date >a', { repos: [url] }))
    expect(answer).toMatchObject({ code: 0, stderr: expect.stringContaining('https://bob:***@example.test/api.git') })
    const ref = s.git('for-each-ref', '--format=%(refname)', 'refs/amp/batches')
    expect(answer.stderr + s.git('log', '--format=%B', ref)).not.toContain('sesame')
    expect(withoutPassword('ssh://git@example.test:22/a@b')).toBe('ssh://git@example.test:22/a@b')
  })

  it('that merges what passes needs a branch to merge into', async () => {
    const s = fleet('api')
    s.gitAt(join(s.root, 'api'), 'checkout', '-q', '--detach')
    s.write({
      'plan.json': JSON.stringify(
        cross('date >a', { defaults: { mergeOnPass: true }, prompts: ['date >a', 'date >b'] }),
      ),
    })
    const answer = await s.amp('batch', 'start', '--file', 'plan.json')
    expect(answer.code).toBe(128)
    expect(answer.stderr).toContain("what passes cannot be merged: '../api' is on no branch")
    expect(answer.stderr).toContain('the plan has 1 problem;')
  })

  it('may give more time than a timer can be set for', async () => {
    const s = fleet('api')
    const { answer, items } = await started(s, cross('date >a', { timeoutSec: 3_000_000 }))
    expect([answer.code, items[0]?.status]).toEqual([0, 'success'])
  })
})

describe('a repository that is away', () => {
  it('is a problem of the plan, with -n as well, when it was cloned before', async () => {
    const s = fleet('api')
    const plan = cross('date >a', { repos: [`file://${join(s.root, 'api')}`] })
    expect((await started(s, plan)).answer.code).toBe(0)
    rmSync(join(s.root, 'api'), { recursive: true, force: true })
    const looked = await s.amp('batch', 'start', '--file', 'plan.json', '-n')
    expect([looked.code, (await s.amp('batch', 'start', '--file', 'plan.json')).code]).toEqual([128, 128])
  })
})

describe('git amp batch compare', () => {
  it('keeps all that are picked among the attempts at one prompt', async () => {
    const s = fleet('api')
    const { items } = await started(s, cross('date >a', { attempts: 3 }))
    const [one, two, three] = items.map(({ session }) => session)
    const answer = await s.amp('batch', 'compare', '--pick', one ?? '', '--pick', two ?? '', '--json')
    expect(answer.code).toBe(0)
    expect(JSON.parse(answer.stdout).dropped).toEqual([three])
  })
})

describe('all sessions of a run', () => {
  it('are merged and removed again without complaint; a conflict is told with what helps', async () => {
    const s = fleet('api')
    await started(s, { repos: ['../api'], prompts: ['echo 1 >a', 'echo 2 >a'], agents: ['shell'] })
    const merged = await s.amp('batch', 'merge', '--json')
    expect(merged.code).toBe(1)
    expect(JSON.parse(merged.stdout).refused).toMatchObject([{ n: 2, reason: expect.stringContaining('conflicts') }])
    expect(merged.stderr).toContain(`hint: In ${join(s.root, 'api')}:`)
    expect(merged.stderr).toMatch(/"git amp merge \w{4}" tries it alone/)
    expect(merged.stderr).not.toContain('--continue')
    const removed = await s.amp('batch', 'remove', '-D', '-f', '--json')
    expect([removed.code, JSON.parse(removed.stdout).items.length]).toEqual([0, 1])
    const again = await s.amp('batch', 'remove', '-D', '-f')
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('removed already') })
  })
})

describe('git amp batch pr', () => {
  it('opens a pull request for each session that passed, and names what could not be pushed', async () => {
    const s = fleet('api', 'web')
    for (const name of ['api', 'web']) {
      const dir = join(s.root, name)
      s.gitAt(s.root, 'clone', '-q', '--bare', name, `${name}.git`)
      s.gitAt(dir, 'remote', 'add', 'origin', `https://github.com/owner/${name}.git`)
      s.gitAt(dir, 'config', 'remote.origin.pushUrl', join(s.root, `${name}.git`))
      s.gitAt(dir, 'fetch', '-q', join(s.root, `${name}.git`), '+refs/heads/*:refs/remotes/origin/*')
      s.gitAt(dir, 'branch', '-q', '--set-upstream-to=origin/main', 'main')
    }
    s.program('gh', 'cat >/dev/null; echo "https://github.com/$(basename "$PWD")/pull/1"')
    const { items } = await started(s, {
      defaults: { agent: 'shell', scriptCommand: 'test -f good' },
      matrix: [
        { repo: '../api', prompt: 'date >good' },
        { repo: '../api', prompt: 'date >bad' },
        { repo: '../web', prompt: 'date >good' },
      ],
    })
    rmSync(join(s.root, 'web.git'), { recursive: true, force: true })
    const looked = await s.amp('batch', 'pr', '--passed', '-n', '--json')
    expect([looked.code, JSON.parse(looked.stdout).items.length]).toEqual([0, 2])
    const branch = s.branchAt(join(s.root, 'api'), items[0]?.session ?? '')
    expect(s.gitAt(join(s.root, 'api.git'), 'branch', '--list', 'amp/*')).toBe('')
    const answer = await s.amp('batch', 'pr', '--passed', '--json')
    const told = JSON.parse(answer.stdout)
    expect([answer.code, told.items.map(({ n }: { n: number }) => n)]).toEqual([1, [1]])
    expect(told.refused).toMatchObject([{ n: 3, reason: expect.stringContaining('web.git') }])
    expect(s.gitAt(join(s.root, 'api.git'), 'for-each-ref', '--format=%(refname:short)', 'refs/heads/amp')).toBe(branch)
  })
})

describe('git amp batch status --follow', () => {
  it('tells what happens in another process until the run has ended', async () => {
    const s = fleet('api')
    const gate = join(s.root, 'gate')
    execFileSync('mkfifo', [gate])
    s.write({
      'plan.json': JSON.stringify(cross(`date >a; cat ${gate}`, { prompts: [`date >a; cat ${gate}`, 'exit 3'] })),
    })
    const run = startAmp(s, 'batch', 'start', '--file', 'plan.json', '--jobs', '1')
    await s.until(
      async () => s.git('for-each-ref', 'refs/amp/batches') !== '' && (await itemsOf(s))[0]?.status === 'running',
    )
    const watching = s.ampWith({ host: thisMachine }, 'batch', 'status', '--follow')
    writeFileSync(gate, 'open')
    const { code, stdout, stderr } = await watching
    expect([code, (await run.ended).code]).toEqual([0, 1])
    expect(stderr).toMatch(/success.*\n(.*\n)*.*error/)
    expect(stdout).toMatch(/finished/)
    expect(stdout).toMatch(/2 +error/)
  })
})

describe('git amp batch abort', () => {
  it('ends a run whose process was killed and whose repository is gone', async () => {
    const s = fleet('api')
    s.write({ 'plan.json': JSON.stringify(cross('touch ../../../begun; exec sleep 600')) })
    const run = startAmp(s, 'batch', 'start', '--file', 'plan.json')
    await s.until(async () => s.exists('begun', s.root))
    run.child.kill('SIGKILL')
    await run.ended
    rmSync(join(s.root, 'api'), { recursive: true, force: true })
    expect((await s.ampWith({ host: thisMachine }, 'batch', 'abort')).code).toBe(0)
    expect(readdirSync(join(s.dir, '.git/amp/leases'))).toEqual([])
    expect((await itemsOf(s))[0]).toMatchObject({
      status: 'aborted',
      reason: expect.stringContaining('there is no directory'),
    })
  })
})

describe('a run from elsewhere', () => {
  it('opens no directory that its plan names', async () => {
    const world = new Clones()
    const home = world.home()
    const plan = join(home.dir, 'plan.json')
    const other = join(world.scene.root, 'other')
    world.scene.gitAt(world.scene.root, 'init', '-q', 'other')
    world.scene.commit({ a: '1' }, 'Begin', other)
    world.scene.write(
      { 'plan.json': JSON.stringify({ repos: ['.', other], prompts: ['echo 1 >out'], agents: ['shell'] }) },
      home.dir,
    )
    await home.must('batch', 'start', '--file', plan)
    await home.must('sync')
    const there = world.clone('there')
    await there.must('sync')
    const exported = await there.amp('batch', 'export', '--format', 'json')
    expect(JSON.parse(exported.stdout).tables.sessions).toHaveLength(1)
    expect(exported.stderr).toContain('its other repositories are not opened')
    const diff = await there.amp('batch', 'diff', '--json')
    expect(JSON.parse(diff.stdout).items).toMatchObject([{ n: 1, files: [{ path: 'out' }] }])
    expect(diff.code).toBe(1)
  })
})

describe('git amp batch export', () => {
  it('makes no directory for a run that there is not', async () => {
    const s = fleet()
    expect((await s.amp('batch', 'export', 'nix', '--format', 'csv', '--out', 'data')).code).toBe(128)
    expect(s.exists('data')).toBe(false)
  })
})
